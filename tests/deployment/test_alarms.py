"""Which metrics the alarms watch, that each alarm can end, and that docs/operations.md lists all alarms."""

import re
from typing import Any

import pytest

from tests.support.paths import ROOT
from tests.support.stacks import stack

ALARMS = stack().of_type("AWS::CloudWatch::Alarm")


def watched(alarm: dict[str, Any]) -> list[tuple[str, str]]:
    """Return namespace and name of each metric that an alarm reads."""
    queries = alarm.get("Metrics", [])
    metrics = [query["MetricStat"]["Metric"] for query in queries if "MetricStat" in query]
    return [(metric["Namespace"], metric["MetricName"]) for metric in metrics or [alarm]]


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
    assert set(watched(ALARMS[name])) == metrics


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


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_ends_when_there_is_nothing_to_count_any_more(name: str) -> None:
    # Without data, an alarm on AWS/DynamoDB keeps its state, whatever TreatMissingData says (PutMetricAlarm, CloudWatch
    # API reference). The metrics have data only while DynamoDB throttles. So the expression must add zeros.
    alarm = ALARMS[name]
    if any(namespace == "AWS/DynamoDB" for namespace, _ in watched(alarm)):
        ids = [query["Id"] for query in alarm["Metrics"] if "MetricStat" in query]
        assert expression(alarm) == f"SUM([TIME_SERIES(0), {', '.join(f'FILL({metric_id}, 0)' for metric_id in ids)}])"
    assert alarm["TreatMissingData"] == "notBreaching"


def test_the_document_lists_every_alarm_and_no_other() -> None:
    document = (ROOT / "docs" / "operations.md").read_text()
    assert sorted(re.findall(r"^\| `(\w+Alarm)` \| [^|]{20,} \| [^|]{20,} \|$", document, re.MULTILINE)) == sorted(
        ALARMS
    )
