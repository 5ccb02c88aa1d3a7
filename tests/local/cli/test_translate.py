"""``python -m local translate``: the template that SAM makes, and notes about unknown properties."""

import json
import re
from pathlib import Path

from local.stack.loading import translated
from tests.support.gateway import run_local
from tests.support.paths import TEMPLATE


def test_translate_names_properties_that_sam_does_not_know(tmp_path: Path) -> None:
    path = tmp_path / "template.yaml"
    path.write_text(
        "Transform: AWS::Serverless-2016-10-31\n"
        "Resources:\n"
        "  MyFunction:\n"
        "    Type: AWS::Serverless::Function\n"
        "    Properties: {Runtime: python3.12, Handler: app.handler, CodeUri: s3://a/b, Newest: 1}\n"
    )
    ended = run_local("translate", "--template", str(path))
    assert ended.returncode == 0
    assert re.fullmatch(rf"{re.escape(str(path))}:3: .*\bNewest of MyFunction\b.*\n", ended.stderr)
    assert "Newest" not in ended.stdout


def test_translate_prints_the_template_that_sam_makes() -> None:
    ended = run_local("translate")
    assert (ended.returncode, ended.stderr) == (0, "")
    assert json.loads(ended.stdout) == translated(TEMPLATE)
    resources = json.loads(ended.stdout)["Resources"].values()
    of_type = {
        kind: [resource["Properties"] for resource in resources if resource["Type"] == f"AWS::ApiGatewayV2::{kind}"]
        for kind in ("Route", "RouteResponse")
    }
    two_way = [route["RouteKey"] for route in of_type["Route"] if "RouteResponseSelectionExpression" in route]
    assert sorted(two_way) == ["$default", "ping", "resume", "sendMessage", "who"]
    assert len(of_type["RouteResponse"]) == 5
