"""
The one logger. Fields beside a constant message, one line an outcome.

ERROR    our failures, with a traceback where there is one
WARNING  refusals: code and status; connections that the hub closed because they took nothing
INFO     connected, disconnected, sent (with counts)
DEBUG    nothing
never    headers, query strings, signatures, keys, message bodies

Every line has the version, the connection_id, and the session_id as soon as it is known.
The level comes from POWERTOOLS_LOG_LEVEL or Lambda's own setting; INFO without.

Libraries log what they send and receive, botocore the signing key and the role's session token among it. So no
logger of the process writes DEBUG, whatever level it is set to, and loggers that have no level of their own
start at WARNING. Tracebacks name every exception and line, but of texts only those that cannot hold a value: AWS
repeats a request in its errors, headers included, and libraries quote what they cannot read.

"""

import logging
import os
import traceback
from collections.abc import Iterator
from types import TracebackType

from aws_lambda_powertools.logging import Logger
from aws_lambda_powertools.logging.formatter import LambdaPowertoolsFormatter
from botocore.exceptions import ClientError

from hub.version import VERSION

SERVICE = os.environ.get("POWERTOOLS_SERVICE_NAME", "hub")
"""The stack's name, in every log line and metric."""

OWN = ("hub.", "delivery.")
"""How the modules begin whose exceptions have texts of ours."""


class Formatter(LambdaPowertoolsFormatter):
    """Powertools' JSON, with tracebacks that quote nothing."""

    def formatException(  # noqa: N802 - the library's name
        self, ei: tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]
    ) -> str:
        return "".join(_lines(ei[1], set())).rstrip() if ei[1] else ""


def _lines(error: BaseException, seen: set[int]) -> Iterator[str]:
    """Yield an exception as Python prints it, after the one that it came from."""
    seen.add(id(error))
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    if cause is not None and id(cause) not in seen:
        yield from _lines(cause, seen)
        yield "\nThat led to:\n\n"
    yield "Traceback (most recent call last):\n"
    yield from traceback.format_tb(error.__traceback__)
    yield f"{type(error).__module__}.{type(error).__qualname__}: {_text(error)}".removesuffix(": ") + "\n"
    for part in error.exceptions if isinstance(error, BaseExceptionGroup) else ():
        yield "\nOne of them:\n\n"
        yield from _lines(part, seen)


def _text(error: BaseException) -> str:
    """Return what an exception says, without values of requests and answers."""
    if isinstance(error, ClientError):
        answer = error.response.get("ResponseMetadata", {})
        where = f"{error.operation_name}: HTTP {answer.get('HTTPStatusCode')}, request {answer.get('RequestId')}"
        return f"{error.response['Error'].get('Code')} by {where}"
    if isinstance(error, OSError):
        return error.strerror or ""
    return str(error) if type(error).__module__.startswith(OWN) else ""


logging.disable(logging.DEBUG)
logging.getLogger().setLevel(max(logging.WARNING, logging.getLogger().level))
logging.getLogger(SERVICE).propagate = False  # or Lambda's own handler prints lines again, with whole tracebacks
logger = Logger(
    service=SERVICE,
    logger_formatter=Formatter(serialize_stacktrace=False, service=SERVICE, version=VERSION),
)
if logger.log_level == logging.NOTSET:  # what Lambda's level TRACE means to Powertools
    logger.initial_log_level = "DEBUG"
    logger.refresh_sample_rate_calculation()
