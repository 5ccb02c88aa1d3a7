"""Lambda's API, as far as a function that calls another needs it: Invoke."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from local.lambdas.process import Result
from local.stack.app import App, Function
from local.stack.names import function_arn
from local.wire.requests import error

MAX_SYNCHRONOUS, MAX_ASYNCHRONOUS = 6 * 1024 * 1024, 1024 * 1024
"""Bytes of a payload (quotas)."""


class Invocations:
    """
    Args:
        invoke: Runs a function, and reports it: ``(name, event as JSON) -> Result``.
        later: Runs something that nobody waits for.

    """

    def __init__(
        self, app: App, invoke: Callable[[str, str], Awaitable[Result]], later: Callable[[Any], object]
    ) -> None:
        self._functions: Mapping[str, Function] = {each.aws_name: each for each in app.functions.values()}
        self._invoke = invoke
        self._later = later

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/2015-03-31/functions/{name}/invocations", self.invoke),
            web.route("*", r"/{version:20\d\d-\d\d-\d\d}/{rest:.*}", self.unknown),
        ]

    async def invoke(self, request: web.Request) -> web.Response:
        function = self._find(unquote(request.match_info["name"]))
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        event = await _payload(request, MAX_ASYNCHRONOUS if kind == "Event" else MAX_SYNCHRONOUS)
        if kind == "DryRun":
            return web.Response(status=204)
        if kind == "Event":
            self._later(self._run(function, event))
            return web.Response(status=202)
        result = await self._run(function, event)
        failed = {"X-Amz-Function-Error": "Unhandled"} if result.error else {}
        body = json.dumps(result.error or result.value)
        return web.Response(text=body, content_type="application/json",
                            headers={"X-Amz-Executed-Version": "$LATEST", **failed})  # fmt: skip

    async def unknown(self, request: web.Request) -> web.Response:
        text = f"Of Lambda's API only Invoke is imitated here, not {request.method} {request.path}"
        raise error(web.HTTPNotImplemented(), "UnknownOperationException", text)

    async def _run(self, function: Function, event: str) -> Result:
        return await self._invoke(function.name, event)

    def _find(self, name: str) -> Function:
        """Return the function of a name, an ARN, or part of one, with or without a version or alias."""
        called = name.partition("function:")[2] or name
        if function := self._functions.get(called.partition(":")[0]):
            return function
        raise error(web.HTTPNotFound(), "ResourceNotFoundException", f"Function not found: {function_arn(called)}")


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
