"""The prices of backends and operators in docs/operations.md."""

import pytest

from bench import costs
from bench.report import fill
from bench.scaling import backends, function_times
from tests.support.paths import ROOT

RESULTS = function_times.results()
ACTIONS = backends.actions(RESULTS)


def test_the_table_of_the_document_is_made_from_the_model() -> None:
    # If this fails after a new docs/performance.json: make scaling.
    document = (ROOT / "docs" / "operations.md").read_text()
    assert fill(document, {"backends": backends.backends(RESULTS)}) == document


def test_an_action_costs_the_sum_of_what_it_uses() -> None:
    free = backends.Action(0, calls=0, reads=0, logs=0)
    assert free.dollars() == 0
    used = free._replace(seconds=3, calls=2, reads=5, writes=7, posts=11, queue=13, logs=costs.GB)
    lambda_and_logs = 3 * costs.LAMBDA_GB_SECOND + 2 * costs.LAMBDA_REQUEST + costs.LOG_GB
    table = 5 * costs.DYNAMODB_READ + 7 * costs.DYNAMODB_WRITE
    messages = 11 * costs.API_GATEWAY_MESSAGE + 13 * costs.SQS_REQUEST
    assert used.dollars() == pytest.approx(lambda_and_logs + table + messages)


def test_the_queue_adds_its_three_requests_and_a_call_for_many_messages_saves_calls() -> None:
    one = ACTIONS["publish, one message"].dollars()
    assert ACTIONS["a message through the queue"].dollars() - one == pytest.approx(3 * costs.SQS_REQUEST)
    assert one - ACTIONS["publish, one of 100 messages in a call"].dollars() == pytest.approx(
        0.99 * costs.LAMBDA_REQUEST
    )


def test_five_pollers_that_wait_twenty_seconds_ask_15_times_a_minute() -> None:
    assert backends.POLLS == 15 * 60 * 24 * 30
