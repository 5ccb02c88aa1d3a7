"""
A process that runs one function, one event at a time, as Lambda's runtime does.

Started by ``process`` as a file, so that it imports nothing of this package and the function finds only its own
folders and the installed libraries. It is told what to run as JSON in its one argument; events and results go over a
socket it inherits, each a length in 4 bytes, then JSON. Output goes where the parent reads it.

When standard input ends, the parent has gone, and so does the worker with all that it started, even if the handler
hangs: nothing is left running.

"""

import contextlib
import decimal
import fcntl
import importlib
import json
import linecache
import logging
import os
import re
import select
import signal
import socket
import ssl
import sys
import threading
import time
import traceback
import types
import uuid
from collections.abc import Callable
from typing import Any

import simplejson

HOME = "/home/sbx_user1051"
"""Of Lambda's user. There is no such folder, in Lambda neither."""

METADATA = {"169.254.169.254", "169.254.170.2", "169.254.170.23", "fd00:ec2::254", "fd00:ec2::23"}
"""Addresses at which machines and containers on AWS find credentials. Functions have none of them."""


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


def main() -> None:
    function = json.loads(sys.argv[1])
    channel = _open_channel(function["fd"])
    _die_with_parent()
    _let_others_finish()
    sys.argv = [""]
    sys.path[:0] = function["path"]
    os.environ["HOME"] = HOME  # not before Python has looked for the installed libraries, which may be in the real one
    _lead_hosts_here(function["hosts"])
    if function["authority"]:
        _trust(function["authority"])
    _set_up_logging()
    _set_breakpoint_hook(function["debug"])
    sys.excepthook = lambda kind, error, _: traceback.print_exception(kind, error, _own_frames(error))

    try:
        handler = _handler(function)
    except Exception as error:  # noqa: BLE001 - whatever the function does wrong is an answer
        _send(channel, {"init_error": _init_error(error, function), "because": _because(error, function)})
        return
    _send(channel, {"ready": True})
    with contextlib.suppress(ConnectionError):
        while (question := _receive(channel)) is not None:
            _send(channel, _run(handler, function, question))
    _end_with_all_it_started()


def _handler(function: dict[str, Any]) -> Any:
    name, _, attribute = function["handler"].rpartition(".")
    if function["inline"] is None:
        module = importlib.import_module(name.replace("/", "."))
    else:
        module = _inline_module(name, function["inline"])
    if not hasattr(module, attribute):
        raise HandlerNotFound(f"{_relative(module.__file__, function)} has no {attribute}")
    return getattr(module, attribute)


class HandlerNotFound(Exception):
    """The module is there, and the handler is not."""


def _inline_module(name: str, source: str) -> Any:
    """Make a module of a function's source in the template, which tracebacks can show."""
    module = types.ModuleType(name)
    module.__file__ = f"{name}.py"
    linecache.cache[module.__file__] = (len(source), None, source.splitlines(keepends=True), module.__file__)
    sys.modules[name] = module
    exec(compile(source, module.__file__, "exec"), vars(module))  # noqa: S102 - this is what runs functions
    return module


def _because(error: Exception, function: dict[str, Any]) -> str:
    """Say in a sentence why a handler cannot be had, with the file and the line at fault."""
    if isinstance(error, HandlerNotFound):
        return f"{error}, which its Handler {function['handler']} asks for."
    where = _where(error, function)
    if isinstance(error, ModuleNotFoundError):
        if not where:
            folder = _relative(function["path"][0], function) if function["path"] else "it"
            return f"{error} in {folder}, which its Handler {function['handler']} asks for."
        advice = (
            f"Install it with {sys.executable} -m pip, or serve what sam build makes: .aws-sam/build/template.yaml."
        )
        return f"{where}: {error}. {advice}"
    text = error.msg if isinstance(error, SyntaxError) else str(error)
    return f"{where}: {type(error).__name__}: {text}" if where else f"{type(error).__name__}: {text}"


def _where(error: Exception, function: dict[str, Any]) -> str:
    """Return the file and the line of the function's own that an error comes from, if it comes from one."""
    if isinstance(error, SyntaxError) and error.filename:
        return f"{_relative(error.filename, function)}:{error.lineno}"
    frames = [(each.filename, each.lineno) for each in traceback.extract_tb(error.__traceback__)]
    own = [each for each in frames if each[0] == "index.py" or each[0].startswith(tuple(function["path"]))]
    return f"{_relative(own[-1][0], function)}:{own[-1][1]}" if own else ""


def _relative(path: str | None, function: dict[str, Any]) -> str:
    if path is None or not os.path.isabs(path):
        return path or "it"
    relative = os.path.relpath(path, function["home"])
    return path if relative.startswith("..") else relative


def _lead_hosts_here(hosts: list[list[Any]]) -> None:
    """Lead AWS's hosts to what serves them here, whichever of its ways Python is asked for their addresses."""
    here = _leader(hosts)
    ask, connect, connect_ex = socket.getaddrinfo, socket.socket.connect, socket.socket.connect_ex
    by_name, by_name_ex = socket.gethostbyname, socket.gethostbyname_ex

    def led(address: Any) -> Any:
        return (*here(*address[:2]), *address[2:]) if isinstance(address, tuple) else address

    def not_led(host: str) -> str:
        if here(host, 0) != (host, 0):
            raise socket.gaierror(socket.EAI_NONAME, f"{host} is AWS's, and has another port here: use getaddrinfo")
        return host

    socket.getaddrinfo = lambda host, port, *arguments, **options: ask(*here(host, port), *arguments, **options)
    socket.gethostbyname = lambda host: by_name(not_led(host))
    socket.gethostbyname_ex = lambda host: by_name_ex(not_led(host))
    socket.socket.connect = lambda sock, address: connect(sock, led(address))  # type: ignore[method-assign]
    socket.socket.connect_ex = lambda sock, address: connect_ex(sock, led(address))  # type: ignore[method-assign]


def _leader(hosts: list[list[Any]]) -> Callable[[Any, Any], tuple[Any, Any]]:
    """Return what tells for a host and a port where they lead."""
    served = [(re.compile(pattern), *where) for pattern, *where in hosts]

    def here(host: Any, port: Any) -> tuple[Any, Any]:
        name = (host.decode("latin-1") if isinstance(host, bytes) else str(host)).lower().rstrip(".")
        if name in METADATA:
            raise ConnectionRefusedError(f"{name} has the credentials of a machine on AWS, and Lambda has no machine")
        for pattern, address, tls_port, plain_port in served:
            if pattern.fullmatch(name):
                return address, (plain_port if port in (80, "80", "http") else tls_port) or port
        return host, port

    return here


def _trust(authority: str) -> None:
    """Let whoever names certificates of their own, such as certifi's, trust the gateway's authority as well."""
    load = ssl.SSLContext.load_verify_locations

    def load_verify_locations(context: ssl.SSLContext, *arguments: Any, **options: Any) -> None:
        load(context, *arguments, **options)
        load(context, authority)

    ssl.SSLContext.load_verify_locations = load_verify_locations  # type: ignore[method-assign,assignment]


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


def _set_up_logging() -> None:
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


def _set_breakpoint_hook(debug: bool) -> None:
    if "PYTHONBREAKPOINT" in os.environ:
        return
    if debug:
        import remote_pdb

        remote_pdb.cry = print  # not to the log as well, where the handler has set one up
        _let_no_browser_debug(remote_pdb.RemotePdb)
        sys.breakpointhook = remote_pdb.set_trace
    else:
        sys.breakpointhook = lambda *_: print("breakpoint() does nothing here: start the gateway with --debug")


def _let_no_browser_debug(debugger: Any) -> None:
    """Go on where a web page has found the port: a debugger would run the body of its request line by line."""
    precmd = debugger.precmd

    def unless_http(self: Any, line: str) -> Any:
        return "continue" if re.fullmatch(r"[A-Z]+ \S+ HTTP/[0-9.]+", line) else precmd(self, line)

    debugger.precmd = unless_http


def _run(handler: Any, function: dict[str, Any], question: dict[str, Any]) -> dict[str, Any] | bytes:
    context = _context(function, question["deadline_ms"], **question["invocation"])
    try:
        result = handler(question["event"], context)
    except Exception as error:  # noqa: BLE001 - likewise
        return {"error": _report(error, context)}
    try:
        return b'{"result": %b}' % _marshalled(result)
    except (TypeError, ValueError, RecursionError) as error:
        return {"error": _unmarshalled(result, error, context)}


def _context(
    function: dict[str, Any], deadline_ms: int, qualifier: str, client_context: str, tenant_id: str | None
) -> LambdaContext:
    """Return the context of an invocation, and set what the runtime sets beside it."""
    versions = {"": "$LATEST", **function["aliases"]}
    os.environ["AWS_LAMBDA_FUNCTION_VERSION"] = versions.get(qualifier, qualifier)
    root, parent = f"1-{int(time.time()):08x}-{os.urandom(12).hex()}", os.urandom(8).hex()
    os.environ["_X_AMZN_TRACE_ID"] = f"Root={root};Parent={parent};Sampled=0"
    arn = f"{function['arn']}:{qualifier}" if qualifier else function["arn"]
    context = LambdaContext(arn, deadline_ms, json.loads(client_context) if client_context else None, tenant_id)
    LambdaLoggerFilter.aws_request_id, LambdaLoggerFilter.tenant_id = context.aws_request_id, tenant_id
    return context


def _marshalled(result: Any) -> bytes:
    """Return a result as JSON. Bytes are it already; where they are not, whoever reads them gets text."""
    if not isinstance(result, bytes):
        encoded: str = _encode(result)
        return encoded.encode()
    try:
        json.loads(result)
    except ValueError:
        return json.dumps(result.decode(errors="replace")).encode()
    return result


def _unmarshalled(result: Any, error: Exception, context: LambdaContext) -> dict[str, Any]:
    """Say of a result that it is no JSON, in Lambda's words."""
    if isinstance(result, types.CoroutineType):
        result.close()  # or Python says that nobody awaits it
    text = f"Unable to marshal response: {error}"
    print(f"Runtime.MarshalError: {text}")
    return _error(text, "Runtime.MarshalError", [], context.aws_request_id)


def _report(error: Exception, context: LambdaContext) -> dict[str, Any]:
    """Print an error with its traceback, less our own frames, and return it in Lambda's shape."""
    traceback.print_exception(type(error), error, _own_frames(error))
    return _error(str(error), type(error).__name__, _frames(error), context.aws_request_id)


def _init_error(error: Exception, function: dict[str, Any]) -> dict[str, Any]:
    """Return what kept a handler from being imported, in Lambda's shape."""
    module, _, name = function["handler"].rpartition(".")
    if isinstance(error, ImportError):
        return _error(f"Unable to import module '{module}': {error}", "Runtime.ImportModuleError", [])
    if isinstance(error, HandlerNotFound):
        return _error(f"Handler '{name}' missing on module '{module}'", "Runtime.HandlerNotFound", [])
    if isinstance(error, SyntaxError):
        where = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        return _error(f"Syntax error in module '{module}': {error}", "Runtime.UserCodeSyntaxError", where)
    return _error(str(error), type(error).__name__, _frames(error))


def _frames(error: Exception) -> list[str]:
    """Return the lines of a traceback as Lambda's runtime does: without marks below the code."""
    frames = traceback.extract_tb(_own_frames(error))
    return traceback.format_list([(each.filename, each.lineno or 0, each.name, each.line) for each in frames])


def _error(message: str, kind: str, frames: list[str], request_id: str = "") -> dict[str, Any]:
    return {"errorMessage": message, "errorType": kind, "requestId": request_id, "stackTrace": frames}


def _own_frames(error: BaseException) -> Any:
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    return frames


def _die_with_parent() -> None:
    lifeline = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def wait() -> None:
        select.select([lifeline], [], [])  # nothing is ever written: this is the end of it
        _end_with_all_it_started()

    threading.Thread(target=wait, daemon=True).start()
    if sys.platform == "linux":  # a thread waits in vain while the handler is in C and lets no other run
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def _end_with_all_it_started() -> None:
    os.killpg(0, signal.SIGKILL)


def _let_others_finish() -> None:
    """Do not push the gateway off its core each time an event comes. Linux alone has a word for that."""
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):  # some containers forbid it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _open_channel(fd: int) -> socket.socket:
    # What the handler starts or forks has no part in the conversation, and does not keep it open.
    os.set_inheritable(fd, False)
    channel = socket.socket(fileno=fd)
    os.register_at_fork(after_in_child=channel.close)
    return channel


def _send(channel: socket.socket, message: dict[str, Any] | bytes) -> None:
    data = message if isinstance(message, bytes) else json.dumps(message).encode()
    channel.sendall(len(data).to_bytes(4, "big") + data)


def _receive(channel: socket.socket) -> dict[str, Any] | None:
    data = bytearray()
    while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], "big"):
        if not (part := channel.recv(16 * 1024)):
            return None
        data += part
    question: dict[str, Any] = json.loads(data[4:].decode())  # nothing follows: the next comes after the answer
    return question


if __name__ == "__main__":
    main()
