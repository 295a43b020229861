"""Files that are not images are called what they are, with what to do about it."""

from __future__ import annotations

import gzip
import io
import json
import zipfile
from collections.abc import Callable

import pytest
from PIL import Image

from painter_search.common.errors import UnreadableImageError
from painter_search.images.formats.file_kinds import foreign_kind, image_format
from painter_search.images.framing import frame_painting

Paint = Callable[..., Image.Image]
Save = Callable[..., bytes]


def zipped(name: str, content: bytes = b"x") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(name, content)
    return buffer.getvalue()


KINDS = [
    (b"8BPS\0\1" + bytes(60), "a Photoshop document; export it as TIFF, PNG or JPEG"),
    (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n" + bytes(60), "a PDF, not an image; export its page as JPEG"),
    (b"\r\n\r\n%PDF-1.4\n", "a PDF, not an image; export its page as JPEG"),
    (b'<?xml version="1.0"?>\n<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG drawing, not a picture of pixels"),
    (b"<!DOCTYPE html><html><body>404", "a web page, not an image; download the picture itself"),
    (b"\xef\xbb\xbf\n  <HTML>\n<head>", "a web page, not an image; download the picture itself"),
    ("<html><body>404".encode("utf-16"), "a web page, not an image; download the picture itself"),
    (b"%!PS-Adobe-3.0 EPSF-3.0\n", "PostScript, not an image"),
    (b"\0\0\0\x20ftypisom\0\0\2\0isomiso2avc1mp41", "a video, not an image; export a still as JPEG"),
    (b"\0\0\0\x14ftypqt  \0\0\2\0qt  ", "a video, not an image; export a still as JPEG"),
    (b"\x1aE\xdf\xa3\x9fB\x86\x81\1", "a video, not an image; export a still as JPEG"),
    (b"RIFF\x24\0\0\0AVI LIST", "a video, not an image; export a still as JPEG"),
    (b"II*\0\x10\0\0\0CR\2\0", "a camera's raw file (Canon CR2); develop it to TIFF or JPEG"),
    (b"\0\0\0\x18ftypcrx \0\0\0\1crx isom", "a camera's raw file (Canon CR3); develop it to TIFF or JPEG"),
    (b"FUJIFILMCCD-RAW 0201", "a camera's raw file (Fujifilm RAF); develop it to TIFF or JPEG"),
    (b"IIRO\x08\0\0\0", "a camera's raw file (Olympus ORF); develop it to TIFF or JPEG"),
    (b"PK\3\4" + bytes(40), "an archive, not an image; unpack it"),
    (zipped("word/document.xml"), "an archive, not an image; unpack it"),
    (zipped("[Content_Types].xml"), "an Office document, not an image"),
    (zipped("mimetype", b"image/openraster"), "an OpenRaster document"),
    (gzip.compress(b"x" * 50, mtime=0), "an archive, not an image; unpack it"),
    (b"gimp xcf v011\0", "a GIMP document"),
    (b"\x0a\x05\x01\x08" + bytes(60), "a PCX image, which is not read here"),
    (b"\x01\xda\x01\x01" + bytes(60), "a Silicon Graphics image, which is not read here"),
    (b"qoif" + bytes(60), "a QOI image, which is not read here"),
    (b"AT&TFORM\0\0\0\0DJVU", "a DjVu document"),
    (bytes(128) + b"DICM", "DICOM, which is not read here"),
    (b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n", "a pointer of Git LFS"),
    (bytes(5000), "zero bytes only, not an image; copy or download it again"),
    (b"hello, this is text\n" * 500, "a text file, not an image"),
    ("Ölgemälde, Wände ".encode() * 300, "a text file, not an image"),
    (json.dumps({"error": "rate limit"}).encode(), "a text file, not an image"),
    (b"<?xml version='1.0'?><rdf/>", "XML, not an image"),
]


@pytest.mark.parametrize(("content", "reason"), KINDS)
def test_frame_painting_calls_other_files_what_they_are(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableImageError) as raised:
        frame_painting(content, "whole")
    assert str(raised.value).startswith(reason)


def test_frame_painting_has_no_name_for_unknown_bytes() -> None:
    with pytest.raises(UnreadableImageError, match=r"^not an image$"):
        frame_painting(bytes(range(128, 256)) * 40, "whole")


@pytest.mark.parametrize("file_format", ["JPEG", "PNG", "WEBP", "TIFF", "BMP", "GIF", "JPEG2000", "PPM", "TGA", "AVIF"])
def test_foreign_kind_leaves_images_alone(file_format: str, paint: Paint, save: Save) -> None:
    content = save(paint(1, 64, 48), file_format)
    assert foreign_kind(content[:4096]) is None
    assert image_format(content[:4096]) in (file_format, None)
    assert frame_painting(content, "whole").width == 64


def test_foreign_kind_leaves_ppm_in_figures_alone() -> None:
    content = b"P3\n# a comment\n16 16\n255\n" + b"255 0 0  0 255 0  0 0 255  9 9 9\n" * 64
    assert frame_painting(content, "whole").width == 16


def test_frame_painting_takes_largest_image_of_icon(paint: Paint, save: Save) -> None:
    content = save(paint(1, 256, 200), "ICO", sizes=[(16, 16), (256, 200), (32, 32)])
    assert image_format(content) == "ICO"
    assert (frame_painting(content, "whole").width, frame_painting(content, "whole").height) == (256, 200)


@pytest.mark.parametrize(
    ("head", "name"),
    [(b"\xff\xd8\xff\xe0" + bytes(range(200)), "truncated"), (b"GIF89a" + bytes(range(200)), "a damaged GIF file"),
     (b"\0\0\0\x1cftypavif\0\0\0\0avifmif1" + bytes(range(200)), "a damaged AVIF file")],
)  # fmt: skip
def test_frame_painting_names_format_of_damaged_header(head: bytes, name: str) -> None:
    with pytest.raises(UnreadableImageError, match=name):
        frame_painting(head, "whole")
