"""Runs the workers of one function without a gateway, and keeps what they print."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from local.lambdas.pool import Pool
from local.lambdas.process import Result
from local.lambdas.worker_environment import WorkerEnvironment
from local.stack.app import Function
from local.stack.loading import load
from tests.support.gateway import PATIENCE
from tests.support.paths import APPS

OBEDIENT = APPS / "obedient" / "template.yaml"


def obedient() -> Function:
    """The function that does what its event says. Its timeout is long."""
    return replace(load(OBEDIENT, {}).functions["ObedientFunction"], timeout=PATIENCE)


@dataclass
class RunningPool:
    """A pool, and what its workers print."""

    pool: Pool
    lines: list[str] = field(default_factory=list)

    @classmethod
    @contextlib.asynccontextmanager
    async def start(
        cls, function: Function, environment: Mapping[str, str], **settings: Any
    ) -> AsyncIterator["RunningPool"]:
        """Run a pool while the context lasts. The settings are attributes of ``WorkerEnvironment``."""
        lines: list[str] = []
        worker_environment = WorkerEnvironment(environment, lambda _name, line: lines.append(line), **settings)
        pool = Pool(function, worker_environment, asyncio.Semaphore(2))
        try:
            await pool.start_ahead()
            yield cls(pool, lines)
        finally:
            await pool.stop()

    async def order(self, do: str, **members: Any) -> Result:
        return await self.pool.invoke(json.dumps({"do": do} | members))

    async def value(self, do: str, **members: Any) -> Any:
        """Return what the function answered, which must not be an error."""
        result = await self.order(do, **members)
        assert result.error is None
        return result.value


def run(
    work: Callable[[RunningPool], Awaitable[None]],
    function: Function | None = None,
    environment: Mapping[str, str] | None = None,
    **settings: Any,
) -> RunningPool:
    """Run a test's work with a pool, and return the stopped pool with all lines that its workers printed."""

    async def main() -> RunningPool:
        starting = RunningPool.start(function or obedient(), environment or {}, **settings)
        async with asyncio.timeout(PATIENCE), starting as running:
            await work(running)
        return running

    return asyncio.run(main())
