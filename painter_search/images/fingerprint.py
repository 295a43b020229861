"""Fingerprints: recognise the same picture in another file, re-saved, resized or recompressed."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 16
"""A fingerprint is the whole picture reduced to 16 x 16 RGB pixels."""
FINGERPRINT_BYTES = SIDE * SIDE * 3 + 4
"""The pixels, and the aspect ratio as float32."""

MIN_CORRELATION = 0.985
"""Two files of one picture correlate above this, different pictures below."""
FLAT_CONTRAST = 4.0
"""Standard deviation (0 to 255) below which a picture is too flat for a meaningful correlation."""
MAX_FLAT_DIFFERENCE = 6.0
"""Largest root mean square difference (0 to 255) between two files of one flat picture."""
MAX_COARSE_DIFFERENCE = 30.0
"""Root mean square difference (0 to 255) of 4 x 4 pixels above which two pictures are different without doubt."""
MAX_ASPECT_DIFFERENCE = 0.03
"""Largest relative difference of the aspect ratios."""
BLOCK = 512
"""Fingerprints that are compared with all before them at once."""


NO_PICTURE = bytes(SIDE * SIDE * 3) + np.float32("nan").tobytes()
"""The fingerprint of a work without a picture: as its aspect ratio is not a number, it is the same as no other's."""


def has_picture(fingerprints: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which fingerprints `[n, FINGERPRINT_BYTES]` are of pictures, and not `NO_PICTURE`: bool `[n]`."""
    return ~np.isnan(aspect_ratios(fingerprints))


def fingerprint(painting: Image.Image) -> bytes:
    """The fingerprint of a whole painting, RGB, of any size: `FINGERPRINT_BYTES` bytes."""
    aspect = np.float32(painting.width / painting.height)
    return painting.resize((SIDE, SIDE), Image.Resampling.BOX).tobytes() + aspect.tobytes()


def stack_fingerprints(fingerprints: Iterable[bytes]) -> NDArray[np.uint8]:
    """Fingerprints as the rows of an array: uint8 `[n, FINGERPRINT_BYTES]`."""
    return np.frombuffer(b"".join(fingerprints), np.uint8).reshape(-1, FINGERPRINT_BYTES)


def same_picture(
    query: bytes, others: NDArray[np.uint8], coarse: NDArray[np.float32] | None = None
) -> NDArray[np.bool_]:
    """Which fingerprints show the same picture as the query.

    Args:
        query: A fingerprint.
        others: Fingerprints, uint8 `[n, FINGERPRINT_BYTES]`.
        coarse: `coarse_fingerprints(others)`, to save computing it for every query.

    Returns:
        bool `[n]`.
    """
    query_row = np.frombuffer(query, np.uint8)[None]
    if not has_picture(query_row).all():
        return np.zeros(len(others), dtype=bool)
    if coarse is None:
        coarse = coarse_fingerprints(others)
    squared_differences = np.square(coarse - coarse_fingerprints(query_row)).mean(axis=1)
    close = np.flatnonzero(squared_differences < MAX_COARSE_DIFFERENCE**2)
    close = close[has_picture(others[close])]  # works without pictures, all of which are close to a dark one
    is_same = np.zeros(len(others), dtype=bool)
    if len(close):
        is_same[close] = _same_in_detail(query_row, others[close])
    return is_same


def coarse_fingerprints(fingerprints: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Fingerprints `[n, FINGERPRINT_BYTES]` reduced to 4 x 4 pixels: float32 `[n, 48]`."""
    # Rows, then columns: three times as fast as both at once; sums of whole numbers are exact in either order.
    rows = fingerprints[:, : SIDE * SIDE * 3].reshape(-1, 4, SIDE // 4, SIDE * 3).sum(axis=2, dtype=np.float32)
    return np.asarray(rows.reshape(-1, 4, 4, SIDE // 4, 3).sum(axis=3).reshape(-1, 48) / (SIDE // 4) ** 2)


def first_of_each_picture(fingerprints: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which fingerprints `[n, FINGERPRINT_BYTES]` show a picture that none before them shows: bool `[n]`."""
    pixels = _split(fingerprints)[0]
    centred = pixels - pixels.mean(axis=1, keepdims=True)
    unit = centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)
    flat = is_flat(fingerprints) & has_picture(fingerprints)
    first = np.ones(len(fingerprints), dtype=bool)
    for start in range(0, len(fingerprints), BLOCK):
        rows = slice(start, start + BLOCK)
        possible = unit[rows] @ unit[: start + BLOCK].T > MIN_CORRELATION - 1e-3  # whatever the rounding
        possible |= flat[rows, None] | flat[: start + BLOCK]
        for row, among in enumerate(possible, start):
            earlier = np.flatnonzero(among[:row])
            if len(earlier):
                first[row] = not same_picture(fingerprints[row].tobytes(), fingerprints[earlier]).any()
    return first


def is_flat(fingerprints: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which fingerprints `[n, FINGERPRINT_BYTES]` are too flat for a meaningful correlation: bool `[n]`."""
    return np.asarray(_contrast(_split(fingerprints)[0]) < FLAT_CONTRAST)


def _same_in_detail(query: NDArray[np.uint8], others: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Which others match the query `[1, FINGERPRINT_BYTES]`: by correlation, flat ones by difference; bool `[n]`."""
    one, aspect = _split(query)
    many, aspects = _split(others)
    a, b = one - one.mean(axis=1, keepdims=True), many - many.mean(axis=1, keepdims=True)
    spread = a.std(axis=1) * b.std(axis=1)
    correlation = (a * b).mean(axis=1) / np.maximum(spread, 1e-6)
    either_flat = is_flat(query) | is_flat(others)
    difference = np.sqrt(np.square(one - many).mean(axis=1))
    is_same = np.where(either_flat, difference < MAX_FLAT_DIFFERENCE, correlation > MIN_CORRELATION)
    return np.asarray(is_same & (np.abs(aspects / aspect - 1) < MAX_ASPECT_DIFFERENCE))


def _contrast(pixels: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest standard deviation of a channel over the picture, `[n]`: 0 for plain red."""
    return np.asarray(pixels.reshape(len(pixels), SIDE * SIDE, 3).std(axis=1).max(axis=1))


def _split(fingerprints: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Pixels `[n, 768]` and aspect ratios `[n]`."""
    return fingerprints[:, : SIDE * SIDE * 3].astype(np.float32), aspect_ratios(fingerprints)


def aspect_ratios(fingerprints: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Width by height of the pictures of fingerprints `[n, FINGERPRINT_BYTES]`, `[n]`; nan for `NO_PICTURE`."""
    return np.ascontiguousarray(fingerprints[:, SIDE * SIDE * 3 :]).view(np.float32)[:, 0]
