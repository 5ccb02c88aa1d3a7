"""The hub's logger: what a traceback contains, and what a line contains."""

import asyncio
import io
import json

from hub.log import logger
from tests.support.corpus import TEXT


class Loud(Exception):
    """An exception whose class is not the hub's."""


def test_a_traceback_has_every_exception_and_no_text_that_may_be_secret(log: io.StringIO) -> None:
    try:
        try:
            raise OSError(113, "No route to host")
        except OSError as error:
            raise ExceptionGroup(TEXT, [Loud(TEXT), KeyError(TEXT)]) from error
    except ExceptionGroup:
        logger.exception("failed")

    exception = json.loads(log.getvalue())["exception"]
    assert TEXT not in exception
    names = [line for line in exception.splitlines() if line and line[0].isalpha() and "Traceback" not in line]
    assert names == [
        "builtins.OSError: No route to host",
        "That led to:",
        "builtins.ExceptionGroup",
        "One of them:",
        "tests.hub.test_log.Loud",
        "One of them:",
        "builtins.KeyError",
    ]


def test_a_line_of_a_task_does_not_have_the_name_of_the_task(log: io.StringIO) -> None:
    async def work() -> None:
        logger.info("sent")

    asyncio.run(work())
    assert "taskName" not in json.loads(log.getvalue())
