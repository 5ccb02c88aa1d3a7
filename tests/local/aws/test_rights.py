"""Which calls of SQS the embedded AWS refuses, by the caller's role."""

import json

import pytest
from aiohttp.test_utils import make_mocked_request

from local.aws.callers import Caller, read, written
from local.aws.rights import Rights
from local.place import Place

PLACE = Place("eu-west-1", "210987654321")
MAY_SEND = {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": "arn:aws:sqs:us-east-1:123456789012:orders"}
CALLERS = {"local-Sender": Caller("arn:aws:sts::210987654321:assumed-role/Role/Sender", (MAY_SEND,))}
URL = "https://sqs.eu-west-1.amazonaws.com/210987654321/orders"


def refusal(
    operation: str, body: bytes, key: str = "local-Sender", service: str = "sqs", path: str = "/"
) -> str | None:
    """Return the sentence with which a call is refused. None: it is allowed. Without an operation it is a form."""
    credential = f"AWS4-HMAC-SHA256 Credential={key}/20260101/eu-west-1/{service}/aws4_request, Signature=0"
    headers = {"Authorization": credential} if key else {}
    if operation:
        headers["X-Amz-Target"] = f"AmazonSQS.{operation}"
    answer = Rights(read(written(CALLERS)), PLACE).refusal(make_mocked_request("POST", path, headers), body)
    if answer is None:
        return None
    assert (answer.status, answer.headers["x-amzn-query-error"]) == (403, "AccessDenied;Sender")
    assert isinstance(answer.text, str)
    return str(json.loads(answer.text)["message"])


def in_json(url: str) -> bytes:
    return json.dumps({"QueueUrl": url}).encode()


@pytest.mark.parametrize(
    ("operation", "body", "options"),
    [
        pytest.param("SendMessage", in_json(URL), {}, id="in-the-policy"),
        pytest.param("SendMessageBatch", in_json(URL), {}, id="a-batch"),
        pytest.param("", f"Action=SendMessage&QueueUrl={URL}".encode(), {}, id="a-form"),
        pytest.param("", b"Action=SendMessage", {"path": "/210987654321/orders"}, id="a-form-at-the-queue-s-path"),
        pytest.param("ReceiveMessage", in_json(URL), {"key": "testing"}, id="another-client"),
        pytest.param("ReceiveMessage", in_json(URL), {"key": ""}, id="an-unsigned-call"),
        pytest.param("ReceiveMessage", in_json(URL), {"service": "dynamodb"}, id="another-service"),
    ],
)
def test_a_call_is_allowed(operation: str, body: bytes, options: dict[str, str]) -> None:
    assert refusal(operation, body, **options) is None


@pytest.mark.parametrize(
    ("operation", "body", "options", "refused"),
    [
        pytest.param("ReceiveMessage", in_json(URL), {}, "receivemessage on resource: ORDERS", id="action"),
        pytest.param(
            "ChangeMessageVisibilityBatch", in_json(URL), {}, "changemessagevisibility on resource: ORDERS", id="batch"
        ),
        pytest.param("SendMessage", in_json("https://x/1/other"), {}, "sendmessage on resource: OTHER", id="queue"),
        pytest.param("GetQueueUrl", b'{"QueueName": "orders"}', {}, "getqueueurl on resource: ORDERS", id="by-name"),
        pytest.param("ListQueues", b"{}", {}, "listqueues on resource: *", id="no-queue"),
        pytest.param("SendMessage", b"not JSON", {}, "sendmessage on resource: *", id="not-json"),
        pytest.param("SendMessage", b"[]", {}, "sendmessage on resource: *", id="a-list"),
        pytest.param(
            "", b"Action=ReceiveMessage", {"path": "/1/orders"}, "receivemessage on resource: ORDERS", id="form"
        ),
    ],
)
def test_a_call_is_refused_as_on_aws(operation: str, body: bytes, options: dict[str, str], refused: str) -> None:
    arn = "arn:aws:sqs:eu-west-1:210987654321"
    sentence = refused.replace("ORDERS", f"{arn}:orders").replace("OTHER", f"{arn}:other")
    assert refusal(operation, body, **options) == (
        f"User: arn:aws:sts::210987654321:assumed-role/Role/Sender is not authorized to perform: sqs:{sentence}"
    )
