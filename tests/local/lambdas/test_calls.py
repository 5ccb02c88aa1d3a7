"""Functions that call other functions and services, and the gateway's notes on what it does not serve."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.api import Api
from tests.support.gateway import run_local
from tests.support.paths import APPS

TEMPLATE = APPS / "calls.yaml"


@pytest.fixture(scope="module")
def calls() -> Iterator[Api]:
    with Api.start("--api", "Calls", template=TEMPLATE) as started:
        yield started


def ask(calls: Api, do: str, **members: Any) -> Any:
    """Tell the function Front what to do, and return its answer."""
    with calls.connect() as client:
        return json.loads(client.ask(json.dumps({"do": do, "with": members})))


ECHO = '{"name": "called-by-others", "event": {"n": 1}}'


@pytest.mark.parametrize(
    ("options", "answer"),
    [
        pytest.param({"Payload": '{"n": 1}'}, [200, None, ECHO], id="by-name"),
        pytest.param(
            {"Payload": '{"n": 1}', "FunctionName": "arn:aws:lambda:us-east-1:123456789012:function:called-by-others"},
            [200, None, ECHO],
            id="by-arn",
        ),
        pytest.param(
            {"Payload": '{"n": 1}', "FunctionName": "called-by-others:$LATEST"}, [200, None, ECHO], id="with-a-version"
        ),
        pytest.param({}, [200, None, '{"name": "called-by-others", "event": {}}'], id="without-a-payload"),
        pytest.param({"InvocationType": "DryRun"}, [204, None, ""], id="dry-run"),
        pytest.param({"FunctionName": "Back"}, [404, "ResourceNotFoundException"], id="no-such-function"),
        pytest.param({"Payload": "{"}, [400, "InvalidRequestContentException"], id="not-json"),
    ],
)
def test_a_function_calls_another(calls: Api, options: dict[str, str], answer: list[Any]) -> None:
    assert ask(calls, "invoke", **options) == answer


def test_a_function_that_raises_is_answered_with_its_error(calls: Api) -> None:
    status, error, payload = ask(calls, "invoke", Payload='"fail"')
    assert (status, error) == (200, "Unhandled")
    assert json.loads(payload) | {"stackTrace": [], "requestId": ""} == {
        "errorMessage": "told to",
        "errorType": "ValueError",
        "requestId": "",
        "stackTrace": [],
    }


def test_an_asynchronous_event_is_accepted_at_once_and_runs_later(calls: Api) -> None:
    assert ask(calls, "invoke", InvocationType="Event", Payload='"later"') == [202, None, ""]
    calls.gateway.output.wait_for("BACK GOT later")
    calls.gateway.output.wait_for(r"\(invoke\) +Back +done")


def test_the_template_s_resources_exist(calls: Api) -> None:
    assert ask(calls, "look") == ["in the queue", "in the bucket", "in the parameter", "in the parameter", "b"]


def test_an_operation_that_moto_lacks_is_reported_once_and_not_retried(calls: Api) -> None:
    service, operation = "comprehend", "batch_detect_entities"
    code, _ = ask(calls, "call", service=service, operation=operation, TextList=["a"], LanguageCode="en")
    assert code == "NotImplemented"
    sentence = f"The embedded AWS (moto) cannot do that: The {operation} action has not been implemented"
    calls.gateway.output.wait_for(re.escape(sentence))
    assert calls.gateway.output.text.count(sentence) == 1


def test_each_thing_that_is_not_served_has_a_line(calls: Api) -> None:
    missing = APPS / "apps-that-are-not-there"
    line = TEMPLATE.read_text().splitlines().index("  Foreign:") + 1
    for sentence in (
        "Of 2 WebSocket APIs, the gateway serves Calls. Use --api to serve another: OtherApi.",
        f"{TEMPLATE}:{line}: The code of Foreign should be in {missing}, which does not exist.",
        "These resources are not imitated: Machine (AWS::StepFunctions::StateMachine).",
        "On AWS, SSM has the value of the parameter FromSsm. "
        "Here the value is '/shared/name', because no --parameter sets it.",
    ):
        assert [printed for printed in calls.gateway.output.lines if sentence in printed], sentence


def test_an_unknown_api_is_refused() -> None:
    ended = run_local("--template", str(TEMPLATE), "--api", "Nothing", "--port", "0")
    assert (ended.returncode, ended.stderr) == (
        1,
        "The template has no WebSocket API Nothing; it has OtherApi, Calls.\n",
    )
