"""A parameter takes only values that its reader can use. Otherwise a deployment would succeed and the hub not work."""

import re

import pytest

from hub.sessions import GRANT
from hub.variables import number
from tests.support.gateway import run_local
from tests.support.stacks import PARAMETERS, takes

BOUNDS = {
    "MaxConnectionsPerSession": (0, 100_000),
    "MessageRate": (0, 10_000),
    "MessageBurst": (1, 10_000),
    "StageRate": (1, 1_000_000),
    "StageBurst": (1, 1_000_000),
    "ReservedConcurrency": (0, 10_000),
    "RefusalThreshold": (1, 1_000_000),
    "PublishConcurrency": (2, 1_000),
}
NOT_WHOLE = [
    "0.5",
    "1.0",
    "1.",
    "1e3",
    "1E3",
    "01",
    "007",
    "-0",
    "-1",
    "+5",
    " 5",
    "5 ",
    "5\n",
    "1_0",
    "0x1",
    "٣",
    "",
    "many",
]
DAYS = [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]
"""Source: PutRetentionPolicy, CloudWatch Logs API reference."""


def test_no_parameter_has_the_type_number_which_takes_fractions() -> None:
    assert {name for name, parameter in PARAMETERS.items() if parameter["Type"] != "String"} == set()
    numeric = {name for name, parameter in PARAMETERS.items() if str(parameter["Default"]).isdecimal()}
    assert numeric - {"LogRetention", "HistorySeconds"} == set(BOUNDS)


@pytest.mark.parametrize("name", BOUNDS)
def test_a_number_is_whole_and_within_its_bounds(name: str) -> None:
    least, most = BOUNDS[name]
    inside = {*range(least, 1_100), 9_999, most // 2, most - 1, most}
    assert [value for value in sorted(inside) if value <= most and not takes(name, str(value))] == []
    outside = [str(value) for value in (least - 1, most + 1, most * 10, 10**30)]
    assert [value for value in [*outside, *NOT_WHOLE] if takes(name, value)] == []
    assert PARAMETERS[name]["ConstraintDescription"] == f"a whole number from {least} to {most}"


@pytest.mark.parametrize("name", BOUNDS)
def test_the_functions_read_every_number_that_a_parameter_takes(name: str) -> None:
    assert [number({name: str(value)}, name) for value in BOUNDS[name]] == [*BOUNDS[name]]


def test_log_retention_takes_the_days_that_cloudwatch_takes() -> None:
    assert PARAMETERS["LogRetention"]["AllowedValues"] == [str(days) for days in DAYS]
    assert [value for value in ["0", "2", "31", "30.0", "030", " 30"] if takes("LogRetention", value)] == []


def test_history_lasts_no_seconds_or_five_seconds_to_a_week() -> None:
    week = 7 * 24 * 60 * 60
    lengths = [10**digits for digits in range(1, 6)]
    edges = [99_999, 100_000, 599_999, 600_000, 603_999, 604_000, 604_799, week]
    inside = {0, *range(5, 1_100), *lengths, *(length - 1 for length in lengths[1:]), *edges, *range(5, week, 997)}
    assert [value for value in sorted(inside) if not takes("HistorySeconds", str(value))] == []
    outside = [1, 2, 3, 4, week + 1, 604_810, 604_900, 605_000, 610_000, 700_000, 999_999, 1_000_000, 10**30]
    assert [value for value in [*map(str, outside), *NOT_WHOLE, "00"] if takes("HistorySeconds", value)] == []


@pytest.mark.parametrize(
    ("sessions", "is_taken"),
    [
        pytest.param("*", True, id="every-session"),
        pytest.param("s1", True, id="one-session"),
        pytest.param("a.B-9_:@", True, id="every-character"),
        pytest.param("order-*", True, id="pattern"),
        pytest.param("s1,order-*,*", True, id="several"),
        pytest.param("s1 , s2,  s3", True, id="spaces-around-commas"),
        pytest.param("a" * 128 + "*", True, id="longest-pattern"),
        pytest.param(",".join(["a" * 127] * 8), True, id="longest"),
        pytest.param("", False, id="empty"),
        pytest.param(" ", False, id="space"),
        pytest.param("s1,", False, id="nothing-behind-a-comma"),
        pytest.param(",s1", False, id="nothing-before-a-comma"),
        pytest.param("s1,,s2", False, id="nothing-between-commas"),
        pytest.param("s1 s2", False, id="no-comma"),
        pytest.param("*s", False, id="star-in-front"),
        pytest.param("a*b", False, id="star-inside"),
        pytest.param("a**", False, id="two-stars"),
        pytest.param("é", False, id="another-character"),
        pytest.param("s1\n", False, id="end-of-line"),
        pytest.param("a" * 129, False, id="too-long-for-an-id"),
        pytest.param(",".join(["a" * 127] * 8) + ",a", False, id="too-long"),
    ],
)
def test_history_takes_sessions_as_a_token_s_claim_send_does(sessions: str, is_taken: bool) -> None:
    assert takes("HistorySessions", sessions) == is_taken
    if is_taken:
        assert all(GRANT.fullmatch(grant.strip()) for grant in sessions.split(","))


@pytest.mark.parametrize(
    ("arn", "is_taken"),
    [
        pytest.param("", True, id="none"),
        pytest.param("arn:aws:kms:eu-west-1:123456789012:key/1b2a-3c", True, id="key"),
        pytest.param("arn:aws:kms:eu-west-1:123456789012:key/mrk-0f", True, id="key-for-several-regions"),
        pytest.param("arn:aws-us-gov:kms:us-gov-west-1:123456789012:key/1", True, id="another-partition"),
        pytest.param("arn:aws:kms:eu-west-1:123456789012:alias/mine", False, id="alias"),
        pytest.param("arn:aws:kms:eu-west-1:123456789012:key/*", False, id="every-key"),
        pytest.param("1b2a-3c", False, id="id"),
        pytest.param("*", False, id="everything"),
    ],
)
def test_history_takes_one_key_by_its_arn(arn: str, is_taken: bool) -> None:
    # The ARN is a resource of the function's role, and IAM ignores an alias there.
    assert takes("HistoryKeyArn", arn) == is_taken


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        (
            "HistorySeconds=4",
            r"The parameter HistorySeconds is '4'; it must be 0, or a whole number from 5 to 604800\.",
        ),
        ("HistorySessions=a*b", r"The parameter HistorySessions is 'a\*b'; it must be session ids and patterns .*"),
        ("MessageRate=0.5", r"The parameter MessageRate is '0\.5'; it must be a whole number from 0 to 10000\."),
        ("StageBurst=1e3", r"The parameter StageBurst is '1e3'; it must be a whole number from 1 to 1000000\."),
        ("LogRetention=30.0", r"The parameter LogRetention is '30\.0'; it must be one of 1, 3, 5, .*"),
        (
            "JwksUrl=http://a.example/",
            r"The parameter JwksUrl is 'http://a\.example/'; it must be empty, or an https .*",
        ),
        ("JwtSendClaim=a b", r"The parameter JwtSendClaim is 'a b'; it must be 1 to 128 characters without spaces\."),
        ("AllowedOrigins=a.example", r"The parameter AllowedOrigins is 'a\.example'; it must be empty, or origins .*"),
    ],
)
def test_the_local_gateway_says_what_a_parameter_must_be(given: str, sentence: str) -> None:
    ended = run_local("--port", "0", "--parameter", given)
    assert ended.returncode == 1
    assert re.fullmatch(sentence, (ended.stdout + ended.stderr).strip().splitlines()[-1])
