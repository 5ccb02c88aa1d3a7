"""
TLS with a certificate authority made at start, and the bundle by which workers trust it.

Handlers post to ``https://…``, to hosts that exist on AWS only. In workers those hosts lead
here, and the authority makes them right.

"""

import ssl
from collections.abc import Sequence
from pathlib import Path

import certifi
import trustme

from local.endpoints import AUTHORITY, BUNDLE


def make(hosts: Sequence[str], folder: Path) -> ssl.SSLContext:
    """
    Make an authority, and a certificate of its for hosts and addresses.

    Args:
        folder: Gets two PEM files: AUTHORITY, the authority alone, for clients, and BUNDLE,
            the authority and all that are trusted anyway, for workers.

    """
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    authority.cert_pem.write_to_path(str(folder / AUTHORITY))
    (folder / BUNDLE).write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    return context
