"""What JwksUrl changes in a stack: the tokens of an identity provider, in place of the signing key."""

import re

import pytest

from hub.provider_settings import URL, ProviderSettings
from hub.settings import ConnectSettings
from hub.variables import SettingsError
from local.lambdas.worker_environment import environment_of
from local.stack.loading import load
from tests.support.jwks_urls import ACCEPTED, REFUSED
from tests.support.paths import ROOT
from tests.support.stacks import PARAMETERS, complaints, only, stack, takes

PROVIDER = {
    "AuthMode": "jwt",
    "JwksUrl": "https://provider.example/jwks.json",
    "JwtIssuer": "https://provider.example",
    "JwtAudience": "hub",
}


def test_the_parameter_accepts_exactly_the_urls_that_the_function_accepts() -> None:
    assert PARAMETERS["JwksUrl"]["AllowedPattern"] == f"^$|^{URL}$"
    assert takes("JwksUrl", "")
    assert [url for url in ACCEPTED if not takes("JwksUrl", url)] == []
    assert [url for url in REFUSED if takes("JwksUrl", url)] == []


@pytest.mark.parametrize("name", ["JwtSessionClaim", "JwtSendClaim"])
def test_a_claim_is_any_name_without_spaces(name: str) -> None:
    names = ["sub", "session_id", "cognito:groups", "https://example.com/session", "a.b", "oid", "#", "x" * 128]
    assert [claim for claim in names if not takes(name, claim)] == []
    others = ["", " ", "a b", "x" * 129, "sub ", "sub\n", "é", "\x7f"]
    assert [claim for claim in others if takes(name, claim)] == []
    assert PARAMETERS[name]["Default"] == {"JwtSessionClaim": "session_id", "JwtSendClaim": "send"}[name]


MODE, NO_ISSUER, NO_AUDIENCE = (
    "JwksUrl needs AuthMode=jwt",
    "JwksUrl needs a JwtIssuer",
    "JwksUrl needs a JwtAudience",
)


@pytest.mark.parametrize(
    ("changes", "broken"),
    [
        pytest.param({}, [], id="as-it-should-be"),
        pytest.param({"AuthMode": "none"}, [MODE], id="mode-none"),
        pytest.param({"AuthMode": "signature"}, [MODE], id="mode-signature"),
        pytest.param({"JwtIssuer": ""}, [NO_ISSUER], id="no-issuer"),
        pytest.param({"JwtAudience": ""}, [NO_AUDIENCE], id="no-audience"),
        pytest.param(
            {"AuthMode": "none", "JwtIssuer": "", "JwtAudience": ""}, [MODE, NO_ISSUER, NO_AUDIENCE], id="all-missing"
        ),
        pytest.param({"JwksUrl": "", "AuthMode": "none", "JwtIssuer": "", "JwtAudience": ""}, [], id="no-provider"),
    ],
)
def test_a_rule_refuses_what_the_function_would_not_start_with(changes: dict[str, str], broken: list[str]) -> None:
    parameters = PROVIDER | changes
    assert complaints(**parameters) == broken
    environment = environment_of(load(ROOT / "template.yaml", parameters).functions["ConnectFunction"], {})
    if broken:
        with pytest.raises(SettingsError):
            ConnectSettings.from_env(environment)
    else:
        settings = ConnectSettings.from_env(environment)
        assert bool(settings.provider) == bool(parameters["JwksUrl"])


def test_connect_function_gets_the_provider_and_not_the_name_of_the_secret() -> None:
    claims = {"JwtSessionClaim": "sub", "JwtSendClaim": "cognito:groups"}
    resources = stack(**PROVIDER, **claims)
    variables = resources.of_type("AWS::Lambda::Function")["ConnectFunction"]["Environment"]["Variables"]
    assert "SIGNING_SECRET_NAME" not in {name for name, value in variables.items() if value is not None}
    own = stack(AuthMode="jwt").of_type("AWS::Lambda::Function")["ConnectFunction"]["Environment"]["Variables"]
    assert own["SIGNING_SECRET_NAME"] == "SigningSecret"
    expected = ProviderSettings(PROVIDER["JwksUrl"], *claims.values())
    assert (
        ProviderSettings.from_env({name: value for name, value in variables.items() if isinstance(value, str)})
        == expected
    )
    for name in ("DisconnectFunction", "MessageFunction"):
        others = resources.of_type("AWS::Lambda::Function")[name]["Environment"]["Variables"]
        assert not {"JWKS_URL", "JWT_SESSION_CLAIM", "SIGNING_SECRET_NAME"} & {*others}


def test_a_provider_adds_one_alarm_and_shows_it() -> None:
    kind = "AWS::CloudWatch::Alarm"
    without, with_provider = stack(AuthMode="jwt"), stack(**PROVIDER)
    assert {*with_provider.of_type(kind)} - {*without.of_type(kind)} == {"ProviderAlarm"}
    dashboards = [only(each, "AWS::CloudWatch::Dashboard")["DashboardBody"] for each in (without, with_provider)]
    assert ["ProviderAlarm" in body for body in dashboards] == [False, True]
    assert ['"WebSocketHub", "ProviderFailed"' in body for body in dashboards] == [False, True]


def test_the_alarm_watches_failed_fetches_of_the_keys() -> None:
    alarm = stack(**PROVIDER).of_type("AWS::CloudWatch::Alarm")["ProviderAlarm"]
    assert (alarm["Namespace"], alarm["MetricName"], alarm["Statistic"]) == ("WebSocketHub", "ProviderFailed", "Sum")
    assert alarm["Dimensions"] == [{"Name": "service", "Value": "local"}]
    assert (alarm["Threshold"], alarm["DatapointsToAlarm"], alarm["EvaluationPeriods"]) == (1, 2, 3)
    assert alarm["TreatMissingData"] == "notBreaching"


def test_an_output_says_whose_tokens_are_accepted() -> None:
    sentence = stack(**PROVIDER).output("Authentication")
    assert re.fullmatch(r"AuthMode is jwt, .* a token of https://provider\.example for hub", sentence)
    assert "signing key" not in sentence
