"""Builds an index of embeddings that were made elsewhere."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from painter_search.collection.hands.spellings import common_spellings
from painter_search.common.errors import InvalidValueError, UnreadableImageError
from painter_search.common.files.atomic_io import digest_bytes
from painter_search.common.files.csv_io import python_strings, write_rows
from painter_search.common.log import logger
from painter_search.common.machine.threads import map_prefetched
from painter_search.common.progress import track
from painter_search.encoder.config import EncoderConfig
from painter_search.encoder.encoder import Encoder
from painter_search.encoder.load_encoder import load_encoder
from painter_search.images.fingerprint import NO_PICTURE, fingerprint
from painter_search.images.framing import encode_jpeg, frame_painting, make_thumbnail, open_frame
from painter_search.images.sources import Original, read_original
from painter_search.images.types import ImageFile
from painter_search.index.calibration.recalibration import is_trained_on
from painter_search.index.config import BuildIndexConfig
from painter_search.index.finish_build import publish_built, store_vectors
from painter_search.index.given.vectors import read_vectors
from painter_search.index.given.works import GivenWorks, read_given_works
from painter_search.index.manifest import ENCODER, MADE_ELSEWHERE, REJECTED, THUMBNAILS, WORKS
from painter_search.index.works.thumbnails import Picture
from painter_search.index.works.works_writer import write_thumbnails, write_works

CHECKED = 8
"""Pictures that a given encoder embeds, to be compared with the given embeddings."""
MIN_COSINE = 0.9
"""Mean cosine of these with the given embeddings below which the encoder is said to be another."""


@python_strings()
def build_given_index(config: BuildIndexConfig) -> Path:
    """Write the index of `config.embeddings` into `config.index`, which is locked; returns its folder.

    Raises:
        InvalidValueError: The encoder gives embeddings of another width.
    """
    given = read_given_works(read_vectors(config.embeddings), config.originals, config.keep_uncertain)
    have_length_1 = bool(np.allclose(np.linalg.norm(given.vectors, axis=1), 1, atol=1e-3))
    encoder = _open_encoder(config, normalize=have_length_1)
    spellings = common_spellings(Counter(work.artist for work in given.works))
    works = [replace(work, artist=spellings[work.artist]) for work in given.works]
    key = digest_bytes(given.vectors.tobytes(), repr(works).encode("utf-8", "surrogatepass"))[:16]
    staging = config.index / f".building-{key}"
    shutil.rmtree(staging, ignore_errors=True)
    staging.mkdir()
    settings = EncoderConfig(MADE_ELSEWHERE, views="center", normalize=have_length_1)
    if encoder is not None:
        _check_encoder(encoder, given)
        settings = encoder.config
        (staging / ENCODER).write_bytes(encoder.to_onnx())
    pictures = _read_pictures(given.pictures, staging)
    fingerprints = [picture.fingerprint for picture in pictures]
    write_works(staging / WORKS, zip(range(1, len(works) + 1), works, fingerprints, strict=True))
    if given.left_out:
        write_rows(staging / REJECTED, ("file", "reason"), *given.left_out)
    learned = encoder is not None and is_trained_on(encoder, {work.collection for work in works})
    split = "all" if learned else "folder"
    search = store_vectors(given.vectors, staging, config, key)
    return publish_built(staging, config.index, works, search, encoder, encoder_config=settings, split=split)


def _open_encoder(config: BuildIndexConfig, normalize: bool) -> Encoder | None:
    """The encoder that is named; None without one: the newest run's would be another."""
    if config.encoder is None:
        return None
    if config.encoder == "imagenet":
        return Encoder.untrained(config.backbone)
    return load_encoder(config.encoder, normalize=normalize)


def _check_encoder(encoder: Encoder, given: GivenWorks) -> None:
    """Raise `InvalidValueError` for an encoder of another width; warn of one that seems to be another."""
    probe = np.eye(64, dtype=np.uint8)[..., None].repeat(3, axis=2)  # a picture of one colour all over is refused
    width = encoder.embed(probe).shape[1]
    if width != given.vectors.shape[1]:
        raise InvalidValueError(
            f"--encoder gives embeddings of {width} numbers, and --embeddings have {given.vectors.shape[1]}; give the "
            "encoder that made them, or none."
        )
    cosines = []
    for vector, original in zip(given.vectors[:CHECKED], given.pictures, strict=False):
        try:
            (embedded,) = encoder.embed([frame_painting(read_original(original), encoder.framing).jpeg])
        except UnreadableImageError:
            continue
        cosines.append(float(embedded @ vector / max(float(np.linalg.norm(embedded) * np.linalg.norm(vector)), 1e-12)))
    if cosines and np.mean(cosines) < MIN_COSINE:
        logger.info(
            f"Warning: --encoder does not seem to be what made --embeddings: of {len(cosines)} pictures its embeddings "
            f"have a cosine of {np.mean(cosines):.2f} with those given."
        )


def _read_pictures(originals: Sequence[Original], staging: Path) -> list[Picture]:
    """Write the thumbnails, plain grey ones for works without a picture; returns what identifies each picture."""
    from PIL import Image

    placeholder = Picture(encode_jpeg(Image.new("RGB", (320, 240), (190, 190, 190))), NO_PICTURE)

    def files() -> Iterator[Original | ImageFile | None]:
        """Pictures in a table are read here, one after another: its reader serves one thread."""
        for original in originals:
            try:
                yield read_original(original) if original.cell else original
            except UnreadableImageError:
                yield None

    def read(file: Original | ImageFile | None) -> Picture:
        if file is None:
            return placeholder
        try:
            frame = frame_painting(read_original(file) if isinstance(file, Original) else file, "whole")
        except UnreadableImageError:
            return placeholder
        thumbnail = make_thumbnail(open_frame(frame.jpeg))
        return Picture(thumbnail, fingerprint(open_frame(thumbnail)))

    kept: list[Picture] = []

    def rows() -> Iterator[tuple[int, bytes]]:
        pictures = track(map_prefetched(read, files(), ahead=64), "Pictures", total=len(originals))
        for id, picture in enumerate(pictures, start=1):
            kept.append(picture._replace(thumbnail=b""))
            yield id, picture.thumbnail

    write_thumbnails(staging / THUMBNAILS, rows())
    missing = sum(picture.fingerprint == NO_PICTURE for picture in kept)
    if missing:
        logger.info(f"{missing:,} of {len(kept):,} works have no picture that can be read; pages show a grey one.")
    return kept
