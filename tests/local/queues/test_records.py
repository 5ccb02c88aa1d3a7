"""The event that a function receives from a queue, and what its answer says."""

from typing import Any

import pytest

from local.place import Place
from local.queues.records import event, failed_ids

MESSAGE = {
    "MessageId": "m1",
    "ReceiptHandle": "r1",
    "MD5OfBody": "5d41402abc4b2a76b9719d911017c592",
    "Body": "hello",
    "Attributes": {"ApproximateReceiveCount": "1", "SentTimestamp": "1795000000000", "SenderId": "AIDA"},
}
ATTRIBUTES = {
    "MessageAttributes": {
        "kind": {"StringValue": "order", "DataType": "String"},
        "bytes": {"BinaryValue": "AAE=", "DataType": "Binary"},
    },
    "MD5OfMessageAttributes": "fa20e2def088daf7b14bc51e836c5547",
}


def test_a_record_has_the_members_of_lambda_s_event() -> None:
    assert event([MESSAGE], "orders", Place("eu-west-1", "210987654321")) == {
        "Records": [
            {
                "messageId": "m1",
                "receiptHandle": "r1",
                "body": "hello",
                "attributes": {
                    "ApproximateReceiveCount": "1",
                    "SentTimestamp": "1795000000000",
                    "SenderId": "AIDA",
                },
                "messageAttributes": {},
                "md5OfBody": "5d41402abc4b2a76b9719d911017c592",
                "eventSource": "aws:sqs",
                "eventSourceARN": "arn:aws:sqs:eu-west-1:210987654321:orders",
                "awsRegion": "eu-west-1",
            }
        ]
    }


def test_attributes_of_a_message_have_lambda_s_spelling() -> None:
    (record,) = event([MESSAGE | ATTRIBUTES], "orders", Place())["Records"]
    empty: dict[str, Any] = {"stringListValues": [], "binaryListValues": []}
    assert record["messageAttributes"] == {
        "kind": empty | {"stringValue": "order", "dataType": "String"},
        "bytes": empty | {"binaryValue": "AAE=", "dataType": "Binary"},
    }
    assert record["md5OfMessageAttributes"] == "fa20e2def088daf7b14bc51e836c5547"


@pytest.mark.parametrize(
    ("answer", "failed"),
    [
        pytest.param(None, "", id="null"),
        pytest.param({}, "", id="empty"),
        pytest.param({"other": 1}, "", id="without-failures"),
        pytest.param({"batchItemFailures": None}, "", id="null-for-the-list"),
        pytest.param({"batchItemFailures": []}, "", id="an-empty-list"),
        pytest.param({"batchItemFailures": [{"itemIdentifier": "b"}]}, "b", id="one"),
        pytest.param({"batchItemFailures": [{"itemIdentifier": "b"}] * 2}, "b", id="one-twice"),
        pytest.param({"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]}, "ab", id="two"),
        pytest.param({"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "x"}]}, "abc", id="unknown"),
        pytest.param({"batchItemFailures": [{"itemIdentifier": ""}]}, "abc", id="an-empty-id"),
        pytest.param({"batchItemFailures": [{"itemIdentifier": None}]}, "abc", id="null-for-an-id"),
        pytest.param({"batchItemFailures": [{"itemIdentifier": ["b"]}]}, "abc", id="a-list-for-an-id"),
        pytest.param({"batchItemFailures": [{"id": "b"}]}, "abc", id="another-key"),
        pytest.param({"batchItemFailures": ["b"]}, "abc", id="ids-alone"),
        pytest.param({"batchItemFailures": "b"}, "abc", id="a-text-for-the-list"),
        pytest.param({"batchItemFailures": {"itemIdentifier": "b"}}, "abc", id="a-mapping-for-the-list"),
        pytest.param([{"itemIdentifier": "b"}], "abc", id="a-list"),
        pytest.param("done", "abc", id="a-text"),
    ],
)
def test_an_answer_says_which_records_have_failed(answer: Any, failed: str) -> None:
    assert failed_ids(answer, {"a", "b", "c"}) == set(failed)
