"""The service as one ASGI application; every route is a short shell over the pure functions beside it."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException

from yofo_rerank import __version__
from yofo_rerank.errors import YofoError
from yofo_rerank.judging import Judge
from yofo_rerank.request_ids import HEADER, new_id, set_id
from yofo_rerank.reranker import Explained
from yofo_rerank.serving import errors, openapi, rerank_api, system_one_api
from yofo_rerank.serving.bodies import read_body
from yofo_rerank.serving.errors import ApiError
from yofo_rerank.serving.parsing import parse
from yofo_rerank.serving.service import Service
from yofo_rerank.serving.settings import ServeSettings

logger = logging.getLogger(__name__)

Handler = Callable[[Any, Request], Awaitable[dict[str, Any]]]

_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")


def create_app(judge: Judge, settings: ServeSettings | None = None) -> FastAPI:
    """The application around a judge; its model is loaded while the service starts.

    >>> from yofo_rerank import YofoJudge
    >>> sorted(route.path for route in create_app(YofoJudge.from_pretrained("mini")).routes)[:3]
    ['/docs', '/docs/oauth2-redirect', '/healthz']
    """
    service = Service(judge, settings or ServeSettings())

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await asyncio.to_thread(judge.info)  # loads
        service.is_ready = True
        yield
        service.is_ready = False
        await service.gate.drain()

    app = FastAPI(title="yofo-rerank", version=__version__, lifespan=lifespan, redoc_url=None, redirect_slashes=False)
    _refuse_others(app, service)
    _add_post(app, service, "/v2/rerank", rerank_api.RerankV2, _rerank_with(service, rerank_api.answer_v2))
    _add_post(app, service, "/v1/rerank", rerank_api.RerankV1, _rerank_with(service, rerank_api.answer_v1))
    _add_post(app, service, "/v1/systemone", system_one_api.SystemOne, _decide_with(service))
    openapi.describe_parts(app, rerank_api.RerankV2, rerank_api.RerankV1, system_one_api.SystemOne)

    @app.get("/healthz", include_in_schema=False)
    def healthz() -> dict[str, str]:
        return {"status": "alive"}

    @app.get("/readyz", include_in_schema=False)
    def readyz() -> JSONResponse:
        ready = service.is_ready and not service.gate.draining
        return JSONResponse({"status": "ready" if ready else "not ready"}, 200 if ready else 503)

    @app.get("/metrics", include_in_schema=False)
    def metrics() -> Response:
        return Response(service.measures.text(), media_type="text/plain; version=0.0.4; charset=utf-8")

    return app


def _rerank_with(service: Service, answer: Callable[[Any, Explained, str], dict[str, Any]]) -> Handler:
    async def handle(body: Any, request: Request) -> dict[str, Any]:
        found = await service.rerank(body, request)
        rerank_api.check_judged(found)
        return answer(body, found, request.state.id)

    return handle


def _decide_with(service: Service) -> Handler:
    async def handle(body: Any, request: Request) -> dict[str, Any]:
        return system_one_api.answer(body, await service.decide(body, request))

    return handle


def _add_post(app: FastAPI, service: Service, path: str, model: type[BaseModel], handle: Handler) -> None:
    """A route that reads, checks, handles, counts and logs; whatever happens, it answers in one shape."""

    async def route(request: Request) -> Response:
        started, caller = _begin(request), ""
        try:
            address = request.client.host if request.client else ""
            caller = service.admit(request.headers.get("authorization"), address)
            with service.held.share() as take:  # until the answer: what is made of the body is as large as it
                data = await read_body(request, service.settings.limits, take)
                service.gate.check_room()
                body = await asyncio.to_thread(parse, model, data, service.settings.limits)
                del data
                response = JSONResponse(await handle(body, request))
        except Exception as error:  # noqa: BLE001 - the next request must be answered
            response = _answer_to(error, request.state.id)
        return _finish(service, request, response, path, started, caller)

    app.add_api_route(
        path,
        route,
        methods=["POST"],
        openapi_extra=openapi.body_of(model),
        responses=openapi.responses(),
        summary=(model.__doc__ or "").split("\n")[0],
    )


def _refuse_others(app: FastAPI, service: Service) -> None:
    """A route or a method that is not there is answered, counted and logged as everything else."""

    async def refuse(request: Request, error: Exception) -> Response:
        started = _begin(request)
        status, headers = getattr(error, "status_code", 404), getattr(error, "headers", None) or {}
        refused = ApiError(404, "no_such_route", "there is no such route; /openapi.json has those that are")
        if status != 404:
            refused = ApiError(status, "bad_method", f"wanted the method {headers.get('Allow', 'POST')}")
        response = _answer_to(refused, request.state.id)
        response.headers.update(headers)
        return _finish(service, request, response, "other", started)  # never the path: a stranger would fill the labels

    app.add_exception_handler(HTTPException, refuse)


def _begin(request: Request) -> float:
    """The time; the request has an id from now on, its own where it is one."""
    given = request.headers.get(HEADER, "")
    request.state.id = given if _REQUEST_ID.fullmatch(given) else new_id()
    set_id(request.state.id)
    return time.perf_counter()


def _finish(
    service: Service, request: Request, response: Response, route: str, started: float, caller: str = ""
) -> Response:
    """The answer, named, counted and logged."""
    response.headers[HEADER] = request.state.id
    seconds = time.perf_counter() - started
    service.measures.requests.labels(route, str(response.status_code)).inc()
    service.measures.seconds.labels(route).observe(seconds)
    facts = {"id": request.state.id, "route": route, "status": response.status_code, "caller": caller}
    logger.info("%s", json.dumps(facts | {"seconds": round(seconds, 4)}))
    return response


def _answer_to(error: Exception, request_id: str) -> JSONResponse:
    if isinstance(error, YofoError):
        error = errors.from_ours(error)
    if not isinstance(error, ApiError):
        logger.exception("request %s failed", request_id)
        error = ApiError(500, "internal", "something went wrong here; the log says what, under this id")
    return JSONResponse(errors.body(error, request_id), error.status, headers=error.headers())
