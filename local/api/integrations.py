"""Calls what a route leads to, waits as long as API Gateway does, and reports each call."""

import asyncio
import time
from collections.abc import Awaitable, Callable
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
        invoke: Runs a function: ``(name, event) -> Result``.
        timeout: Seconds, where the integration has none of its own; None for no limit at all.

    """

    invoke: Callable[[str, Event], Awaitable[Result]]
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
        running = asyncio.create_task(self._run(label, integration, event, read))
        seconds = None if self.timeout is None else integration.timeout or self.timeout
        if (await asyncio.wait([running], timeout=seconds))[0]:
            return running.result()
        running.add_done_callback(lambda done: done.cancelled() or done.exception())  # which has been reported
        raise TimeoutError

    async def _run(
        self, label: str, integration: LambdaIntegration, event: Event, read: Callable[[Result], Read]
    ) -> Read:
        started = time.perf_counter()
        result = await self.invoke(integration.function, event)
        milliseconds = (time.perf_counter() - started) * 1000
        try:
            answer = read(result)
        except Unusable as error:
            self.console.invoked(label, integration.function, str(error), milliseconds, result.cold)
            raise
        self.console.invoked(label, integration.function, answer.status, milliseconds, result.cold)
        return answer
