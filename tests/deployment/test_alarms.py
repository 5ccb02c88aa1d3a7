"""Which metrics the alarms watch, that each alarm can end, and that docs/operations.md lists all alarms."""

import re
from typing import Any

import pytest

from tests.support.paths import ROOT
from tests.support.stacks import stack, watched_by

ALARMS = stack().of_type("AWS::CloudWatch::Alarm")
WITH_HISTORY = stack(HistorySeconds="600").of_type("AWS::CloudWatch::Alarm")
WITH_QUEUE = stack(PublishQueue="on").of_type("AWS::CloudWatch::Alarm")

WITH_PROVIDER = {"ProviderAlarm"}
"""The alarm of a stack that takes the tokens of an identity provider."""


def expression(alarm: dict[str, Any]) -> str:
    """Return the expression that an alarm compares with its threshold."""
    (text,) = [str(query["Expression"]) for query in alarm["Metrics"] if query.get("ReturnData", True)]
    return text


@pytest.mark.parametrize(
    ("name", "metrics"),
    [
        pytest.param("TurnedAwayAlarm", {("AWS/ApiGateway", "ClientError")}, id="refused-by-api-gateway"),
        pytest.param("IntegrationAlarm", {("AWS/ApiGateway", "ExecutionError")}, id="not-called"),
        pytest.param("ThrottlesAlarm", {("AWS/Lambda", "Throttles")}, id="turned-away-by-lambda"),
        pytest.param(
            "ConcurrencyAlarm",
            {("AWS/Lambda", "ClaimedAccountConcurrency"), ("AWS/Lambda", "ConcurrentExecutions")},
            id="before-lambda-turns-away",
        ),
        pytest.param(
            "TableThrottlesAlarm",
            {("AWS/DynamoDB", "ReadThrottleEvents"), ("AWS/DynamoDB", "WriteThrottleEvents")},
            id="turned-away-by-dynamodb",
        ),
    ],
)
def test_an_alarm_watches_each_service_that_can_refuse_requests(name: str, metrics: set[tuple[str, str]]) -> None:
    assert set(watched_by(ALARMS[name])) == metrics


@pytest.mark.parametrize("threshold", ["500", "20"])
def test_refusal_threshold_is_the_threshold_of_both_alarms_on_refusals(threshold: str) -> None:
    alarms = stack(RefusalThreshold=threshold).of_type("AWS::CloudWatch::Alarm")
    for name in ("RefusalsAlarm", "TurnedAwayAlarm"):
        assert (alarms[name]["Threshold"], alarms[name]["Statistic"], alarms[name]["Period"]) == (threshold, "Sum", 300)


def test_the_alarms_on_api_gateway_watch_only_the_stage_of_the_stack() -> None:
    api, stage = {"Name": "ApiId", "Value": "localapi00"}, {"Name": "Stage", "Value": "prod"}
    assert ALARMS["TurnedAwayAlarm"]["Dimensions"] == ALARMS["IntegrationAlarm"]["Dimensions"] == [api, stage]


def test_the_concurrency_of_the_account_is_compared_with_its_quota() -> None:
    # "Working with the ClaimedAccountConcurrency metric", Lambda developer guide. Both metrics are the account's.
    alarm = ALARMS["ConcurrencyAlarm"]
    assert expression(alarm) == "100 * FILL(claimed, 0) / SERVICE_QUOTA(running)"
    stats = {query["Id"]: query["MetricStat"] for query in alarm["Metrics"] if "MetricStat" in query}
    assert stats["running"]["Metric"] == {"Namespace": "AWS/Lambda", "MetricName": "ConcurrentExecutions"}
    assert {(stat["Stat"], stat["Period"]) for stat in stats.values()} == {("Maximum", 60)}
    assert (alarm["Threshold"], alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (80, 2, 5)


def test_durations_are_compared_with_the_timeout_of_their_function() -> None:
    divisors = {
        name: int(number)
        for name, number in re.findall(r"FILL\((\w+), 0\) / (\d+)", expression(ALARMS["DurationAlarm"]))
    }
    timeouts = {
        name.removesuffix("Function").lower(): function["Timeout"]
        for name, function in stack().of_type("AWS::Lambda::Function").items()
    }
    assert divisors == {name: seconds * 1000 / 100 for name, seconds in timeouts.items()}


def tables(alarm: dict[str, Any], metric: str) -> list[str]:
    """Return the table of each query for a metric of DynamoDB, without those of an index."""
    queries = [query["MetricStat"]["Metric"] for query in alarm["Metrics"] if "MetricStat" in query]
    dimensions = [each["Dimensions"] for each in queries if each["MetricName"] == metric]
    return [values[0]["Value"] for values in dimensions if len(values) == 1]


@pytest.mark.parametrize("metric", ["ReadThrottleEvents", "WriteThrottleEvents"])
def test_the_alarm_on_throttles_watches_each_table_that_the_stack_has(metric: str) -> None:
    assert tables(ALARMS["TableThrottlesAlarm"], metric) == ["ConnectionsTable"]
    assert tables(WITH_HISTORY["TableThrottlesAlarm"], metric) == ["ConnectionsTable", "HistoryTable"]


def test_messages_that_could_not_be_stored_start_the_alarm_on_undelivered_messages() -> None:
    without, with_history = ALARMS["UndeliveredAlarm"], WITH_HISTORY["UndeliveredAlarm"]
    assert watched_by(without) == [("WebSocketHub", "Undelivered")]
    assert watched_by(with_history) == [("WebSocketHub", "Undelivered"), ("WebSocketHub", "Unstored")]
    # Unstored may never have had data, and + has no result if one of its sides has no data.
    assert expression(with_history) == "SUM([TIME_SERIES(0), FILL(undelivered, 0), FILL(unstored, 0)])"
    stats = [query["MetricStat"] for query in with_history["Metrics"] if "MetricStat" in query]
    for dimensions, statistic, period in (
        (without["Dimensions"], without["Statistic"], without["Period"]),
        *((stat["Metric"]["Dimensions"], stat["Stat"], stat["Period"]) for stat in stats),
    ):
        assert (dimensions, statistic, str(period)) == ([{"Name": "service", "Value": "local"}], "Sum", "300")
    for alarm in (without, with_history):
        assert (alarm["Threshold"], alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (1, 2, 3)


def test_cloudwatch_takes_an_alarm_on_one_metric_or_on_an_expression_but_not_on_both() -> None:
    single = {"Namespace", "MetricName", "Dimensions", "Statistic", "ExtendedStatistic", "Period"}
    for alarm in [*ALARMS.values(), *WITH_HISTORY.values(), *WITH_QUEUE.values()]:
        assert ("Metrics" in alarm) != bool(single & {*alarm})


def test_history_changes_no_other_alarm() -> None:
    changed = {name for name, alarm in WITH_HISTORY.items() if alarm != ALARMS[name]}
    assert changed == {"TableThrottlesAlarm", "UndeliveredAlarm"}


def test_the_queue_adds_two_alarms_and_changes_no_other() -> None:
    assert {name: WITH_QUEUE[name] for name in ALARMS} == ALARMS
    assert WITH_QUEUE.keys() - ALARMS.keys() == {"QueueAgeAlarm", "DeadLettersAlarm"}


@pytest.mark.parametrize(
    ("name", "queue", "metric", "threshold"),
    [
        ("QueueAgeAlarm", "PublishedMessages", "ApproximateAgeOfOldestMessage", 300),
        ("DeadLettersAlarm", "PublishDeadLetters", "ApproximateNumberOfMessagesVisible", 1),
    ],
)
def test_an_alarm_watches_each_queue(name: str, queue: str, metric: str, threshold: int) -> None:
    alarm = WITH_QUEUE[name]
    assert watched_by(alarm) == [("AWS/SQS", metric)]
    assert alarm["Dimensions"] == [{"Name": "QueueName", "Value": queue}]
    assert (alarm["Statistic"], alarm["Threshold"], alarm["EvaluationPeriods"]) == ("Maximum", threshold, 1)
    assert alarm["ComparisonOperator"] == "GreaterThanOrEqualToThreshold"


@pytest.mark.parametrize(
    ("alarms", "name"),
    [
        *(pytest.param(ALARMS, name, id=f"defaults-{name}") for name in ALARMS),
        *(pytest.param(WITH_HISTORY, name, id=f"with-history-{name}") for name in WITH_HISTORY),
        *(pytest.param(WITH_QUEUE, name, id=f"with-a-queue-{name}") for name in WITH_QUEUE),
    ],
)
def test_an_alarm_ends_when_there_is_nothing_to_count_any_more(alarms: dict[str, Any], name: str) -> None:
    # Without data, an alarm on AWS/DynamoDB keeps its state, whatever TreatMissingData says (PutMetricAlarm, CloudWatch
    # API reference). The metrics have data only while DynamoDB throttles. So the expression must add zeros.
    alarm = alarms[name]
    if any(namespace == "AWS/DynamoDB" for namespace, _ in watched_by(alarm)):
        ids = [query["Id"] for query in alarm["Metrics"] if "MetricStat" in query]
        assert expression(alarm) == f"SUM([TIME_SERIES(0), {', '.join(f'FILL({metric_id}, 0)' for metric_id in ids)}])"
    assert alarm["TreatMissingData"] == "notBreaching"


def test_the_document_lists_every_alarm_and_no_other() -> None:
    document = (ROOT / "docs" / "operations.md").read_text()
    assert sorted(re.findall(r"^\| `(\w+Alarm)` \| [^|]{20,} \| [^|]{20,} \|$", document, re.MULTILINE)) == sorted(
        {*ALARMS, *WITH_QUEUE, *WITH_PROVIDER}
    )
