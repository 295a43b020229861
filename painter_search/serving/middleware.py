"""ASGI middleware that refuses requests under foreign names, without the token, from other sites, or in excess."""

from __future__ import annotations

import asyncio
import hmac
from dataclasses import dataclass
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request, cookie_parser
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from painter_search.common.files.atomic_io import digest_bytes
from painter_search.serving.addresses import OwnNames, local_path, locate
from painter_search.serving.config import (
    MAX_QUEUED_BYTES,
    MAX_REQUEST_BYTES,
    RECEIVE_TIMEOUT,
    RETRY_AFTER,
    ServeConfig,
)
from painter_search.serving.routes.html_pages import notice_page

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self'; style-src-attr 'unsafe-inline'; "
    "script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Everything from this server, and no scripts but its own files; style attributes hold the colours of markers."""
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass
class Load:
    """Requests with a body that are in progress or wait, and the bytes of their bodies."""

    requests: int = 0
    bytes: int = 0


class RequestMiddleware:
    """Wraps the whole application; `load` says how busy it is."""

    def __init__(
        self, app: ASGIApp, config: ServeConfig, token: str | None, *, receive_timeout: float = RECEIVE_TIMEOUT
    ) -> None:
        """Wrap an application.

        Args:
            app: The application.
            config: The server's addresses, and the number of requests with a body that may be in progress.
            token: The token that every request must bear; None for a server that only this machine can reach.
            receive_timeout: Seconds without data after which a request is given up.
        """
        self.load = Load()
        self._app = app
        self._own_names = OwnNames(config, has_token=token is not None)
        self._root_path = config.root_path
        self._token = token
        # Browsers send a cookie to every port of a host: several servers there need names of their own.
        self._cookie_name = f"painter_search_{digest_bytes((token or '').encode())[:8]}"
        self._queue = config.queue
        self._receive_timeout = receive_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope = dict(scope)  # the server looks into its own when it answers
        headers = Headers(scope=scope)
        send = _with_security_headers(send)
        locate(scope, headers, self._root_path)
        if scope["method"] == "HEAD":
            scope["method"], send = "GET", _without_body(send)
        refusal = self._refuse(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        if scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        size = int(headers["content-length"])
        self.load.requests += 1
        self.load.bytes += size
        try:
            await self._app(scope, _with_timeout(receive, self._receive_timeout), send)
        finally:
            self.load.requests -= 1
            self.load.bytes -= size

    def _refuse(self, scope: Scope, headers: Headers) -> Response | None:
        """The response to a request that is not let through."""
        if not self._own_names.include(headers.get("host", "")):
            # Otherwise another site could point its own name here and read the answers (DNS rebinding).
            return _error(
                scope, 421,
                "This server does not go by that name; use the address it printed, or start it with --name NAME.",
            )  # fmt: skip
        if self._token is not None:
            refusal = self._refuse_without_token(scope, headers)
            if refusal is not None:
                return refusal
        if scope["method"] == "POST":
            return self._refuse_body(scope, headers)
        return None

    def _refuse_without_token(self, scope: Scope, headers: Headers) -> Response | None:
        """Turn a token in the address into a cookie; refuse requests without a token."""
        parameters = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        token = next((value for key, value in parameters if key == "token"), None)
        if token is not None and self._is_token(token):
            rest = urlencode([parameter for parameter in parameters if parameter[0] != "token"])
            root = scope.get("root_path", "")
            path = "/" + local_path(scope).lstrip("/")  # two slashes would lead to another host
            response = RedirectResponse(root + path + (f"?{rest}" if rest else ""), 303)
            secure = scope["scheme"] == "https"
            # Not strict: a link in a mail is opened from another site. `_refuse_body` guards what changes anything.
            response.set_cookie(
                self._cookie_name, token, path=root or "/", secure=secure, httponly=True, samesite="lax"
            )
            return response
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if (scheme.lower() == "bearer" and self._is_token(bearer)) or self._is_token(self._cookie(headers)):
            return None
        return _error(scope, 401, "Open the address with the token that was printed when the server started.")

    def _cookie(self, headers: Headers) -> str:
        """The token in the cookie, beside which other programs on this host may have set any others."""
        return cookie_parser(headers.get("cookie", "")).get(self._cookie_name, "")

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode("utf-8", "replace"), (self._token or "").encode())

    def _refuse_body(self, scope: Scope, headers: Headers) -> Response | None:
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        foreign = origin is not None and not self._own_names.include_origin(origin, headers.get("host", ""))
        if site not in (None, "same-origin", "none") or (site != "same-origin" and foreign):
            return _error(scope, 403, "Send paintings from a page of this server.")
        length = headers.get("content-length", "")
        if not (length.isascii() and length.isdecimal()):
            return _error(scope, 411, "State the length of the request (Content-Length).")
        size = int(length)
        if size > MAX_REQUEST_BYTES:
            megabytes = MAX_REQUEST_BYTES // 1_000_000
            return _error(scope, 413, f"All files together may have {megabytes} MB; send fewer at once.")
        if self.load.requests >= self._queue or self.load.bytes + size > MAX_QUEUED_BYTES:
            busy = _error(scope, 503, f"Too many paintings are waiting; try again in {RETRY_AFTER} seconds.")
            busy.headers["Retry-After"] = str(RETRY_AFTER)
            return busy
        return None


def _error(scope: Scope, status: int, sentence: str) -> Response:
    if local_path(scope).startswith("/api"):
        return JSONResponse({"error": sentence}, status)
    if scope["method"] == "POST":
        return notice_page(Request(scope), status, sentence)
    return PlainTextResponse(sentence + "\n", status)


def _with_timeout(receive: Receive, seconds: float) -> Receive:
    complete = False

    async def receive_with_timeout() -> Message:
        nonlocal complete
        try:
            # Once the body is complete, only the end of the connection is waited for, without a limit.
            message = await asyncio.wait_for(receive(), None if complete else seconds)
        except asyncio.TimeoutError:
            raise HTTPException(408, "The paintings stopped arriving; send them again.") from None
        complete = not message.get("more_body", False)
        return message

    return receive_with_timeout


def _without_body(send: Send) -> Send:
    """The headers of the response to GET, without its body, as HEAD asks for."""

    async def send_without_body(message: Message) -> None:
        await send({**message, "body": b""} if message["type"] == "http.response.body" else message)

    return send_without_body


def _with_security_headers(send: Send) -> Send:
    async def send_with_security_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(SECURITY_HEADERS)
            headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_with_security_headers
