"""Integrations that the gateway cannot imitate: the reason is a note, and the template still loads."""

from pathlib import Path

import pytest

from local.stack.integration_types import Unavailable
from tests.support.templates import API, MOCK, loaded

ELSEWHERE = "The code of MyFunction is not a local folder."


NOT_THERE = "arn:aws:lambda:us-east-1:123456789012:function:other"


@pytest.mark.parametrize(
    ("text", "route", "reason"),
    [
        pytest.param(
            API.replace("!GetAtt MyFunction.Arn", NOT_THERE),
            "$default",
            "{template}:6: The function other is not in the template.",
            id="a-function-of-another-stack",
        ),
        pytest.param(
            API + MOCK.replace("REPLY", "text").replace("IntegrationType: MOCK", "IntegrationType: HTTP_PROXY"),
            "mock",
            "{template}:23: Integration is an integration of the type HTTP_PROXY, which is not imitated.",
            id="an-http-integration",
        ),
        pytest.param(
            API + MOCK.replace("REPLY", "text").replace("${Integration}", "other"),
            "mock",
            "{template}:20: The integration of the route test/mock is not in the template.",
            id="no-integration",
        ),
        pytest.param(
            API.replace("function/,", "s3://bucket/key,"), "$default", f"{{template}}:16: {ELSEWHERE}", id="code-in-s3"
        ),
        pytest.param(
            API.replace("function/,", "missing/,"),
            "$default",
            "{template}:16: The code of MyFunction should be in {folder}/missing, which does not exist.",
            id="no-folder",
        ),
        pytest.param(
            API.replace("function/,", "template.yaml,"),
            "$default",
            "{template}:16: The code of MyFunction is {template}, which is neither a folder nor a zip archive.",
            id="a-file-for-a-folder",
        ),
        pytest.param(
            API.replace("main.handle", "main"),
            "$default",
            "{template}:16: The Handler of MyFunction is main; it must be module.function.",
            id="a-handler-without-a-function",
        ),
        pytest.param(
            API.replace("Handler:", "Environment: {Variables: {A: [1]}}, Handler:"),
            "$default",
            "{template}:16: The variable A of MyFunction is [1]; it must be text.",
            id="a-list-for-a-variable",
        ),
        pytest.param(
            API.replace("Handler:", "Environment: {Variables: {AWS_REGION: a}}, Handler:"),
            "$default",
            "{template}:16: The variable AWS_REGION of MyFunction is reserved; Lambda sets it.",
            id="a-reserved-variable",
        ),
        pytest.param(
            API.replace("Handler:", "LoggingConfig: {LogFormat: XML}, Handler:"),
            "$default",
            "{template}:16: The LogFormat of MyFunction is XML; it must be Text or JSON.",
            id="a-log-format",
        ),
        pytest.param(
            API.replace("Handler:", "LoggingConfig: {ApplicationLogLevel: INFO}, Handler:"),
            "$default",
            "{template}:16: The ApplicationLogLevel of MyFunction needs the LogFormat JSON, but the LogFormat is Text.",
            id="a-level-of-text",
        ),
        pytest.param(
            API.replace("Handler:", "LoggingConfig: {LogFormat: JSON, ApplicationLogLevel: LOUD}, Handler:"),
            "$default",
            "{template}:16: The ApplicationLogLevel of MyFunction is LOUD; "
            "it must be one of TRACE, DEBUG, INFO, WARN, ERROR, FATAL.",
            id="a-level",
        ),
        pytest.param(
            API.replace("!GetAtt MyFunction.Arn", "!Sub '${MyFunction.Arn}:other'"),
            "$default",
            "{template}:6: The template has no alias or version other of MyFunction.",
            id="an-alias-that-is-not-there",
        ),
        pytest.param(
            API.replace("!GetAtt MyFunction.Arn", "!Sub '${MyFunction.Arn}:1'"),
            "$default",
            "{template}:6: The template has no alias or version 1 of MyFunction.",
            id="a-version-that-is-not-published",
        ),
        pytest.param(
            API.replace("Handler:", "Environment: {A: b}, Handler:"),
            "$default",
            "{template}:16: The Environment of MyFunction has A; it may have Variables only.",
            id="an-environment-without-variables",
        ),
        pytest.param(
            API + MOCK.replace("REPLY", "text").replace("integrations/", ""),
            "mock",
            "{template}:20: The integration of the route test/mock is not in the template.",
            id="a-target-without-its-first-part",
        ),
        pytest.param(
            API + MOCK.replace("REPLY", "text").replace("!Ref Api, Int", "another, Int"),
            "mock",
            "{template}:23: Integration belongs to another API than the route Mock.",
            id="an-integration-of-another-api",
        ),
        pytest.param(
            API.replace("Handler:", "Timeout: 0, Handler:"),
            "$default",
            "{template}:16: The Timeout of MyFunction is 0; it must be a number from 1 to 900.",
            id="no-time",
        ),
        pytest.param(
            API.replace("Handler:", "MemorySize: much, Handler:"),
            "$default",
            "{template}:16: The MemorySize of MyFunction is much; it must be a number from 128 to 10240.",
            id="a-size-that-is-not-a-number",
        ),
        pytest.param(
            API + MOCK.replace("REPLY", "text").replace("IntegrationType: MOCK", "IntegrationType: AWS_PROXY"),
            "mock",
            "{template}:23: Integration has no IntegrationUri.",
            id="no-uri",
        ),
        pytest.param(
            API.replace("Default: 1000", "Default: 30000"),
            "$default",
            "{template}:6: "
            "The TimeoutInMillis of ApiDefaultIntegration is 30000; it must be a number from 50 to 29000.",
            id="a-timeout-beyond-the-quota",
        ),
        pytest.param(
            API.replace("python3.12", "nodejs22.x"),
            "$default",
            "{template}:16: The Runtime of MyFunction is nodejs22.x; the gateway runs only Python functions.",
            id="another-runtime",
        ),
        pytest.param(
            API.replace("Handler:", "FunctionName: mine, Environment: {Variables: {A: !ImportValue x}}, Handler:"),
            "$default",
            "{template}:16: Fn::ImportValue imports x from another stack, which the gateway does not have. "
            "Use a parameter instead.",
            id="a-value-of-another-stack",
        ),
    ],
)
def test_an_integration_that_cannot_be_imitated_is_unavailable_and_the_template_still_loads(
    text: str, route: str, reason: str, tmp_path: Path
) -> None:
    app = loaded(tmp_path, text)
    expected = reason.format(folder=tmp_path, template=tmp_path / "template.yaml")
    assert app.routes[route].integration == Unavailable(expected)
    assert expected in app.notes
