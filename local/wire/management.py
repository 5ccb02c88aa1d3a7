"""The management API, ``@connections``: how functions post to, look at and close connections."""

import contextlib
import json
from datetime import UTC, datetime

from aiohttp import web

from local.api.gateway import Connection, Gateway

MAX_PAYLOAD = 128 * 1024
"""Bytes of a post (quota)."""

ID_LENGTH = 16
"""Characters of a connection id of API Gateway's form."""


def application(gateway: Gateway) -> web.Application:
    """Return an HTTP application that answers for the gateway's connections."""
    api = ManagementApi(gateway)
    app = web.Application(client_max_size=16 * 1024 * 1024)
    # aiohttp decodes the path, so %40connections and an id ending in %3D match as well.
    path = f"/{gateway.app.stage}/@connections/{{connection_id}}"
    app.router.add_post(path, api.post)
    app.router.add_get(path, api.get)
    app.router.add_delete(path, api.delete)
    app.router.add_route("*", "/{anything:.*}", _forbidden)
    return app


class ManagementApi:
    """One method for each verb. Signatures are not checked: whoever reaches the port may post."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def post(self, request: web.Request) -> web.Response:
        connection = self._find(request)
        payload = await _payload(request)
        if connection.socket.is_clogged:
            raise _error(web.HTTPTooManyRequests(), "LimitExceededException", "Too many requests")
        # unsure: what AWS does with bytes that are not UTF-8; all captures are text.
        await self._gateway.send(connection, payload.decode(errors="replace"))
        return web.Response()

    async def get(self, request: web.Request) -> web.Response:
        connection = self._find(request)
        client = connection.client
        return web.json_response(
            {
                "connectedAt": _iso(client.connected_at / 1000),
                "identity": {"sourceIp": client.source_ip, "userAgent": client.user_agent},
                "lastActiveAt": _iso(connection.last_active_at),
            }
        )

    async def delete(self, request: web.Request) -> web.Response:
        self._find(request).close(1000, "Connection Closed Normally")
        return web.Response(status=204)

    def _find(self, request: web.Request) -> Connection:
        connection_id = request.match_info["connection_id"]
        connection = self._gateway.connections.get(connection_id)
        if connection and connection.socket.is_open and not connection.closed_by_us:
            return connection
        if len(connection_id) != ID_LENGTH or not connection_id.endswith("="):
            raise _error(web.HTTPBadRequest(), "BadRequestException", f"Invalid connectionId: {connection_id}")
        raise _error(web.HTTPGone(), "GoneException", None)


async def _payload(request: web.Request) -> bytes:
    with contextlib.suppress(web.HTTPRequestEntityTooLarge):  # aiohttp's own, of what it would not even read
        if len(payload := await request.read()) <= MAX_PAYLOAD:
            return payload
    error = web.HTTPRequestEntityTooLarge(MAX_PAYLOAD)
    raise _error(error, "PayloadTooLargeException", "Message too long")


async def _forbidden(request: web.Request) -> web.Response:
    raise _error(web.HTTPForbidden(), "ForbiddenException", "Forbidden")


def _error(error: web.HTTPException, kind: str, message: str | None) -> web.HTTPException:
    """Give an error AWS's shape. SDKs read the type from the header; 410 has no body at all."""
    error.headers["x-amzn-ErrorType"] = kind
    error.content_type = "application/json"
    error.text = "" if message is None else json.dumps({"message": message})
    return error


def _iso(epoch_seconds: float) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
