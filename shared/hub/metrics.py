"""
CloudWatch metrics in the namespace WebSocketHub, with the stack's name as the dimension ``service``.

Connected       connections that the hub has let in
Disconnected    connections whose end API Gateway has reported
Refused         handshakes and frames that the hub has refused; also with the dimension ``code``
Faults          events that the hub failed to handle
Messages        messages that the hub has accepted, even if nobody is there to receive them
Recipients      connections that messages were for
Delivered       recipients that took the message
Gone            recipients that turned out to be closed
Undelivered     recipients that could not be reached
StuckClosed     connections that the hub closed because they took none of several messages in a row
DeliveryTime    milliseconds from looking up the sender until the delivery has ended

A function prints one line of JSON for each event, and CloudWatch makes metrics from these lines of the log.
Source: "Embedded metric format", CloudWatch user guide.

"""

from aws_lambda_powertools.metrics import Metrics, MetricUnit

from hub.log import SERVICE

NAMESPACE = "WebSocketHub"

_metrics = Metrics(namespace=NAMESPACE, service=SERVICE)


def count(name: str, value: int = 1) -> None:
    """Add to a metric of this event."""
    _metrics.add_metric(name, MetricUnit.Count, value)


def duration(name: str, seconds: float) -> None:
    """Set a metric of this event that is a time."""
    _metrics.add_metric(name, MetricUnit.Milliseconds, seconds * 1000)


def refused(code: str) -> None:
    """Count a refusal in total and by its code."""
    count("Refused")
    _metrics.add_dimensions(service=SERVICE, code=code)


def flush() -> None:
    """Print the metrics of this event, if there are any."""
    if _metrics.metric_set:
        _metrics.flush_metrics()
