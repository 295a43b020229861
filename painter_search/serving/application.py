"""The ASGI application: pages, API and static files, and errors as sentences."""

from __future__ import annotations

import asyncio
import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import NamedTuple

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.responses import JSONResponse, Response

from painter_search.common.errors import PainterSearchError
from painter_search.common.text import sentence_case
from painter_search.common.version import __version__
from painter_search.display.pages.map_page import map_script
from painter_search.display.pages.page import open_template, stylesheet
from painter_search.serving.addresses import local_path
from painter_search.serving.config import EXPIRE_SECONDS, MAX_REQUEST_BYTES, RECEIVE_TIMEOUT, ServeConfig
from painter_search.serving.lookups import NotFound
from painter_search.serving.middleware import RequestMiddleware
from painter_search.serving.routes.api import api
from painter_search.serving.routes.ask_pages import ask_pages
from painter_search.serving.routes.browse_pages import browse_pages
from painter_search.serving.routes.compare_pages import compare_pages
from painter_search.serving.routes.html_pages import notice_page, served_page
from painter_search.serving.routes.pictures import pictures
from painter_search.serving.service import Service

STATIC = Path(__file__).parent / "static"
MEDIA_TYPES = {".js": "text/javascript", ".svg": "image/svg+xml"}
"""Of the files in `static/`, by their endings."""
STATUS_SENTENCES = {404: "There is no such page.", 405: "This address does not take such a request."}

# Keep uploads in memory, which the middleware limits: by default, larger ones are written to disk.
MultiPartParser.spool_max_size = MAX_REQUEST_BYTES


class StaticFile(NamedTuple):
    """A file served under /static."""

    content: bytes
    media_type: str


def create_application(
    config: ServeConfig, service: Service, token: str | None = None, *, receive_timeout: float = RECEIVE_TIMEOUT
) -> RequestMiddleware:
    """Create the ASGI application.

    Args:
        config: Settings of the server.
        service: Answers the requests; closed when the application shuts down.
        token: A token that every request must bear; None asks for none.
        receive_timeout: Seconds without data after which an upload is given up.
    """

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        service.decoders.warm_up()
        expiring = asyncio.create_task(_expire_results(service))
        yield
        expiring.cancel()
        service.close()

    app = FastAPI(
        title="painter_search",
        version=__version__,
        summary="Whose hand painted this?",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    middleware = RequestMiddleware(app, config, token, receive_timeout=receive_timeout)
    app.state.config = config
    app.state.service = service
    app.state.load = middleware.load
    app.include_router(api)
    app.include_router(ask_pages)
    app.include_router(compare_pages)
    app.include_router(pictures)
    app.include_router(browse_pages)
    _add_static_files(app)
    _add_error_handlers(app)
    return middleware


async def _expire_results(service: Service) -> None:
    while True:
        await asyncio.sleep(EXPIRE_SECONDS)
        service.results.expire()


def _add_static_files(app: FastAPI) -> None:
    files = {
        path.name: StaticFile(path.read_bytes(), MEDIA_TYPES[path.suffix])
        for path in STATIC.iterdir()
        if path.suffix in MEDIA_TYPES
    }
    files["map.js"] = StaticFile(map_script().encode(), MEDIA_TYPES[".js"])
    files["style.css"] = StaticFile(stylesheet().encode(), "text/css")

    @app.get("/static/{name}", include_in_schema=False)
    def static_file(name: str) -> Response:
        if name not in files:
            raise NotFound(STATUS_SENTENCES[404])
        file = files[name]
        return Response(file.content, media_type=file.media_type, headers={"Cache-Control": "no-cache"})

    @app.get("/api", include_in_schema=False)
    def api_page(request: Request) -> Response:
        page = open_template("api.html").render(
            served=served_page(request, "/api"), api=app.openapi(), host=str(request.base_url).rstrip("/")
        )
        return Response(page, media_type="text/html")


def _add_error_handlers(app: FastAPI) -> None:
    def respond(request: Request, status: int, sentence: str) -> Response:
        sentence = sentence_case(sentence)
        if local_path(request.scope).startswith("/api"):
            return JSONResponse({"error": sentence}, status)
        return notice_page(request, status, sentence)

    @app.exception_handler(PainterSearchError)
    async def user_error(request: Request, error: PainterSearchError) -> Response:
        return respond(request, 400, str(error))

    @app.exception_handler(NotFound)
    async def not_found(request: Request, error: NotFound) -> Response:
        return respond(request, 404, str(error))

    @app.exception_handler(HTTPException)
    async def http_error(request: Request, error: HTTPException) -> Response:
        response = respond(request, error.status_code, STATUS_SENTENCES.get(error.status_code, str(error.detail)))
        response.headers.update(error.headers or {})
        return response

    @app.exception_handler(RequestValidationError)
    async def invalid_request(request: Request, error: RequestValidationError) -> Response:
        if local_path(request.scope).startswith("/api"):
            # FastAPI's own answer repeats what was sent.
            told = [{key: fault[key] for key in ("loc", "msg", "type")} for fault in error.errors()]
            fields = [next(part for part in reversed(fault["loc"]) if isinstance(part, str)) for fault in told]
            for field, fault in zip(fields, told, strict=True):
                if "UploadFile" in fault["msg"]:
                    fault["msg"] = f"send a file, in curl with @: -F {field}=@painting.jpg"
            sentence = "; ".join(f"{field}: {fault['msg']}" for field, fault in zip(fields, told, strict=True))
            return JSONResponse({"error": sentence, "detail": told}, 422)
        return notice_page(request, 400, "That question cannot be understood; ask it from the form.")

    @app.exception_handler(Exception)
    async def internal_error(request: Request, error: Exception) -> Response:
        traceback.print_exception(error, file=sys.stderr)
        return respond(request, 500, "An internal error occurred; the terminal that the server runs in shows it.")
