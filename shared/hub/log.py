"""
The hub's logger. Each outcome is one line: a constant message, and fields.

ERROR    failures of the hub, with a traceback if there is an exception
WARNING  refusals, with code and status; connections that the hub closed because they took no messages
INFO     connected, disconnected, sent and ghosts removed (with counts), what operators did
DEBUG    nothing
never    headers, query strings, signatures, keys, message bodies

Every line has the version, the connection_id, and the session_id as soon as it is known.
POWERTOOLS_LOG_LEVEL or Lambda's own setting chooses the level, in any case; the default is INFO.

Libraries log what they send and receive: botocore logs the signing key and the session token of the function's role.
Therefore no logger of the process writes DEBUG, even if its level is DEBUG, and loggers without a level of their own
start at WARNING. A traceback has every exception and every line. It has the text of an exception only if that text
cannot contain a secret: AWS repeats a request in its errors, headers included, and libraries quote what they cannot
parse.

"""

import logging
import os
import sys
import traceback
from collections.abc import Iterator
from types import TracebackType
from typing import TYPE_CHECKING

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter

from hub.version import VERSION

if TYPE_CHECKING:
    from aws_lambda_powertools.logging.types import LogRecord

LOGGER = "hub"
"""The logger's name. It is constant, because a stack may be named ``root``, or like a library."""

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME") or LOGGER
"""The stack's name, which is in every log line and every metric."""

LEVELS = logging.getLevelNamesMapping()

OWN = ("hub.", "delivery.")
"""The packages of the hub. The texts of their exceptions contain no secrets."""


class Formatter(LambdaPowertoolsFormatter):
    """Powertools' JSON, with the stack's name, and with tracebacks that contain no secrets."""

    def serialize(self, log: "LogRecord") -> str:
        # Powertools has put the logger's name into ``service``, and the name of asyncio's task into ``taskName``.
        kept = {name: value for name, value in log.items() if name != "taskName"}
        return super().serialize({**kept, "service": SERVICE})

    def formatException(  # noqa: N802 - the library's name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        return "".join(_lines(ei[1], set())).rstrip() if ei[1] else ""


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    """
    Yield an exception as Python prints it, after the exception that caused it.

    Args:
        seen: The ids of the exceptions that have been printed. This function adds to them.

    """
    seen.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in seen:
        yield from _lines(cause, seen)
        yield "\nThat led to:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}: {_safe_text(error)}".removesuffix(": ") + "\n"
    for part in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield "\nOne of them:\n\n"
        yield from _lines(part, seen)


def _safe_text(error: BaseException) -> str:
    """Return the text of an exception, without anything that came from a request or an answer."""
    if (botocore := sys.modules.get("botocore.exceptions")) and isinstance(error, botocore.ClientError):
        metadata = error.response.get("ResponseMetadata", {})
        answer = f"{error.operation_name}: HTTP {metadata.get('HTTPStatusCode')}, request {metadata.get('RequestId')}"
        return f"{error.response['Error'].get('Code')} by {answer}"
    if isinstance(error, OSError):
        return error.strerror or ""
    return str(error) if type(error).__module__.startswith(OWN) else ""


def _level() -> str:
    """
    Return the level that a variable of Lambda or Powertools names, in this order, or INFO.

    Powertools reads the same variables, but a level in lower case or without meaning would stop the function.

    """
    for name in ("AWS_LAMBDA_LOG_LEVEL", "POWERTOOLS_LOG_LEVEL", "LOG_LEVEL"):
        level = os.environ.get(name, "").strip().upper()
        if level == "TRACE":
            return "DEBUG"
        if level in LEVELS:
            return level
    return "INFO"


logging.disable(logging.DEBUG)
logging.getLogger().setLevel(max(logging.WARNING, logging.getLogger().level))
# Lambda's own handler would print each line again, with the full traceback.
logging.getLogger(LOGGER).propagate = False
logger = Logger(
    service=LOGGER,
    level=_level(),
    logger_formatter=Formatter(serialize_stacktrace=False, version=VERSION),
)
if logger.log_level == logging.NOTSET:  # Powertools makes NOTSET of Lambda's level TRACE
    logger.initial_log_level = "DEBUG"
    logger.refresh_sample_rate_calculation()
