"""The API in the template: CloudFormation makes its parts one after the other, and SAM generates none of them."""

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from local.stack.app import Throttle
from local.stack.loading import load
from local.stack.reading import read
from tests.support.ministack import depends_on
from tests.support.paths import ROOT
from tests.support.stacks import RESOURCES, names, stack

PARTS = [
    name
    for name, resource in RESOURCES.items()
    if resource["Type"].startswith("AWS::ApiGatewayV2::") and "HubApi" in names(resource["Properties"].get("ApiId"))
]
"""All resources whose creation changes the API."""


def in_any_case(node: Any) -> Any:
    """Return a value without the branches of ``Fn::If``, because a stack may not use them."""
    if isinstance(node, dict):
        return {key: in_any_case(value) for key, value in node.items() if key != "Fn::If"}
    return [in_any_case(item) for item in node] if isinstance(node, list) else node


def waits_for(name: str) -> Iterator[str]:
    """Yield every resource that CloudFormation makes before this one, because of a reference or of ``DependsOn``."""
    resource = RESOURCES[name]
    for other in {*names(in_any_case(resource["Properties"])), *depends_on(resource)} & {*RESOURCES}:
        yield other
        yield from waits_for(other)


def test_the_api_has_parts() -> None:
    kinds = sorted(RESOURCES[name]["Type"].removeprefix("AWS::ApiGatewayV2::") for name in PARTS)
    assert kinds == sorted(
        [*["Route"] * 7, *["Integration"] * 4, *["RouteResponse"] * 5, "IntegrationResponse", "Stage", "ApiMapping"]
    )


def test_no_two_parts_of_the_api_are_made_at_once() -> None:
    # API Gateway answers 409 "Unable to complete operation due to concurrent modification".
    earlier = {name: {*waits_for(name)} for name in PARTS}
    pairs = itertools.combinations(PARTS, 2)
    assert [(one, other) for one, other in pairs if one not in earlier[other] and other not in earlier[one]] == []


def test_the_stage_waits_for_all_parts_that_it_deploys() -> None:
    assert {*waits_for("HubStage")} >= {*PARTS} - {"HubStage", "HubDomainMapping"}


def test_the_template_itself_declares_every_part_of_the_api() -> None:
    assert {*PARTS} <= {*read(ROOT / "template.yaml").content["Resources"]}


@pytest.mark.parametrize("path", ["template.yaml", "bench/gateway/echo/template.yaml"])
def test_a_template_names_only_what_it_declares(path: str) -> None:
    content = read(ROOT / path).content
    resources = content["Resources"]
    waited_for = {name for resource in resources.values() for name in depends_on(resource)}
    assert names([resources, content.get("Outputs")]) | waited_for <= {*resources, *content["Parameters"]}


def test_every_route_has_the_throttle_of_the_stage() -> None:
    app = load(ROOT / "template.yaml", {"StageRate": "7", "StageBurst": "3"})
    assert app.throttle == Throttle(7, 3)
    assert {key: route.throttle for key, route in app.routes.items()} == dict.fromkeys(
        ["$connect", "$disconnect", "sendMessage", "resume", "who", "$default", "ping"]
    )


@pytest.mark.parametrize("seconds", ["0", "600"])
def test_a_client_may_ask_for_history_whether_the_hub_keeps_it_or_not(seconds: str) -> None:
    resources = stack(HistorySeconds=seconds)
    (route,) = [
        route for route in resources.of_type("AWS::ApiGatewayV2::Route").values() if route["RouteKey"] == "resume"
    ]
    assert route["Target"] == "integrations/MessageIntegration"
    allowed = resources.of_type("AWS::Lambda::Permission").values()
    (function,) = [each["FunctionName"] for each in allowed if each["SourceArn"].endswith("/prod/resume")]
    assert function.endswith(":function:MessageFunction")


def test_the_stage_deploys_changed_routes() -> None:
    (stage,) = stack().of_type("AWS::ApiGatewayV2::Stage").values()
    assert stage["AutoDeploy"] is True
    assert "DeploymentId" not in stage
