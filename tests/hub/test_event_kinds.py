"""The kind of an event: exactly one mark, and behind the mark what it promises."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.errors import BadRequest
from hub.event_kinds import Kind, kind_of
from tests.support.sample_events import sample_event

CLIENT = {"connectionId": "one="}
RECORD = {"eventSource": "aws:sqs", "messageId": "m-1", "body": "{}"}

MARKS = st.sampled_from([*Kind])
VALUES = st.recursive(
    st.sampled_from([None, True, 0, "", "publish", "aws:sqs", CLIENT, RECORD, [RECORD]]),
    lambda children: st.lists(children, max_size=2) | st.dictionaries(st.text(max_size=3), children, max_size=2),
    max_leaves=4,
)


@pytest.mark.parametrize(
    ("event", "kind"),
    [
        pytest.param(sample_event("send-message"), Kind.SOCKET, id="a-frame"),
        pytest.param(sample_event("who"), Kind.SOCKET, id="a-question-of-a-client"),
        pytest.param({"requestContext": CLIENT}, Kind.SOCKET, id="a-frame-without-a-body"),
        pytest.param({"requestContext": CLIENT, "body": None}, Kind.SOCKET, id="a-frame-whose-body-is-null"),
        pytest.param(
            {"requestContext": CLIENT, "body": '{"hub": "close", "Records": []}'}, Kind.SOCKET, id="marks-in-a-frame"
        ),
        pytest.param(
            {"requestContext": CLIENT | {"hub": "close", "Records": []}}, Kind.SOCKET, id="marks-deeper-in-a-socket"
        ),
        pytest.param(sample_event("queue"), Kind.QUEUE, id="a-record"),
        pytest.param({"Records": [RECORD, RECORD | {"messageId": "m-2"}]}, Kind.QUEUE, id="several-records"),
        pytest.param({"Records": []}, Kind.QUEUE, id="no-record"),
        pytest.param(
            {"Records": [RECORD | {"requestContext": CLIENT, "hub": "close"}]}, Kind.QUEUE, id="marks-in-a-record"
        ),
        pytest.param(sample_event("publish"), Kind.INVOCATION, id="a-publication"),
        pytest.param({"hub": None}, Kind.INVOCATION, id="an-invocation-without-a-verb"),
        pytest.param({"hub": "who", "requestcontext": CLIENT}, Kind.INVOCATION, id="a-mark-in-another-case"),
    ],
)
def test_an_event_is_of_the_kind_whose_mark_it_has(event: dict[str, Any], kind: Kind) -> None:
    assert kind_of(event) is kind


@pytest.mark.parametrize(
    ("event", "marks"),
    [
        pytest.param({}, "none", id="an-empty-object"),
        pytest.param({"action": "sendMessage", "sessions": ["s1"]}, "none", id="a-frame-without-a-socket"),
        pytest.param({"Hub": "publish", "records": []}, "none", id="marks-in-another-case"),
        pytest.param(None, "none", id="null"),
        pytest.param("hub", "none", id="a-text"),
        pytest.param(["hub"], "none", id="a-list"),
        pytest.param([["hub", "publish"]], "none", id="a-list-of-pairs"),
        pytest.param(7, "none", id="a-number"),
        pytest.param({"hub": "publish", "Records": [RECORD]}, "Records and hub", id="an-invocation-with-records"),
        pytest.param({"hub": None, "Records": None}, "Records and hub", id="two-marks-without-values"),
        pytest.param(
            {"requestContext": CLIENT, "Records": [RECORD]}, "requestContext and Records", id="records-with-a-socket"
        ),
        pytest.param(
            {"requestContext": None, "hub": "who"}, "requestContext and hub", id="an-invocation-with-a-socket"
        ),
        pytest.param(
            {"requestContext": CLIENT, "Records": [], "hub": "who"}, "requestContext and Records and hub", id="all"
        ),
    ],
)
def test_an_event_without_exactly_one_mark_is_refused(event: Any, marks: str) -> None:
    with pytest.raises(BadRequest) as caught:
        kind_of(event)
    assert str(caught.value) == f"An event has exactly one of requestContext, Records, hub, and this one has {marks}"
    assert caught.value.field is None


@pytest.mark.parametrize(
    ("event", "field"),
    [
        pytest.param({"requestContext": None}, "requestContext", id="a-socket-that-is-null"),
        pytest.param({"requestContext": {}}, "requestContext", id="a-socket-without-a-connection"),
        pytest.param({"requestContext": {"connectionId": 7}}, "requestContext", id="a-connection-that-is-a-number"),
        pytest.param({"requestContext": {"connectionId": None}}, "requestContext", id="a-connection-that-is-null"),
        pytest.param({"requestContext": [CLIENT]}, "requestContext", id="a-list-of-sockets"),
        pytest.param({"requestContext": "connectionId"}, "requestContext", id="a-socket-that-is-a-text"),
        pytest.param({"requestContext": CLIENT, "body": {"action": "ping"}}, "requestContext", id="a-body-not-a-text"),
        pytest.param({"requestContext": CLIENT, "body": 7}, "requestContext", id="a-body-that-is-a-number"),
        pytest.param({"Records": None}, "Records", id="records-that-are-null"),
        pytest.param({"Records": {"0": RECORD}}, "Records", id="records-in-an-object"),
        pytest.param({"Records": "aws:sqs"}, "Records", id="records-that-are-a-text"),
        pytest.param({"Records": [None]}, "Records", id="a-record-that-is-null"),
        pytest.param({"Records": [RECORD["body"]]}, "Records", id="a-record-that-is-a-text"),
        *(
            pytest.param(
                {"Records": [{name: value for name, value in RECORD.items() if name != absent}]},
                "Records",
                id=f"a-record-without-{absent}",
            )
            for absent in RECORD
        ),
        pytest.param({"Records": [RECORD | {"body": {}}]}, "Records", id="a-body-of-a-record-not-a-text"),
        pytest.param({"Records": [RECORD | {"messageId": 7}]}, "Records", id="a-message-id-that-is-a-number"),
        pytest.param({"Records": [RECORD | {"eventSource": "aws:s3"}]}, "Records", id="records-of-s3"),
        pytest.param({"Records": [RECORD | {"eventSource": "AWS:SQS"}]}, "Records", id="a-source-in-another-case"),
        pytest.param({"Records": [{"EventSource": "aws:sns", "Sns": {}}]}, "Records", id="records-of-sns"),
        pytest.param({"Records": [RECORD, RECORD | {"eventSource": "aws:dynamodb"}]}, "Records", id="one-of-a-stream"),
    ],
)
def test_an_event_without_what_its_mark_promises_is_refused_as_a_whole(event: dict[str, Any], field: str) -> None:
    with pytest.raises(BadRequest) as caught:
        kind_of(event)
    assert caught.value.field == field


@given(st.dictionaries(MARKS, VALUES) | VALUES)
def test_no_other_event_than_a_socket_s_has_a_kind_that_trusts_a_connection(event: Any) -> None:
    try:
        kind = kind_of(event)
    except BadRequest:
        return
    assert {mark for mark in Kind if mark in event} == {kind}
    if kind is Kind.SOCKET:
        assert isinstance(event["requestContext"]["connectionId"], str)
        assert isinstance(event.get("body"), str | None)
    if kind is Kind.QUEUE:
        assert {(record["eventSource"], *map(type, record.values())) for record in event["Records"]} <= {
            ("aws:sqs", str, str, str)
        }
