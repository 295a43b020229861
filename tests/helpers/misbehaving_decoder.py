"""A decoder that hangs, crashes or swells if the file says so; a module of its own, which other processes import."""

import os
import time

from painter_search.encoder.config import EncoderConfig
from painter_search.images.photographs.crop import Crop
from painter_search.images.types import Framing
from painter_search.serving.decoder_pool import DecodedUpload, decode_upload


def decode_or_misbehave(
    content: bytes, framing: Framing, config: EncoderConfig, crop: Crop, picture_size: int
) -> DecodedUpload:
    if content == b"hang":
        time.sleep(600)
    if content == b"crash":
        os._exit(1)
    if content == b"swell":
        bytearray(5_000_000_000)
    return decode_upload(content, framing, config, crop, picture_size)
