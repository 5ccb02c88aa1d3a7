"""Calls what a route leads to, waits as long as API Gateway does, and reports each call."""

import asyncio
import contextlib
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar

from local.api.events import Event
from local.api.results import NotInvoked, Unusable
from local.console import Console
from local.lambdas.process import Result
from local.options import INTEGRATION_TIMEOUT
from local.stack.app import Integration, LambdaIntegration, MockIntegration, Unavailable


class HasStatus(Protocol):
    """What was made of a result: ``status`` goes to the terminal."""

    @property
    def status(self) -> Any: ...


Read = TypeVar("Read", bound=HasStatus)


@dataclass
class Integrations:
    """
    Args:
        submit: Runs a function, and calls back with its result: ``(name, event, done)``.
        timeout: Seconds, where the integration has none of its own; None for no limit at all.

    """

    submit: Callable[[str, Event, Callable[[Result], None]], None]
    console: Console
    timeout: float | None = INTEGRATION_TIMEOUT

    async def call(self, label: str, integration: Integration, event: Event, read: Callable[[Result], Read]) -> Read:
        """
        Call an integration once.

        Args:
            label: The route, for the terminal.
            read: Makes of the result what is wanted of it.

        Raises:
            Unusable: If it could not be called, or ``read`` found its result to be so.
            TimeoutError: If it took too long. It runs on, up to the function's own timeout.

        """
        if isinstance(integration, MockIntegration):
            return read(Result({"statusCode": 200, "body": integration.reply}))
        if isinstance(integration, Unavailable):
            self.console.refused(label, integration.reason)
            raise NotInvoked(integration.reason)
        return await self._run(label, integration, event, read)

    async def _run(
        self, label: str, integration: LambdaIntegration, event: Event, read: Callable[[Result], Read]
    ) -> Read:
        started = time.perf_counter()
        answered: asyncio.Future[Result] = asyncio.get_running_loop().create_future()

        def reading(result: Result) -> Read:
            milliseconds = (time.perf_counter() - started) * 1000
            try:
                answer = read(result)
            except Unusable as error:
                self.console.invoked(label, integration.function, str(error), milliseconds, result.cold)
                raise
            self.console.invoked(label, integration.function, answer.status, milliseconds, result.cold)
            return answer

        def done(result: Result) -> None:
            if not answered.done():
                answered.set_result(result)
                return
            with contextlib.suppress(Unusable):  # nobody waits any longer, but the terminal hears of it
                reading(result)

        self.submit(integration.function, event, done)
        return reading(await self._in_time(answered, integration))

    async def _in_time(self, answered: "asyncio.Future[Result]", integration: LambdaIntegration) -> Result:
        if self.timeout is None:
            return await answered
        seconds = integration.timeout or self.timeout
        timer = asyncio.get_running_loop().call_later(seconds, _time_out, answered)
        try:
            return await answered
        finally:
            timer.cancel()


def _time_out(answered: "asyncio.Future[Any]") -> None:
    if not answered.done():
        answered.set_exception(TimeoutError())
