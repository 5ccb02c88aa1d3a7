"""The operation Invoke of Lambda's API, with which a function calls another function. Other operations get 501."""

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
"""The largest payload of a synchronous and of an asynchronous call, in bytes (quotas)."""


class LambdaApi:
    """
    Args:
        invoke: Runs a function, and prints a line about it: ``(name, event as JSON, invocation) -> Result``.
        run: Runs a coroutine in the background, for calls whose client does not wait for the result.

    """

    def __init__(
        self, app: App, invoke: Callable[[str, str, Invocation], Awaitable[Result]], run: Callable[[Any], object]
    ) -> None:
        self._functions: Mapping[str, Function] = {function.aws_name: function for function in app.functions.values()}
        self._place = app.place
        self._invoke = invoke
        self._run = run

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/2015-03-31/functions/{name}/invocations", self.invoke),
            web.route("*", r"/{version:20\d\d-\d\d-\d\d}/{rest:.*}", self.unknown),
        ]

    async def invoke(self, request: web.Request) -> web.Response:
        function, qualifier = self._called_function(
            unquote(request.match_info["name"]), request.query.get("Qualifier", "")
        )
        version = function.version(qualifier)
        kind = request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
        event = await _payload(request, MAX_ASYNCHRONOUS if kind == "Event" else MAX_SYNCHRONOUS)
        if kind == "DryRun":
            return web.Response(status=204)
        invocation = Invocation(qualifier, _client_context(request), request.headers.get("X-Amz-Tenant-Id"))
        if kind == "Event":
            self._run(self._invoke(function.name, event, invocation))
            return web.Response(status=202)
        result = await self._invoke(function.name, event, invocation)
        failed = {"X-Amz-Function-Error": "Unhandled"} if result.error else {}
        body = json.dumps(result.error or result.value)
        return web.Response(text=body, content_type="application/json",
                            headers={"X-Amz-Executed-Version": str(version), **failed})  # fmt: skip

    async def unknown(self, request: web.Request) -> web.Response:
        message = f"The local gateway imitates only Invoke of Lambda's API, not {request.method} {request.path}"
        raise error(web.HTTPNotImplemented(), "UnknownOperationException", message)

    def _called_function(self, name: str, qualifier: str) -> tuple[Function, str]:
        """
        Return the function that a call names, and the version or the alias that it calls.

        Args:
            name: A name, an ARN or a partial ARN, with or without a qualifier at its end.
            qualifier: The qualifier of the query. It wins over the qualifier of the name. Empty if absent.

        Raises:
            HTTPNotFound: If there is no such function, version or alias.

        """
        qualified_name = name.partition("function:")[2] or name
        name, _, own_qualifier = qualified_name.partition(":")
        function = self._functions.get(name)
        if function and function.version(qualifier or own_qualifier) is not None:
            return function, qualifier or own_qualifier
        called = self._place.function_arn(f"{name}:{qualifier}" if qualifier else qualified_name)
        raise error(web.HTTPNotFound(), "ResourceNotFoundException", f"Function not found: {called}")


def _client_context(request: web.Request) -> str:
    """
    Return the client context of a call as JSON; empty if the call does not have one.

    Raises:
        HTTPBadRequest: If it is not a JSON object in base64.

    """
    try:
        decoded = base64.b64decode(request.headers.get("X-Amz-Client-Context", ""), validate=True).decode()
        if not decoded or isinstance(json.loads(decoded), dict):
            return decoded
        problem = "not an object"
    except (ValueError, RecursionError) as invalid:
        problem = str(invalid)
    message = f"Client context must be a valid Base64-encoded JSON object: {problem}"
    raise error(web.HTTPBadRequest(), "InvalidRequestContentException", message)


async def _payload(request: web.Request, limit: int) -> str:
    """
    Return the payload of a call, which is JSON, as the client wrote it: Python cannot write every JSON it can read.

    Raises:
        HTTPRequestEntityTooLarge: If it has more bytes than the limit.
        HTTPBadRequest: If it is not JSON.

    """
    body = await request.read()
    if len(body) > limit:
        message = f"Request must be smaller than {limit} bytes for the InvokeFunction operation"
        raise error(web.HTTPRequestEntityTooLarge(limit), "RequestTooLargeException", message)
    try:
        payload = body.decode() or "{}"
        json.loads(payload)
    except (ValueError, RecursionError) as problem:
        message = f"Could not parse request body into json: {problem}"
        raise error(web.HTTPBadRequest(), "InvalidRequestContentException", message) from None
    return payload
