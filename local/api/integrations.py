"""
Calls the integration of a route: a function or a mock.

Waits as long as API Gateway waits, and prints a line about each call.

"""

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
    """An answer that was read from a result. The terminal shows its ``status``."""

    @property
    def status(self) -> Any: ...


AnswerT = TypeVar("AnswerT", bound=HasStatus)
Failure: TypeAlias = Unusable | TimeoutError | Fault
"""
Unusable: The integration could not be called, or API Gateway does not accept its result.
TimeoutError: The integration timeout is over. The function runs on, up to its own timeout.
Fault: The gateway itself failed.
"""


@dataclass
class IntegrationCalls:
    """
    Args:
        submit: Runs a function: ``(integration, event, on_result)``. It calls ``on_result`` once, with the
            function's result, when the function has ended.
        timeout: Seconds to wait for an integration that has no timeout of its own. If infinite, no call times out.

    """

    submit: Callable[[LambdaIntegration, Event, Callable[[Result], None]], None]
    console: Console
    timeout: float = INTEGRATION_TIMEOUT
    _deadlines: "dict[float, Deadlines[_Call[Any]]]" = field(default_factory=dict)

    async def call(
        self, label: str, integration: Integration, event: Event, read: Callable[[Result], AnswerT]
    ) -> AnswerT:
        """
        Call an integration once, and wait for its answer. Arguments as for ``start``.

        Raises:
            Unusable, TimeoutError, Fault: As described at ``Failure``.

        """
        pending: asyncio.Future[AnswerT | Failure] = asyncio.get_running_loop().create_future()

        def settle(outcome: AnswerT | Failure) -> None:
            if not pending.done():  # it is done already if the waiting task was cancelled
                pending.set_result(outcome)

        self.start(label, integration, event, read, on_outcome=settle, on_exit=lambda: None)
        outcome = await pending
        if isinstance(outcome, Failure):
            raise outcome
        return outcome

    def start(
        self,
        label: str,
        integration: Integration,
        event: Event,
        read: Callable[[Result], AnswerT],
        on_outcome: Callable[[AnswerT | Failure], None],
        on_exit: Callable[[], None],
    ) -> None:
        """
        Call an integration once, without waiting. Every message takes this way, so no task is created for it.

        Args:
            label: What the terminal calls the route.
            read: Turns the result into an answer, or raises Unusable.
            on_outcome: Called once, with the answer or the failure, at the latest when the timeout is over.
            on_exit: Called once, when the function has ended. This may be long after ``on_outcome``.

        """
        if isinstance(integration, LambdaIntegration):
            deadlines = self._deadlines_of(integration)
            call = _Call(label, integration.function, read, on_outcome, on_exit, self.console, deadlines)
            self.submit(integration, event, call.on_result)
            call.start_clock()
            return
        try:
            if not isinstance(integration, MockIntegration):
                raise NotInvoked(integration.reason)
            on_outcome(read(mock(integration, event.get("body", ""))))
        except NotInvoked as failure:
            self.console.refused(label, str(failure))
            on_outcome(failure)
        on_exit()

    def _deadlines_of(self, integration: LambdaIntegration) -> "Deadlines[_Call[Any]]":
        seconds = self.timeout if integration.timeout is None or self.timeout == math.inf else integration.timeout
        if seconds not in self._deadlines:
            self._deadlines[seconds] = Deadlines(seconds, _Call.time_out)
        return self._deadlines[seconds]


class _Call(Generic[AnswerT]):
    """One call of a function. A result that comes after the timeout is only printed."""

    __slots__ = ("_console", "_deadlines", "_function", "_label", "_on_exit", "_on_outcome", "_read", "_started")

    def __init__(
        self,
        label: str,
        function: str,
        read: Callable[[Result], AnswerT],
        on_outcome: Callable[[AnswerT | Failure], None],
        on_exit: Callable[[], None],
        console: Console,
        deadlines: "Deadlines[_Call[Any]]",
    ) -> None:
        self._label = label
        self._function = function
        self._read = read
        self._on_outcome: Callable[[AnswerT | Failure], None] | None = on_outcome
        self._on_exit = on_exit
        self._console = console
        self._started = time.perf_counter()
        self._deadlines = deadlines

    def start_clock(self) -> None:
        """Start the timeout, unless the result is here already."""
        if self._on_outcome:
            self._deadlines.add(self)

    def time_out(self) -> None:
        self._report(TimeoutError())

    def on_result(self, result: Result) -> None:
        milliseconds = (time.perf_counter() - self._started) * 1000
        outcome: AnswerT | Failure
        status: Any
        try:
            with faults(self._console.fault, Unusable):
                outcome = self._read(result)
            status = outcome.status
        except (Unusable, Fault) as failure:
            outcome = failure
            status = str(failure)
        self._console.invoked(self._label, self._function, status, milliseconds, result.cold)
        self._report(outcome)
        self._on_exit()

    def _report(self, outcome: AnswerT | Failure) -> None:
        """Report the first outcome; ignore a later one."""
        on_outcome, self._on_outcome = self._on_outcome, None
        if on_outcome:
            self._deadlines.discard(self)
            on_outcome(outcome)
