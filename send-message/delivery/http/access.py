"""What the endpoints of all services share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from delivery.http.signer import Keys
from delivery.http.tls import ResumingContext


@dataclass(frozen=True)
class Access:
    """
    The region, the credentials and the TLS context of all endpoints.

    Attributes:
        credentials: Returns the present credentials.

    """

    region: str
    credentials: Callable[[], Keys]

    @cached_property
    def tls(self) -> ResumingContext:
        """Made with the first connection, not at init: reading the trust store takes a tenth of a cold start."""
        return ResumingContext.trusting()
