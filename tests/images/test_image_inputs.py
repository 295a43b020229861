"""Every kind of image a Python user may hold gives the same frame."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path, PurePath

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from painter_search.common.errors import InvalidValueError, UnreadableImageError
from painter_search.images.framing import Frame, frame_painting, open_frame
from painter_search.images.image_inputs import ImageInput, as_list, image_file

Paint = Callable[..., Image.Image]
Save = Callable[..., bytes]


def frame_of(image: ImageInput) -> Frame:
    return frame_painting(image_file(image), "whole")


def pixels(frame: Frame) -> NDArray[np.int16]:
    return np.asarray(open_frame(frame.jpeg)).astype(np.int16)


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


@pytest.mark.parametrize("mode", ["RGB", "L", "RGBA"])
def test_image_file_gives_same_frame_for_path_bytes_image_and_array(
    mode: str, paint: Paint, save: Save, tmp_path: Path
) -> None:
    image = paint(1, 300, 260).convert(mode)
    path = tmp_path / "painting.png"
    path.write_bytes(save(image, "PNG"))
    inputs: list[ImageInput] = [path, str(path), path.read_bytes(), opened(path.read_bytes()), image]
    frames = [frame_of(each) for each in [*inputs, np.asarray(image)]]
    assert frames == [frames[0]] * len(frames)


def test_image_file_of_opened_jpeg_is_close_to_its_file(paint: Paint, save: Save) -> None:
    content = save(paint(2, 700, 600), quality=92)
    assert np.abs(pixels(frame_of(opened(content))) - pixels(frame_of(content))).mean() < 2
    assert frame_of(opened(content)) == frame_of(np.asarray(opened(content)))


@pytest.mark.parametrize("mode", ["1", "P", "LA", "CMYK", "YCbCr", "HSV", "LAB", "I;16", "I", "F", "RGBa"])
def test_image_file_keeps_colour_of_every_mode(mode: str, paint: Paint) -> None:
    shown = paint(3, 90, 70)
    if mode == "LAB":
        from PIL import ImageCms

        image = ImageCms.profileToProfile(
            shown, ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
        )
        assert image is not None
    elif mode in ("I;16", "I"):
        grey = np.asarray(shown.convert("L")).astype(np.uint16) * 257
        image = Image.fromarray(grey if mode == "I;16" else grey.astype(np.int32))
        shown = shown.convert("L").convert("RGB")
    elif mode == "P":
        image = shown.quantize(16)
        shown = image.convert("RGB")
    elif mode == "RGBa":
        image = shown.convert("RGBA").convert("RGBa")
    else:
        image = shown.convert(mode)
        shown = image.convert("RGB") if mode not in ("LA", "F") else shown.convert("L").convert("RGB")
    assert image.mode == mode
    assert np.abs(pixels(frame_of(image)) - np.asarray(shown)).mean() < 5


def test_image_file_keeps_orientation_profile_and_transparency(paint: Paint, save: Save) -> None:
    exif = Image.Exif()
    exif[0x0112] = 6
    image = paint(4, 120, 80)
    turned = [save(image, file_format, exif=exif) for file_format in ("PNG", "TIFF")]
    transparent = save(image.quantize(8), "PNG", transparency=3)
    for content in [*turned, transparent, save(image, "PNG", icc_profile=b"damaged")]:
        assert frame_of(opened(content)) == frame_of(content)
        loaded = opened(content)
        loaded.load()
        assert frame_of(loaded) == frame_of(content)


def test_image_file_does_not_repeat_lossy_compression(paint: Paint, save: Save) -> None:
    content = save(paint(5, 120, 80), "TIFF", compression="jpeg", quality=30)
    assert np.array_equal(np.asarray(opened(image_file(opened(content)))), np.asarray(opened(content)))


def test_image_file_leaves_its_input_alone(paint: Paint) -> None:
    image = paint(6).convert("CMYK")
    before = image.tobytes()
    frame_of(image)
    assert (image.mode, image.tobytes()) == ("CMYK", before)


@pytest.mark.parametrize(
    "array",
    [
        np.zeros((4, 4, 3), np.float32),
        np.zeros((4, 4), np.uint16),
        np.zeros((4, 4, 2), np.uint8),
        np.zeros((3, 5, 5), np.uint8),
        np.zeros(4, np.uint8),
        np.zeros((0, 4, 3), np.uint8),
    ],
)
def test_image_file_refuses_other_arrays(array: NDArray[np.generic]) -> None:
    with pytest.raises(InvalidValueError, match=r"is not an image; give uint8 \[height, width\] or"):
        image_file(array)  # type: ignore[arg-type]


def test_image_file_refuses_other_types_and_unreadable_files(paint: Paint, save: Save, tmp_path: Path) -> None:
    with pytest.raises(InvalidValueError, match="int is not an image"):
        image_file(7)  # type: ignore[arg-type]
    with pytest.raises(UnreadableImageError, match="No such file"):
        image_file(tmp_path / "missing.jpg")
    with pytest.raises(UnreadableImageError, match="truncated"):
        image_file(opened(save(paint(7))[:-900]))


def test_image_file_says_what_to_give_in_place_of_a_folder(tmp_path: Path) -> None:
    with pytest.raises(UnreadableImageError, match=r"^a folder; give the files in it$"):
        image_file(str(tmp_path))


def test_image_file_says_why_a_path_cannot_be_read() -> None:
    with pytest.raises(UnreadableImageError, match="File name too long"):
        image_file(300 * "x" + ".jpg")


def test_image_file_takes_every_kind_of_path_and_grey_arrays_with_a_channel(
    paint: Paint, save: Save, tmp_path: Path
) -> None:
    (tmp_path / "a.jpg").write_bytes(save(paint(7)))
    (only,) = as_list(PurePath(tmp_path, "a.jpg"))
    assert image_file(only) == save(paint(7))
    grey = np.asarray(paint(7).convert("L"))
    assert image_file(grey[:, :, None]) == image_file(grey)


def test_as_list_of_one_image_is_a_list_of_one(paint: Paint) -> None:
    image = paint(8)
    for one in ("a painting.jpg", Path("a.jpg"), b"bytes", image, np.asarray(image), np.asarray(image)[..., 0]):
        (only,) = as_list(one)
        assert only is one


def test_as_list_of_many_images(paint: Paint) -> None:
    image = paint(9)
    assert as_list(["a.jpg", b"bytes", image]) == ["a.jpg", b"bytes", image]
    assert as_list(Path(name) for name in ("a.jpg", "b.jpg")) == [Path("a.jpg"), Path("b.jpg")]
    batch = np.stack([np.asarray(image)] * 3)
    assert [one.shape for one in as_list(batch) if isinstance(one, np.ndarray)] == [batch.shape[1:]] * 3
    assert as_list([]) == []


def test_an_open_file_and_bytes_of_any_kind_are_one_image(paint: Paint, save: Save, tmp_path: Path) -> None:
    content = save(paint(7))
    path = tmp_path / "painting.jpg"
    path.write_bytes(content)
    memory = io.BytesIO()
    memory.write(content)  # as after `image.save`, its end is the position
    with path.open("rb") as opened_file:
        for given in (memory, opened_file, bytearray(content), memoryview(content)):
            (image,) = as_list(given)
            assert image_file(image) == content
        assert len(as_list([memory, opened_file])) == 2
    with path.open() as text, pytest.raises(InvalidValueError, match="open it in binary mode"):
        image_file(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [object, str])
def test_an_array_of_paths_is_a_list(kind: type) -> None:
    assert as_list(np.array(["a.jpg", "b.jpg"], dtype=kind)) == ["a.jpg", "b.jpg"]
