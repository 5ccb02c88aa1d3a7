"""Reading the queues whose messages functions receive, and what Lambda would refuse."""

from pathlib import Path

import pytest

from local.stack.errors import TemplateError
from local.stack.event_source_types import EventSource
from local.stack.policies import allows
from tests.support.templates import API, loaded

ROLE = "Policies: [AmazonSQSFullAccess], "
TEMPLATE = API.replace("Properties: { CodeUri", f"Properties: {{ {ROLE}CodeUri")
QUEUE = "  Queue: { Type: AWS::SQS::Queue, Properties: { QueueName: orders } }\n"
FIFO = "  Fifo: { Type: AWS::SQS::Queue, Properties: { FifoQueue: true } }\n"
MAPPING = """
  Mapping:
    Type: AWS::Lambda::EventSourceMapping
    Properties: { EventSourceArn: !GetAtt Queue.Arn, FunctionName: !Ref MyFunction, MORE }
""".lstrip("\n")
EVENT = """
      Events:
        Order: { Type: SQS, Properties: { Queue: !GetAtt Queue.Arn, MORE } }
        Tick: { Type: Schedule, Properties: { Schedule: rate(1 day) } }
"""


def mapping(more: str = "", queue: str = "!GetAtt Queue.Arn", function: str = "!Ref MyFunction") -> str:
    """Return a queue on line 19, and a mapping on line 20."""
    written = MAPPING.replace("!GetAtt Queue.Arn", queue).replace("!Ref MyFunction", function)
    return QUEUE + written.replace(", MORE", f", {more}" if more else "")


def sources(folder: Path, text: str) -> list[EventSource]:
    return [*loaded(folder, text).event_sources]


@pytest.mark.parametrize(
    ("more", "source"),
    [
        pytest.param(mapping(), EventSource("orders", "MyFunction"), id="defaults"),
        pytest.param(
            mapping(
                "BatchSize: '100', MaximumBatchingWindowInSeconds: 5, ScalingConfig: { MaximumConcurrency: 7 }, "
                "FunctionResponseTypes: [ReportBatchItemFailures]"
            ),
            EventSource("orders", "MyFunction", "", 100, 5, 7, reports_failures=True),
            id="everything",
        ),
        pytest.param(mapping(function="MyFunction"), EventSource("orders", "MyFunction"), id="a-name"),
        pytest.param(mapping(function="!GetAtt MyFunction.Arn"), EventSource("orders", "MyFunction"), id="an-arn"),
        pytest.param(
            mapping(function="123456789012:function:MyFunction:live"),
            EventSource("orders", "MyFunction", "live"),
            id="a-partial-arn-with-an-alias",
        ),
        pytest.param(
            mapping(queue='!Sub "arn:aws-cn:sqs:cn-north-1:210987654321:${Queue.QueueName}"'),
            EventSource("orders", "MyFunction"),
            id="an-arn-of-another-place",
        ),
        pytest.param(
            FIFO + mapping("BatchSize: 10", queue="!GetAtt Fifo.Arn"),
            EventSource("Fifo.fifo", "MyFunction"),
            id="fifo",
        ),
    ],
)
def test_a_mapping_is_read(more: str, source: EventSource, tmp_path: Path) -> None:
    aliased = TEMPLATE.replace(ROLE, f"{ROLE}AutoPublishAlias: live, ")
    assert sources(tmp_path, aliased + more) == [source]


def test_an_event_of_a_function_is_a_mapping_with_the_rights_that_sam_adds(tmp_path: Path) -> None:
    block = API.replace(
        "    Properties: { CodeUri: function/, Handler: main.handle, Runtime: python3.12 }\n",
        "    Properties:\n      CodeUri: function/\n      Handler: main.handle\n      Runtime: python3.12"
        + EVENT.replace("MORE", "BatchSize: 1, Enabled: true"),
    )
    app = loaded(tmp_path, block + QUEUE)
    assert app.event_sources == (EventSource("orders", "MyFunction", batch_size=1),)
    policy = app.functions["MyFunction"].policy
    assert policy is not None
    assert allows(policy, "sqs:ReceiveMessage", "arn:aws:sqs:us-east-1:123456789012:orders")
    assert not allows(policy, "sqs:SendMessage", "arn:aws:sqs:us-east-1:123456789012:orders")
    assert app.notes == (f"{tmp_path}/template.yaml: The Events of these functions are not imitated: "
                         "MyFunction (Schedule).",)  # fmt: skip


@pytest.mark.parametrize("condition", [pytest.param("yes", id="true"), pytest.param("no", id="false")])
def test_the_condition_of_a_mapping_holds(condition: str, tmp_path: Path) -> None:
    conditions = f'Conditions: {{ HasMapping: !Equals ["{condition}", "yes"] }}\n'
    conditional = mapping().replace("    Type: AWS::Lambda", "    Condition: HasMapping\n    Type: AWS::Lambda")
    assert len(sources(tmp_path, TEMPLATE + conditional + conditions)) == (condition == "yes")


def test_a_mapping_to_a_function_that_cannot_run_is_left_out(tmp_path: Path) -> None:
    other = (
        "  Node: { Type: AWS::Serverless::Function, Properties: { InlineCode: x, Handler: a.b, Runtime: nodejs } }\n"
    )
    app = loaded(tmp_path, TEMPLATE + mapping(function="!Ref Node") + other)
    assert app.event_sources == ()
    assert [note for note in app.notes if "The Runtime of Node is nodejs" in note]


@pytest.mark.parametrize(
    ("more", "note"),
    [
        pytest.param(
            mapping("Enabled: false"),
            "20: Mapping is not Enabled. Nothing reads the source of Mapping.",
            id="not-enabled",
        ),
        pytest.param(
            mapping(queue="arn:aws:kinesis:us-east-1:123456789012:stream/s"),
            "20: The source of Mapping is not imitated: it is not a queue of SQS. Nothing reads the source of Mapping.",
            id="kinesis",
        ),
        pytest.param(
            mapping().replace("EventSourceArn: !GetAtt Queue.Arn, ", "Topics: [t], "),
            "20: The source of Mapping is not imitated: it is not a queue of SQS. Nothing reads the source of Mapping.",
            id="kafka",
        ),
        pytest.param(
            mapping(queue="!ImportValue q"),
            "20: Fn::ImportValue imports q from another stack, which the gateway does not have. "
            "Use a parameter instead. Nothing reads the source of Mapping.",
            id="of-another-stack",
        ),
    ],
)
def test_a_source_that_is_not_read_gets_a_note(more: str, note: str, tmp_path: Path) -> None:
    app = loaded(tmp_path, TEMPLATE + more)
    assert (app.event_sources, app.notes) == ((), (f"{tmp_path}/template.yaml:{note}",))


def test_filters_get_a_note(tmp_path: Path) -> None:
    app = loaded(tmp_path, TEMPLATE + mapping("FilterCriteria: { Filters: [{ Pattern: '{}' }] }"))
    assert app.notes == (
        f"{tmp_path}/template.yaml:20: The property FilterCriteria of Mapping is not imitated: "
        "every record reaches the function.",
    )


@pytest.mark.parametrize(
    ("more", "problem"),
    [
        pytest.param(
            mapping(queue="arn:aws:sqs:us-east-1:123456789012:other"),
            "20: The queue other of Mapping is not in the template.",
            id="unknown-queue",
        ),
        pytest.param(
            mapping(function="Other"),
            "20: The function Other of Mapping is not in the template.",
            id="unknown-function",
        ),
        pytest.param(
            mapping(function="MyFunction:live"),
            "20: The template has no alias or version live of MyFunction.",
            id="unknown-alias",
        ),
        pytest.param(
            mapping().replace("QueueName: orders", "QueueName: orders, VisibilityTimeout: 2"),
            "20: The VisibilityTimeout of orders is 2 seconds, less than the Timeout of MyFunction, 3 seconds: "
            "Lambda refuses Mapping.",
            id="visibility",
        ),
        pytest.param(
            mapping("BatchSize: 11"),
            "20: The BatchSize of Mapping is 11; more than 10 records need a MaximumBatchingWindowInSeconds.",
            id="a-batch-without-a-window",
        ),
        pytest.param(
            mapping("BatchSize: 0"),
            "20: The BatchSize of Mapping is 0; it must be a number from 1 to 10000.",
            id="none",
        ),
        pytest.param(
            mapping("MaximumBatchingWindowInSeconds: 301"),
            "20: The MaximumBatchingWindowInSeconds of Mapping is 301; it must be a number from 0 to 300.",
            id="window",
        ),
        pytest.param(
            mapping("ScalingConfig: { MaximumConcurrency: 1 }"),
            "20: The MaximumConcurrency of Mapping is 1; it must be a number from 2 to 1000.",
            id="concurrency",
        ),
        pytest.param(
            mapping("FunctionResponseTypes: [Report]"),
            "20: The FunctionResponseTypes of Mapping have Report; they may have ReportBatchItemFailures.",
            id="response-types",
        ),
        pytest.param(
            mapping() + mapping().replace(QUEUE, "").replace("Mapping:", "Second:"),
            "23: Second leads from orders to MyFunction, and so does another mapping.",
            id="twice",
        ),
        pytest.param(
            QUEUE + FIFO + mapping("BatchSize: 11", "!GetAtt Fifo.Arn").replace(QUEUE, ""),
            "21: Mapping reads a FIFO queue: its BatchSize may be at most 10, "
            "without a MaximumBatchingWindowInSeconds.",
            id="a-large-batch-of-a-fifo-queue",
        ),
        pytest.param(
            QUEUE + FIFO + mapping("MaximumBatchingWindowInSeconds: 1", "!GetAtt Fifo.Arn").replace(QUEUE, ""),
            "21: Mapping reads a FIFO queue: its BatchSize may be at most 10, "
            "without a MaximumBatchingWindowInSeconds.",
            id="a-window-of-a-fifo-queue",
        ),
        pytest.param(
            QUEUE.replace("orders", "orders, RedrivePolicy: x"),
            "19: The property RedrivePolicy of Queue is 'x'; it must be a mapping.",
            id="a-redrive-policy-that-is-text",
        ),
    ],
)
def test_what_lambda_refuses_is_refused(more: str, problem: str, tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as raised:
        loaded(tmp_path, TEMPLATE + more)
    assert str(raised.value) == f"{tmp_path}/template.yaml:{problem}"


def test_a_role_without_the_rights_of_a_poller_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TemplateError) as raised:
        loaded(tmp_path, API + mapping())
    assert str(raised.value) == (
        f"{tmp_path}/template.yaml:20: The role of MyFunction does not allow sqs:ReceiveMessage on orders: "
        "Lambda refuses Mapping."
    )
