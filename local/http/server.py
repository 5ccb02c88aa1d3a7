"""What the HTTP servers of the gateway have in common: whom they answer, how long they wait, how they say no."""

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
"""Seconds that a client has to send the head of a request, and as many again for its body."""

MAX_SHOWN = 200
"""Characters of a target that the terminal shows."""


@contextlib.asynccontextmanager
async def protocols(
    app: web.Application, max_head: int, patience: float = REQUEST_TIMEOUT
) -> AsyncIterator[Callable[[], asyncio.Protocol]]:
    """
    Give what makes a protocol for a connection, while the context lasts.

    Args:
        app: Has ``admission`` among its middlewares.
        max_head: Bytes of each line before the body.
        patience: Seconds to send a head in.

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
            auto_decompress=False,  # API Gateway does not look at what a body is encoded in
            lingering_time=CLOSE_TIMEOUT,
            max_line_size=max_head,
            max_field_size=max_head,
            max_headers=max_head,
        )
    finally:
        await runner.cleanup()


class _Requests(web.RequestHandler):
    """
    Cuts off heads that take too long, and answers input that is not HTTP as everything else, without a line of log.

    Between requests a client may wait as long as it likes.

    """

    def __init__(self, *arguments: Any, patience: float, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._patience = patience
        self._answering = False
        self._timer: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._timer is None and not self._answering:
            self._timer = asyncio.get_running_loop().call_later(self._patience, self._cut_off)

    def connection_lost(self, error: BaseException | None) -> None:
        self._stop_timer()
        super().connection_lost(error)

    def began(self) -> None:
        """Take note that the head of a request has come whole."""
        self._stop_timer()
        self._answering = True

    def ended(self) -> None:
        """Take note that a request has been answered, and that the next may come."""
        self._answering = False

    def _stop_timer(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _cut_off(self) -> None:
        if self.transport:
            self.transport.write(refusal(408))
        self.force_close()

    def handle_error(self, request: Any, status: int = 500, exc: Any = None, message: str | None = None) -> Any:
        answer = error(web.HTTPBadRequest(), "BadRequestException", "Bad Request")
        response = web.Response(status=answer.status, text=answer.text, headers=answer.headers)
        response.force_close()
        return response


def admission(
    guard: Guard, refused: Callable[[str], None], visited: Sequence[str] = (), patience: float = REQUEST_TIMEOUT
) -> Middleware:
    """
    Answer no foreign page, and wait for a whole body before anything else.

    Args:
        refused: Told why, for the terminal.
        visited: Paths that a link on any page may lead to.
        patience: Seconds to send a body in.

    """

    @web.middleware
    async def admit(request: web.Request, handler: Handler) -> web.StreamResponse:
        assert isinstance(request.protocol, _Requests)
        request.protocol.began()
        try:
            if why := _refusal(guard, request, visited):
                refused(f"{request.method} {request.raw_path[:MAX_SHOWN]!a}: {why}")
                raise error(web.HTTPForbidden(), "ForbiddenException", why)
            await _whole_body(request, patience)
        except web.HTTPException as answer:
            answer.force_close()  # whether the rest of the body comes or not
            raise
        try:
            return await handler(request)
        finally:
            request.protocol.ended()

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

    if why := guard.wrong_host(request.raw_path, values):
        return why
    if request.path in visited and is_visit(request.method, values):
        return None
    return guard.foreign_page(request.scheme, values)


def in_shape(report: Callable[[Exception], None]) -> Middleware:
    """Give every error the shape that SDKs know."""

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
            if isinstance(refused, web.HTTPRequestEntityTooLarge):  # aiohttp's own, of what it would not even read
                raise error(refused, "PayloadTooLargeException", "Message too long") from None
            return await forbidden(request)
        except (web.RequestPayloadError, HttpProcessingError, ConnectionError):  # the body broke off, or is none
            raise error(web.HTTPBadRequest(), "BadRequestException", "Bad Request") from None

    return shape


async def forbidden(request: web.Request) -> web.Response:
    """Answer a path that is nobody's."""
    raise error(web.HTTPForbidden(), "ForbiddenException", "Forbidden")


def error(error: web.HTTPException, kind: str, message: str | None) -> web.HTTPException:
    """Give an error AWS's shape. SDKs read the type from the header; 410 has no body at all."""
    error.headers["x-amzn-ErrorType"] = kind
    error.content_type = "application/json"
    error.text = "" if message is None else json.dumps({"message": message})
    return error
