"""
Calls a WSGI application, such as moto, with a request of aiohttp.

aiohttp serves the connections because it can bound how long a client may take.

"""

import io
import sys
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from werkzeug.test import run_wsgi_app

HOP_BY_HOP = {"connection", "transfer-encoding"}
"""Headers of an answer that the server sets by itself (PEP 3333 forbids them to applications)."""


def call(application: Any, request: web.Request, body: bytes) -> web.Response:
    """
    Return the answer of an application.

    Args:
        body: The body of the request.

    """
    parts, status, headers = run_wsgi_app(application, _environ(request, body), buffered=True)
    response = web.Response(status=int(status.split()[0]), body=b"".join(parts))
    response.headers.popall("Content-Type", None)  # aiohttp's default: the application may set none
    for name, value in headers:
        if name.lower() not in HOP_BY_HOP:
            response.headers.add(name, value)
    return response


def _environ(request: web.Request, body: bytes) -> dict[str, Any]:
    """Return the environment of PEP 3333. It keeps the target unchanged, too: an S3 key may have an encoded slash."""
    path, _, query = request.raw_path.partition("?")
    return {
        **_headers(request),
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "RAW_URI": request.raw_path,
        "REQUEST_URI": request.raw_path,
        "REMOTE_ADDR": request.remote or "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }


def _headers(request: web.Request) -> dict[str, str]:
    """Return the headers as variables of WSGI. Names with ``_`` are left out: WSGI confuses them with ``-``."""
    variables: dict[str, str] = {}
    for name in {header.lower() for header in request.headers if "_" not in header}:
        key = name.upper().replace("-", "_")
        value = ",".join(request.headers.getall(name)).encode(errors="surrogateescape").decode("latin-1")
        variables[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    for framing in ("HTTP_CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"):  # the body is complete
        variables.pop(framing, None)
    return variables
