"""Plain HTTP beside the sockets: the management API, Lambda's own API, the page, and 426 for the rest."""

from pathlib import Path

from aiohttp import web

from local.api.websocket_api import WebSocketApi
from local.endpoints import Endpoints
from local.http.guard import Guard
from local.http.server import admission, forbidden, in_shape
from local.wire.lambda_api import LambdaApi
from local.wire.management_api import ManagementApi

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
    gateway: WebSocketApi, management: ManagementApi, lambda_api: LambdaApi, endpoints: Endpoints, guard: Guard
) -> web.Application:
    """Return what answers every request that is no handshake. The page is the hub's, and there for no other app."""
    site = _Site(gateway, endpoints)
    console = gateway.integrations.console
    admit = admission(guard, lambda why: console.refused("(http)", f"403: {why}"), visited=["/"])
    app = web.Application(client_max_size=MAX_BODY, middlewares=[in_shape(gateway.report), admit])
    app.add_routes([web.get("/_local/endpoints", site.endpoints), web.get("/_local/refusal", site.refusal)])
    app.add_routes(management.routes())
    app.add_routes(lambda_api.routes())
    if endpoints.is_hub:
        app.add_routes([web.get(path, site.page) for path in PAGE_FILES])
    app.add_routes([web.get("/{anything:.*}", _upgrade_required), web.route("*", "/{anything:.*}", forbidden)])
    return app


class _Site:
    def __init__(self, gateway: WebSocketApi, endpoints: Endpoints) -> None:
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
