"""Where the server lies: the names that it goes by, and the path under which a reverse proxy offers it."""

from __future__ import annotations

import re
import socket
from ipaddress import ip_address

from starlette.datastructures import Headers
from starlette.types import Scope

from painter_search.serving.config import ROOT_PATH, ServeConfig

HOST_HEADER = re.compile(r"(\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]@/]*))(:[0-9]*)?")
LOOPBACK = {"localhost", "127.0.0.1", "::1"}


class OwnNames:
    """The names and addresses that requests may call the server by."""

    def __init__(self, config: ServeConfig, *, has_token: bool) -> None:
        """Gather the names of a server.

        With a token it also goes by any address, which cannot be pointed elsewhere, and by this machine's name in any
        domain: a page under a foreign name does not know the token.
        """
        self._has_token = has_token
        self._given = {name.lower().rstrip(".") for name in config.name}
        self._names = LOOPBACK | self._given
        self._machine = socket.gethostname().lower().partition(".")[0]
        if config.host not in LOOPBACK:
            machine = socket.gethostname().lower()
            self._names |= {config.host.lower(), machine, self._machine, f"{self._machine}.local"}

    def include(self, host: str) -> bool:
        """Whether a `Host` header names this server."""
        name = _name_of(host)
        return name in self._names or (self._has_token and (name.startswith(f"{self._machine}.") or _is_address(name)))

    def include_origin(self, origin: str, host: str) -> bool:
        """Whether an `Origin` is that of a page of this server, asked as `host`, or by a given name through a proxy."""
        asked = origin.partition("://")[2]
        return asked == host or _name_of(asked) in self._given


def locate(scope: Scope, headers: Headers, root_path: str) -> None:
    """Set the request's `root_path` to where the proxy offers the server, and `path` to include it, as ASGI wants.

    A proxy may pass the path with it or without. A header in the place of the proxy's can only spoil the links of the
    page that its sender asked for.
    """
    forwarded = headers.get("x-forwarded-prefix", "").rstrip("/")
    root = forwarded if forwarded and ROOT_PATH.fullmatch(forwarded) else root_path
    if root:
        path = local_path({**scope, "root_path": root})
        scope.update(root_path=root, path=root + path, raw_path=None)


def local_path(scope: Scope) -> str:
    """The path of a request without its `root_path`."""
    path: str = scope["path"]
    root: str = scope.get("root_path", "")
    return path[len(root) :] or "/" if root and f"{path}/".startswith(f"{root}/") else path


def _name_of(host: str) -> str:
    match = HOST_HEADER.fullmatch(host)
    return ((match["address"] or match["name"]) if match else "").lower().rstrip(".")


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
