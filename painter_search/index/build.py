"""Builds an index from a collection and an encoder: paintings embedded, stored and searched."""

from __future__ import annotations

import os
import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence, Set
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from painter_search.collection.catalogues.preview import Preview
from painter_search.collection.collection import Collection
from painter_search.collection.config import PrepareConfig
from painter_search.collection.hands.spellings import common_spellings
from painter_search.collection.preparation import prepare_collection
from painter_search.common.errors import InvalidValueError, NotEnoughDataError, NotFoundError, PainterSearchError
from painter_search.common.files.atomic_io import digest_bytes, locked, remove_folder, remove_partial_files
from painter_search.common.files.urls import join_location, parse_location
from painter_search.common.log import logger
from painter_search.common.machine.device import pick_device, translate_gpu_errors
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.files.names import BEST, find_checkpoint, newest_run
from painter_search.encoder.inference.embedding_shards import (
    embed_shards,
    join_shards,
    missing_shards,
    split_into_shards,
)
from painter_search.encoder.inference.onnx_export import open_encoder
from painter_search.encoder.load_encoder import PAINTER, load_encoder
from painter_search.encoder.trained_artists import count_trained
from painter_search.images.picture_size import THUMBNAIL_SIDE
from painter_search.index.calibration.recalibration import is_trained_on
from painter_search.index.config import BuildIndexConfig
from painter_search.index.finish_build import publish_built, store_vectors
from painter_search.index.manifest import (
    ENCODER,
    PICTURES,
    REJECTED,
    THUMBNAILS,
    WORKS,
    check_is_no_version,
)
from painter_search.index.vector_store.base import EMBEDDINGS
from painter_search.index.vector_store.faiss_build import UNFINISHED
from painter_search.index.works.thumbnails import CollectionWork, larger_pictures, make_thumbnails
from painter_search.index.works.works_writer import write_thumbnails, write_works

STAGES = (".building-", ".collection-", ".shards-")
"""Of the folders that a build works in, each for what it builds."""
ABANDONED_DAYS = 7
"""An interrupted build can be continued for at least so long."""


class BuiltIndex(NamedTuple):
    """An index that was built."""

    folder: Path
    preview: Preview | None = None
    """What was read as an artist in a folder."""


def build_painting_index(config: BuildIndexConfig) -> BuiltIndex:
    """Build an index and make it the current one of `config.index`; see `PaintingIndex.build`."""
    if config.vector_store is not None:  # fail now, not after hours of embedding
        from painter_search.index.vector_store.milvus import check_connection

        check_connection(config.vector_store)
    if config.embeddings:
        return _build_from_embeddings(config)
    if config.folder is not None and not config.folder.exists():  # known at once, before an encoder is opened
        raise NotFoundError(f"{config.folder} does not exist; check the path after --folder.")
    trained = _trained_encoder(config)
    collections = [] if config.folder is not None else [Collection.open(folder) for folder in config.data]
    encoder = trained or Encoder.untrained(config.backbone, collections[0].framing if collections else "whole")
    if config.folder is not None:
        if config.index.resolve().is_relative_to(config.folder.resolve()):
            raise InvalidValueError(f"--index {config.index} lies inside {config.folder}; choose a folder elsewhere.")
        with _locked_for_building(config):
            return _build_from_folder(config, config.folder, encoder)
    for collection in collections:
        if collection.framing != encoder.framing:
            raise InvalidValueError(
                f"{collection.folder} is framed {collection.framing!r} and the encoder was trained on "
                f"{encoder.framing!r}; prepare it with that --framing."
            )
        if config.picture_size is not None and config.picture_size > collection.picture_size:
            raise InvalidValueError(
                f"{collection.folder} was prepared with --picture-size {collection.picture_size}, less than "
                f"{config.picture_size}; prepare it again with that and --replace, or leave out --picture-size here."
            )
    entries = [
        CollectionWork(collection, work) for collection in collections for work in collection.works(config.split)
    ]
    if config.split == "test":
        spellings = common_spellings(Counter(work.artist for _, work in entries))
        _tell_of_training(encoder, collections, set(spellings.values()))
    with _locked_for_building(config):
        return BuiltIndex(_build(config, encoder, entries))


def _tell_of_training(encoder: Encoder, collections: Sequence[Collection], artists: Set[str]) -> None:
    """Say that training works are left out, or which of the test artists the encoder learned from all the same."""
    if encoder.trained_artists is not None:  # of a collection that was divided anew, or of another
        learned = count_trained(encoder.trained_artists, artists)
        if learned.trained:
            logger.info(
                f"Warning: the encoder was trained or validated on {learned.trained:,} of these {learned.artists:,} "
                "artists, which flatters all scores of this index; choose an --encoder that was not trained on them."
            )
            return
    left_out = sum(len(collection.works("train")) for collection in collections)
    if left_out:
        known = encoder.trained_artists is not None
        purpose = ", so that scores are of works that the encoder did not learn from" if known else ""
        logger.info(f"{left_out:,} training works are left out{purpose}; --split all takes them, too.")


def _build_from_embeddings(config: BuildIndexConfig) -> BuiltIndex:
    """Index embeddings that were made elsewhere; only an encoder that is named is theirs."""
    from painter_search.index.given.build import build_given_index

    with _locked_for_building(config):
        return BuiltIndex(build_given_index(config))


@contextmanager
def _locked_for_building(config: BuildIndexConfig) -> Iterator[None]:
    """Make the folder of indexes and lock it, so that no other process writes into it."""
    check_is_no_version(config.index)
    try:
        config.index.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise PainterSearchError(
            f"{config.index} cannot be created ({error.strerror}); choose another --index."
        ) from error
    with locked(config.index / ".lock", f"{config.index} is being written"):
        remove_partial_files(config.index)
        yield
        _remove_abandoned(config.index)


def _remove_abandoned(index_dir: Path) -> None:
    """Remove what builds that were interrupted long ago left, which only the very same command would continue."""
    for folder in index_dir.glob(".*"):
        if folder.name.startswith(STAGES) and folder.is_dir():
            changed = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
            if time.time() - changed > ABANDONED_DAYS * 24 * 3600:
                remove_folder(folder)


def _build_from_folder(config: BuildIndexConfig, artists: Path, encoder: Encoder) -> BuiltIndex:
    """Index every work of a folder of artists, through a temporary collection of their frames."""
    name = digest_bytes(os.fsencode(artists.resolve()))[:16]
    temporary = config.index / f".collection-{name}"
    settings = PrepareConfig(
        folder=artists,
        layout=config.layout,
        out=temporary,
        test_share=1.0,
        framing=encoder.framing,
        keep_uncertain=config.keep_uncertain,
        picture_size=config.picture_size or THUMBNAIL_SIDE,
        replace=True,
    )
    prepared = prepare_collection(settings, triplets=False)
    entries = [CollectionWork(prepared, work) for work in prepared.works("test")]
    folder = _build(config, encoder, entries, rejected=temporary / REJECTED)
    remove_folder(temporary)
    return BuiltIndex(folder, prepared.preview)


def _build(
    config: BuildIndexConfig, encoder: Encoder, entries: Sequence[CollectionWork], rejected: Path | None = None
) -> Path:
    if not entries:
        raise NotEnoughDataError(f"there are no {config.split} works to index; see --split and prepare's --test-share.")
    names = [work.name for _, work in entries]
    if len(set(names)) < len(names) and len(config.data) > 1 and config.folder is None:
        raise InvalidValueError("two of the collections have the same name; prepare one of them with another --name.")
    spellings = common_spellings(Counter(work.artist for _, work in entries))
    entries = [entry._replace(work=replace(entry.work, artist=spellings[entry.work.artist])) for entry in entries]
    return _write_index(config, encoder, entries, rejected)


def _write_index(
    config: BuildIndexConfig, encoder: Encoder, entries: Sequence[CollectionWork], rejected: Path | None
) -> Path:
    encoder_file = config.index / f".encoder.{os.getpid()}"
    onnx = encoder.to_onnx()
    encoder_file.write_bytes(onnx)
    encoder_digest = digest_bytes(onnx)
    exported = open_encoder(onnx, encoder.config, digest=encoder_digest)
    listing = "\n".join(f"{work}\t{collection.summary['inputs_digest']}" for collection, work in entries)
    key = digest_bytes(encoder_digest.encode(), listing.encode("utf-8", "surrogatepass"))[:16]
    staging = config.index / f".building-{key}"
    staging.mkdir(exist_ok=True)
    for path in staging.iterdir():
        if not path.name.startswith(UNFINISHED):
            path.unlink()  # a killed process may have left it
    os.replace(encoder_file, staging / ENCODER)

    frames = [collection.frame_path(work.file) for collection, work in entries]
    shards = split_into_shards([work.name for _, work in entries], frames)
    temporary_shards = config.index / f".shards-{key}"
    shard_dir = temporary_shards if config.shards is None else join_location(parse_location(config.shards), key)
    missing = missing_shards(shards, shard_dir)
    if config.ray is None:
        device = pick_device(config.device)
        embedder = exported if device.type == "cpu" else encoder.network.to(device)
        with translate_gpu_errors():
            embed_shards(embedder, missing, shard_dir)
    else:
        from painter_search.encoder.inference.ray_embedding import embed_on_ray

        embed_on_ray(
            config.ray,
            encoder.network,
            staging / ENCODER,
            missing,
            shard_dir,
            device=config.device,
            workers=config.workers,
        )
    vectors = join_shards(shards, shard_dir, staging / EMBEDDINGS)
    picture_size = config.picture_size or max(collection.picture_size for collection, _ in entries)
    _write_works(staging, entries, picture_size)
    if rejected is not None:
        shutil.copyfile(rejected, staging / REJECTED)
    split = _split_of(config, encoder, entries)
    search = store_vectors(vectors, staging, config, encoder_digest)
    del vectors  # whose file may now be removed
    folder = publish_built(
        staging,
        config.index,
        [work for _, work in entries],
        search,
        encoder,
        encoder_config=encoder.config,
        split=split,
        picture_size=picture_size,
    )
    if config.shards is None:
        remove_folder(temporary_shards)
    return folder


def _split_of(config: BuildIndexConfig, encoder: Encoder, entries: Sequence[CollectionWork]) -> str:
    """The split that the manifest names: what the works were to the training of the encoder.

    Where no work is a training work now, those of a collection that it was trained on were, as that was prepared then.
    """
    collections = {collection.name: collection for collection, _ in entries}
    if config.folder is None and any(collection.works("train") for collection in collections.values()):
        return config.split
    if is_trained_on(encoder, collections):
        return "all"
    return "test" if config.folder is None else "folder"


def _trained_encoder(config: BuildIndexConfig) -> Encoder | None:
    """The encoder to use, or None where it is to be the untrained one."""
    if config.encoder == "imagenet":
        return None
    if config.encoder not in (None, PAINTER):
        return load_encoder(config.encoder)
    run = None if config.encoder else newest_run(config.runs)
    if run is None:
        logger.info(
            "Encoder: the packaged one, trained on older paintings; "
            "`python -m painter_search.train` makes one of your own."
        )
        return load_encoder(PAINTER)
    newest = find_checkpoint(run / BEST)
    logger.info(f"Encoder: {newest}")
    encoder = load_encoder(newest)
    if encoder.confidence is None:
        logger.info(
            "It was trained on too few artists to give probabilities; --encoder painter, which comes with the package, "
            "gives them."
        )
    return encoder


def _write_works(staging: Path, entries: Sequence[CollectionWork], picture_size: int) -> None:
    """Write `thumbnails.sqlite`, `works.sqlite` and, for larger pictures, `pictures.sqlite`, with ids from 1."""
    fingerprints: list[bytes] = []

    def thumbnails() -> Iterator[tuple[int, bytes]]:
        for id, picture in enumerate(make_thumbnails(entries), start=1):
            fingerprints.append(picture.fingerprint)
            yield id, picture.thumbnail

    write_thumbnails(staging / THUMBNAILS, thumbnails())
    if picture_size > THUMBNAIL_SIDE:
        write_thumbnails(staging / PICTURES, larger_pictures(list(enumerate(entries, start=1)), picture_size))
    works = (entry.work for entry in entries)
    write_works(staging / WORKS, zip(range(1, len(entries) + 1), works, fingerprints, strict=True))
