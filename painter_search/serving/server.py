"""Starting the server, and saying where it is."""

from __future__ import annotations

import contextlib
import errno
import secrets
import socket
import sys
import threading
import webbrowser
from typing import Any

from painter_search.errors import UserError
from painter_search.serving.settings import ServeConfig

KEEP_ALIVE = 15
"""Seconds for which an idle connection stays open."""


def serve_index(config: ServeConfig, as_json: bool = False) -> None:
    """Answer questions in the browser until interrupted.

    Raises `UserError` where there is no usable index, the port is taken, or the packages it needs are missing.
    """
    from painter_search.serving.current import CurrentIndex

    try:
        import python_multipart  # noqa: F401
        import uvicorn

        from painter_search.serving.application import new_application
    except ImportError as error:
        if error.name and error.name.startswith("painter_search"):
            raise
        raise UserError(
            f"serving needs a package that is not installed ({error.name}): pip install 'painter-search[serve]'"
        ) from None
    current = CurrentIndex(config.index)
    token = None if config.private else secrets.token_urlsafe(24)
    with contextlib.closing(_listen(config)) as listening:
        application = new_application(config, current, token)
        port = listening.getsockname()[1]
        index = current.get()
        _announce(config, port, token, index.digest, index.manifest, as_json)
        settings = uvicorn.Config(
            application,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_keep_alive=KEEP_ALIVE,
            timeout_graceful_shutdown=5,
        )
        with contextlib.suppress(KeyboardInterrupt):
            uvicorn.Server(settings).run(sockets=[listening])


def _listen(config: ServeConfig) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)[0]
        listening = socket.socket(family)
    except OSError as error:
        raise UserError(f"--host {config.host} is no address of this machine ({error.strerror or error}).") from None
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        # So that whoever is told the address can call at once.
        listening.listen(256)
    except OSError as error:
        listening.close()
        if error.errno == errno.EADDRINUSE:
            raise UserError(f"port {config.port} is in use; give another with --port, or 0 for any.") from None
        raise UserError(f"{config.host}:{config.port} cannot be listened at ({error.strerror or error}).") from None
    return listening


def _announce(
    config: ServeConfig, port: int, token: str | None, digest: str, manifest: dict[str, Any], as_json: bool
) -> None:
    from painter_search.display.tables import print_json, show

    host = {"0.0.0.0": socket.gethostname(), "::": socket.gethostname()}.get(config.host, config.host)
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}/"
    if token:
        address += f"?token={token}"
    if as_json:
        print_json({"address": address, "index": digest, "works": manifest["works"], "artists": manifest["artists"]})
    else:
        show(f"Index {digest}: {manifest['works']:,} works by {manifest['artists']:,} artists.")
        show(f"Open {address}")
        if token:
            show("Whoever has this address can ask; the connection is not encrypted.")
        show("Stop with Ctrl+C.")
    sys.stdout.flush()
    if not config.no_browser:
        threading.Thread(target=webbrowser.open, args=(address,), daemon=True).start()
