"""
TLS with a certificate authority made at start, and the bundle by which workers trust it.

Handlers post to ``https://…``, to hosts that exist on AWS only. In workers those hosts lead
here, and the authority makes them right: each gets its certificate when somebody asks for it.

"""

import contextlib
import functools
import ssl
from collections.abc import Sequence
from pathlib import Path

import certifi
import trustme

from local.endpoints import AUTHORITY, BUNDLE
from local.place import SUFFIXES

MAX_CERTIFICATES = 256
"""Of AWS's hosts, that are kept."""


def make(hosts: Sequence[str], folder: Path) -> ssl.SSLContext:
    """
    Make an authority, and a certificate of its for hosts and addresses; AWS's hosts get one of their own each.

    Args:
        folder: Gets two PEM files: AUTHORITY, the authority alone, for clients, and BUNDLE,
            the authority and all that are trusted anyway, for workers.

    """
    authority = trustme.CA()
    context = _context(authority, *hosts)

    @functools.lru_cache(MAX_CERTIFICATES)
    def context_of(host: str) -> ssl.SSLContext:
        return _context(authority, host)

    def choose(connection: ssl.SSLObject, host: str | None, _context: ssl.SSLContext) -> None:
        if host and host.endswith(tuple(f".{suffix}" for suffix in SUFFIXES)):
            with contextlib.suppress(UnicodeError):  # no name that a certificate could have
                connection.context = context_of(host)

    context.sni_callback = choose
    authority.cert_pem.write_to_path(str(folder / AUTHORITY))
    (folder / BUNDLE).write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    return context


def _context(authority: trustme.CA, *hosts: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    return context
