"""A folder of paintings to answers, with the same backbone: what it takes, and what the answer is.

Every tenth painting is left out of the folder and asked about; "right" is the share of these whose nearest work is by
their artist, of those whose artist the folder has.
"""

from __future__ import annotations

import json
import shutil
import time
from pathlib import Path

from peers.contestant import Contestant, Figures

STEPS = ("answer",)
CONTESTANTS = (
    Contestant("ours, the packaged encoder", "ours"),
    Contestant("DeepImageSearch", "deep_image_search", (), ("DeepImageSearch",)),
    Contestant("clip-retrieval", "clip_retrieval", ("clip-retrieval",)),
)
WORKS, EVERY = 600, 10
BACKBONE = "tf_efficientnet_lite0"


def cases(scale: float) -> list[str]:
    """One number of paintings."""
    return [str(max(30, int(WORKS * scale)))]


def prepare(case: str, folder: Path) -> None:
    """Write `paintings/`, `queries/`, the artists of all, and the backbone's weights of ImageNet."""
    from itertools import islice

    import torch

    from painter_search.encoder.backbones.weights import packaged_weights
    from peers.collections import read_originals, real_collection

    artists = {}
    for name in ("paintings", "queries"):
        (folder / name).mkdir()
    for number, (artist, name, content) in enumerate(islice(read_originals(real_collection("paintings")), int(case))):
        kind = "queries" if number % EVERY == 0 else "paintings"
        home = folder / kind / artist.replace("/", "-")
        home.mkdir(exist_ok=True)
        (home / name).write_bytes(content)
        artists[name] = artist
    (folder / "artists.json").write_text(json.dumps(artists))
    import timm

    weights = packaged_weights(list(timm.create_model(BACKBONE).state_dict()))
    torch.save(weights, folder / "weights.pth")


def answer(function: str, folder: Path) -> Figures:
    """Index the folder, then ask about every painting that was left out."""
    artists = json.loads((folder / "artists.json").read_text())
    queries = sorted((folder / "queries").rglob("*.jpg"))
    for index in ("index", "metadata-files"):  # of the round before
        shutil.rmtree(folder / index, ignore_errors=True)
    nearest, seconds, said = ANSWERS[function](folder, queries)
    known = {artists[path.name] for path in (folder / "paintings").rglob("*.jpg")}
    pairs = [(artists[query.name], artists[near]) for query, near in zip(queries, nearest, strict=True)]
    right = [artist == found for artist, found in pairs if artist in known]
    return {**seconds, "right": f"{sum(right)} of {len(right)}", "answer": said}


def _ours(folder: Path, queries: list[Path]) -> tuple[list[str], Figures, str]:
    from painter_search.attribution.attribute import attribute
    from painter_search.index.painting_index import PaintingIndex

    start = time.perf_counter()
    index = PaintingIndex.build(folder=folder / "paintings", layout="artist", index=folder / "index")
    built = time.perf_counter()
    answers = attribute(index, queries)
    seconds = {"index, s": built - start, f"{len(queries)} queries, s": time.perf_counter() - built}
    nearest = []
    for found in answers:
        works = [work for match in found.artists for work in match.works]
        nearest.append(Path(min(works, key=lambda work: work.distance).work.file).name)
    return nearest, seconds, "artists with probabilities, and the closest works by each"


def _deep_image_search(folder: Path, queries: list[Path]) -> tuple[list[str], Figures, str]:
    """Its weights come from a model hub; here timm reads the same ones from a file."""
    import functools

    import timm

    overlay = {"file": str(folder / "weights.pth")}
    timm.create_model = functools.partial(timm.create_model, pretrained_cfg_overlay=overlay)
    from DeepImageSearch import Search_Setup

    start = time.perf_counter()
    paintings = [str(path) for path in sorted((folder / "paintings").rglob("*.jpg"))]
    search = Search_Setup(image_list=paintings, model_name=BACKBONE, pretrained=True)
    search.run_index()
    built = time.perf_counter()
    found = [search.get_similar_images(image_path=str(query), number_of_images=1) for query in queries]
    seconds = {"index, s": built - start, f"{len(queries)} queries, s": time.perf_counter() - built}
    return [Path(next(iter(one.values()))).name for one in found], seconds, "files"


def _clip_retrieval(folder: Path, queries: list[Path]) -> tuple[list[str], Figures, str]:
    """It knows CLIP's networks alone, whose weights come from a model hub."""
    from clip_retrieval import clip_inference

    clip_inference(input_dataset=str(folder / "paintings"), output_folder=str(folder / "clip"), enable_text=False)
    raise NotImplementedError("its index was not asked: the networks differ")


ANSWERS = {"ours": _ours, "deep_image_search": _deep_image_search, "clip_retrieval": _clip_retrieval}
