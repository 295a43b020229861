"""Starting the server: its socket, its token, and the address that is printed."""

from __future__ import annotations

import contextlib
import errno
import secrets
import socket
import sys
import threading
import webbrowser

from painter_search.common.errors import InvalidValueError, MissingPackageError, UnreachableError
from painter_search.display.console.tables import print_json, show
from painter_search.index.painting_index import PaintingIndex
from painter_search.index.remote_index import local_folder
from painter_search.serving.config import ServeConfig

KEEP_ALIVE = 15
"""Seconds for which an idle connection stays open."""
BACKLOG = 256
"""Connections that may wait to be accepted."""
SHUTDOWN_TIMEOUT = 5
"""Seconds that requests in progress have to finish after an interrupt."""


def serve_index(config: ServeConfig, *, as_json: bool = False) -> None:
    """Serve an index until interrupted.

    Args:
        config: Settings.
        as_json: Print the address as JSON.

    Raises:
        PainterSearchError: There is no usable index, the address cannot be listened on, or a package is missing.
    """
    try:
        import python_multipart  # noqa: F401
        import uvicorn

        from painter_search.serving.application import create_application
        from painter_search.serving.current_index import CurrentIndex
        from painter_search.serving.service import Service
    except ImportError as error:
        if error.name and error.name.startswith("painter_search"):
            raise
        raise MissingPackageError(
            f"serving needs a package that is not installed ({error.name}): `pip install 'painter-search[serve]'`"
        ) from None
    current_index = CurrentIndex(local_folder(config.index))
    token = None if config.private else secrets.token_urlsafe(24)
    with contextlib.closing(_listen(config)) as listener:
        application = create_application(config, Service(current_index), token)
        address = _address(config, listener.getsockname()[1], token)
        _announce(address, current_index.get(), has_token=token is not None, as_json=as_json)
        if not config.no_browser:
            threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
        settings = uvicorn.Config(
            application,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=SHUTDOWN_TIMEOUT,
        )
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(settings).run(sockets=[listener])


def _listen(config: ServeConfig) -> socket.socket:
    """A listening socket; raises `PainterSearchError` if the address is wrong, in use or not allowed."""
    try:
        family, _, _, _, address = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
        listener = socket.socket(family)
    except OSError as error:
        raise InvalidValueError(
            f"--host {config.host} is not an address of this machine ({error.strerror or error}); give another."
        ) from None
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(address)
        listener.listen(BACKLOG)  # before the address is printed, so that clients can connect at once
    except OSError as error:
        listener.close()
        if error.errno == errno.EADDRINUSE:
            raise UnreachableError(f"port {config.port} is in use; give another with --port, or 0 for any.") from None
        raise UnreachableError(
            f"the server cannot listen on {config.host}:{config.port} ({error.strerror or error}); "
            "give another --host or --port."
        ) from None
    return listener


def _address(config: ServeConfig, port: int, token: str | None) -> str:
    """The address to open, with this machine's name for a server that listens on every network."""
    name = socket.gethostname() if config.host in ("0.0.0.0", "::") else config.host
    address = f"http://{f'[{name}]' if ':' in name else name}:{port}{config.root_path}/"
    return f"{address}?token={token}" if token else address


def _announce(address: str, index: PaintingIndex, *, has_token: bool, as_json: bool) -> None:
    manifest = index.manifest
    if as_json:
        print_json({"address": address, "index": index.digest, "works": manifest.works, "artists": manifest.artists})
    else:
        show(f"Index {index.digest}: {manifest.works:,} works by {manifest.artists:,} artists.")
        show(f"Open {address}")
        if has_token:
            show("Anyone who has this address can ask; the connection is not encrypted.")
        show("Stop with Ctrl+C.")
    sys.stdout.flush()
