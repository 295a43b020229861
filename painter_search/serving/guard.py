"""Before anything is answered: is it asked under our name, by somebody who may, from our own pages, in fair measure?"""

from __future__ import annotations

import asyncio
import hmac
import re
import secrets
import socket
from http.cookies import CookieError, SimpleCookie
from ipaddress import ip_address
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import Headers, MutableHeaders
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from painter_search.serving.pages import notice
from painter_search.serving.settings import REQUEST_BYTES, RETRY_SECONDS, SILENT_SECONDS, WAITING_BYTES

COOKIE = "painter_search"
HOST = re.compile(r"(\[(?P<address>[0-9A-Fa-f:.]+)\]|(?P<name>[^:\[\]@/]*))(:[0-9]*)?")
POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'self' 'nonce-{nonce}'; style-src-attr 'unsafe-inline'; "
    "script-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
"""Everything from here, no script but our own files; only the colours of single marks are written into elements."""
HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Guard:
    """ASGI middleware around the whole server."""

    def __init__(self, app: ASGIApp, host: str, token: str | None, queue: int) -> None:
        self._app = app
        self._names = _names_of(host)
        self._any_address = token is not None
        self._token = token
        self._queue = queue
        self.requests = 0
        """Requests with a body that are being answered or wait for it."""
        self.bytes = 0
        """What they bring along."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        scope["nonce"] = nonce = secrets.token_urlsafe(16)
        send = _with_headers(send, nonce)
        refusal = self._refuse(scope, headers)
        if refusal is not None:
            await refusal(scope, receive, send)
            return
        if scope["method"] != "POST":
            await self._app(scope, receive, send)
            return
        size = int(headers["content-length"])
        self.requests += 1
        self.bytes += size
        try:
            await self._app(scope, _not_for_ever(receive), send)
        finally:
            self.requests -= 1
            self.bytes -= size

    def _refuse(self, scope: Scope, headers: Headers) -> Response | None:
        if not self._is_ours(headers.get("host", "")):
            # Else a page from elsewhere could have its own name lead here and read our answers (DNS rebinding).
            return _say(scope, 421, "This server does not go by that name; use the address it printed at its start.")
        if self._token is not None:
            refusal = self._ask_for_token(scope, headers)
            if refusal is not None:
                return refusal
        if scope["method"] == "POST":
            return self._refuse_body(scope, headers)
        return None

    def _is_ours(self, host: str) -> bool:
        found = HOST.fullmatch(host)
        name = (found["address"] or found["name"]) if found else ""
        if name.lower().rstrip(".") in self._names:
            return True
        # A name can be made to lead anywhere, an address cannot.
        return self._any_address and _is_address(name)

    def _ask_for_token(self, scope: Scope, headers: Headers) -> Response | None:
        asked = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        given = next((value for key, value in asked if key == "token"), None)
        if given is not None and self._fits(given):
            rest = urlencode([pair for pair in asked if pair[0] != "token"])
            path = "/" + scope["path"].lstrip("/")  # two slashes would lead to another host
            answer = RedirectResponse(path + (f"?{rest}" if rest else ""), 303)
            answer.set_cookie(COOKIE, given, httponly=True, samesite="strict")
            return answer
        scheme, _, bearer = headers.get("authorization", "").partition(" ")
        if (scheme.lower() == "bearer" and self._fits(bearer)) or self._fits(_cookie(headers)):
            return None
        return _say(scope, 401, "Open the address with the token that was printed when the server started.")

    def _fits(self, given: str) -> bool:
        return hmac.compare_digest(given.encode("utf-8", "replace"), (self._token or "").encode())

    def _refuse_body(self, scope: Scope, headers: Headers) -> Response | None:
        site = headers.get("sec-fetch-site")
        origin = headers.get("origin")
        foreign = origin is not None and origin.partition("://")[2] != headers.get("host")
        if site not in (None, "same-origin", "none") or (site != "same-origin" and foreign):
            return _say(scope, 403, "Ask from a page of this server.")
        length = headers.get("content-length", "")
        if not (length.isascii() and length.isdecimal()):
            return _say(scope, 411, "Say how long the request is (Content-Length).")
        size = int(length)
        if size > REQUEST_BYTES:
            return _say(scope, 413, f"All files together may have {REQUEST_BYTES // 1_000_000} MB; send fewer at once.")
        if self.requests >= self._queue or self.bytes + size > WAITING_BYTES:
            busy = _say(scope, 503, f"Too many paintings are waiting; come again in {RETRY_SECONDS} seconds.")
            busy.headers["Retry-After"] = str(RETRY_SECONDS)
            return busy
        return None


def _names_of(host: str) -> set[str]:
    names = {"localhost", "127.0.0.1", "::1"}
    if host not in ("127.0.0.1", "localhost", "::1"):
        own = socket.gethostname().lower()
        names |= {host.lower(), own, own.partition(".")[0], f"{own.partition('.')[0]}.local"}
    return names


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _cookie(headers: Headers) -> str:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(COOKIE)
    except CookieError:
        return ""
    return "" if found is None else found.value


def _say(scope: Scope, status: int, sentence: str) -> Response:
    if scope["path"].startswith("/api"):
        return JSONResponse({"error": sentence}, status)
    if scope["method"] == "POST" and status not in (401, 421):
        return notice(Request(scope), status, sentence)
    return PlainTextResponse(sentence + "\n", status)


def _not_for_ever(receive: Receive) -> Receive:
    whole = False

    async def receive_in_time() -> Message:
        nonlocal whole
        try:
            # Once all has arrived, only the end of the connection is waited for.
            message = await asyncio.wait_for(receive(), None if whole else SILENT_SECONDS)
        except asyncio.TimeoutError:
            raise HTTPException(408, "The paintings stopped arriving; send them again.") from None
        whole = not message.get("more_body", False)
        return message

    return receive_in_time


def _with_headers(send: Send, nonce: str) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return with_headers
