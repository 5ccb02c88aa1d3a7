"""Plain HTTP on the same ports: the management API, Lambda's Invoke, the page, and 426 for every other GET."""

from pathlib import Path

from aiohttp import web

from local.api.websocket_api import WebSocketApi
from local.endpoints import Endpoints
from local.http.guard import Guard
from local.http.server import admission, forbidden, in_shape
from local.wire.lambda_api import LambdaApi
from local.wire.management_api import ManagementApi

MAX_BODY = 16 * 1024 * 1024
"""The longest body of a request that the gateway reads, in bytes."""

PAGE = Path(__file__).parent.parent / "page"
CLIENT = Path(__file__).parent.parent.parent / "client"

PAGE_FILES = {
    "/": (PAGE / "index.html", "text/html"),
    "/page.css": (PAGE / "page.css", "text/css"),
    "/page.js": (PAGE / "page.js", "text/javascript"),
    "/credentials.js": (PAGE / "credentials.js", "text/javascript"),
    "/refusals.js": (PAGE / "refusals.js", "text/javascript"),
    "/sockets.js": (PAGE / "sockets.js", "text/javascript"),
    "/hub.js": (CLIENT / "hub.js", "text/javascript"),
    "/icon.svg": (PAGE / "icon.svg", "image/svg+xml"),
}


def application(
    api: WebSocketApi, management: ManagementApi, lambda_api: LambdaApi, endpoints: Endpoints, guard: Guard
) -> web.Application:
    """
    Return the application that answers every request that is not a handshake.

    It serves the page only if the served application is the hub: the page speaks the hub's protocol.

    """
    site = _Site(api, endpoints)
    console = api.integrations.console
    admit = admission(guard, lambda reason: console.refused("(http)", f"403: {reason}"), visited=["/"])
    app = web.Application(client_max_size=MAX_BODY, middlewares=[in_shape(api.report), admit])
    app.add_routes([web.get("/_local/endpoints", site.endpoints), web.get("/_local/refusal", site.refusal)])
    app.add_routes(management.routes())
    app.add_routes(lambda_api.routes())
    if endpoints.is_hub:
        app.add_routes([web.get(path, site.page) for path in PAGE_FILES])
    app.add_routes([web.get("/{anything:.*}", _upgrade_required), web.route("*", "/{anything:.*}", forbidden)])
    return app


class _Site:
    def __init__(self, api: WebSocketApi, endpoints: Endpoints) -> None:
        self._api = api
        self._endpoints = endpoints

    async def page(self, request: web.Request) -> web.Response:
        path, content_type = PAGE_FILES[request.path]
        headers = {"Cache-Control": "no-store"}
        body = path.read_text(encoding="utf-8")
        return web.Response(text=body, content_type=content_type, charset="utf-8", headers=headers)

    async def endpoints(self, request: web.Request) -> web.Response:
        return web.json_response(vars(self._endpoints))

    async def refusal(self, request: web.Request) -> web.Response:
        # Only a client that has tried the target can name it, so the answer tells nobody anything new.
        refused = self._api.refusals.get(request.query.get("target", ""))
        return web.json_response({"status": refused.status, "explanation": refused.explanation} if refused else None)


async def _upgrade_required(request: web.Request) -> web.Response:
    return web.json_response({"message": "Upgrade Required"}, status=426)
