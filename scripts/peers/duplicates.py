"""Near copies planted among paintings: how many are found, what else is reported, and how long it takes."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable
from pathlib import Path

from PIL import Image, ImageOps

from peers.contestant import Contestant, Figures

STEPS = ("find",)
CONTESTANTS = (
    Contestant("ours", "ours"),
    Contestant("imagededup, PHash", "phash", ("imagededup",)),
    Contestant("imagededup, DHash", "dhash", ("imagededup",)),
    Contestant("imagededup, CNN", "cnn", ("imagededup",)),
)
WORKS, COPIES = 2000, 20
"""Paintings, and copies of each kind."""


def cases(scale: float) -> list[str]:
    """One number of paintings."""
    return [str(max(100, int(WORKS * scale)))]


def prepare(case: str, folder: Path) -> None:
    """Write paintings of WikiArt and, of some, a copy of each kind: `pictures/` and `planted.json`."""
    from itertools import islice

    from peers.collections import read_originals, real_collection

    pictures = folder / "pictures"
    pictures.mkdir()
    works = list(islice(read_originals(real_collection("wikiart")), int(case)))
    for _, name, content in works:
        (pictures / name).write_bytes(content)
    copies = min(COPIES, len(works) // len(ALTERATIONS))
    planted = {}
    for number, (kind, alter) in enumerate(ALTERATIONS.items()):
        for _, name, content in works[number * copies : (number + 1) * copies]:
            image = Image.open(io.BytesIO(content)).convert("RGB")
            copy = f"{kind}-{name}"
            alter(image).save(pictures / copy, quality=60 if kind == "saved again" else 90)
            planted[copy] = (name, kind)
    (folder / "planted.json").write_text(json.dumps(planted))


def find(function: str, folder: Path) -> Figures:
    """Find all pairs; the figures are those of each kind, too."""
    planted = json.loads((folder / "planted.json").read_text())
    start = time.perf_counter()
    pairs = FINDERS[function](folder / "pictures")
    seconds = time.perf_counter() - start
    found = dict.fromkeys(ALTERATIONS, 0)
    for copy, (name, kind) in planted.items():
        found[kind] += frozenset((copy, name)) in pairs
    right = sum(found.values())
    kinds = [kind for _, kind in planted.values()]
    per_kind = {kind: f"{count} of {kinds.count(kind)}" for kind, count in found.items()}
    return {"s": seconds, "found": f"{right} of {len(planted)}", "other pairs": len(pairs) - right, **per_kind}


def _crop(share: float) -> Callable[[Image.Image], Image.Image]:
    def crop(image: Image.Image) -> Image.Image:
        x, y = round(image.width * share), round(image.height * share)
        return image.crop((x, y, image.width - x, image.height - y))

    return crop


ALTERATIONS: dict[str, Callable[[Image.Image], Image.Image]] = {
    "saved again": lambda image: image,
    "halved": lambda image: image.resize((image.width // 2, image.height // 2)),
    "grey": lambda image: image.convert("L"),
    "mirrored": ImageOps.mirror,
    "cropped by 8 %": _crop(0.08),
    "with a margin": lambda image: ImageOps.expand(image, border=image.width // 10, fill="white"),
}


def _ours(pictures: Path) -> set[frozenset[str]]:
    from concurrent.futures import ThreadPoolExecutor

    from painter_search.common.machine.cores import available_cores
    from painter_search.images.duplicates.search import find_duplicates
    from painter_search.images.duplicates.sketch import PictureSketch
    from painter_search.images.framing import read_frame

    files = sorted(pictures.iterdir())
    with ThreadPoolExecutor(available_cores()) as threads:
        sketches = list(threads.map(lambda file: PictureSketch.from_image(read_frame(file)), files))
    return {frozenset((files[pair.first].name, files[pair.second].name)) for pair in find_duplicates(sketches)}


def _imagededup(method: str, **settings: float) -> Callable[[Path], set[frozenset[str]]]:
    def find_pairs(pictures: Path) -> set[frozenset[str]]:
        from imagededup import methods

        found = getattr(methods, method)().find_duplicates(image_dir=str(pictures), **settings)
        return {frozenset((name, other)) for name, others in found.items() for other in others}

    return find_pairs


FINDERS = {
    "ours": _ours,
    "phash": _imagededup("PHash"),
    "dhash": _imagededup("DHash"),
    "cnn": _imagededup("CNN"),
}
