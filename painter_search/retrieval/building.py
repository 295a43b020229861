"""From a collection and an encoder to an index: the whole of `build-index`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np

from painter_search.collection.collection import Collection
from painter_search.collection.preparation import prepare_collection
from painter_search.collection.settings import Framing, PrepareConfig
from painter_search.encoder.checkpoint import encoder_of_checkpoint, read_checkpoint, start_encoder
from painter_search.encoder.device import pick_device, within_gpu_memory
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.exported import export_encoder
from painter_search.encoder.shards import cut_shards, embed_shards, join_shards, unwritten
from painter_search.encoder.swift import fastest_on_cpu
from painter_search.errors import UserError
from painter_search.folders import digest_bytes, digest_file, discard, locked, sweep
from painter_search.places import place_of, within
from painter_search.progress import say
from painter_search.retrieval.filling import UNFINISHED, build_vectors
from painter_search.retrieval.isolation import settle_isolation
from painter_search.retrieval.manifest import ENCODER, FORMAT, THUMBNAILS, WORKS, seal_index
from painter_search.retrieval.pictures import Entry, pictures_of
from painter_search.retrieval.settings import IndexConfig
from painter_search.retrieval.vectors import ROWS
from painter_search.retrieval.works import write_thumbnails, write_works


@dataclass(frozen=True)
class Eye:
    """What looks at the works."""

    encoder: Encoder
    framing: Framing
    """How it is used to seeing paintings."""
    confidence: dict[str, Any] | None
    """What its distances are worth, as `Confidence` holds it; None without calibration."""


def build_painting_index(config: IndexConfig) -> Path:
    """Build an index, make it the current one of `config.index`, and return its folder.

    An interrupted build of the same works with the same encoder continues where it stopped.
    Raises `UserError` where there is nothing to index, or the collections' framing is not the encoder's.
    """
    if config.vectors_in is not None:  # said now, not after hours of embedding
        from painter_search.retrieval.milvus import reach

        reach(config.vectors_in)
    trained = _trained_eye(config)
    collections = [] if config.folder is not None else [Collection.open(folder) for folder in config.data]
    eye = trained or _untrained_eye(config, collections[0].framing if collections else "whole")
    if config.folder is not None:
        if config.index.resolve().is_relative_to(config.folder.resolve()):
            raise UserError(f"--index {config.index} lies inside {config.folder}; choose a folder elsewhere.")
        with _writing(config):
            return _build_from_folder(config, eye)
    for collection in collections:
        if collection.framing != eye.framing:
            raise UserError(
                f"{collection.folder} is framed {collection.framing!r} and the encoder was trained on "
                f"{eye.framing!r}; prepare it with that --framing."
            )
    entries = [(collection, work) for collection in collections for work in collection.works(config.split)]
    with _writing(config):
        return _build(config, eye, entries)


@contextmanager
def _writing(config: IndexConfig) -> Iterator[None]:
    """Hold the folder of indexes, so that nobody else writes into it."""
    try:
        config.index.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(f"{config.index} cannot be made ({error.strerror}); choose another --index.") from error
    with locked(config.index / ".lock", f"{config.index} is being written"):
        sweep(config.index)
        yield


def _build_from_folder(config: IndexConfig, eye: Eye) -> Path:
    """A registrar's way in: frame every work of a folder of artists, index them, and keep no frames."""
    assert config.folder is not None
    name = digest_bytes(str(config.folder.resolve()).encode())[:16]
    temporary = config.index / f".collection-{name}"
    prepared = prepare_collection(
        PrepareConfig(folder=config.folder, out=temporary, test_share=1.0, framing=eye.framing, replace=True)
    )
    entries = [(prepared, work) for work in prepared.works("test")]
    folder = _build(config, eye, entries, extra={"rejected.csv": temporary / "rejected.csv"})
    discard(temporary)
    return folder


def _build(config: IndexConfig, eye: Eye, entries: Sequence[Entry], extra: dict[str, Path] | None = None) -> Path:
    if not entries:
        raise UserError(f"there are no {config.split} works to index; see --split and prepare's --test-share.")
    names = [work.name for _, work in entries]
    if len(set(names)) < len(names) and len(config.data) > 1 and config.folder is None:
        raise UserError("two of the collections have the same name; prepare one of them with another --name.")
    return _write_index(config, eye, entries, extra or {})


def _write_index(config: IndexConfig, eye: Eye, entries: Sequence[Entry], extra: dict[str, Path]) -> Path:
    encoder_file = config.index / f".encoder.{os.getpid()}"
    exported = export_encoder(eye.encoder, encoder_file)
    encoder_digest = digest_file(encoder_file)
    listing = "\n".join(f"{work}\t{collection.report['inputs_digest']}" for collection, work in entries)
    key = digest_bytes(encoder_digest.encode(), listing.encode("utf-8", "surrogatepass"))[:16]
    beside = config.index / f".building-{key}"
    beside.mkdir(exist_ok=True)
    for path in beside.iterdir():
        if not path.name.startswith(UNFINISHED):
            # made again; a kill may have left what belongs to no index
            path.unlink()
    os.replace(encoder_file, beside / ENCODER)

    frames = [collection.frame_path(work.file) for collection, work in entries]
    shards = cut_shards([work.name for _, work in entries], frames)
    kept = config.shards is not None
    place = within(place_of(config.shards), key) if config.shards is not None else config.index / f".shards-{key}"
    missing = unwritten(shards, place)
    if config.ray is None:
        device = pick_device(config.device)
        embedder = fastest_on_cpu(eye.encoder, exported) if device.type == "cpu" else eye.encoder.to(device)
        with within_gpu_memory():
            embed_shards(embedder, missing, place)
    else:
        from painter_search.encoder.cluster import embed_on_ray

        embed_on_ray(config.ray, eye.encoder, beside / ENCODER, missing, place, config.device, config.workers)
    vectors = join_shards(shards, place, beside / ROWS)
    _write_works(beside, entries)
    if config.vectors_in is None:
        search = build_vectors(vectors, beside, config.exact, config.memory, config.recall)
    else:
        from painter_search.retrieval.milvus import fill_milvus

        search = fill_milvus(vectors, np.arange(1, len(vectors) + 1), config.vectors_in, encoder_digest)
    del vectors
    for name, source in extra.items():
        shutil.copyfile(source, beside / name)
    if search.name != "approximate":
        (beside / ROWS).unlink()
    manifest = {
        "format": FORMAT,
        "framing": eye.framing,
        "encoder": asdict(eye.encoder.config),
        "search": asdict(search),
        "works": len(entries),
        "artists": len({work.artist for _, work in entries}),
        "collections": sorted({collection.name for collection, _ in entries}),
        "split": "folder" if config.folder else config.split,
        "next_id": len(entries) + 1,
        "typical": settle_isolation(beside, search),
        "confidence": eye.confidence,
    }
    folder = seal_index(beside, config.index, manifest)
    if isinstance(place, Path) and not kept:
        discard(place)
    return folder


def _untrained_eye(config: IndexConfig, framing: Framing) -> Eye:
    """The backbone as ImageNet left it, looking at whole paintings in parts."""
    whole = framing == "whole"
    views: Literal["parts", "center"] = "parts" if whole else "center"
    return Eye(start_encoder(config.backbone, "imagenet", seed=42, views=views, unit=whole), framing, None)


def _trained_eye(config: IndexConfig) -> Eye | None:
    """The encoder to use, or None where it is to be the untrained one."""
    if config.encoder == "imagenet":
        return None
    if config.encoder is not None:
        return _open_eye(Path(config.encoder))
    finished = sorted(config.runs.glob("*/score.json"), key=lambda path: path.stat().st_mtime)
    if not finished:
        raise UserError(
            f"{config.runs} holds no finished run; train first (`python -m painter_search.train`), "
            "or give --encoder runs/<name>/best.pt, or --encoder imagenet."
        )
    newest = finished[-1].with_name("best.pt")
    say(f"Encoder: {newest}")
    return _open_eye(newest)


def _open_eye(checkpoint: Path) -> Eye:
    content = read_checkpoint(checkpoint)
    return Eye(encoder_of_checkpoint(content, checkpoint), content["framing"], content.get("confidence"))


def _write_works(beside: Path, entries: Sequence[Entry]) -> None:
    fingerprints: list[bytes] = []

    def rows():  # type: ignore[no-untyped-def]
        for id, (picture, mark) in enumerate(pictures_of(entries), start=1):
            fingerprints.append(mark)
            yield id, picture

    write_thumbnails(beside / THUMBNAILS, rows())
    numbered = zip(entries, fingerprints, strict=True)
    write_works(beside / WORKS, ((id, work, mark) for id, ((_, work), mark) in enumerate(numbered, start=1)))
