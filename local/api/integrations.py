"""Calls what a route leads to, waits as long as API Gateway does, and reports each call."""

import asyncio
import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic, Protocol, TypeAlias, TypeVar

from local.api.events import Event
from local.api.mock import mock
from local.api.results import NotInvoked, Unusable
from local.console import Console
from local.deadlines import Deadlines
from local.errors import Fault, faults
from local.lambdas.process import Result
from local.options import INTEGRATION_TIMEOUT
from local.stack.integration_types import Integration, LambdaIntegration, MockIntegration


class HasStatus(Protocol):
    """What was made of a result: ``status`` goes to the terminal."""

    @property
    def status(self) -> Any: ...


Read = TypeVar("Read", bound=HasStatus)
Failure: TypeAlias = Unusable | TimeoutError | Fault
"""
Unusable: It could not be called, or what it returned was found to be so.
TimeoutError: It took too long. It runs on, up to the function's own timeout.
Fault: The gateway failed.
"""


@dataclass
class IntegrationCalls:
    """
    Args:
        submit: Runs a function, and calls back with its result: ``(integration, event, done)``.
        timeout: Seconds, where the integration has none of its own; infinite for no limit at all.

    """

    submit: Callable[[LambdaIntegration, Event, Callable[[Result], None]], None]
    console: Console
    timeout: float = INTEGRATION_TIMEOUT
    _deadlines: "dict[float, Deadlines[_Call[Any]]]" = field(default_factory=dict)

    async def call(self, label: str, integration: Integration, event: Event, read: Callable[[Result], Read]) -> Read:
        """
        Call an integration once, and wait.

        Raises:
            Unusable, TimeoutError, Fault: As ``Failure`` has them.

        """
        ended: asyncio.Future[Read | Failure] = asyncio.get_running_loop().create_future()
        self.start(
            label,
            integration,
            event,
            read,
            done=lambda outcome: None if ended.done() else ended.set_result(outcome),
            over=lambda: None,
        )
        outcome = await ended
        if isinstance(outcome, Failure):
            raise outcome
        return outcome

    def start(
        self,
        label: str,
        integration: Integration,
        event: Event,
        read: Callable[[Result], Read],
        done: Callable[[Read | Failure], None],
        over: Callable[[], None],
    ) -> None:
        """
        Call an integration once, and call back: every message passes here, and tasks cost.

        Args:
            label: The route, for the terminal.
            read: Makes of the result what is wanted of it.
            done: Called with that, or with what went wrong; at last when the timeout is over.
            over: Called when the function has ended, which may be long after that.

        """
        if isinstance(integration, LambdaIntegration):
            deadlines = self._deadlines_of(integration)
            call = _Call(label, integration.function, read, done, over, self.console, deadlines)
            self.submit(integration, event, call.answered)
            call.begin()
            return
        try:
            if not isinstance(integration, MockIntegration):
                raise NotInvoked(integration.reason)
            done(read(mock(integration, event.get("body", ""))))
        except NotInvoked as failure:
            self.console.refused(label, str(failure))
            done(failure)
        over()

    def _deadlines_of(self, integration: LambdaIntegration) -> "Deadlines[_Call[Any]]":
        seconds = self.timeout if integration.timeout is None or self.timeout == math.inf else integration.timeout
        if seconds not in self._deadlines:
            self._deadlines[seconds] = Deadlines(seconds, _Call.time_out)
        return self._deadlines[seconds]


class _Call(Generic[Read]):
    """One call of a function. Who waits for it hears once; the terminal also of a result that comes too late."""

    __slots__ = ("_console", "_deadlines", "_done", "_function", "_label", "_over", "_read", "_started")

    def __init__(
        self,
        label: str,
        function: str,
        read: Callable[[Result], Read],
        done: Callable[[Read | Failure], None],
        over: Callable[[], None],
        console: Console,
        deadlines: "Deadlines[_Call[Any]]",
    ) -> None:
        self._label = label
        self._function = function
        self._read = read
        self._done: Callable[[Read | Failure], None] | None = done
        self._over = over
        self._console = console
        self._started = time.perf_counter()
        self._deadlines = deadlines

    def begin(self) -> None:
        """Count the time, once it is certain that an answer will come."""
        if self._done:
            self._deadlines.add(self)

    def time_out(self) -> None:
        self._end(TimeoutError())

    def answered(self, result: Result) -> None:
        milliseconds = (time.perf_counter() - self._started) * 1000
        outcome: Read | Failure
        status: Any
        try:
            with faults(self._console.fault, Unusable):
                outcome = self._read(result)
            status = outcome.status
        except (Unusable, Fault) as failure:
            outcome = failure
            status = str(failure)
        self._console.invoked(self._label, self._function, status, milliseconds, result.cold)
        self._end(outcome)
        self._over()

    def _end(self, outcome: Read | Failure) -> None:
        done, self._done = self._done, None
        if done:
            self._deadlines.discard(self)
            done(outcome)
