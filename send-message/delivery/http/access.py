"""What the endpoints of all services share."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

from delivery.http.signer import Credentials
from delivery.http.tls import ResumingContext


@dataclass(frozen=True)
class Access:
    """
    Who asks the services, in which region, and which servers the client trusts.

    Attributes:
        credentials: Returns the present credentials.

    """

    region: str
    credentials: Callable[[], Credentials]

    @cached_property
    def tls(self) -> ResumingContext:
        """Made with the first connection, not at init: reading the trust store takes a tenth of a cold start."""
        return ResumingContext.trusting()
