"""The values of a template's parameters."""

import pytest

from local.stack.errors import TemplateError
from local.stack.parameters import parameter_values

PARAMETERS = {
    "Stage": {"Type": "String", "Default": "prod", "AllowedPattern": "[a-z]{1,5}"},
    "Mode": {"Type": "String", "Default": "none", "AllowedValues": ["none", "jwt"]},
    "Debug": {"Type": "String", "Default": False, "AllowedValues": [True, False]},
    "Count": {"Type": "Number", "Default": 3, "AllowedPattern": "[0-9]+", "ConstraintDescription": "a number"},
    "Rate": {"Type": "Number", "Default": 0, "MinValue": 0, "MaxValue": 10},
    "Text": {"Type": "String", "Default": "ab", "MinLength": 2, "MaxLength": "3"},
    "Any": {"Type": "Number", "Default": 1},
}
DEFAULTS = {"Stage": "prod", "Mode": "none", "Debug": "false", "Count": "3", "Rate": "0", "Text": "ab", "Any": "1"}


@pytest.mark.parametrize(
    ("given", "changed"),
    [
        pytest.param({}, {}, id="defaults-as-text"),
        pytest.param({"Stage": "dev"}, {"Stage": "dev"}, id="one-given"),
        pytest.param({"Stage": "abcde", "Count": "0"}, {"Stage": "abcde", "Count": "0"}, id="two-that-match"),
        pytest.param({"Mode": "jwt"}, {"Mode": "jwt"}, id="one-that-is-allowed"),
        pytest.param({"Debug": "true"}, {"Debug": "true"}, id="a-boolean-that-is-allowed"),
        pytest.param({"Rate": "10"}, {"Rate": "10"}, id="the-largest-number"),
        pytest.param({"Rate": "0.5"}, {"Rate": "0.5"}, id="a-fraction"),
    ],
)
def test_parameters_have_the_given_values_and_their_defaults(given: dict[str, str], changed: dict[str, str]) -> None:
    assert parameter_values(PARAMETERS, given) == DEFAULTS | changed


@pytest.mark.parametrize(
    ("given", "problem"),
    [
        pytest.param(
            {"stage": "dev"},
            "The template has no parameter stage; it has Stage, Mode, Debug, Count, Rate, Text, Any.",
            id="unknown",
        ),
        pytest.param({"Mode": "jwt "}, "The parameter Mode is 'jwt '; it must be one of none, jwt.", id="not-allowed"),
        pytest.param(
            {"Debug": "True"}, "The parameter Debug is 'True'; it must be one of true, false.", id="another-case"
        ),
        pytest.param(
            {"Stage": "abcdef"},
            "The parameter Stage is 'abcdef'; it must be text that matches [a-z]{1,5}.",
            id="too-long",
        ),
        pytest.param({"Stage": ""}, "The parameter Stage is ''; it must be text that matches [a-z]{1,5}.", id="empty"),
        pytest.param({"Count": "1x"}, "The parameter Count is '1x'; it must be a number.", id="with-a-description"),
        pytest.param(
            {"Text": "a"}, "The parameter Text is 'a'; it must be text with a length from 2 to 3.", id="short"
        ),
        pytest.param(
            {"Text": "abcd"}, "The parameter Text is 'abcd'; it must be text with a length from 2 to 3.", id="long"
        ),
        pytest.param({"Any": "x"}, "The parameter Any is 'x'; it must be a number.", id="not-a-number-without-bounds"),
        *(
            pytest.param({"Rate": rate}, f"The parameter Rate is '{rate}'; it must be a number from 0 to 10.", id=name)
            for rate, name in (
                ("-1", "too-small"),
                ("10.5", "too-large"),
                ("many", "not-a-number"),
                ("", "an-empty-number"),
            )
        ),
    ],
)
def test_a_parameter_out_of_its_bounds(given: dict[str, str], problem: str) -> None:
    with pytest.raises(TemplateError) as raised:
        parameter_values(PARAMETERS, given)
    assert str(raised.value) == problem


def test_parameters_without_a_default_are_named_all_at_once() -> None:
    declared = {"A": {"Type": "String"}, "B": {"Type": "String"}, "C": {"Type": "String"}}
    with pytest.raises(TemplateError) as raised:
        parameter_values(declared, {"B": ""})
    assert str(raised.value) == "These parameters have no default: A, C. Set each of them with --parameter."
    with pytest.raises(TemplateError, match=r"^The template has no parameter A; it has none\.$"):
        parameter_values({}, {"A": ""})


@pytest.mark.parametrize(
    "number",
    [pytest.param(each, id=each) for each in ("1e3", "1E+3", "1000.0", "1000.", "+1000", "0.1e4")],
)
def test_a_number_may_be_written_as_cloudformation_takes_it(number: str) -> None:
    declared = {"P": {"Type": "Number", "MinValue": 1000, "MaxValue": "1e3"}}
    assert parameter_values(declared, {"P": number}) == {"P": number}
