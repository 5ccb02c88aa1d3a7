"""
A process that runs one function, one event at a time, as Lambda's runtime does.

Started by ``process``. It imports three modules of this package, and forgets that there is such a package, so that
the function finds only its own folders and the installed libraries. It is told what to run as JSON in its last
argument; events and results go over a socket it inherits, each a length in 4 bytes, then JSON. Output goes where the
parent reads it.

When standard input ends, the parent has gone, and so does the worker with all that it started, even if the handler
hangs: nothing is left running.

"""

import contextlib
import fcntl
import importlib
import json
import linecache
import os
import re
import select
import signal
import socket
import sys
import threading
import time
import traceback
import types
from typing import Any

from local.lambdas.contract import LambdaContext, error_of, marshalled
from local.lambdas.records import LambdaLoggerFilter, set_up_logging
from local.lambdas.resolver import lead_hosts_here, trust

HOME = "/home/sbx_user1051"
"""Of Lambda's user. There is no such folder, in Lambda neither."""

OWN_FILES = {__file__, "<string>"}
"""Of frames that come before the function's own: this file, and the line that starts it."""


def main() -> None:
    function = json.loads(sys.argv[-1])
    _forget_the_gateway()
    channel = _open_channel(function["fd"])
    _die_with_parent()
    _let_others_finish()
    sys.argv = [""]
    sys.path[:0] = function["path"]
    os.environ["HOME"] = HOME  # not before Python has looked for the installed libraries, which may be in the real one
    lead_hosts_here(function["hosts"])
    if function["authority"]:
        trust(function["authority"])
    set_up_logging()
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
        return b'{"result": %b}' % marshalled(result)
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


def _unmarshalled(result: Any, error: Exception, context: LambdaContext) -> dict[str, Any]:
    """Say of a result that it is no JSON, in Lambda's words."""
    if isinstance(result, types.CoroutineType):
        result.close()  # or Python says that nobody awaits it
    text = f"Unable to marshal response: {error}"
    print(f"Runtime.MarshalError: {text}")
    return error_of(text, "Runtime.MarshalError", [], context.aws_request_id)


def _report(error: Exception, context: LambdaContext) -> dict[str, Any]:
    """Print an error with its traceback, less our own frames, and return it in Lambda's shape."""
    traceback.print_exception(type(error), error, _own_frames(error))
    return error_of(str(error), type(error).__name__, _frames(error), context.aws_request_id)


def _init_error(error: Exception, function: dict[str, Any]) -> dict[str, Any]:
    """Return what kept a handler from being imported, in Lambda's shape."""
    module, _, name = function["handler"].rpartition(".")
    if isinstance(error, ImportError):
        return error_of(f"Unable to import module '{module}': {error}", "Runtime.ImportModuleError", [])
    if isinstance(error, HandlerNotFound):
        return error_of(f"Handler '{name}' missing on module '{module}'", "Runtime.HandlerNotFound", [])
    if isinstance(error, SyntaxError):
        where = [f'  File "{error.filename}" Line {error.lineno}\n    {error.text}']
        return error_of(f"Syntax error in module '{module}': {error}", "Runtime.UserCodeSyntaxError", where)
    return error_of(str(error), type(error).__name__, _frames(error))


def _frames(error: Exception) -> list[str]:
    """Return the lines of a traceback as Lambda's runtime does: without marks below the code."""
    frames = traceback.extract_tb(_own_frames(error))
    return traceback.format_list([(each.filename, each.lineno or 0, each.name, each.line) for each in frames])


def _own_frames(error: BaseException) -> Any:
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename in OWN_FILES:
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


def _forget_the_gateway() -> None:
    """Let a function have a module of the package's name."""
    sys.path.pop(0)
    for name in [name for name in sys.modules if name.partition(".")[0] == __name__.partition(".")[0]]:
        del sys.modules[name]


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
