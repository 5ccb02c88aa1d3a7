"""
The logging that Lambda's runtime sets up for a function.

Part of the worker: it imports nothing else of the gateway's.

"""

import json
import logging
import os
import time
import traceback


class LambdaLoggerHandler(logging.Handler):
    """The root logger's output. Functions set the logger's level, and the handler's format."""

    def emit(self, record: logging.LogRecord) -> None:
        print(self.format(record).removesuffix("\n"))


class LambdaLoggerFilter(logging.Filter):
    """Gives every record the invocation that it belongs to."""

    aws_request_id = ""
    tenant_id: str | None = None

    def filter(self, record: logging.LogRecord) -> bool:
        record.aws_request_id = LambdaLoggerFilter.aws_request_id
        record.tenant_id = LambdaLoggerFilter.tenant_id
        return True


class JsonFormatter(logging.Formatter):
    """Lambda's own JSON, for a LogFormat JSON."""

    known = frozenset({*vars(logging.makeLogRecord({})), "aws_request_id", "tenant_id"} - {"taskName"})
    """Members of a record that have a place of their own, or none; the runtime counts taskName to neither."""

    def format(self, record: logging.LogRecord) -> str:
        kind, error, frames = record.exc_info or (None, None, None)
        record.levelno = min(50, max(0, record.levelno)) // 10 * 10
        record.levelname = logging.getLevelName(record.levelno)
        found = {
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
        found |= {name: value for name, value in vars(record).items() if name not in self.known and name not in found}
        members = {name: value for name, value in found.items() if value is not None}
        return json.dumps(members, ensure_ascii=False, default=str) + "\n"


def set_up_logging() -> None:
    """Give the root logger an output, as Lambda's runtime does, in the format and from the level of its variables."""
    logging.Formatter.converter = time.gmtime
    output = LambdaLoggerHandler()
    text = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n"
    is_json = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
    output.setFormatter(JsonFormatter() if is_json else logging.Formatter(text, "%Y-%m-%dT%H:%M:%S"))
    output.addFilter(LambdaLoggerFilter())
    logging.getLogger().addHandler(output)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper().replace("TRACE", "DEBUG")
    if level in logging.getLevelNamesMapping():
        logging.getLogger().setLevel(level)
