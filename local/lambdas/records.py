"""
The logging that Lambda's runtime sets up for a function.

Runs in the worker process: it imports nothing else of the gateway.

"""

import json
import logging
import os
import time
import traceback


class LambdaLoggerHandler(logging.Handler):
    """The handler of the root logger. It prints, and functions may set its formatter."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record).removesuffix("\n"))


class LambdaLoggerFilter(logging.Filter):
    """Adds the request id and the tenant of the running invocation to every record."""

    aws_request_id = ""
    tenant_id: str | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = LambdaLoggerFilter.aws_request_id
        record.tenant_id = LambdaLoggerFilter.tenant_id
        return True


class JsonFormatter(logging.Formatter):
    """Lambda's JSON format, for functions with ``LogFormat: JSON``."""

    standard = frozenset({*vars(logging.makeLogRecord({})), "aws_request_id", "tenant_id"} - {"taskName"})
    """Attributes of every record. Others are written under their own names, and so is ``taskName``, as in Lambda."""

    def format(self, record: logging.LogRecord) -> str:
        kind, error, frames = record.exc_info or (None, None, None)
        record.levelno = min(50, max(0, record.levelno)) // 10 * 10
        record.levelname = logging.getLevelName(record.levelno)
        members = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": record.msg if isinstance(record.msg, dict) and not record.args else record.getMessage(),
            "logger": record.name,
            "stackTrace": traceback.format_tb(frames) if record.exc_info else None,
            "errorType": kind and kind.__name__,
            "errorMessage": str(error) if record.exc_info else None,
            "requestId": getattr(record, "aws_request_id", None),
            "location": f"{record.pathname}:{record.funcName}:{record.lineno}" if record.exc_info else None,
            "tenantId": getattr(record, "tenant_id", None),
        }
        members |= {
            name: value for name, value in vars(record).items() if name not in self.standard and name not in members
        }
        written = {name: value for name, value in members.items() if value is not None}
        return json.dumps(written, ensure_ascii=False, default=str) + "\n"


def set_up_logging() -> None:
    """Set up the root logger as Lambda's runtime does: format and level come from the environment."""
    logging.Formatter.converter = time.gmtime
    handler = LambdaLoggerHandler()
    line = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
    is_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
    handler.setFormatter(JsonFormatter() if is_json else logging.Formatter(line, "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(LambdaLoggerFilter())
    logging.getLogger().addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper().replace("TRACE", "DEBUG")
    if level in logging.getLevelNamesMapping():
        logging.getLogger().setLevel(level)
