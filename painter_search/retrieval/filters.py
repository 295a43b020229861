"""What a query can be narrowed to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WorkFilter:
    """The works to compare with: those that meet every condition given."""

    where: str | None = None
    """An SQL expression over the works' columns, as SQLite reads it: `style = 'Impressionism'`."""
    exclude_artists: tuple[str, ...] = ()
    """Artists whose works are left out."""
    before: int | None = None
    """Works of earlier years alone; a work without a readable year is left out."""
    since: int | None = None
    """Works of this year and later ones alone, likewise."""
    artists: tuple[str, ...] = ()
    """The works of these artists alone; empty for all artists."""
    style: str | None = None
    """Works of this style alone."""

    def __str__(self) -> str:
        """The conditions in words."""
        parts = [f"where {self.where}"] if self.where is not None else []
        parts += [f"by {' or '.join(self.artists)}"] if self.artists else []
        parts += [f"of the style {self.style}"] if self.style is not None else []
        parts += [f"without {artist}" for artist in self.exclude_artists]
        parts += [f"before {self.before}"] if self.before is not None else []
        parts += [f"since {self.since}"] if self.since is not None else []
        return ", ".join(parts)
