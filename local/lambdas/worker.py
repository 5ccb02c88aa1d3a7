"""
The program of a worker process: it runs one function, one event at a time, as Lambda's runtime does.

``spawn`` starts it. Its last argument says what to run, as JSON. It imports a few modules of this package and then
removes the package from ``sys.modules`` and ``sys.path``: the function finds only its own folders and the installed
libraries.

Events and results go over an inherited socket. Each is a length in 4 bytes, then JSON. The gateway reads what the
worker prints. The worker ends with the gateway.

"""

import contextlib
import importlib
import json
import linecache
import os
import re
import socket
import sys
import time
import traceback
import types
from typing import Any

from local.lambdas.contract import LambdaContext, marshalled
from local.lambdas.failures import (
    HandlerNotFound,
    function_frames,
    handler_error,
    import_advice,
    import_error,
    marshal_error,
    relative,
)
from local.lambdas.lifeline import end_with_children, end_with_the_gateway
from local.lambdas.records import LambdaLoggerFilter, set_up_logging
from local.lambdas.resolver import lead_hosts_here, trust

HOME = "/home/sbx_user1051"
"""The home folder of Lambda's user. It does not exist, as it does not in Lambda."""


def main() -> None:
    function = json.loads(sys.argv[-1])
    _forget_the_gateway()
    channel = _open_channel(function["fd"])
    end_with_the_gateway()
    _run_as_batch()
    _imitate_lambda(function)
    try:
        handler = _import_handler(function)
    except Exception as error:  # noqa: BLE001 - any mistake of the function is an answer
        failure = import_error(error, function["handler"])
        _send(channel, {"init_error": failure, "because": import_advice(error, function)})
        return
    _send(channel, {"ready": True})
    with contextlib.suppress(ConnectionError):
        while (order := _receive(channel)) is not None:
            _send(channel, _run(handler, function, order))
    end_with_children()


def _imitate_lambda(function: dict[str, Any]) -> None:
    """Set up what Lambda's runtime sets up before it imports a handler."""
    sys.argv = [""]
    sys.path[:0] = function["path"]
    os.environ["HOME"] = HOME  # only now: Python has looked for installed libraries in the developer's home folder
    lead_hosts_here(function["hosts"])
    if function["authority"]:
        trust(function["authority"])
    set_up_logging()
    _set_breakpoint_hook(function["debug"])
    sys.excepthook = lambda kind, error, _: traceback.print_exception(kind, error, function_frames(error))


def _import_handler(function: dict[str, Any]) -> Any:
    name, _, attribute = function["handler"].rpartition(".")
    if function["inline"] is None:
        module = importlib.import_module(name.replace("/", "."))
    else:
        module = _inline_module(name, function["inline"])
    if not hasattr(module, attribute):
        raise HandlerNotFound(f"{relative(module.__file__, function['home'])} has no {attribute}")
    return getattr(module, attribute)


def _inline_module(name: str, source: str) -> Any:
    """Make a module of source code in the template. Tracebacks show its lines."""
    module = types.ModuleType(name)
    module.__file__ = f"{name}.py"
    linecache.cache[module.__file__] = (len(source), None, source.splitlines(keepends=True), module.__file__)
    sys.modules[name] = module
    exec(compile(source, module.__file__, "exec"), vars(module))  # noqa: S102 - running functions is the purpose
    return module


def _set_breakpoint_hook(debug: bool) -> None:
    if "PYTHONBREAKPOINT" in os.environ:
        return
    if debug:
        import remote_pdb

        remote_pdb.cry = print  # otherwise it also logs, if the handler has set up logging
        _ignore_browsers(remote_pdb.RemotePdb)
        sys.breakpointhook = remote_pdb.set_trace
    else:
        sys.breakpointhook = lambda *_: print("breakpoint() does nothing here: start the gateway with --debug")


def _ignore_browsers(debugger: Any) -> None:
    """Continue the function if an HTTP request comes: the debugger would run the lines of a web page's request."""
    precmd = debugger.precmd

    def continue_on_http(self: Any, line: str) -> Any:
        return "continue" if re.fullmatch(r"[A-Z]+ \S+ HTTP/[0-9.]+", line) else precmd(self, line)

    debugger.precmd = continue_on_http


def _run(handler: Any, function: dict[str, Any], order: dict[str, Any]) -> dict[str, Any] | bytes:
    context = _context(function, order["deadline_ms"], **order["invocation"])
    try:
        result = handler(order["event"], context)
    except Exception as error:  # noqa: BLE001 - any mistake of the function is an answer
        return {"error": handler_error(error, context)}
    try:
        return b'{"result": %b}' % marshalled(result)
    except (TypeError, ValueError, RecursionError) as error:
        return {"error": marshal_error(result, error, context)}


def _context(
    function: dict[str, Any], deadline_ms: int, qualifier: str, client_context: str, tenant_id: str | None
) -> LambdaContext:
    """Return the context of an invocation, and set the variables that Lambda's runtime sets for each invocation."""
    versions = {"": "$LATEST", **function["aliases"]}
    os.environ["AWS_LAMBDA_FUNCTION_VERSION"] = versions.get(qualifier, qualifier)
    root, parent = f"1-{int(time.time()):08x}-{os.urandom(12).hex()}", os.urandom(8).hex()
    os.environ["_X_AMZN_TRACE_ID"] = f"Root={root};Parent={parent};Sampled=0"
    arn = f"{function['arn']}:{qualifier}" if qualifier else function["arn"]
    context = LambdaContext(arn, deadline_ms, json.loads(client_context) if client_context else None, tenant_id)
    LambdaLoggerFilter.aws_request_id, LambdaLoggerFilter.tenant_id = context.aws_request_id, tenant_id
    return context


def _run_as_batch() -> None:
    """Keep the kernel from interrupting the gateway each time a worker gets an event. Only Linux can be told so."""
    if hasattr(os, "SCHED_BATCH"):
        with contextlib.suppress(OSError):  # some containers forbid it
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def _forget_the_gateway() -> None:
    """Remove this package from the path and from the imported modules: the function may have a package of this name."""
    sys.path.pop(0)
    for name in [name for name in sys.modules if name.partition(".")[0] == __name__.partition(".")[0]]:
        del sys.modules[name]


def _open_channel(fd: int) -> socket.socket:
    """Open the socket to the gateway. Processes that the handler starts or forks do not inherit it."""
    os.set_inheritable(fd, False)
    channel = socket.socket(fileno=fd)
    os.register_at_fork(after_in_child=channel.close)
    return channel


def _send(channel: socket.socket, message: dict[str, Any] | bytes) -> None:
    data = message if isinstance(message, bytes) else json.dumps(message).encode()
    channel.sendall(len(data).to_bytes(4, "big") + data)


def _receive(channel: socket.socket) -> dict[str, Any] | None:
    """Return the next order of the gateway: an event and how to run it. None if the gateway has closed the socket."""
    data = bytearray()
    while len(data) < 4 or len(data) < 4 + int.from_bytes(data[:4], "big"):
        if not (part := channel.recv(16 * 1024)):
            return None
        data += part
    order: dict[str, Any] = json.loads(data[4:].decode())  # nothing follows: the gateway waits for the answer
    return order
