"""What an audit found: a table for people, JSON for programs, a page with the pictures side by side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from PIL import Image

from painter_search.collection.framing import encode_jpeg, open_frame
from painter_search.display.pages import embed_picture, open_template
from painter_search.display.tables import caption, new_table, print_json, show
from painter_search.folders import write_bytes
from painter_search.retrieval.audit import TINY, Audit, RepeatedWork
from painter_search.retrieval.doubts import AGREEING, NEAREST

SHOWN = 10
"""Rows of a table on the console."""
ON_PAGE = 100
"""Findings of a kind that a page shows with pictures."""
PICTURE_SIDE = 240
"""Longer side of a picture on the page, in pixels."""
KINDS = {"same": "the same picture", "altered": "cropped, or photographed otherwise", "mirrored": "mirrored"}


def show_audit(audit: Audit, as_json: bool = False, page: Path | None = None) -> None:
    """The findings, leaks first."""
    if as_json:
        print_json(audit.as_json())
        return
    if audit.leaks:
        show(f"LEAK: {leak_sentence(audit)}\n")
    table = new_table(title(audit), "looked for", "found")
    for what, found in summary(audit):
        table.add_row(what, f"{found:,}")
    show(table)
    _show_repeats(audit.repeats)
    if audit.spellings:
        spelled = new_table("Names that may be one artist's", "artist", "artist", "how they differ")
        for one in audit.spellings[:SHOWN]:
            spelled.add_row(*one.spelling.artists, one.spelling.how + (" (LEAK)" if one.leak else ""))
        _print_cut(spelled, len(audit.spellings))
    if audit.suspicious:
        names = new_table("Names like titles or numbers", "artist", "works", "reason")
        for row in audit.suspicious[:SHOWN]:
            names.add_row(row["artist"], row["works"], row["reason"])
        _print_cut(names, len(audit.suspicious))
    if audit.doubts and audit.doubts.listed:
        doubts = new_table("Works whose neighbours say another artist", "artist", "work", "they say", "of the nearest")
        for doubt in audit.doubts.listed[:SHOWN]:
            doubts.add_row(
                doubt.work.artist, caption(doubt.work), doubt.says, f"{doubt.votes} of {len(doubt.neighbours)}"
            )
        _print_cut(doubts, len(audit.doubts.listed))
    for reason, number in reasons(audit).most_common(SHOWN):
        show(f"Left out: {number:,} {reason}")
    if audit.tiny:
        least = audit.tiny[0]
        show(
            f"{len(audit.tiny):,} of {audit.works:,} works are under {TINY} px on their short side; the smallest is "
            f"{least.work.file}, {least.width} x {least.height} px."
        )
    show("Findings are questions; nothing was changed. All of them: --json. With their pictures: --page audit.html.")
    if page:
        show(f"Look at {page}")


def write_audit_page(path: Path, audit: Audit) -> None:
    """The findings with the pictures side by side."""
    page = open_template("audit.html").render(
        audit=audit,
        title=title(audit),
        summary=summary(audit),
        leak=leak_sentence(audit) if audit.leaks else "",
        kinds=KINDS,
        reasons=reasons(audit).most_common(),
        picture=lambda work: embed_picture(_small(audit.picture(work))),
        on_page=ON_PAGE,
        agreeing=AGREEING,
        nearest=NEAREST,
        tiny_side=TINY,
        today=date.today().isoformat(),
    )
    write_bytes(path, page.encode("utf-8", "replace"))


def title(audit: Audit) -> str:
    """What was audited."""
    asked = f", neighbours from index {audit.index}" if audit.index else ""
    return f"{', '.join(audit.sources)}: {audit.works:,} works by {audit.artists:,} artists{asked}"


def leak_sentence(audit: Audit) -> str:
    """How much of the test part was trained on."""
    pictures = sum(repeat.leak for repeat in audit.repeats)
    artists = audit.leaks - pictures
    found = [f"{pictures:,} pair{'' if pictures == 1 else 's'} of pictures"] if pictures else []
    found += [f"{artists:,} pair{'' if artists == 1 else 's'} of names that may be one artist's"] if artists else []
    return f"{' and '.join(found)} in train and in test at once; the test's score is flattered until they are parted."


def summary(audit: Audit) -> list[tuple[str, int]]:
    """How many of each kind were found."""
    repeats = Counter(
        "leak" if repeat.leak else "artists" if repeat.two_artists else "artist" for repeat in audit.repeats
    )
    rows = [
        ("pictures in train and in test", repeats["leak"]),
        ("pictures under two artists", repeats["artists"]),
        ("pictures repeated within an artist", repeats["artist"]),
        ("names that may be one artist's", len(audit.spellings)),
        ("names like titles or numbers", len(audit.suspicious)),
    ]
    if audit.doubts:
        rows.append((f"works with none of their artist's among their {NEAREST} nearest", audit.doubts.alone))
        rows.append((f"… of which {AGREEING} or more by one other artist", len(audit.doubts.listed)))
    rows.append(("files left out by prepare", len(audit.rejected)))
    rows.append((f"works under {TINY} px on their short side", len(audit.tiny)))
    return rows


def reasons(audit: Audit) -> Counter[str]:
    """Why files were left out, without the particulars."""
    return Counter(row["reason"].split(" (")[0].split(":")[0] for row in audit.rejected)


def _show_repeats(repeats: Sequence[RepeatedWork]) -> None:
    if not repeats:
        return
    table = new_table("One picture in two files", "where", "artist", "work", "artist", "work", "how", "likeness")
    for repeat in repeats[:SHOWN]:
        one, other = repeat.works
        where = "LEAK" if repeat.leak else "two artists" if repeat.two_artists else "one artist"
        table.add_row(
            where,
            one.artist,
            f"{caption(one)} ({one.file})",
            other.artist if repeat.two_artists else "",
            f"{caption(other)} ({other.file})",
            repeat.kind,
            f"{repeat.likeness:.2f}",
        )
    _print_cut(table, len(repeats))


def _print_cut(table: object, number: int) -> None:
    show(table)
    if number > SHOWN:
        show(f"… and {number - SHOWN:,} more.")


def _small(jpeg: bytes) -> bytes:
    image = open_frame(jpeg)
    if max(image.size) <= PICTURE_SIDE:
        return jpeg
    image.thumbnail((PICTURE_SIDE, PICTURE_SIDE), Image.Resampling.LANCZOS)
    return encode_jpeg(image, quality=80)
