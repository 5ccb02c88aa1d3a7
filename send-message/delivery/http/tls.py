"""TLS to the services of AWS."""

import os
import ssl
from typing import Any


class ResumingContext(ssl.SSLContext):
    """
    A TLS client context that resumes the last session with each server. This saves the check of the certificate.

    Attributes:
        sessions: The last session with each host.

    """

    sessions: dict[str, ssl.SSLSession]

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        session = self.sessions.get(options["server_hostname"])
        return super().wrap_bio(*args, **options | {"session": session})

    @classmethod
    def trusting(cls) -> "ResumingContext":
        """Return a context that trusts the authorities in AWS_CA_BUNDLE, as boto3 does, or else the system's."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        context.sessions = {}
        if bundle := os.environ.get("AWS_CA_BUNDLE"):
            context.load_verify_locations(bundle)
        else:
            context.load_default_certs()
        return context
