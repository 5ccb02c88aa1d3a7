"""How long each step of a request may take."""

from typing import NamedTuple


class Timing(NamedTuple):
    """
    Time limits of an endpoint, in seconds.

    Attributes:
        connect: For the TCP handshake and the TLS handshake together.
        response: For an answer.
        check: Between two searches for overdue answers. The end of an overdue request comes up to so much later.
        idle: After which an unused HTTP connection is not used again: the network may have dropped it silently.
        unreachable: Of attempts to connect that all failed, after which a further timeout ends all waiting requests.

    """

    connect: float
    response: float
    check: float
    idle: float = 60.0
    unreachable: float = 5.0
