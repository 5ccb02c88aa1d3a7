"""Lambda's API, as far as a function that calls another needs it: Invoke."""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from local.http.server import error
from local.lambdas.process import Invocation, Result
from local.stack.app import App, Function

MAX_SYNCHRONOUS, MAX_ASYNCHRONOUS = 6 * 1024 * 1024, 1024 * 1024
"""Bytes of a payload (quotas)."""


class LambdaApi:
    """
    Args:
        invoke: Runs a function, and reports it: ``(name, event as JSON, invocation) -> Result``.
        later: Runs something that nobody waits for.

    """

    def __init__(
        self, app: App, invoke: Callable[[str, str, Invocation], Awaitable[Result]], later: Callable[[Any], object]
    ) -> None:
        self._functions: Mapping[str, Function] = {each.aws_name: each for each in app.functions.values()}
        self._place = app.place
        self._invoke = invoke
        self._later = later

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/2015-03-31/functions/{name}/invocations", self.invoke),
            web.route("*", r"/{version:20\d\d-\d\d-\d\d}/{rest:.*}", self.unknown),
        ]

    async def invoke(self, request: web.Request) -> web.Response:
        function, qualifier = self._find(unquote(request.match_info["name"]), request.query.get("Qualifier", ""))
        version = function.version(qualifier)
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        event = await _payload(request, MAX_ASYNCHRONOUS if kind == "Event" else MAX_SYNCHRONOUS)
        if kind == "DryRun":
            return web.Response(status=204)
        invocation = Invocation(qualifier, _client_context(request), request.headers.get("X-Amz-Tenant-Id"))
        if kind == "Event":
            self._later(self._invoke(function.name, event, invocation))
            return web.Response(status=202)
        result = await self._invoke(function.name, event, invocation)
        failed = {"X-Amz-Function-Error": "Unhandled"} if result.error else {}
        body = json.dumps(result.error or result.value)
        return web.Response(text=body, content_type="application/json",
                            headers={"X-Amz-Executed-Version": str(version), **failed})  # fmt: skip

    async def unknown(self, request: web.Request) -> web.Response:
        text = f"Of Lambda's API only Invoke is imitated here, not {request.method} {request.path}"
        raise error(web.HTTPNotImplemented(), "UnknownOperationException", text)

    def _find(self, name: str, qualifier: str) -> tuple[Function, str]:
        """
        Return the function of a name, an ARN, or part of one, and the version or alias that is called.

        Args:
            qualifier: What the query says; empty for nothing. The name may have one, too.

        """
        called = name.partition("function:")[2] or name
        name, _, named = called.partition(":")
        function = self._functions.get(name)
        if function and function.version(qualifier or named) is not None:
            return function, qualifier or named
        text = f"Function not found: {self._place.function_arn(f'{name}:{qualifier}' if qualifier else called)}"
        raise error(web.HTTPNotFound(), "ResourceNotFoundException", text)


def _client_context(request: web.Request) -> str:
    """Return what a caller says of itself as JSON, or empty text."""
    try:
        decoded = base64.b64decode(request.headers.get("X-Amz-Client-Context", ""), validate=True).decode()
        if not decoded or isinstance(json.loads(decoded), dict):
            return decoded
        problem = "not an object"
    except (ValueError, RecursionError) as invalid:
        problem = str(invalid)
    text = f"Client context must be a valid Base64-encoded JSON object: {problem}"
    raise error(web.HTTPBadRequest(), "InvalidRequestContentException", text)


async def _payload(request: web.Request, most: int) -> str:
    body = await request.read()
    if len(body) > most:
        text = f"Request must be smaller than {most} bytes for the InvokeFunction operation"
        raise error(web.HTTPRequestEntityTooLarge(most), "RequestTooLargeException", text)
    try:
        text = body.decode() or "{}"
        json.loads(text)
    except (ValueError, RecursionError) as problem:
        text = f"Could not parse request body into json: {problem}"
        raise error(web.HTTPBadRequest(), "InvalidRequestContentException", text) from None
    return text  # as it came: what can be read cannot always be written
