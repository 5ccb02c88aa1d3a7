"""
The context that Lambda's runtime passes to a function, and the JSON that it makes of a result. Source: awslambdaric.

Runs in the worker process: it imports nothing else of the gateway.

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
    """Write a Decimal, DynamoDB's number, digit for digit as Lambda's runtime does. Other objects raise TypeError."""
    if not isinstance(value, decimal.Decimal):
        raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
    return float("nan") if value.is_nan() else simplejson.RawJSON(str(value))


_encode = simplejson.JSONEncoder(use_decimal=False, ensure_ascii=False, allow_nan=True, default=_default).encode


class _Slots:
    """Takes its members from a mapping; those not in it are None. Prints as the objects of Lambda's runtime do."""

    __slots__: tuple[str, ...] = ()

    def __init__(self, values: dict[str, Any]) -> None:
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def __repr__(self) -> str:
        members = ",".join(f"{name}={getattr(self, name)}" for name in self.__slots__)
        return f"{type(self).__name__}([{members}])"


class CognitoIdentity(_Slots):
    """The Cognito identity of a caller that uses AWS's mobile SDK. The gateway has no such callers."""

    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client(_Slots):
    """The application that a client context describes."""

    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")  # noqa: RUF023 - the runtime's order


class ClientContext(_Slots):
    """What a caller says about itself in the parameter ``ClientContext`` of Invoke."""

    __slots__ = ("custom", "env", "client")  # noqa: RUF023 - the runtime's order

    client: Any

    def __init__(self, values: dict[str, Any]) -> None:
        super().__init__(values)
        self.client = None if self.client is None else Client(self.client)


class LambdaContext:
    """The second argument of a handler, with the members of awslambdaric's object of this name."""

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
    """Remove the W3C trace context from a client context, and return it."""
    trace = client_context.pop("w3c", None) if isinstance(client_context, dict) else None
    fields = trace if isinstance(trace, dict) else {}
    names = ("traceparent", "tracestate", "baggage")
    return {name: fields[name] for name in names if isinstance(fields.get(name), str)}


def marshalled(result: Any) -> bytes:
    """Return a handler's result as JSON. Bytes are JSON already; bytes that are not become a JSON string."""
    if not isinstance(result, bytes):
        encoded: str = _encode(result)
        return encoded.encode()
    try:
        json.loads(result)
    except ValueError:
        return json.dumps(result.decode(errors="replace")).encode()
    return result


def error_of(message: str, kind: str, frames: list[str], request_id: str = "") -> dict[str, Any]:
    """Return an error in the shape in which Lambda's runtime reports it."""
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": frames}
