"""What `serve` can be told, and its limits."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import ip_address
from pathlib import Path

from painter_search.errors import UserError
from painter_search.retrieval.settings import DEFAULT_INDEX

FILE_BYTES = 50_000_000
"""A larger file is answered with the reason."""
REQUEST_BYTES = 200_000_000
"""A request that is larger with all its files is refused."""
WAITING_BYTES = 600_000_000
"""What all requests that wait may bring along."""
MOST_PAINTINGS = 50
"""Paintings in one request."""
DECODING_SECONDS = 20
"""A painting that takes longer to decode is given up; 100 megapixels take about 5 s."""
DECODING_BYTES = 4_000_000_000
"""Address space of a decoder, where the system can limit it: libraries, and twice the largest painting as numbers."""
SILENT_SECONDS = 30
"""A request that stops arriving for so long is given up, so that it does not hold a place in the queue for ever."""
KEPT_SECONDS = 1800
"""How long an answer about uploaded paintings keeps its address."""
KEPT_BYTES = 64_000_000
"""What such answers may take in memory; the oldest make way."""
RETRY_SECONDS = 5
"""After which a client whose request found the queue full may come again."""


@dataclass(frozen=True)
class ServeConfig:
    """Open a page in the browser that answers as query, compare and map do, and an API beside it under /api.

    It listens to this machine alone, unless --host says otherwise; then it asks for a token, which is printed.
    Paintings that are asked about are kept in memory for half an hour, and never on disk.
    """

    index: Path = DEFAULT_INDEX
    """The folder of indexes, or one index. An index that takes its place is used from the next question on."""

    host: str = "127.0.0.1"
    """The address to listen at; 0.0.0.0 for every network of this machine."""

    port: int = 8765
    """The port to listen at; 0 for any that is free."""

    queue: int = 64
    """Requests with paintings that may wait; more are asked to come again (503 with Retry-After)."""

    no_browser: bool = False
    """Do not open the browser."""

    def __post_init__(self) -> None:
        if not 0 <= self.port < 65536:
            raise UserError(f"--port is {self.port}; it must lie between 0 and 65535.")
        if self.queue < 1:
            raise UserError(f"--queue is {self.queue}; it must be at least 1.")

    @property
    def private(self) -> bool:
        """Whether none but this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return False
