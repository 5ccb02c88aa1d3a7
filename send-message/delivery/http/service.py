"""The services of AWS that the engine calls, and how their requests differ."""

from typing import NamedTuple

from delivery.http.timing import Timing


class Service(NamedTuple):
    """
    A service of AWS.

    Attributes:
        signing_name: The service's name in signatures.
        path: The path of all requests, after the path of the server's URL. The name of a request follows.
        content_type: The type of the requests' bodies, or empty.
        needs_body: Whether a request needs the body of its answer. If not, the status alone is the answer.
        way: What to check if no connection to the server opens.
        timing: Time limits.
        max_channels: HTTP connections at once, and so requests under way at once.

    """

    signing_name: str
    path: str
    content_type: str
    needs_body: bool
    way: str
    timing: Timing
    max_channels: int


CONNECTIONS_API = Service(
    signing_name="execute-api",
    path="/@connections/",
    content_type="",
    needs_body=False,
    # A VPC endpoint would not help: it leads to private APIs only, and a WebSocket API cannot be private.
    way="has the function a way to the endpoint? In a VPC it needs a NAT gateway",
    # A post takes about 10 ms. Two attempts must fit into the few seconds that one recipient gets (stuck.Patience).
    timing=Timing(connect=2.0, response=2.0, check=0.5),
    max_channels=256,  # chosen by ``make bench``: see docs/performance.md
)
"""``@connections``. Source: "API Gateway Management API", API Gateway reference."""

DYNAMODB = Service(
    signing_name="dynamodb",
    path="/",
    content_type="application/x-amz-json-1.0",
    needs_body=True,
    way="has the function a way to DynamoDB? In a VPC it needs a gateway endpoint for DynamoDB, or a NAT gateway",
    # A read takes less than 10 ms. Two attempts must fit into the time for one look-up (table.WITHIN).
    timing=Timing(connect=1.0, response=1.0, check=0.1),
    # A delivery makes up to 29 requests: 8 reads, 16 writes of history, 4 removals, and the search for the sender.
    max_channels=32,
)
"""Source: "DynamoDB low-level API", DynamoDB developer guide."""
