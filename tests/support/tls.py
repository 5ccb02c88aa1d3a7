"""A certificate authority for the tests of TLS, and servers' contexts with its certificates."""

import ssl
from dataclasses import dataclass
from pathlib import Path

import trustme


@dataclass(frozen=True)
class Authority:
    """
    A certificate authority.

    Attributes:
        bundle: The file with its certificate: the value of AWS_CA_BUNDLE for a client that trusts it.

    """

    authority: trustme.CA
    bundle: str

    @classmethod
    def in_folder(cls, folder: Path) -> "Authority":
        """Make an authority, and write its certificate into a folder."""
        authority = trustme.CA()
        authority.cert_pem.write_to_path(str(folder / "ca.pem"))
        return cls(authority, str(folder / "ca.pem"))

    def server_context(self, host: str = "localhost") -> ssl.SSLContext:
        """Return the context of a server that has a certificate for a host."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.authority.issue_cert(host).configure_cert(context)
        return context
