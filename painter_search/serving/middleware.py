"""ASGI middleware that refuses requests under foreign names, without the token, from other sites, or in excess."""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
import socket
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from painter_search.serving.config import MAX_QUEUED_BYTES, MAX_REQUEST_BYTES, RECEIVE_TIMEOUT, RETRY_AFTER
from painter_search.serving.routes.html_pages import notice_page

COOKIE = "painter_search"
HOST_HEADER = re.compile(r"(\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]@/]*))(:[0-9]*)?")
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; "
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
        self, app: ASGIApp, *, host: str, token: str | None, queue: int, receive_timeout: float = RECEIVE_TIMEOUT
    ) -> None:
        """Wrap an application.

        Args:
            app: The application.
            host: The address that the server listens on.
            token: The token that every request must bear; None for a server that only this machine can reach.
            queue: Requests with a body that may be in progress.
            receive_timeout: Seconds without data after which a request is given up.
        """
        self.load = Load()
        self._app = app
        self._own_names = _own_names(host)
        self._token = token
        self._queue = queue
        self._receive_timeout = receive_timeout

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope["nonce"] = nonce = secrets.token_urlsafe(16)
        send = _with_security_headers(send, nonce)
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
        if not self._is_own_name(headers.get("host", "")):
            # Otherwise another site could point its own name here and read the answers (DNS rebinding).
            return _error(scope, 421, "This server does not go by that name; use the address it printed at its start.")
        if self._token is not None:
            refusal = self._refuse_without_token(scope, headers)
            if refusal is not None:
                return refusal
        if scope["method"] == "POST":
            return self._refuse_body(scope, headers)
        return None

    def _is_own_name(self, host: str) -> bool:
        match = HOST_HEADER.fullmatch(host)
        name = (match["address"] or match["name"]) if match else ""
        if name.lower().rstrip(".") in self._own_names:
            return True
        # Any address will do for a server open to the network: unlike a name, it cannot be pointed elsewhere.
        return self._token is not None and _is_address(name)

    def _refuse_without_token(self, scope: Scope, headers: Headers) -> Response | None:
        """Turn a token in the address into a cookie; refuse requests without a token."""
        parameters = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        token = next((value for key, value in parameters if key == "token"), None)
        if token is not None and self._is_token(token):
            rest = urlencode([parameter for parameter in parameters if parameter[0] != "token"])
            path = "/" + scope["path"].lstrip("/")  # two slashes would lead to another host
            response = RedirectResponse(path + (f"?{rest}" if rest else ""), 303)
            response.set_cookie(COOKIE, token, httponly=True, samesite="strict")
            return response
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if (scheme.lower() == "bearer" and self._is_token(bearer)) or self._is_token(_cookie(headers)):
            return None
        return _error(scope, 401, "Open the address with the token that was printed when the server started.")

    def _is_token(self, text: str) -> bool:
        return hmac.compare_digest(text.encode("utf-8", "replace"), (self._token or "").encode())

    def _refuse_body(self, scope: Scope, headers: Headers) -> Response | None:
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        foreign = origin is not None and origin.partition("://")[2] != headers.get("host")
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


def _own_names(host: str) -> set[str]:
    """The names and addresses, in lower case, that a server listening on `host` answers under."""
    names = {"localhost", "127.0.0.1", "::1"}
    if host not in names:
        machine = socket.gethostname().lower()
        short = machine.partition(".")[0]
        names |= {host.lower(), machine, short, f"{short}.local"}
    return names


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _cookie(headers: Headers) -> str:
    try:
        morsel = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return "" if morsel is None else morsel.value


def _error(scope: Scope, status: int, sentence: str) -> Response:
    if scope["path"].startswith("/api"):
        return JSONResponse({"error": sentence}, status)
    if scope["method"] == "POST" and status not in (401, 421):
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


def _with_security_headers(send: Send, nonce: str) -> Send:
    async def send_with_security_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers.update(SECURITY_HEADERS)
            headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY.format(nonce=nonce)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return send_with_security_headers
