"""What the alarms watch, that each can end as it began, and that the documents know them all."""

import re
from typing import Any

import pytest

from tests.deployment.test_template import stack
from tests.support.paths import ROOT

ALARMS = stack().of_type("AWS::CloudWatch::Alarm")


def watched(alarm: dict[str, Any]) -> list[tuple[str, str]]:
    """Return namespace and name of each metric that an alarm reads."""
    read = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
    return [(each["Namespace"], each["MetricName"]) for each in read or [alarm]]


def expression(alarm: dict[str, Any]) -> str:
    (found,) = [str(each["Expression"]) for each in alarm["Metrics"] if each.get("ReturnData", True)]
    return found


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
def test_each_service_that_turns_away_is_watched(name: str, metrics: set[tuple[str, str]]) -> None:
    assert set(watched(ALARMS[name])) == metrics


@pytest.mark.parametrize("threshold", ["500", "20"])
def test_the_operator_says_how_many_refusals_are_too_many(threshold: str) -> None:
    alarms = stack(RefusalThreshold=threshold).of_type("AWS::CloudWatch::Alarm")
    for name in ("RefusalsAlarm", "TurnedAwayAlarm"):
        assert (alarms[name]["Threshold"], alarms[name]["Statistic"], alarms[name]["Period"]) == (threshold, "Sum", 300)


def test_api_gateway_is_watched_for_this_stage_alone() -> None:
    api, stage = {"Name": "ApiId", "Value": "localapi00"}, {"Name": "Stage", "Value": "prod"}
    assert ALARMS["TurnedAwayAlarm"]["Dimensions"] == ALARMS["IntegrationAlarm"]["Dimensions"] == [api, stage]


def test_the_accounts_concurrency_is_held_against_its_own_quota() -> None:
    # "Working with the ClaimedAccountConcurrency metric", Lambda developer guide. Both metrics are the account's.
    alarm = ALARMS["ConcurrencyAlarm"]
    assert expression(alarm) == "100 * FILL(claimed, 0) / SERVICE_QUOTA(running)"
    stats = {each["Id"]: each["MetricStat"] for each in alarm["Metrics"] if "MetricStat" in each}
    assert stats["running"]["Metric"] == {"Namespace": "AWS/Lambda", "MetricName": "ConcurrentExecutions"}
    assert {(each["Stat"], each["Period"]) for each in stats.values()} == {("Maximum", 60)}
    assert (alarm["Threshold"], alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (80, 2, 5)


def test_durations_are_held_against_the_timeout_of_their_function() -> None:
    divisors = {
        name: int(number)
        for name, number in re.findall(r"FILL\((\w+), 0\) / (\d+)", expression(ALARMS["DurationAlarm"]))
    }
    timeouts = {
        name.removesuffix("Function").lower(): each["Timeout"]
        for name, each in stack().of_type("AWS::Lambda::Function").items()
    }
    assert divisors == {name: seconds * 1000 / 100 for name, seconds in timeouts.items()}


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_ends_when_there_is_nothing_to_count_any_more(name: str) -> None:
    # Without data, an alarm on AWS/DynamoDB stays in its state, whatever TreatMissingData says (PutMetricAlarm,
    # CloudWatch API reference), and its metrics exist only while something is throttled. So zeros are always there.
    alarm = ALARMS[name]
    if any(namespace == "AWS/DynamoDB" for namespace, _ in watched(alarm)):
        ids = [each["Id"] for each in alarm["Metrics"] if "MetricStat" in each]
        assert expression(alarm) == f"SUM([TIME_SERIES(0), {', '.join(f'FILL({each}, 0)' for each in ids)}])"
    assert alarm["TreatMissingData"] == "notBreaching"


def test_operators_find_every_alarm_and_no_other() -> None:
    document = (ROOT / "docs" / "operations.md").read_text()
    assert sorted(re.findall(r"^\| `(\w+Alarm)` \| [^|]{20,} \| [^|]{20,} \|$", document, re.MULTILINE)) == sorted(
        ALARMS
    )
