"""Plain HTTP beside the sockets: the management API, Lambda's own API, the page, and 426 for the rest."""

import asyncio
import contextlib
import functools
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from local.api.gateway import Gateway
from local.endpoints import Endpoints
from local.errors import Fault, faults
from local.wire.invocations import Invocations
from local.wire.management import ManagementApi, error, forbidden

MAX_BODY = 16 * 1024 * 1024
"""Bytes of a request that is read at all."""

PAGE = Path(__file__).parent.parent / "page"

PAGE_FILES = {
    "/": ("index.html", "text/html"),
    "/page.css": ("page.css", "text/css"),
    "/page.js": ("page.js", "text/javascript"),
    "/hub.js": ("hub.js", "text/javascript"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}


def application(
    gateway: Gateway, management: ManagementApi, invocations: Invocations, endpoints: Endpoints
) -> web.Application:
    """Return what answers every request that is no handshake. The page is the hub's, and there for no other app."""
    site = _Site(gateway, endpoints)
    app = web.Application(client_max_size=MAX_BODY, middlewares=[_in_shape(gateway.report)])
    app.add_routes([web.get("/_local/endpoints", site.endpoints), web.get("/_local/refusal", site.refusal)])
    app.add_routes(management.routes())
    app.add_routes(invocations.routes())
    if endpoints.is_hub:
        app.add_routes([web.get(path, site.page) for path in PAGE_FILES])
    app.add_routes([web.get("/{anything:.*}", _upgrade_required), web.route("*", "/{anything:.*}", forbidden)])
    return app


@contextlib.asynccontextmanager
async def protocols(app: web.Application, max_head: int) -> AsyncIterator[Callable[[], asyncio.Protocol]]:
    """Give what makes a protocol for a connection, while the context lasts; the head has been limited already."""
    runner = web.AppRunner(app)
    await runner.setup()
    assert runner.server
    try:
        yield functools.partial(
            _Requests,
            runner.server,
            loop=asyncio.get_running_loop(),
            auto_decompress=False,  # API Gateway does not look at what a body is encoded in
            max_line_size=max_head,
            max_field_size=max_head,
            max_headers=max_head,
        )
    finally:
        await runner.cleanup()


class _Requests(web.RequestHandler):
    """Answers what is no HTTP as everything else is answered, and logs nothing of it."""

    def handle_error(self, request: Any, status: int = 500, exc: Any = None, message: str | None = None) -> Any:
        answer = error(web.HTTPBadRequest(), "BadRequestException", "Bad Request")
        response = web.Response(status=answer.status, text=answer.text, headers=answer.headers)
        response.force_close()
        return response


class _Site:
    def __init__(self, gateway: Gateway, endpoints: Endpoints) -> None:
        self._gateway = gateway
        self._endpoints = endpoints

    async def page(self, request: web.Request) -> web.Response:
        name, content_type = PAGE_FILES[request.path]
        headers = {"Cache-Control": "no-store"}
        body = (PAGE / name).read_text(encoding="utf-8")
        return web.Response(text=body, content_type=content_type, charset="utf-8", headers=headers)

    async def endpoints(self, request: web.Request) -> web.Response:
        return web.json_response(vars(self._endpoints))

    async def refusal(self, request: web.Request) -> web.Response:
        # Whoever can name the target has tried it, so this tells nobody anything new.
        refused = self._gateway.refusals.get(request.query.get("target", ""))
        return web.json_response({"status": refused.status, "explanation": refused.explanation} if refused else None)


async def _upgrade_required(request: web.Request) -> web.Response:
    return web.json_response({"message": "Upgrade Required"}, status=426)


def _in_shape(report: Callable[[Exception], None]) -> Middleware:
    """Give every error the shape that SDKs know."""

    @web.middleware
    async def in_shape(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            with faults(report, web.HTTPException, web.RequestPayloadError, HttpProcessingError, ConnectionError):
                return await handler(request)
        except Fault:
            raise error(web.HTTPInternalServerError(), "InternalFailure", "Internal server error") from None
        except web.HTTPException as refused:
            if "x-amzn-ErrorType" in refused.headers:
                raise
            if isinstance(refused, web.HTTPRequestEntityTooLarge):  # aiohttp's own, of what it would not even read
                raise error(refused, "PayloadTooLargeException", "Message too long") from None
            return await forbidden(request)
        except (web.RequestPayloadError, HttpProcessingError, ConnectionError):  # the body broke off, or is none
            raise error(web.HTTPBadRequest(), "BadRequestException", "Bad Request") from None

    return in_shape
