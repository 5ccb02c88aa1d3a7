"""
The services that functions call, in a process of their own: moto's server.

Run as a program, this is that process: it serves on the socket it inherits, says when it
is ready, and ends when its standard input does. Imported, it starts that process.

"""

import asyncio
import contextlib
import json
import logging
import socket
import sys
import threading
import traceback
from collections.abc import AsyncIterator
from typing import Any


@contextlib.asynccontextmanager
async def run(sock: socket.socket) -> AsyncIterator["asyncio.Task[None]"]:
    """Run moto's server on a bound socket while the context lasts. Gives a task that is done once it is ready."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-P", __file__, str(sock.fileno()), *map(str, sock.getsockname()[:2])),
        pass_fds=[sock.fileno()],
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        start_new_session=True,  # Ctrl-C reaches the gateway alone
    )
    assert process.stdin
    assert process.stdout
    ready = asyncio.create_task(_until_ready(process.stdout))
    try:
        yield ready
    finally:
        ready.cancel()
        process.stdin.close()
        await process.wait()


async def _until_ready(output: asyncio.StreamReader) -> None:
    if not await output.readline():
        raise RuntimeError("moto's server did not start")


def _cannot(error: Exception, start_response: Any) -> list[bytes]:
    """Say once that moto cannot do something, and answer so that no SDK tries again."""
    text = f"The embedded AWS (moto) cannot do that: {error or type(error).__name__}"
    _say("" if isinstance(error, NotImplementedError) else "".join(traceback.format_exception(error)), text)
    headers = [("Content-Type", "application/json"), ("x-amzn-ErrorType", "NotImplemented")]
    start_response("501 Not Implemented", headers)
    return [json.dumps({"__type": "NotImplemented", "message": text}).encode()]


def _say(*texts: str) -> None:
    """Print texts for the developer, of which requests are a part: nothing steers the terminal, or stops the answer."""
    shown = "".join(each if each.isprintable() or each == "\n" else ascii(each)[1:-1] for each in "".join(texts))
    with contextlib.suppress(OSError):
        print(shown, file=sys.stderr, flush=True)


def _one_at_a_time(services: Any) -> Any:
    lock = threading.Lock()  # DynamoDB's transactions are atomic, and moto's are not

    def serve(environ: Any, start_response: Any) -> list[bytes]:
        with lock:
            try:
                return [*services(environ, start_response)]
            except Exception as error:  # noqa: BLE001 - what moto lacks or fails at is an answer
                return _cannot(error, start_response)

    return serve


def main() -> None:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    fd, host, port = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    WSGIRequestHandler.protocol_version = "HTTP/1.1"  # or every call opens a connection

    def create_app(service: Any) -> Any:
        if service is None:
            raise NotImplementedError("it has no such service")
        return create_backend_app(service)

    application = _one_at_a_time(DomainDispatcherApplication(create_app))
    server = make_server(host, port, application, threaded=True, fd=fd)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
