"""What the endpoints of all services share."""

from collections.abc import Callable
from functools import cached_property

from delivery.http.signer import Keys
from delivery.http.tls import ResumingContext


class Access:
    """
    The region, the credentials and the TLS context of all endpoints.

    Args:
        credentials: Returns the present credentials.

    """

    def __init__(self, region: str, credentials: Callable[[], Keys]) -> None:
        self.region = region
        self.credentials = credentials

    @cached_property
    def tls(self) -> ResumingContext:
        """Made with the first connection, not at init: reading the trust store takes a tenth of a cold start."""
        return ResumingContext.trusting()
