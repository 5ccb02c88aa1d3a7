"""
What Lambda's runtime gives a function, and makes of its results: member for member what awslambdaric does.

Part of the worker: it imports nothing else of the gateway's.

"""

import decimal
import json
import os
import sys
import time
import uuid
from typing import Any

import simplejson


def _default(value: Any) -> Any:
    """Write DynamoDB's numbers as Lambda's runtime does, digit for digit; JSON has none for other objects."""
    if not isinstance(value, decimal.Decimal):
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return float("nan") if value.is_nan() else simplejson.RawJSON(str(value))


_encode = simplejson.JSONEncoder(use_decimal=False, ensure_ascii=False, allow_nan=True, default=_default).encode


class _Slots:
    """What prints as the objects of Lambda's runtime do, and has its members from a mapping, None where it lacks."""

    __slots__: tuple[str, ...] = ()

    def __init__(self, values: dict[str, Any]) -> None:
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def __repr__(self) -> str:
        members = ",".join(f"{name}={getattr(self, name)}" for name in self.__slots__)
        return f"{type(self).__name__}([{members}])"


class CognitoIdentity(_Slots):
    """Who invoked a function by AWS's mobile SDK: here nobody does."""

    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(_Slots):
    """The application of a client context."""

    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")  # noqa: RUF023 - the runtime's order


class ClientContext(_Slots):
    """What a caller may say of itself."""

    __slots__ = ("custom", "env", "client")  # noqa: RUF023 - the runtime's order

    client: Any

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.client = None if self.client is None else Client(self.client)


class LambdaContext:
    """What Lambda passes beside the event: member for member what awslambdaric makes of it."""

    def __init__(self, arn: str, deadline_ms: int, client_context: Any, tenant_id: str | None) -> None:
        self.aws_request_id = str(uuid.uuid4())
        self.log_group_name = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = os.environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = os.environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = os.environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = os.environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = arn
        self.tenant_id = tenant_id
        self._w3c_fields = _w3c(client_context)
        self.client_context = None if client_context is None else ClientContext(client_context)
        self.identity = CognitoIdentity({})
        self._epoch_deadline_time_in_ms = deadline_ms

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def w3c(self) -> dict[str, str]:
        return dict(self._w3c_fields)

    def log(self, message: object) -> None:
        sys.stdout.write(f"{message}\n")

    def __repr__(self) -> str:
        names = ("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb",
                 "function_version", "invoked_function_arn", "client_context", "identity", "tenant_id")  # fmt: skip
        return f"LambdaContext([{','.join(f'{name}={getattr(self, name)}' for name in names)}])"


def _w3c(client_context: Any) -> dict[str, str]:
    """Take the trace context out of a client context."""
    found = client_context.pop("w3c", None) if isinstance(client_context, dict) else None
    values = found if isinstance(found, dict) else {}
    names = ("traceparent", "tracestate", "baggage")
    return {name: values[name] for name in names if isinstance(values.get(name), str)}


def marshalled(result: Any) -> bytes:
    """Return a result as JSON. Bytes are it already; where they are not, whoever reads them gets text."""
    if not isinstance(result, bytes):
        encoded: str = _encode(result)
        return encoded.encode()
    try:
        json.loads(result)
    except ValueError:
        return json.dumps(result.decode(errors="replace")).encode()
    return result


def error_of(message: str, kind: str, frames: list[str], request_id: str = "") -> dict[str, Any]:
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": frames}
