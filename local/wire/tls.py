"""
TLS with a certificate authority that is made at each start, and the bundle that makes workers trust it.

Handlers send requests to hosts of AWS by HTTPS. In workers these hosts resolve to the gateway. Each host gets a
certificate of this authority when the first client asks for it.

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
"""How many certificates of AWS's hosts are kept."""


def make(hosts: Sequence[str], folder: Path) -> ssl.SSLContext:
    """
    Make an authority, and return a server's TLS context with certificates of this authority.

    Args:
        hosts: Names and addresses of the gateway. One certificate is for all of them. Each of AWS's hosts gets
            a certificate of its own.
        folder: Gets two PEM files. AUTHORITY has the authority alone, for clients. BUNDLE has the authority and
            the public authorities, for workers.

    """
    authority = trustme.CA()
    context = _context(authority, *hosts)

    @functools.lru_cache(MAX_CERTIFICATES)
    def context_of(host: str) -> ssl.SSLContext:
        return _context(authority, host)

    def choose(connection: ssl.SSLObject, host: str | None, _context: ssl.SSLContext) -> None:
        if host and host.endswith(tuple(f".{suffix}" for suffix in SUFFIXES)):
            with contextlib.suppress(UnicodeError):  # the host is not a name that a certificate can have
                connection.context = context_of(host)

    context.sni_callback = choose
    authority.cert_pem.write_to_path(str(folder / AUTHORITY))
    (folder / BUNDLE).write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    return context


def _context(authority: trustme.CA, *hosts: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    return context
