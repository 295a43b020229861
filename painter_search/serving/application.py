"""The server's application: pages and API, with what is wrong told in sentences."""

from __future__ import annotations

import sys
import traceback
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exception_handlers import request_validation_exception_handler
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartParser
from starlette.responses import JSONResponse, Response

from painter_search import __version__
from painter_search.display.atlas_page import map_script
from painter_search.display.pages import open_template
from painter_search.errors import UserError
from painter_search.serving.api import api
from painter_search.serving.current import CurrentIndex
from painter_search.serving.desk import Desk, Missing
from painter_search.serving.guard import Guard
from painter_search.serving.holdings_pages import holdings
from painter_search.serving.pages import notice, pages
from painter_search.serving.saving import served
from painter_search.serving.settings import REQUEST_BYTES, ServeConfig

STATIC = Path(__file__).parent / "static"
KINDS = {"serve.js": "text/javascript", "icon.svg": "image/svg+xml"}
WELL_SAID = {404: "There is no such page.", 405: "That cannot be done here."}

# Uploads stay in memory, whose bounds the guard keeps: larger ones would be spooled to disk otherwise.
MultiPartParser.spool_max_size = REQUEST_BYTES


def new_application(config: ServeConfig, current: CurrentIndex, token: str | None = None) -> Guard:
    """The ASGI application. With a token, nothing is answered without it."""

    @asynccontextmanager
    async def life(app: FastAPI) -> AsyncIterator[None]:
        app.state.desk = Desk(current)
        app.state.desk.decoders.warm()
        yield
        app.state.desk.close()

    app = FastAPI(
        title="painter_search",
        version=__version__,
        summary="Whose hand painted this?",
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=life,
    )
    guard = Guard(app, config.host, token, config.queue)
    app.state.config = config
    app.state.guard = lambda: guard
    app.include_router(api)
    app.include_router(pages)
    app.include_router(holdings)
    _add_static(app)
    _add_handlers(app)
    return guard


def _add_static(app: FastAPI) -> None:
    files = {name: ((STATIC / name).read_bytes(), kind) for name, kind in KINDS.items()}
    files["map.js"] = (map_script().encode(), "text/javascript")

    @app.get("/static/{name}", include_in_schema=False)
    def static(name: str) -> Response:
        if name not in files:
            raise Missing(WELL_SAID[404])
        content, kind = files[name]
        return Response(content, media_type=kind, headers={"Cache-Control": "no-cache"})

    @app.get("/api", include_in_schema=False)
    def described(request: Request) -> Response:
        page = open_template("api.html").render(
            served=served(request, "/api"), api=app.openapi(), host=str(request.base_url).rstrip("/")
        )
        return Response(page, media_type="text/html")


def _add_handlers(app: FastAPI) -> None:
    def said(request: Request, status: int, sentence: str) -> Response:
        if request.url.path.startswith("/api"):
            return JSONResponse({"error": sentence}, status)
        return notice(request, status, sentence)

    @app.exception_handler(UserError)
    async def mistaken(request: Request, error: UserError) -> Response:
        return said(request, 400, _sentence(error))

    @app.exception_handler(Missing)
    async def missing(request: Request, error: Missing) -> Response:
        return said(request, 404, _sentence(error))

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        answer = said(request, error.status_code, WELL_SAID.get(error.status_code, str(error.detail)))
        answer.headers.update(error.headers or {})
        return answer

    @app.exception_handler(RequestValidationError)
    async def misunderstood(request: Request, error: RequestValidationError) -> Response:
        if request.url.path.startswith("/api"):
            return await request_validation_exception_handler(request, error)
        return notice(request, 400, "That question cannot be understood; ask it from the form.")

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> Response:
        traceback.print_exception(error, file=sys.stderr)
        return said(request, 500, "Something went wrong here; the terminal that the server runs in says what.")


def _sentence(error: Exception) -> str:
    text = str(error)
    return text[:1].upper() + text[1:]
