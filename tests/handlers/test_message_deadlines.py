"""MessageFunction looks for the sender and delivers in the time that is left."""

import json
from typing import Any

import pytest

from hub.connection import Connection
from hub.items import item_of
from tests.support.frames import send_message
from tests.support.lambdas import Context, cold_start
from tests.support.scripted import answer, scripted

ROW = Connection("s1", "one=", 1_795_000_000_500, 9_999_999_999)
MESSAGE = {"requestContext": {"connectionId": "one="}, "body": json.dumps(send_message("s1", echo=False))}


@pytest.mark.parametrize(
    ("remaining_ms", "seconds"),
    [
        pytest.param(4_000, 3, id="a-second-before-the-function-ends"),
        pytest.param(28_000, 27, id="the-whole-time"),
        pytest.param(60_000, 27, id="never-longer-than-api-gateway-waits"),
    ],
)
def test_looking_for_the_sender_and_delivering_end_before_the_function_does(
    monkeypatch: pytest.MonkeyPatch, remaining_ms: int, seconds: float
) -> None:
    with scripted() as server:
        server.last = answer(json.dumps({"Items": [item_of(ROW)]}).encode())
        function = cold_start("MessageFunction", monkeypatch, AWS_ENDPOINT_URL_DYNAMODB=server.url)
        given: list[float] = []

        def noted(method: Any) -> Any:
            def call(first: Any, seconds: float, *rest: Any) -> Any:
                given.append(seconds)
                return method(first, seconds, *rest)

            return call

        monkeypatch.setattr(function.FAN_OUT, "delivery", noted(function.FAN_OUT.delivery))
        monkeypatch.setattr(function.FAN_OUT.table, "find", noted(function.FAN_OUT.table.find))
        try:
            answered = function.lambda_handler(MESSAGE, Context(remaining_ms=remaining_ms))
        finally:
            function.FAN_OUT.close()

    assert json.loads(answered["body"])["type"] == "ack"
    assert given == [seconds, seconds]
