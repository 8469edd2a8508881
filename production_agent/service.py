"""The service: endpoints, page, health, metrics; every failure a sentence with a reference."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import logging
import math
import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import openai
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.routing import Match, Route

from production_agent import bodies, metrics, tracing
from production_agent.database import FAILURES
from production_agent.graph import VERSION
from production_agent.logs import ids, new_reference
from production_agent.model import http_client
from production_agent.routes import router
from production_agent.runs import SORRY, Refused, open_runs
from production_agent.settings import Settings

__all__ = ("create_app",)

PAGE = (Path(__file__).parent / "page.html").read_text("utf-8")
SCRIPTS = re.findall(r"<(?:script|style)>(.*?)</(?:script|style)>", PAGE, re.S)
HASHES = [base64.b64encode(hashlib.sha256(one.encode()).digest()).decode() for one in SCRIPTS]
POLICY = "default-src 'none'; connect-src 'self'; base-uri 'none'; frame-ancestors 'none'; "
LOCAL = ["127.0.0.1", "localhost", "[::1]"]
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}
READY_SECONDS = 3  # for the database, and for the model, to answer
MAX_PATH = 200  # characters of a path that a log line shows: anybody may write it
DOWN = "The database does not answer. Please try again in a moment."
log = logging.getLogger("production_agent")


def create_app(settings: Settings) -> FastAPI:
    """Return the service; its database is opened when it starts."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with open_runs(settings) as runs:
            loop = asyncio.get_running_loop()
            app.state.runs, app.state.store = runs, runs.store
            log.info("started", extra={"version": app.version, "graph_version": VERSION})
            app.state.drain = lambda: loop.call_soon_threadsafe(runs.drain)
            yield
        tracing.shut_down()

    app = FastAPI(
        title="Support desk",
        version="1.0",
        lifespan=lifespan,
        max_body_size=100_000,  # bytes
        docs_url=None,  # both pages load scripts from elsewhere
        redoc_url=None,
    )
    app.state.settings = settings
    app.include_router(router)
    _add_operations(app, settings)
    for kind, handler in (
        (Refused, _refused),
        (HTTPException, _http_error),
        (RequestValidationError, _not_valid),
        *((kind, _broken) for kind in (*FAILURES, Exception)),
    ):
        app.add_exception_handler(kind, handler)
    app.add_middleware(Observe)
    if not settings.users:  # no token guards it: at least no other website reaches it
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=LOCAL)
    return app


def _add_operations(app: FastAPI, settings: Settings) -> None:
    client = openai.AsyncOpenAI(
        base_url=settings.base_url,
        api_key=settings.api_key,
        max_retries=0,
        http_client=http_client(settings),
    )

    @app.get("/", include_in_schema=False)
    async def page() -> HTMLResponse:
        """Return the page; what it may run is what stands in it."""
        sources = " ".join(f"'sha256-{one}'" for one in HASHES)
        headers = {"Content-Security-Policy": f"{POLICY}script-src {sources}; style-src {sources}"}
        body = '<body class="approvers">' if settings.approvers else "<body>"
        return HTMLResponse(PAGE.replace("<body>", body), headers=headers)

    @app.get("/health")
    async def health() -> dict[str, str]:
        """Tell that the process is alive; if not, restart it."""
        return {"status": "ok"}

    @app.get("/ready", responses={503: {"model": bodies.Ready}})
    async def ready(response: Response) -> bodies.Ready:
        """Tell whether database and model answer; if not, send no requests here."""
        found = bodies.Ready(
            database=await _database_answers(app), model=await _model_answers(client)
        )
        if app.state.runs.draining:
            found.service = "The service is ending."
        if set(found.model_dump().values()) != {"ok"}:
            response.status_code = 503
        return found

    @app.get("/metrics", response_class=Response, responses={200: {"content": {"text/plain": {}}}})
    async def numbers() -> Response:
        """Return the counters of this process, and what waits and runs in all, for Prometheus."""
        found = {}
        with suppress(*FAILURES):  # then these are not known; /ready says why
            async with asyncio.timeout(READY_SECONDS):
                found = await app.state.store.counts()
        for name, gauge in metrics.GAUGES.items():
            gauge.set(found.get(name, math.nan))
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


async def _database_answers(app: FastAPI) -> str:
    try:
        async with asyncio.timeout(READY_SECONDS):
            found = await app.state.store.database.readiness()
        if found != "ok":
            log.error("database_not_ready", extra={"why": found})
        return found
    except FAILURES as error:
        log.error("database_not_ready", exc_info=error)
        return "The database is down or takes no writes: check it, and PRODUCTION_AGENT_DATABASE."


async def _model_answers(client: openai.AsyncOpenAI) -> str:
    try:
        async with asyncio.timeout(READY_SECONDS):  # the client's own is for each piece of it
            await client.models.list()
        return "ok"
    except openai.AuthenticationError:
        return "The model's endpoint refuses the key: check OPENAI_API_KEY."
    except openai.NotFoundError:
        return "ok"  # it answers, and has no list of models
    except (openai.OpenAIError, ValueError, TimeoutError) as error:
        log.error("model_not_ready", exc_info=error)
        return "The model's endpoint does not answer: check OPENAI_BASE_URL, and that it runs."


def _answer(status: int, message: str, headers: dict | None = None, **more: object) -> JSONResponse:
    body = bodies.Problem(message=message, **more).model_dump(exclude_none=True)
    return JSONResponse(body, status, headers)


def _refused(request: Request, error: Refused) -> JSONResponse:
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after else None
    return _answer(error.status, error.message, headers, **error.more)


def _http_error(request: Request, error: HTTPException) -> JSONResponse:
    headers = dict(error.headers or {})
    if error.status_code == 405:  # of all endpoints with this path, not of the first one
        routes = [one for one in (*request.app.routes, *router.routes) if isinstance(one, Route)]
        found = [one.methods for one in routes if one.matches(request.scope)[0] != Match.NONE]
        headers["Allow"] = ", ".join(sorted(set().union(*found)))
    return _answer(error.status_code, f"{error.detail}", headers)


def _not_valid(request: Request, error: RequestValidationError) -> JSONResponse:
    # Never what was sent: it may be a secret, and need not even be text.
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"][1:])
    return _answer(422, f"{where or first['loc'][0]}: {first['msg']}."[:300])


def _broken(request: Request, error: Exception) -> JSONResponse:
    reference = new_reference()
    if isinstance(error, FAILURES):
        log.error("database_down", exc_info=error, extra={"reference": reference})
        return _answer(503, DOWN, {"Retry-After": "5"}, reference=reference)
    log.error("request_failed", exc_info=error, extra={"reference": reference})
    return _answer(500, SORRY, reference=reference)


class Observe:
    """Counts and logs each request, when its response has ended."""

    def __init__(self, app) -> None:
        self.app = app

    async def __call__(self, scope, receive, send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            return await self.app(scope, receive, send)
        began, status = time.monotonic(), 0

        async def watched(message) -> None:
            nonlocal status
            status = message.get("status", status)
            await send(message)

        ids.set({})
        app, names = self.app, {name for name, _ in scope["headers"]}
        if {b"content-length", b"transfer-encoding"} <= names:  # where does the next one begin?
            app = _answer(400, "Send a length or chunks, not both.", {"Connection": "close"})
        try:
            await app(scope, receive, watched)
        finally:
            route = getattr(scope.get("route"), "path", "other")
            method = scope["method"] if scope["method"] in METHODS else "other"
            metrics.REQUESTS.labels(method, route, status).inc()
            ms = round((time.monotonic() - began) * 1000)
            path = scope["path"] if len(scope["path"]) <= MAX_PATH else "(long)"
            more = {"method": method, "path": path, "status": status, "ms": ms}
            log.info("request", extra=more)
