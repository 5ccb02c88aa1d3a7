"""TLS to ``@connections``."""

import os
import ssl
from typing import Any


class ResumingContext(ssl.SSLContext):
    """A TLS client context that resumes the last session, which spares the server's certificates."""

    session: ssl.SSLSession | None = None

    def wrap_bio(self, *args: Any, **options: Any) -> ssl.SSLObject:
        return super().wrap_bio(*args, **options | {"session": self.session})

    @classmethod
    def trusting(cls) -> "ResumingContext":
        """Return a context that trusts whom boto3 trusts: AWS_CA_BUNDLE, or else the system's authorities."""
        context = cls(ssl.PROTOCOL_TLS_CLIENT)
        if bundle := os.environ.get("AWS_CA_BUNDLE"):
            context.load_verify_locations(bundle)
        else:
            context.load_default_certs()
        return context
