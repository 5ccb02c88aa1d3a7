"""
A process that runs one function, one event at a time, as Lambda's runtime does.

Started by ``process`` as a file, so that it imports nothing of this package and the
function finds only its own folders and the installed libraries. It is told what to run
as JSON in its one argument; events and results go over a socket it inherits, each a
length in 4 bytes, then JSON. Output goes where the parent reads it.

When standard input ends, the parent has gone, and so does the worker with all that it
started, even if the handler hangs: nothing is left running.

"""

import contextlib
import importlib
import json
import os
import signal
import socket
import sys
import threading
import time
import traceback
from typing import Any


class Context:
    """What Lambda passes beside the event."""

    client_context = None
    identity = None
    function_version = "$LATEST"

    def __init__(self, function: dict[str, Any], request_id: str, deadline_ms: int) -> None:
        self.function_name: str = function["name"]
        self.memory_limit_in_mb: str = str(function["memory"])
        self.invoked_function_arn: str = function["arn"]
        self.aws_request_id = request_id
        self.log_group_name = f"/aws/lambda/{self.function_name}"
        self.log_stream_name = "local"
        self._deadline_ms = deadline_ms

    def get_remaining_time_in_millis(self) -> int:
        return max(0, self._deadline_ms - int(time.time() * 1000))


def main() -> None:
    function = json.loads(sys.argv[1])
    channel = _open_channel(function["fd"])
    _die_with_parent()
    sys.argv = [""]
    sys.path[:0] = function["path"]

    try:
        module, _, name = function["handler"].rpartition(".")
        handler = getattr(importlib.import_module(module.replace("/", ".")), name)
    except Exception as error:  # noqa: BLE001 - whatever the function does wrong is an answer
        _send(channel, {"init_error": _report(error)})
        return
    _send(channel, {"ready": True})

    with contextlib.suppress(ConnectionError):
        while (request := _receive(channel)) is not None:
            _send(channel, _run(handler, function, request))
    _end_with_all_it_started()


def _run(handler: Any, function: dict[str, Any], request: dict[str, Any]) -> dict[str, Any]:
    context = Context(function, request["request_id"], request["deadline_ms"])
    try:
        result = handler(request["event"], context)
        json.dumps(result, ensure_ascii=False).encode()  # what cannot be sent is the handler's mistake
    except Exception as error:  # noqa: BLE001 - likewise
        return {"error": _report(error)}
    return {"result": result}


def _report(error: Exception) -> dict[str, Any]:
    """Print an error with its traceback, less our own frames, and return it in Lambda's shape."""
    frames = error.__traceback__
    while frames and frames.tb_frame.f_code.co_filename == __file__:
        frames = frames.tb_next
    traceback.print_exception(type(error), error, frames)
    return {
        "errorMessage": str(error),
        "errorType": type(error).__name__,
        "stackTrace": traceback.format_tb(frames),
    }


def _die_with_parent() -> None:
    lifeline = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def wait() -> None:
        while os.read(lifeline, 1):
            pass
        _end_with_all_it_started()

    threading.Thread(target=wait, daemon=True).start()


def _end_with_all_it_started() -> None:
    os.killpg(0, signal.SIGKILL)


def _open_channel(fd: int) -> socket.socket:
    # What the handler starts or forks has no part in the conversation, and does not keep it open.
    os.set_inheritable(fd, False)
    channel = socket.socket(fileno=fd)
    os.register_at_fork(after_in_child=channel.close)
    return channel


def _send(channel: socket.socket, message: dict[str, Any]) -> None:
    data = json.dumps(message).encode()
    channel.sendall(len(data).to_bytes(4, "big") + data)


def _receive(channel: socket.socket) -> dict[str, Any] | None:
    if not (head := _read_exactly(channel, 4)):
        return None
    message: dict[str, Any] = json.loads(_read_exactly(channel, int.from_bytes(head, "big")))
    return message


def _read_exactly(channel: socket.socket, size: int) -> bytes:
    parts = bytearray()
    while len(parts) < size and (part := channel.recv(size - len(parts))):
        parts += part
    return bytes(parts)


if __name__ == "__main__":
    main()
