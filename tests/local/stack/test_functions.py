"""The versions of a function: those that the template publishes, and those that its aliases lead to."""

from pathlib import Path

import pytest

from tests.support.templates import API, loaded

PUBLISHED = "  Published: { Type: AWS::Lambda::Version, Properties: { FunctionName: FUNCTION } }\n"
ALIAS = """
  Alias:
    Type: AWS::Lambda::Alias
    Properties: { Name: live, FunctionName: FUNCTION, FunctionVersion: NUMBER }
"""
OF_MY_FUNCTION = "!GetAtt MyFunction.Arn"


@pytest.mark.parametrize(
    ("more", "qualifier", "version"),
    [
        pytest.param("", "", "$LATEST", id="nothing"),
        pytest.param("", "$LATEST", "$LATEST", id="latest"),
        pytest.param("", "1", None, id="not-published"),
        pytest.param(PUBLISHED.replace("FUNCTION", OF_MY_FUNCTION), "1", "1", id="published"),
        pytest.param(PUBLISHED.replace("FUNCTION", "!Ref MyFunction"), "1", "1", id="published-by-name"),
        pytest.param(PUBLISHED.replace("FUNCTION", OF_MY_FUNCTION), "2", None, id="later-than-the-published-one"),
        pytest.param(PUBLISHED.replace("FUNCTION", "other"), "1", None, id="published-of-another-function"),
        pytest.param(PUBLISHED.replace("FUNCTION", "!ImportValue other"), "1", None, id="published-of-another-stack"),
        pytest.param(
            (PUBLISHED + ALIAS).replace("FUNCTION", OF_MY_FUNCTION).replace("NUMBER", "!GetAtt Published.Version"),
            "live",
            "1",
            id="alias",
        ),
        pytest.param(
            ALIAS.replace("FUNCTION", OF_MY_FUNCTION).replace("NUMBER", "7"), "7", "7", id="of-an-alias-by-number"
        ),
        pytest.param(
            ALIAS.replace("FUNCTION", OF_MY_FUNCTION).replace("NUMBER", "7"), "6", None, id="before-that-of-an-alias"
        ),
        pytest.param(
            ALIAS.replace("FUNCTION", "!ImportValue x").replace("NUMBER", "7"),
            "live",
            None,
            id="alias-of-another-stack",
        ),
    ],
)
def test_the_version_that_a_qualifier_selects(more: str, qualifier: str, version: str | None, tmp_path: Path) -> None:
    assert loaded(tmp_path, API + more).functions["MyFunction"].version(qualifier) == version
