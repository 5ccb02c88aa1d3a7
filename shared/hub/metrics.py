"""
CloudWatch metrics in the namespace WebSocketHub, with the stack's name as the dimension ``service``.

Connected       connections that the hub has let in
Disconnected    connections whose end API Gateway has reported
Refused         handshakes and frames that the hub has refused; also with the dimension ``code``
Faults          events that the hub failed to handle
Messages        messages that the hub has accepted, even if nobody is there to receive them
Published       those of them that are from backends
Recipients      connections that messages were for
Delivered       recipients that took the message
Gone            recipients that turned out to be closed
Undelivered     recipients that could not be reached
Stored          sessions in whose history a message was stored
Unstored        sessions in whose history a message could not be stored
Resumed         answers to clients that asked what they had missed
ProviderFailed  fetches of the identity provider's keys that have failed
StuckClosed     connections that the hub closed because they took none of several messages in a row
GhostsRemoved   rows of closed connections that the hub removed because their session was at its limit
DeliveryTime    milliseconds from looking up the sender until the delivery has ended

A function prints one line of JSON for each event, and CloudWatch makes metrics from these lines of the log.
Source: "Embedded metric format", CloudWatch user guide.

"""

import json
import time

from hub.log import SERVICE

NAMESPACE = "WebSocketHub"

_values: dict[str, float] = {}
_units: dict[str, str] = {}
_dimensions: dict[str, str] = {}


def count(name: str, value: int = 1) -> None:
    """Add to a metric of this event."""
    _values[name] = _values.get(name, 0) + value
    _units[name] = "Count"


def duration(name: str, seconds: float) -> None:
    """Set a metric of this event that is a time."""
    _values[name] = seconds * 1000
    _units[name] = "Milliseconds"


def refused(code: str) -> None:
    """Count a refusal in total and by its code."""
    count("Refused")
    _dimensions["code"] = code


def flush() -> None:
    """Print the metrics of this event, if there are any."""
    if not _values:
        return
    dimensions = [["service"], ["service", *_dimensions]] if _dimensions else [["service"]]
    metrics = [{"Name": name, "Unit": unit} for name, unit in _units.items()]
    record = {
        "_aws": {
            "Timestamp": int(time.time() * 1000),
            "CloudWatchMetrics": [{"Namespace": NAMESPACE, "Dimensions": dimensions, "Metrics": metrics}],
        },
        "service": SERVICE,
        **_dimensions,
        **{name: [value] for name, value in _values.items()},
    }
    print(json.dumps(record, separators=(",", ":")))  # noqa: T201 - CloudWatch reads the function's output
    for kept in (_values, _units, _dimensions):
        kept.clear()
