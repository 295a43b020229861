"""Settings and limits of the server."""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated

import tyro

from painter_search.common.command_line.flag_types import Names
from painter_search.common.errors import InvalidValueError
from painter_search.common.files.urls import Location, parse_location
from painter_search.index.config import DEFAULT_INDEX

MAX_FILE_BYTES = 50_000_000
"""A larger file is not decoded; its answer says so."""
MAX_REQUEST_BYTES = 200_000_000
"""A larger request, all its files together, is refused."""
MAX_QUEUED_BYTES = 600_000_000
"""Bodies of all requests in progress together; further requests are refused."""
MAX_PAINTINGS = 50
"""Paintings in one request."""
DECODE_TIMEOUT = 20.0
"""Seconds after which a decoder is killed; 100 megapixels take about 5 s."""
DECODER_BYTES = 4_000_000_000
"""Address space of a decoder process, where the system can limit it: libraries, and twice the largest painting."""
RECEIVE_TIMEOUT = 30.0
"""Seconds without data after which a request is given up, so that it does not hold its place in the queue for ever."""
EXPIRE_SECONDS = 60
"""Between two looks at what is no longer kept."""
RESULT_SECONDS = 1800
"""Seconds for which a result about uploaded paintings keeps its address."""
RESULT_CACHE_BYTES = 64_000_000
"""Memory for such results, with the files that they are about."""
DNS_NAME = re.compile(r"[\w-]+(\.[\w-]+)*\.?")
ROOT_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*")
"""A path of one folder or several, without a slash at its end; empty for the root."""
RETRY_AFTER = 5
"""Seconds after which a client that found the queue full should try again (the header Retry-After)."""


@dataclass(frozen=True)
class ServeConfig:
    """Serve an index in the browser: queries, comparisons, the map, and an API under /api.

    Listens on this machine only, unless --host says otherwise; a server open to the network prints a token and asks
    for it. Uploaded paintings are kept in memory for up to half an hour, and never written to disk.
    """

    index: Location = DEFAULT_INDEX
    """The folder of indexes, or one index. When the folder's index is replaced, the next request uses the new one. The
    URL of either, such as s3://bucket/index, is fetched at the start."""

    host: str = "127.0.0.1"
    """The address to listen on; 0.0.0.0 for every network of this machine."""

    port: int = 8765
    """The port to listen on; 0 for any free one."""

    name: Names = ()
    """A name that browsers know the server by, such as paintings.museum.example; repeat it for several. Needed behind
    a reverse proxy, which then decides who may ask."""

    root_path: Annotated[str, tyro.conf.arg(help_behavior_hint="")] = ""
    """The path under which a reverse proxy offers the server, such as /painter. A proxy that knows it better says so in
    X-Forwarded-Prefix."""

    queue: int = 64
    """Requests with paintings that may wait; further ones are told to retry later (503 with Retry-After)."""

    no_browser: bool = False
    """Do not open the browser."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "index", parse_location(self.index))
        if not 0 <= self.port < 65536:
            raise InvalidValueError(f"--port is {self.port}; it must lie between 0 and 65535.")
        if self.queue < 1:
            raise InvalidValueError(f"--queue is {self.queue}; it must be at least 1.")
        for name in self.name:
            if not DNS_NAME.fullmatch(name):
                raise InvalidValueError(f"--name {name} is not a host's name; write it as in paintings.museum.example.")
        if not ROOT_PATH.fullmatch(self.root_path):
            raise InvalidValueError(f"--root-path {self.root_path} is not a path; write it as in /painter.")

    @property
    def private(self) -> bool:
        """Whether only this machine can reach the server."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False
