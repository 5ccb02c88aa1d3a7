"""Mock integrations: the request template and the response that a message chooses, and the notes about the rest."""

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from local.api.mock import mock
from local.api.results import NotInvoked
from local.lambdas.process import Result
from local.stack.app import Route
from local.stack.integration_types import MockIntegration, MockResponse, Templates
from tests.support.fakes import OfflineApi
from tests.support.templates import API, loaded

BY_STATUS = (
    MockResponse("/4\\d\\d/", Templates({"$default": "client"})),
    MockResponse("/40./", Templates({"$default": "second pattern"})),
    MockResponse("500", Templates({"$default": "five hundred"})),
    MockResponse("$default", Templates({"$default": "other"})),
)


def request(**templates: str) -> Templates:
    return Templates(templates, "${request.body.kind}")


def reply(**templates: str) -> tuple[MockResponse, ...]:
    return (MockResponse("$default", Templates(templates, "${request.body.lang}")),)


KINDS = request(
    ok='{"statusCode": 200}', bad="{statusCode:404}", broken='{"statusCode": "500", "id": "$context.connectionId"}'
)


@pytest.mark.parametrize(
    ("integration", "message", "status", "body"),
    [
        pytest.param(MockIntegration(), {}, 200, "", id="nothing-at-all"),
        pytest.param(MockIntegration(KINDS, BY_STATUS), {"kind": "ok"}, 200, "other", id="the-response-of-default"),
        pytest.param(MockIntegration(KINDS, BY_STATUS), {"kind": "bad"}, 404, "client", id="the-first-pattern"),
        pytest.param(MockIntegration(KINDS, BY_STATUS), {"kind": "broken"}, 500, "five hundred", id="a-plain-status"),
        pytest.param(MockIntegration(KINDS, BY_STATUS), {"kind": "no"}, 200, "other", id="a-message-that-passes"),
        pytest.param(MockIntegration(KINDS, BY_STATUS), None, 200, "other", id="a-message-that-is-not-json"),
        pytest.param(
            MockIntegration(Templates({"$default": "{statusCode:400}"}), BY_STATUS),
            {},
            400,
            "client",
            id="no-selection",
        ),
        pytest.param(
            MockIntegration(Templates({"application/json": "{statusCode:400}"}), BY_STATUS),
            {},
            400,
            "client",
            id="no-selection-and-the-key-of-the-documentation",
        ),
        pytest.param(
            MockIntegration(Templates({"$default": "{statusCode:400}", "a": "{}"}, "\\$default"), BY_STATUS),
            {},
            400,
            "client",
            id="a-static-selection",
        ),
        pytest.param(
            MockIntegration(KINDS, reply(pt="olá", en="hello")), {"lang": "en"}, 200, "hello", id="by-message"
        ),
        pytest.param(
            MockIntegration(KINDS, reply(**{"pt": "olá", "$default": "hi"})), {"lang": "x"}, 200, "hi", id="the-default"
        ),
        pytest.param(MockIntegration(KINDS, reply(pt="olá")), {"lang": "x"}, 200, "", id="no-template-for-the-value"),
        pytest.param(
            MockIntegration(
                KINDS,
                (MockResponse("/.*/", Templates({"404": "no", "200": "yes"}, "${integration.response.statuscode}")),),
            ),
            {"kind": "bad"},
            404,
            "no",
            id="by-status",
        ),
        pytest.param(
            MockIntegration(KINDS, reply(en="costs $5 #1")), {"lang": "en"}, 200, "costs $5 #1", id="no-velocity"
        ),
    ],
)
def test_a_mock_answers_by_its_templates(integration: MockIntegration, message: Any, status: int, body: str) -> None:
    assert mock(integration, "no json" if message is None else json.dumps(message)) == Result(
        {"statusCode": status, "body": body}
    )


@pytest.mark.parametrize(
    "integration",
    [
        pytest.param(MockIntegration(request(x='{"a": 1}')), id="no-status"),
        pytest.param(MockIntegration(request(x='#set($a = 1){"statusCode": 200}')), id="a-directive"),
        pytest.param(MockIntegration(request(x='{"statusCode": $input.path("$.s")}')), id="a-status-of-the-message"),
        pytest.param(MockIntegration(KINDS, BY_STATUS[:1]), id="no-response-for-the-status"),
        pytest.param(MockIntegration(KINDS, reply(**{"$default": "$input.body"})), id="a-reference-in-the-reply"),
        pytest.param(MockIntegration(KINDS, reply(**{"$default": "a ## b"})), id="a-comment-in-the-reply"),
        pytest.param(MockIntegration(passthrough="NEVER"), id="nothing-may-pass"),
        pytest.param(
            MockIntegration(request(y="{statusCode:200}"), passthrough="WHEN_NO_TEMPLATES"),
            id="may-not-pass-if-there-are-templates",
        ),
    ],
)
def test_a_mock_that_cannot_answer_fails_and_the_terminal_shows_why(integration: MockIntegration) -> None:
    with pytest.raises(NotInvoked):
        mock(integration, '{"kind": "x"}')
    offline = OfflineApi(Result(), (Route("$default", integration, two_way=True),))

    async def main() -> None:
        connection, _ = await offline.connect()
        offline.api.receive(connection, '{"kind": "x"}', lambda: None)

    asyncio.run(main())
    assert [json.loads(frame)["message"] for frame in offline.socket.sent] == ["Internal server error"]
    assert "mock" in offline.printed.getvalue()


MOCKED = (
    API
    + """
  Mock:
    Type: AWS::ApiGatewayV2::Route
    Properties: { ApiId: !Ref Api, RouteKey: mock, Target: !Sub "integrations/${Integration}" }
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      ApiId: !Ref Api
      IntegrationType: MOCK
      INTEGRATION
  Good:
    Type: AWS::ApiGatewayV2::IntegrationResponse
    Properties: { ApiId: !Ref Api, IntegrationId: !Ref Integration, IntegrationResponseKey: KEY, RESPONSE }
"""
)
GOOD = """TemplateSelectionExpression: \\$default
      RequestTemplates: { $default: '{"statusCode": 200}' }"""
REPLY = "ResponseTemplates: { $default: pong }"


def read_mock(
    folder: Path, integration: str = GOOD, key: str = "$default", response: str = REPLY
) -> tuple[Any, list[str]]:
    text = MOCKED.replace("INTEGRATION", integration).replace("KEY", key).replace("RESPONSE", response)
    app = loaded(folder, text)
    return app.routes["mock"].integration, [note.removeprefix(f"{folder}/template.yaml:") for note in app.notes]


def test_a_complete_mock_has_no_notes(tmp_path: Path) -> None:
    request = Templates({"$default": '{"statusCode": 200}'}, "\\$default")
    response = MockResponse("$default", Templates({"$default": "pong"}))
    assert read_mock(tmp_path) == (MockIntegration(request, (response,)), [])


@pytest.mark.parametrize(
    ("changed", "note"),
    [
        pytest.param(
            {"integration": "Description: none"},
            "23: Integration has no RequestTemplates: the status is 200, but API Gateway may fail instead.",
            id="no-request-templates",
        ),
        pytest.param(
            {"integration": GOOD.replace('"statusCode"', '"status"')},
            "23: The request template $default of Integration has no statusCode: the integration fails.",
            id="no-status",
        ),
        pytest.param(
            {"integration": GOOD.replace("200", "$input.body")},
            "23: The request template $default of Integration contains $input.body, "
            "and Velocity is not evaluated: the integration fails.",
            id="a-status-of-the-message",
        ),
        pytest.param(
            {"integration": GOOD.replace("\\$default", "other").replace("$default", "more")},
            "23: Integration always selects the template other, which it does not have.",
            id="a-static-key-without-a-template",
        ),
        pytest.param(
            {"integration": GOOD.replace("\\$default", "$context.stage")},
            "23: In the TemplateSelectionExpression of Integration, $context.stage is not a supported variable: "
            "the variable is empty.",
            id="another-variable",
        ),
        pytest.param(
            {"key": "/4../"},
            "23: Integration has no IntegrationResponse for the status 200 or for $default: the integration fails.",
            id="no-response-for-the-status",
        ),
        pytest.param(
            {"key": "'/[/'"},
            "30: The IntegrationResponseKey /[/ of Good is not a valid pattern: it matches no status.",
            id="an-invalid-pattern",
        ),
        pytest.param(
            {"response": "ResponseTemplates: { $default: 'x #if(1) y' }"},
            "30: The response template $default of Good contains #if, and Velocity is not evaluated: "
            "the integration fails.",
            id="a-directive",
        ),
        pytest.param(
            {"response": "ResponseTemplates: { $default: x }, ContentHandlingStrategy: CONVERT_TO_TEXT"},
            "30: The property ContentHandlingStrategy of Good is not imitated: replies are not converted.",
            id="a-property-that-is-not-imitated",
        ),
    ],
)
def test_a_note_with_its_line_names_each_problem_of_a_mock(changed: dict[str, str], note: str, tmp_path: Path) -> None:
    assert note in read_mock(tmp_path, **changed)[1]
