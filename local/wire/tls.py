"""
TLS with a certificate authority made at start, and the bundle by which workers trust it.

Handlers post to ``https://…``, to hosts that exist on AWS only. In workers those hosts lead
here, and the authority makes them right.

"""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import certifi
import trustme

AUTHORITY, BUNDLE = "authority.pem", "bundle.pem"


@dataclass(frozen=True)
class Tls:
    """
    Attributes:
        context: For a listener.
        authority: A PEM file with the authority alone, for clients.
        bundle: A PEM file with the authority and all that are trusted anyway, for workers.

    """

    context: ssl.SSLContext
    authority: Path
    bundle: Path


def make(hosts: Sequence[str], folder: Path) -> Tls:
    """Make an authority, and a certificate of its for hosts and addresses."""
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*hosts).configure_cert(context)
    alone, bundle = folder / AUTHORITY, folder / BUNDLE
    authority.cert_pem.write_to_path(str(alone))
    bundle.write_bytes(Path(certifi.where()).read_bytes() + authority.cert_pem.bytes())
    return Tls(context, alone, bundle)
