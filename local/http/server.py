"""What the gateway's HTTP servers share: which requests they answer, how long they wait, the shape of their errors."""

import asyncio
import contextlib
import functools
import json
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.typedefs import Handler, Middleware

from local.errors import Fault, faults
from local.http.closing import CLOSE_TIMEOUT, refusal
from local.http.guard import Guard, is_visit

REQUEST_TIMEOUT = 10.0
"""Seconds that a client has to send the head of a request. It has the same time again for the body."""

MAX_SHOWN = 200
"""Characters of a request's target that the terminal shows."""


@contextlib.asynccontextmanager
async def protocols(
    app: web.Application, max_head: int, patience: float = REQUEST_TIMEOUT
) -> AsyncIterator[Callable[[], asyncio.Protocol]]:
    """
    Serve an application while the context lasts. Gives the factory of protocols for connections.

    Args:
        app: ``admission`` must be one of its middlewares.
        max_head: Bytes of each line before the body.
        patience: Seconds that a client has to send a head.

    """
    runner = web.AppRunner(app)
    await runner.setup()
    assert runner.server
    try:
        yield functools.partial(
            _Requests,
            runner.server,
            patience=patience,
            loop=asyncio.get_running_loop(),
            auto_decompress=False,  # API Gateway passes bodies on as they are
            lingering_time=CLOSE_TIMEOUT,
            max_line_size=max_head,
            max_field_size=max_head,
            max_headers=max_head,
        )
    finally:
        await runner.cleanup()


class _Requests(web.RequestHandler):
    """
    Cuts off a client whose head takes too long, and answers input that is not HTTP without logging it.

    The time for the first head starts with the connection, the time for a later head with the first byte of the head.
    Between requests a client may wait for any time.

    """

    def __init__(self, *arguments: Any, patience: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._patience = patience
        self._answering = False
        self._timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._start_timer()

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._timer is None and not self._answering:
            self._start_timer()

    def connection_lost(self, error: BaseException | None) -> None:
        self._stop_timer()
        super().connection_lost(error)

    def head_received(self) -> None:
        """Stop the timer: the head of a request is complete."""
        self._stop_timer()
        self._answering = True

    def answered(self) -> None:
        """Start the timer again when the next request begins."""
        self._answering = False

    def _start_timer(self) -> None:
        self._timer = asyncio.get_running_loop().call_later(self._patience, self._cut_off)

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _cut_off(self) -> None:
        if self.transport:
            self.transport.write(refusal(408))
        self.force_close()

    def handle_error(self, request: Any, status: int = 500, exc: Any = None, message: str | None = None) -> Any:
        """Answer input that is not HTTP."""
        answer = error(web.HTTPBadRequest(), "BadRequestException", "Bad Request")
        response = web.Response(status=answer.status, text=answer.text, headers=answer.headers)
        response.force_close()
        return response


def admission(
    guard: Guard, refused: Callable[[str], None], visited: Sequence[str] = (), patience: float = REQUEST_TIMEOUT
) -> Middleware:
    """
    Refuse requests that the guard does not let in, and wait for the complete body before any handler runs.

    Args:
        refused: Called with the request and the reason, for the terminal.
        visited: Paths that links on any page may lead to.
        patience: Seconds that a client has to send a body.

    """

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        assert isinstance(request.protocol, _Requests)
        request.protocol.head_received()
        try:
            if reason := _refusal(guard, request, visited):
                refused(f"{request.method} {request.raw_path[:MAX_SHOWN]!a}: {reason}")
                raise error(web.HTTPForbidden(), "ForbiddenException", reason)
            await _whole_body(request, patience)
        except web.HTTPException as answer:
            answer.force_close()  # the rest of the body may never come
            raise
        try:
            return await handler(request)
        finally:
            request.protocol.answered()

    return admit


async def _whole_body(request: web.Request, patience: float) -> None:
    try:
        async with asyncio.timeout(patience):
            await request.read()
    except TimeoutError:
        raise error(web.HTTPRequestTimeout(), "RequestTimeoutException", "Request Timeout") from None


def _refusal(guard: Guard, request: web.Request, visited: Sequence[str]) -> str | None:
    def values(name: str) -> Sequence[str]:
        return request.headers.getall(name, [])

    if reason := guard.wrong_host(request.raw_path, values):
        return reason
    if request.path in visited and is_visit(request.method, values):
        return None
    return guard.foreign_page(request.scheme, values)


def in_shape(report: Callable[[Exception], None]) -> Middleware:
    """
    Give every error the shape that SDKs read.

    Args:
        report: Called with each mistake of the gateway's own.

    """

    @web.middleware
    async def shape(request: web.Request, handler: Handler) -> web.StreamResponse:
        try:
            with faults(report, web.HTTPException, web.RequestPayloadError, HttpProcessingError, ConnectionError):
                return await handler(request)
        except Fault:
            raise error(web.HTTPInternalServerError(), "InternalFailure", "Internal server error") from None
        except web.HTTPException as refused:
            if "x-amzn-ErrorType" in refused.headers:
                raise
            if isinstance(refused, web.HTTPRequestEntityTooLarge):  # from aiohttp: larger than client_max_size
                raise error(refused, "PayloadTooLargeException", "Message too long") from None
            return await forbidden(request)
        except (web.RequestPayloadError, HttpProcessingError, ConnectionError):  # the body broke off or is malformed
            raise error(web.HTTPBadRequest(), "BadRequestException", "Bad Request") from None

    return shape


async def forbidden(request: web.Request) -> web.Response:
    """Answer an unknown path as API Gateway does."""
    raise error(web.HTTPForbidden(), "ForbiddenException", "Forbidden")


def error(answer: web.HTTPException, kind: str, message: str | None) -> web.HTTPException:
    """
    Give an answer the shape of AWS's errors. SDKs read its type from the header.

    Args:
        message: None for an answer without a body, such as the management API's 410.

    """
    answer.headers["x-amzn-ErrorType"] = kind
    answer.content_type = "application/json"
    answer.text = "" if message is None else json.dumps({"message": message})
    return answer
