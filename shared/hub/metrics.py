"""
What is counted: CloudWatch metrics in the namespace WebSocketHub, with the stack's name as the dimension ``service``.

Connected       connections that were opened
Disconnected    connections whose end API Gateway reported
Refused         handshakes and frames; also by ``code``
Faults          handshakes and frames that the hub failed to handle
Messages        messages that were delivered to somebody, or could have been
Recipients      connections that a message was for
Delivered       of these, those that took it
Gone            those that turned out to be closed
Undelivered     those that could not be reached
StuckClosed     connections that the hub closed because they took none of several messages in a row
DeliveryTime    milliseconds from the first read of a session to the account

They are printed, one line of JSON for each event, and Lambda's log makes metrics of them.
Source: "Embedded metric format", CloudWatch user guide.

"""

from aws_lambda_powertools.metrics import Metrics, MetricUnit

from hub.log import SERVICE

NAMESPACE = "WebSocketHub"

_metrics = Metrics(namespace=NAMESPACE, service=SERVICE)


def count(name: str, value: int = 1) -> None:
    """Add to what this event counts."""
    _metrics.add_metric(name, MetricUnit.Count, value)


def took(name: str, seconds: float) -> None:
    """Say how long something took."""
    _metrics.add_metric(name, MetricUnit.Milliseconds, seconds * 1000)


def refused(code: str) -> None:
    """Count a refusal, in total and by its code."""
    count("Refused")
    _metrics.add_dimensions(service=SERVICE, code=code)


def flush() -> None:
    """Print what this event has counted, if anything."""
    if _metrics.metric_set:
        _metrics.flush_metrics()
