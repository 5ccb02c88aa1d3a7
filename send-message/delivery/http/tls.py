"""TLS to ``@connections``."""

import os
import ssl
from typing import Any


class ResumingContext(ssl.SSLContext):
    """A TLS client context that resumes the last session. Resuming saves the check of the server's certificate."""

    session: ssl.SSLSession | None = None

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        return super().wrap_bio(*args, **options | {"session": self.session})

    @classmethod
    def trusting(cls) -> "ResumingContext":
        """Return a context that trusts the same authorities as boto3: those in AWS_CA_BUNDLE, or else the system's."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        if bundle := os.environ.get("AWS_CA_BUNDLE"):
            context.load_verify_locations(bundle)
        else:
            context.load_default_certs()
        return context
