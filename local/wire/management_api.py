"""The management API, ``@connections``: functions post to connections, get their description, and close them."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime

from aiohttp import web

from local.api.websocket_api import Connection, WebSocketApi
from local.console import Console
from local.http.server import error, forbidden
from local.stack.app import Function
from local.stack.domains import domain_of, name_of
from local.stack.permissions import user_of
from local.stack.policies import allows, denial

MAX_PAYLOAD = 128 * 1024
"""The largest post, in bytes (quota)."""

CONNECTION_ID = re.compile(r"[A-Za-z0-9_-]{15}=")

_CREDENTIAL = re.compile(r"AWS4-HMAC-SHA256 Credential=([^/]+)/")


class ManagementApi:
    """
    Answers the requests to ``@connections``, with a method for each HTTP verb.

    Signatures are not checked, so every client that reaches the port may post. But if the access key of a request
    belongs to a function of the template, the function's role has to allow the request, as on AWS.

    Args:
        callers: The functions, by the access keys that they sign with.

    """

    def __init__(self, api: WebSocketApi, callers: Mapping[str, Function], console: Console) -> None:
        self._api = api
        self._callers = callers
        self._console = console
        self._warned = False

    def routes(self) -> list[web.RouteDef]:
        # aiohttp decodes the path first, so %40connections and an id that ends in %3D match too.
        paths = ("/{base:.+}/@connections/{connection_id}", "/@connections/{connection_id}")
        verbs = {"POST": self.post, "GET": self.get, "DELETE": self.delete}
        known = [web.route(verb, path, handler) for path in paths for verb, handler in verbs.items()]
        return [*known, web.route("*", "/{anything:.*}@connections{rest:.*}", forbidden)]

    async def post(self, request: web.Request) -> web.Response:
        connection = self._open_connection(request)
        payload = await request.read()
        if len(payload) > MAX_PAYLOAD:
            raise error(web.HTTPRequestEntityTooLarge(MAX_PAYLOAD), "PayloadTooLargeException", "Message too long")
        if connection.socket.is_clogged:
            raise error(web.HTTPTooManyRequests(), "LimitExceededException", "Too many requests")
        # unsure: what AWS does with bytes that are not UTF-8; every captured post is text.
        self._api.send(connection, payload.decode(errors="replace").encode())
        return web.Response()

    async def get(self, request: web.Request) -> web.Response:
        connection = self._open_connection(request)
        client = connection.client
        return web.json_response(
            {
                "connectedAt": _iso(client.connected_at / 1000),
                "identity": {"sourceIp": client.source_ip, "userAgent": client.user_agent},
                "lastActiveAt": _iso(connection.last_active_at),
            }
        )

    async def delete(self, request: web.Request) -> web.Response:
        self._open_connection(request).close(1000, "Connection Closed Normally")
        return web.Response(status=204)

    def _open_connection(self, request: web.Request) -> Connection:
        """
        Return the open connection that a request names.

        Raises:
            HTTPForbidden: If the path is not that of the stage, or the caller's role does not allow the request.
            HTTPBadRequest: If the id does not have the form of a connection id.
            HTTPGone: If there is no open connection with this id.

        """
        self._check_base(request)
        connection_id = request.match_info["connection_id"]
        self._check_caller(request, connection_id)
        connection = self._api.connections.get(connection_id)
        if connection and connection.socket.is_open and not connection.closed_by_us:
            return connection
        if not CONNECTION_ID.fullmatch(connection_id):
            raise error(web.HTTPBadRequest(), "BadRequestException", f"Invalid connectionId: {connection_id}")
        raise error(web.HTTPGone(), "GoneException", None)

    def _check_base(self, request: web.Request) -> None:
        """Refuse a path that does not begin with the stage; on a custom domain, with the key of its mapping."""
        app = self._api.app
        domain = domain_of(name_of(request.host), app.domains)
        if request.match_info.get("base", "") != (app.stage if domain is None else app.domains[domain]):
            raise error(web.HTTPForbidden(), "ForbiddenException", "Forbidden")

    def _check_caller(self, request: web.Request, connection_id: str) -> None:
        """Refuse a request of a function whose role does not allow it. Warn once about an unsigned request."""
        signed = _CREDENTIAL.match(request.headers.get("Authorization", ""))
        if not signed:
            if not self._warned:
                self._console.warn("A request to @connections is not signed: accepted here, and refused on AWS.")
            self._warned = True
            return
        function = self._callers.get(signed[1])
        if function is None or function.policy is None:
            return
        app, place = self._api.app, self._api.app.place
        resource = place.arn("execute-api", f"{app.api_id}/{app.stage}/{request.method}/@connections/{connection_id}")
        if not allows(function.policy, "execute-api:ManageConnections", resource):
            denied = denial(user_of(function, place), "execute-api:ManageConnections", resource)
            raise error(web.HTTPForbidden(), "AccessDeniedException", denied)


def _iso(epoch_seconds: float) -> str:
    return datetime.fromtimestamp(epoch_seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
