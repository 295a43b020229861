"""What a file is that is not an image to be read here, by its first bytes, and what to do about it."""

from __future__ import annotations

import re

from painter_search.common.files.lfs import POINTER

HEAD_BYTES = 4096
"""Bytes of a file that are looked at."""
JPEG, PNG = b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n"
"""First bytes of the two formats that most collections are of: nothing else begins so."""
IMAGE_SIGNATURES: tuple[tuple[str, int, tuple[bytes, ...]], ...] = (
    ("JPEG", 0, (JPEG,)),
    ("PNG", 0, (PNG,)),
    ("TIFF", 0, (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")),  # the last two are BigTIFF
    ("JPEG2000", 0, (b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP  \r\n\x87\n")),  # bare, and in a container
    ("JXL", 0, (b"\xff\x0a", b"\0\0\0\x0cJXL \r\n\x87\n")),
    ("WEBP", 8, (b"WEBP",)),
    ("GIF", 0, (b"GIF87a", b"GIF89a")),
    ("ICO", 0, (b"\0\0\1\0",)),
    ("BMP", 0, (b"BM",)),
)
"""The formats that are read and can be told by their first bytes, the position of these, and what they are."""
NAMES = {"JPEG2000": "JPEG 2000", "JXL": "JPEG XL", "HEIF": "HEIC", "WEBP": "WebP"}
"""What people call a format, where that is not Pillow's name."""
HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
"""Brands of the HEIC files that phones write (ISO/IEC 23008-12)."""
AVIF_BRANDS = (b"avif", b"avis")
"""Brands of AVIF files."""
_EXPORT = "export it as TIFF, PNG or JPEG"
_DEVELOP = "develop it to TIFF or JPEG"
_VIDEO = "a video, not an image; export a still as JPEG"
_ARCHIVE = "an archive, not an image; unpack it"
RAW_REASON = f"a camera's raw file; {_DEVELOP}"
"""The reason for raw files that are TIFF files too (DNG, NEF, ARW, PEF)."""
SIGNATURES: tuple[tuple[int, bytes, str], ...] = (
    (0, b"8BPS", f"a Photoshop document; {_EXPORT}"),
    (0, b"gimp xcf", f"a GIMP document; {_EXPORT}"),
    (0, b"AT&TFORM", f"a DjVu document; {_EXPORT}"),
    (0, b"%!PS", f"PostScript, not an image; {_EXPORT}"),
    (0, b"\xc5\xd0\xd3\xc6", f"PostScript, not an image; {_EXPORT}"),
    (0, b"II*\0\x10\0\0\0CR\x02", f"a camera's raw file (Canon CR2); {_DEVELOP}"),
    (4, b"ftypcrx ", f"a camera's raw file (Canon CR3); {_DEVELOP}"),
    (0, b"FUJIFILMCCD-RAW", f"a camera's raw file (Fujifilm RAF); {_DEVELOP}"),
    (0, b"IIRO", f"a camera's raw file (Olympus ORF); {_DEVELOP}"),
    (0, b"IIRS", f"a camera's raw file (Olympus ORF); {_DEVELOP}"),
    (0, b"MMOR", f"a camera's raw file (Olympus ORF); {_DEVELOP}"),
    (0, b"IIU\0", f"a camera's raw file (Panasonic RW2); {_DEVELOP}"),
    (8, b"IIIITwaR", f"a camera's raw file (Phase One IIQ); {_DEVELOP}"),
    (0, b"\0MRM", f"a camera's raw file (Minolta MRW); {_DEVELOP}"),
    (0, b"FOVb", f"a camera's raw file (Sigma X3F); {_DEVELOP}"),
    (0, b"II\xbc", f"JPEG XR, which is not read here; {_EXPORT}"),
    (0, b"v/1\x01", f"OpenEXR, which is not read here; {_EXPORT}"),
    (0, b"#?RADIANCE", f"Radiance HDR, which is not read here; {_EXPORT}"),
    (0, b"SIMPLE  =", f"FITS, which is not read here; {_EXPORT}"),
    (128, b"DICM", f"DICOM, which is not read here; {_EXPORT}"),
    (0, b"DDS ", f"a DirectDraw surface, which is not read here; {_EXPORT}"),
    (0, b"\x01\xda\0", f"a Silicon Graphics image, which is not read here; {_EXPORT}"),
    (0, b"\x01\xda\x01", f"a Silicon Graphics image, which is not read here; {_EXPORT}"),
    (0, b"\x0a\x05\x01\x08", f"a PCX image, which is not read here; {_EXPORT}"),
    (0, b"\x59\xa6\x6a\x95", f"a Sun raster image, which is not read here; {_EXPORT}"),
    (0, b"qoif", f"a QOI image, which is not read here; {_EXPORT}"),
    (0, b"BPG\xfb", f"a BPG image, which is not read here; {_EXPORT}"),
    (0, b"Paint Shop Pro Image File", f"a PaintShop Pro document; {_EXPORT}"),
    (0, b"CSFCHUNK", f"a Clip Studio document; {_EXPORT}"),
    (0, b"icns", f"a Mac's icon, which is not read here; {_EXPORT}"),
    (0, b"\xd7\xcd\xc6\x9a", f"a Windows metafile, not a picture of pixels; {_EXPORT}"),
    (40, b" EMF", f"a Windows metafile, not a picture of pixels; {_EXPORT}"),
    (0, b"\x1aE\xdf\xa3", _VIDEO),
    (0, b"FLV\x01", _VIDEO),
    (0, b"OggS", _VIDEO),
    (0, b"\x30\x26\xb2\x75\x8e\x66\xcf\x11", _VIDEO),
    (0, b"\0\0\x01\xba", _VIDEO),
    (0, b"\0\0\x01\xb3", _VIDEO),
    (8, b"AVI LIST", _VIDEO),
    (4, b"moov", _VIDEO),
    (4, b"mdat", _VIDEO),
    (4, b"wide", _VIDEO),
    (8, b"WAVE", "a sound recording, not an image"),
    (0, b"ID3", "a sound recording, not an image"),
    (0, b"fLaC", "a sound recording, not an image"),
    (38, b"image/openraster", f"an OpenRaster document; {_EXPORT}"),
    (38, b"application/x-krita", f"a Krita document; {_EXPORT}"),
    (30, b"[Content_Types].xml", "an Office document, not an image; save the picture in it as a file"),
    (0, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an Office document, not an image; save the picture in it as a file"),
    (0, b"PK\x03\x04", _ARCHIVE),
    (0, b"Rar!\x1a\x07", _ARCHIVE),
    (0, b"7z\xbc\xaf\x27\x1c", _ARCHIVE),
    (0, b"\x1f\x8b\x08", _ARCHIVE),
    (0, b"\xfd7zXZ\0", _ARCHIVE),
    (0, b"BZh", _ARCHIVE),
    (257, b"ustar", _ARCHIVE),
    (0, POINTER, "a pointer of Git LFS, not the image; fetch it with git lfs pull"),
    (0, b"\0\x05\x16\x07", "the resource fork of a Mac's file, not an image"),
    (0, b"L\0\0\0\x01\x14\x02\0", "a Windows shortcut, not an image; copy the file it points to"),
    (0, b"SQLite format 3\0", "a database, not an image"),
    (0, b"\x7fELF", "a program, not an image"),
    (0, b"MZ", "a program, not an image"),
)
"""Position, bytes, and the reason that `rejected.csv` lists."""
VIDEO_BRANDS = re.compile(rb"isom|iso\d|mp4\d|avc1|qt  |M4V |M4A |3g[p2].|dash|f4v |mmp4|MSNV|XAVC|hvc1")
"""Brands of video files in the container that AVIF and HEIC share (ISO/IEC 14496-12)."""
_MARKUP = (
    (re.compile(rb"<svg[\s>]"), f"an SVG drawing, not a picture of pixels; {_EXPORT}"),
    (re.compile(rb"<!doctype html|<html[\s>]|<head[\s>]|<body[\s>]", re.I),
     "a web page, not an image; download the picture itself"),
    (re.compile(rb"^\s*<\?xml"), "XML, not an image"),
    (re.compile(rb"^\s*\{\\rtf"), "a text document, not an image"),
)  # fmt: skip
_CONTROL = bytes(set(range(32)) - set(b"\t\n\v\f\r\x1a\x1b"))
"""Characters that no text has."""


def image_format(head: bytes) -> str | None:
    """The format of an image file as Pillow names it, by the file's first bytes; None if they do not tell."""
    if head[4:8] == b"ftyp":
        brands = head[8 : int.from_bytes(head[:4], "big")]
        brand = brands[:4]
        is_avif = brand in AVIF_BRANDS or (brand in HEIC_BRANDS and AVIF_BRANDS[0] in brands)
        return "AVIF" if is_avif else "HEIF" if brand in HEIC_BRANDS else None
    for name, position, signatures in IMAGE_SIGNATURES:
        if head.startswith(signatures, position):
            return name
    return None


def damaged_reason(file_format: str | None) -> str:
    """The reason for a file that cannot be read although its first bytes are those of a format."""
    return f"unreadable (a damaged {NAMES.get(file_format, file_format)} file)" if file_format else "not an image"


def foreign_kind(head: bytes) -> str | None:
    """The reason for which a file is not an image to read, by its first `HEAD_BYTES` bytes; None if it may be one."""
    if head.startswith((JPEG, PNG)):
        return None
    for position, signature, reason in SIGNATURES:
        if head.startswith(signature, position):
            return reason
    if head[4:8] == b"ftyp" and VIDEO_BRANDS.match(head, 8):
        return _VIDEO
    if b"%PDF-" in head[:1024]:
        return "a PDF, not an image; export its page as JPEG"
    if not head.strip(b"\0"):
        return "zero bytes only, not an image; copy or download it again"
    return _kind_of_text(head)


def _kind_of_text(head: bytes) -> str | None:
    is_utf16 = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    text = head.decode("utf-16", "ignore").encode() if is_utf16 else head.removeprefix(b"\xef\xbb\xbf")
    if text.translate(None, _CONTROL) != text or re.match(rb"P[1-7][\s#]|P[Ff]\s", text):
        return None  # binary, or a PPM image, whose pixels may be written in figures
    for pattern, reason in _MARKUP:
        if pattern.search(text):
            return reason
    try:
        text.decode("utf-8")
    except UnicodeDecodeError as error:
        if len(head) < HEAD_BYTES or error.start < len(text) - 3:  # not merely cut within a letter
            return None
    return "a text file, not an image"
