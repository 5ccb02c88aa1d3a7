"""The queue for backends in the template: only if it is switched on, and how Lambda and SQS treat a record."""

import json
import re

import pytest

from tests.support.ministack import depends_on
from tests.support.stacks import RESOURCES, WITH_QUEUE, complaints, only, stack

QUEUES = "arn:aws:sqs:us-east-1:123456789012"
QUEUE_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/PublishedMessages"
DEAD_LETTERS_URL = "https://sqs.us-east-1.amazonaws.com/123456789012/PublishDeadLetters"

ADDED = {
    "PublishedMessages": "AWS::SQS::Queue",
    "PublishDeadLetters": "AWS::SQS::Queue",
    "PublishMapping": "AWS::Lambda::EventSourceMapping",
    "MessageQueuePolicy": "AWS::IAM::Policy",
    "QueueAgeAlarm": "AWS::CloudWatch::Alarm",
    "DeadLettersAlarm": "AWS::CloudWatch::Alarm",
}
"""What a stack has only if it has a queue."""


def test_the_queue_adds_its_resources_and_no_others() -> None:
    without, with_queue = dict(stack().types()), dict(stack(PublishQueue="on").types())
    assert with_queue == without | ADDED
    assert not without.keys() & ADDED.keys()


def test_without_a_queue_nothing_in_the_stack_mentions_one() -> None:
    resources = stack(PublishConcurrency="7")
    properties = {name: resources.properties(name) for name, _ in resources.types()}
    assert re.findall(r"(?i)sqs|DEAD_LETTERS|Published?(?:Messages|DeadLetters)", json.dumps(properties)) == []
    assert resources.output("PublishQueueUrl") == resources.output("PublishQueueArn") == ""


def test_outputs_say_whom_to_invoke_and_where_to_send() -> None:
    function = "arn:aws:lambda:us-east-1:123456789012:function:MessageFunction"
    assert stack().output("MessageFunctionArn") == function
    resources = stack(PublishQueue="on")
    assert [resources.output(name) for name in ("MessageFunctionArn", "PublishQueueUrl", "PublishQueueArn")] == [
        function,
        QUEUE_URL,
        f"{QUEUES}:PublishedMessages",
    ]


def test_lambda_gives_the_function_one_record_at_a_time_and_asks_which_have_failed() -> None:
    assert only(stack(PublishQueue="on", PublishConcurrency="7"), "AWS::Lambda::EventSourceMapping") == {
        "EventSourceArn": f"{QUEUES}:PublishedMessages",
        "FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:MessageFunction",
        "BatchSize": 1,
        "FunctionResponseTypes": ["ReportBatchItemFailures"],
        "ScalingConfig": {"MaximumConcurrency": "7"},
    }


def test_the_mapping_waits_for_the_right_to_read_the_queue() -> None:
    # Lambda refuses a mapping whose function may not read the queue (CreateEventSourceMapping, Lambda API reference).
    assert "MessageQueuePolicy" in depends_on(RESOURCES["PublishMapping"])


def test_a_record_comes_back_after_six_timeouts_and_is_dead_after_five_attempts() -> None:
    # "Configure a queue to use with Lambda", Lambda developer guide: a visibility timeout of six times the function's.
    resources = stack(PublishQueue="on")
    queue = resources.of_type("AWS::SQS::Queue")["PublishedMessages"]
    timeout = resources.of_type("AWS::Lambda::Function")["MessageFunction"]["Timeout"]
    assert queue["VisibilityTimeout"] == 6 * timeout
    assert queue["RedrivePolicy"] == {"deadLetterTargetArn": f"{QUEUES}:PublishDeadLetters", "maxReceiveCount": 5}


def test_both_queues_are_standard_and_encrypted_and_the_dead_letters_last_longer() -> None:
    queues = stack(PublishQueue="on").of_type("AWS::SQS::Queue")
    assert {name: {*queue} & {"FifoQueue", "DelaySeconds"} for name, queue in queues.items()} == {
        "PublishedMessages": set(),
        "PublishDeadLetters": set(),
    }
    assert [queue["SqsManagedSseEnabled"] for queue in queues.values()] == [True, True]
    # A message keeps its age when SQS moves it to the dead letters.
    retention = {name: queue["MessageRetentionPeriod"] for name, queue in queues.items()}
    assert retention["PublishDeadLetters"] == 14 * 24 * 3600 > retention["PublishedMessages"]


def test_only_the_message_function_knows_the_dead_letters() -> None:
    functions = stack(PublishQueue="on").of_type("AWS::Lambda::Function")
    known = {name: function["Environment"]["Variables"].get("DEAD_LETTERS_URL") for name, function in functions.items()}
    assert known == {"ConnectFunction": None, "DisconnectFunction": None, "MessageFunction": DEAD_LETTERS_URL}


@pytest.mark.parametrize(
    ("parameters", "is_refused"),
    [
        pytest.param({}, False, id="neither"),
        pytest.param({"PublishQueue": "on"}, False, id="the-queue-alone"),
        pytest.param({"ReservedConcurrency": "10"}, False, id="reserved-concurrency-alone"),
        pytest.param({"PublishQueue": "on", "ReservedConcurrency": "1"}, True, id="both"),
        pytest.param(WITH_QUEUE, False, id="everything-else"),
    ],
)
def test_the_template_refuses_the_queue_together_with_reserved_concurrency(
    parameters: dict[str, str], is_refused: bool
) -> None:
    # SQS counts a record as received even if Lambda throttles the function.
    refusal = "PublishQueue and ReservedConcurrency cannot be used together"
    assert complaints(**parameters) == ([refusal] if is_refused else [])


def test_the_dashboard_shows_both_queues() -> None:
    def shown(**options: str) -> set[str]:
        dashboard = json.loads(only(stack(**options), "AWS::CloudWatch::Dashboard")["DashboardBody"])
        metrics = [metric for widget in dashboard["widgets"] for metric in widget["properties"].get("metrics", [])]
        return {metric[3] for metric in metrics if metric[0] == "AWS/SQS"}

    assert shown() == set()
    assert shown(PublishQueue="on") == shown(**WITH_QUEUE) == {"PublishedMessages", "PublishDeadLetters"}


def test_widgets_do_not_cover_each_other() -> None:
    dashboard = json.loads(only(stack(**WITH_QUEUE), "AWS::CloudWatch::Dashboard")["DashboardBody"])
    cells = [
        (x, y)
        for widget in dashboard["widgets"]
        for x in range(widget["x"], widget["x"] + widget["width"])
        for y in range(widget["y"], widget["y"] + widget["height"])
    ]
    assert len(cells) == len(set(cells))


def test_a_domain_still_needs_its_certificate() -> None:
    assert complaints(DomainName="hub.example.com") == ["DomainName needs a CertificateArn"]
