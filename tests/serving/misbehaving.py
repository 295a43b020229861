"""Decoders that misbehave, by what the file says; in a module of their own, so that other processes find them."""

import os
import time

from painter_search.collection.framing import Frame
from painter_search.collection.settings import Framing
from painter_search.serving.decoding import frame_upload


def frame_or_misbehave(content: bytes, framing: Framing) -> Frame | str:
    if content == b"hang":
        time.sleep(600)
    if content == b"crash":
        os._exit(1)
    if content == b"swell":
        return str(len(bytearray(5_000_000_000)))
    return frame_upload(content, framing)
