"""
The services that functions call, in a process of their own: moto's server.

Run as a program, this is that process: it serves on the socket it inherits, says when it
is ready, and ends when its standard input does. Imported, it starts that process.

"""

import asyncio
import contextlib
import logging
import socket
import sys
import threading
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


def main() -> None:
    from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import WSGIRequestHandler, make_server

    fd, host, port = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    WSGIRequestHandler.protocol_version = "HTTP/1.1"  # or every call opens a connection
    services = DomainDispatcherApplication(create_backend_app)
    one_at_a_time = threading.Lock()  # DynamoDB's transactions are atomic, and moto's are not

    def serve(environ: Any, start_response: Any) -> list[bytes]:
        with one_at_a_time:
            return [*services(environ, start_response)]

    server = make_server(host, port, serve, threaded=True, fd=fd)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print("ready", flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main()
