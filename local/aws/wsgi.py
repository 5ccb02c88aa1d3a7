"""A WSGI application asked with a request of aiohttp's: moto is one, and aiohttp knows how to keep a client waiting."""

import io
import sys
from typing import Any
from urllib.parse import unquote

from aiohttp import web
from werkzeug.test import run_wsgi_app

HOP_BY_HOP = {"connection", "transfer-encoding"}
"""Headers of an answer that are the server's own."""


def call(application: Any, request: web.Request, body: bytes) -> web.Response:
    """
    Return what an application answers.

    Args:
        body: Of the request.

    """
    parts, status, headers = run_wsgi_app(application, _environ(request, body), buffered=True)
    response = web.Response(status=int(status.split()[0]), body=b"".join(parts))
    response.headers.popall("Content-Type", None)  # aiohttp's own, in case there is none
    for name, value in headers:
        if name.lower() not in HOP_BY_HOP:
            response.headers.add(name, value)
    return response


def _environ(request: web.Request, body: bytes) -> dict[str, Any]:
    """Return what PEP 3333 asks for, with the target as it came: an S3 key may have an encoded slash."""
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
    """Return the headers as WSGI has them, which cannot tell ``_`` in a name from ``-``."""
    found: dict[str, str] = {}
    for name in {each.lower() for each in request.headers if "_" not in each}:
        key = name.upper().replace("-", "_")
        value = ",".join(request.headers.getall(name)).encode(errors="surrogateescape").decode("latin-1")
        found[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    for framing in ("HTTP_CONTENT_LENGTH", "HTTP_TRANSFER_ENCODING"):  # the body is whole
        found.pop(framing, None)
    return found
