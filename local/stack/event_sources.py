"""
The queues whose messages functions receive: ``AWS::Lambda::EventSourceMapping``.

SAM makes such a resource of each event of a function with the type SQS.

"""

import re
from collections.abc import Mapping
from typing import Any

from local.stack.app import Function
from local.stack.errors import OnlyOnAws, TemplateError
from local.stack.event_source_types import EventSource
from local.stack.functions import Functions, number
from local.stack.policies import allows
from local.stack.resources import TRUE, Resources
from local.stack.source import Source

MAX_BATCH, MAX_BATCH_AT_ONCE = 10_000, 10
"""The most records of one event: with a batching window from a standard queue, and otherwise (quotas)."""

MAX_WINDOW = 300
"""The longest batching window, in seconds (quota)."""

MIN_CONCURRENCY, MAX_CONCURRENCY = 2, 1000
"""The bounds of a MaximumConcurrency (quota)."""

VISIBILITY, MAX_VISIBILITY = 30, 43_200
"""Seconds that a received message is invisible, unless the queue says otherwise, and the most that a queue may say."""

FAILURES = "ReportBatchItemFailures"

RIGHTS = ("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes")
"""What the role of the function has to allow on the queue. Lambda refuses the mapping otherwise."""


def read_event_sources(
    resources: Resources, functions: Functions, source: Source
) -> tuple[tuple[EventSource, ...], list[str]]:
    """
    Return the queues whose messages functions receive, and notes about the mappings that are not imitated.

    Mappings to functions that the gateway cannot run are left out: the functions have notes already.

    Raises:
        TemplateError: If Lambda would refuse a mapping.

    """
    reader = _Reader(resources, functions)
    sources: dict[tuple[str, str], EventSource] = {}
    notes: list[str] = []
    for name in resources.names("AWS::Lambda::EventSourceMapping"):
        try:
            read = reader.read(name)
        except (_NotImitated, OnlyOnAws) as error:
            notes.append(source.note(f"{error} Nothing reads the source of {name}.", name))
            continue
        if read and (read.queue, read.function) in sources:
            raise TemplateError(
                f"{name} leads from {read.queue} to {read.function}, and so does another mapping.", name
            )
        sources |= {(read.queue, read.function): read} if read else {}
    return tuple(sources.values()), notes


class _NotImitated(Exception):
    """A mapping that Lambda accepts and the gateway does not run. The text is a sentence."""


class _Reader:
    def __init__(self, resources: Resources, functions: Functions) -> None:
        self._functions = functions
        self._logical_ids = {function.aws_name: name for name, function in functions.usable.items()}
        self._queues = {queue["QueueName"]: queue for queue in resources.of_type("AWS::SQS::Queue").values()}
        self._resources = resources

    def read(self, name: str) -> EventSource | None:
        """Return a mapping; None if the gateway cannot run its function."""
        properties = self._resources.properties(name)
        queue = self._queue(properties.get("EventSourceArn", ""), name)
        found = self._function(properties["FunctionName"], name)
        if properties.get("Enabled", True) not in TRUE:
            raise _NotImitated(f"{name} is not Enabled.")
        if found is None:
            return None
        function, qualifier = found
        self._check_visibility(queue, function, name)
        self._check_rights(queue, function, name)
        return EventSource(queue, function.name, qualifier, **_settings(properties, queue, name))

    def _queue(self, arn: str, name: str) -> str:
        found = re.fullmatch(r"arn:[\w-]+:sqs:[\w-]*:\d*:(.+)", arn)
        if not found:
            raise _NotImitated(f"The source of {name} is not imitated: it is not a queue of SQS.")
        if found[1] not in self._queues:
            raise TemplateError(f"The queue {found[1]} of {name} is not in the template.", name)
        return found[1]

    def _function(self, written: str, name: str) -> tuple[Function, str] | None:
        """Return the function of a name, an ARN or a partial ARN, and the qualifier; None if it cannot run."""
        aws_name, _, qualifier = (written.partition("function:")[2] or written).partition(":")
        if aws_name in self._functions.unusable:
            return None
        if aws_name not in self._logical_ids:
            raise TemplateError(f"The function {aws_name} of {name} is not in the template.", name)
        function = self._functions.usable[self._logical_ids[aws_name]]
        if function.version(qualifier) is None:
            raise TemplateError(f"The template has no alias or version {qualifier} of {function.name}.", name)
        return function, qualifier

    def _check_visibility(self, queue: str, function: Function, name: str) -> None:
        seconds = number(self._queues[queue], "VisibilityTimeout", VISIBILITY, (0, MAX_VISIBILITY), queue)
        if seconds < function.timeout:
            text = f"The VisibilityTimeout of {queue} is {seconds} seconds, less than the Timeout of {function.name}"
            raise TemplateError(f"{text}, {function.timeout:g} seconds: Lambda refuses {name}.", name)

    def _check_rights(self, queue: str, function: Function, name: str) -> None:
        arn = self._resources.place.arn("sqs", queue)
        missing = [right for right in RIGHTS if not (function.policy is None or allows(function.policy, right, arn))]
        if missing:
            text = f"The role of {function.name} does not allow {missing[0]} on {queue}: Lambda refuses {name}."
            raise TemplateError(text, name)


def _settings(properties: Mapping[str, Any], queue: str, name: str) -> dict[str, Any]:
    """Return the attributes of an EventSource that say how records are collected and answered."""
    window = number(properties, "MaximumBatchingWindowInSeconds", 0, (0, MAX_WINDOW), name)
    size = number(properties, "BatchSize", MAX_BATCH_AT_ONCE, (1, MAX_BATCH), name)
    if queue.endswith(".fifo") and (window or size > MAX_BATCH_AT_ONCE):
        text = f"{name} reads a FIFO queue: its BatchSize may be at most {MAX_BATCH_AT_ONCE}"
        raise TemplateError(f"{text}, without a MaximumBatchingWindowInSeconds.", name)
    if size > MAX_BATCH_AT_ONCE and not window:
        text = f"The BatchSize of {name} is {size}; more than {MAX_BATCH_AT_ONCE} records need"
        raise TemplateError(f"{text} a MaximumBatchingWindowInSeconds.", name)
    kinds = properties.get("FunctionResponseTypes", [])
    if others := [kind for kind in kinds if kind != FAILURES]:
        raise TemplateError(f"The FunctionResponseTypes of {name} have {others[0]}; they may have {FAILURES}.", name)
    scaling = properties.get("ScalingConfig", {})
    bounds = (MIN_CONCURRENCY, MAX_CONCURRENCY)
    concurrency = number(scaling, "MaximumConcurrency", MAX_CONCURRENCY, bounds, name)
    return {
        "batch_size": size,
        "window": window,
        "concurrency": concurrency if "MaximumConcurrency" in scaling else None,
        "reports_failures": FAILURES in kinds,
    }
