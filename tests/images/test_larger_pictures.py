"""The picture that framing makes beside a frame: as large as asked for, and never at the frame's cost."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
from large_pictures import long_side, paint_large

from painter_search.common.errors import InvalidValueError, UnreadableImageError
from painter_search.images import framing as framing_module
from painter_search.images.formats.decoded import DecodedPainting, Need
from painter_search.images.framing import frame_painting, open_frame
from painter_search.images.photographs.crop import Crop, parse_crop
from painter_search.images.picture_size import check_picture_size
from painter_search.images.types import Framing, ImageFile


def jpeg(scale: int = 1) -> bytes:
    buffer = io.BytesIO()
    painting = paint_large(60, 0)
    painting.resize((painting.width * scale, painting.height * scale)).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


@pytest.mark.parametrize("framing", ["whole", "center"])
@pytest.mark.parametrize("crop", ["none", "0.1,0.1,0.8,0.8,1"])
@pytest.mark.parametrize("size", [700, 1200, 4000])
def test_picture_is_as_large_as_asked_for_and_leaves_the_frame_as_it_is(framing: Framing, crop: str, size: int) -> None:
    part: Crop = parse_crop(crop)
    plain = frame_painting(jpeg(2), framing, crop=part)  # a JPEG of 1800 x 1320 is decoded at half its size
    frame = frame_painting(jpeg(2), framing, crop=part, picture_size=size)
    assert replace(frame, picture=None) == plain
    assert plain.picture is None
    whole = max(frame.width, frame.height)
    assert long_side(frame.picture) == min(size, whole)
    assert frame.picture is not None
    shown = open_frame(frame.picture)
    assert shown.width / shown.height == pytest.approx(frame.width / frame.height, rel=0.01)


def test_picture_of_an_original_too_large_to_decode_is_made_of_what_was_decoded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    real, needs = framing_module.decode_painting, []

    def decode(file: ImageFile, need: Need) -> DecodedPainting:
        needs.append(need.short_side)
        if len(needs) > 1:
            raise UnreadableImageError("too large to decode safely")
        return real(file, need)

    monkeypatch.setattr(framing_module, "decode_painting", decode)
    frame = frame_painting(jpeg(2), "whole", picture_size=1500)
    assert needs == [448, 1100]  # no more pixels than the picture needs
    assert long_side(frame.picture) == 900


@pytest.mark.parametrize("size", [0, 511, 4097])
def test_sizes_of_pictures_have_limits(size: int) -> None:
    with pytest.raises(InvalidValueError, match=rf"picture_size is {size}; it must be at least 512"):
        check_picture_size(size)
