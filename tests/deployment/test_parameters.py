"""A parameter takes only values that its reader can use. Otherwise a deployment would succeed and the hub not work."""

import re

import pytest

from hub.settings import number
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
    assert numeric - {"LogRetention"} == set(BOUNDS)


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


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ("MessageRate=0.5", r"The parameter MessageRate is '0\.5'; it must be a whole number from 0 to 10000\."),
        ("StageBurst=1e3", r"The parameter StageBurst is '1e3'; it must be a whole number from 1 to 1000000\."),
        ("LogRetention=30.0", r"The parameter LogRetention is '30\.0'; it must be one of 1, 3, 5, .*"),
        ("AllowedOrigins=a.example", r"The parameter AllowedOrigins is 'a\.example'; it must be empty, or origins .*"),
    ],
)
def test_the_local_gateway_says_what_a_parameter_must_be(given: str, sentence: str) -> None:
    ended = run_local("--port", "0", "--parameter", given)
    assert ended.returncode == 1
    assert re.fullmatch(sentence, (ended.stdout + ended.stderr).strip().splitlines()[-1])
