"""What log lines advise an operator to check."""

FORBIDDEN = (
    "{}: check that the function's role allows execute-api:ManageConnections on this API and stage, "
    "that WEBSOCKET_ENDPOINT is this API's, and that the VPC, if the function is in one, has no VPC endpoint "
    "for execute-api with private DNS"
)
"""After a status 403 of ``@connections``. The status comes first."""
