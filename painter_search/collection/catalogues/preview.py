"""What is read as an artist, told before anything is built on it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from painter_search.collection.catalogues.inputs import CollectionInputs
from painter_search.collection.catalogues.remarks import remark_on_catalogue
from painter_search.common.log import logger
from painter_search.common.text import first_few, sentence_case

SHOWN_ARTISTS = 8


@dataclass(frozen=True)
class Preview:
    """The artists of some inputs and where they were read."""

    artists: dict[str, int]
    """Works of each, those with most first."""
    artists_from: str
    """Where they were read: `folder names at level 2`."""
    layout: str = ""
    """The layout of a folder, as `--layout` takes it; empty for a catalogue."""
    remarks: tuple[str, ...] = ()
    """Sentences on what is doubtful."""

    def __str__(self) -> str:
        """One paragraph."""
        shown = first_few([f"{artist} ({works:,})" for artist, works in self.artists.items()], SHOWN_ARTISTS)
        count = "1 artist" if len(self.artists) == 1 else f"{len(self.artists):,} artists"
        layout = f" (--layout {self.layout})" if self.layout else ""
        sentences = [
            f"{count}, from {self.artists_from}{layout}: {shown}.",
            *map(_sentence, self.remarks),
        ]
        return " ".join(sentences)

    def to_dict(self) -> dict[str, object]:
        """Plain values, as `--json` prints them."""
        return {
            "from": self.artists_from,
            "layout": self.layout or None,
            "artists": self.artists,
            "remarks": list(self.remarks),
        }


def show_preview(inputs: CollectionInputs, keep_uncertain: bool = False) -> Preview:
    """Tell what is read as an artist and as a date; returns the preview."""
    counts = Counter(artist for artist in inputs.catalogue["artist"] if artist)
    artists = dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
    remarks = (*inputs.remarks, *remark_on_catalogue(inputs.catalogue, keep_uncertain))
    preview = Preview(artists, inputs.artists_from, inputs.layout, remarks)
    logger.info(str(preview))
    return preview


def _sentence(remark: str) -> str:
    """A remark with a capital, unless it begins with a path or a name, and a full stop."""
    text = remark if remark.endswith((".", "!", "?")) else f"{remark}."
    first = text.split(" ", 1)[0]
    return sentence_case(text) if first.isalpha() and first.islower() else text
