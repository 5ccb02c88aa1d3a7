"""What a queue sends to a function, and how."""

from dataclasses import dataclass


@dataclass(frozen=True)
class EventSource:
    """
    A queue of SQS whose messages a function receives: an event source mapping.

    Attributes:
        queue: The name of the queue.
        function: The logical id of the function.
        qualifier: The alias or the version of the function; empty for neither.
        batch_size: The most records of one event, 1 to 10,000.
        window: Seconds that the first record of an event waits for others, 0 to 300.
        concurrency: The most events that run at once, 2 to 1,000. None: the template does not say.
        reports_failures: Whether the function's answer says which records have failed (ReportBatchItemFailures).

    """

    queue: str
    function: str
    qualifier: str = ""
    batch_size: int = 10
    window: int = 0
    concurrency: int | None = None
    reports_failures: bool = False
