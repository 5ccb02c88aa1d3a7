"""The documents name what there is, and nothing that is not."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from hub.errors import HubError, TooManyConnections, Unauthorized
from local.stack.loading import load, translated
from tests.support.paths import ROOT

README = (ROOT / "README.md").read_text()
DOCUMENTS = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")],
)
APP = load(ROOT / "template.yaml", {})


def documented_names() -> list[str]:
    """Functions, parameters, variables, routes and the table, as the template has them."""
    variables = {name for function in APP.functions.values() for name in function.environment}
    tables = [table["TableName"] for table in APP.store.tables]
    return sorted({*APP.functions, *translated(ROOT / "template.yaml")["Parameters"], *APP.routes, *variables, *tables})


@pytest.mark.parametrize("name", documented_names())
def test_the_readme_names_what_the_template_has(name: str) -> None:
    assert f"`{name}`" in README


@pytest.mark.parametrize(
    "code", sorted({error.code for error in HubError.__subclasses__()} - {Unauthorized.code, TooManyConnections.code})
)
def test_the_readme_lists_every_error_code_of_a_frame(code: str) -> None:
    assert f"| `{code}` |" in README


@pytest.mark.parametrize("target", sorted(set(re.findall(r"\bmake ([a-z-]+)\b(?= |`|\n|\.)", README)) - {"and"}))
def test_the_make_targets_of_the_readme_exist(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_make_alone_lists_every_target() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert re.findall(r"^  make ([a-z-]+)", listed, re.MULTILINE) == targets


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_lead_somewhere(document: Path) -> None:
    targets = re.findall(r"\]\(([^)#]+)[^)]*\)", document.read_text())
    local = [target for target in targets if not target.startswith("http")]
    assert [target for target in local if not (document.parent / target).exists()] == []


@pytest.mark.parametrize("folder", re.findall(r"^(?:[\w./-]+/ )*[\w./-]+(?=  )", README, re.MULTILINE))
def test_the_tree_in_the_readme_is_the_tree_on_the_disk(folder: str) -> None:
    assert [path for path in folder.split() if not (ROOT / path).exists()] == []


def test_sam_local_can_set_every_variable_of_env_json() -> None:
    # `sam local invoke --env-vars` ignores variables that the template does not name.
    resources = translated(ROOT / "template.yaml")["Resources"].values()
    declared = {
        name
        for resource in resources
        if resource["Type"] == "AWS::Lambda::Function"
        for name in resource["Properties"]["Environment"]["Variables"]
    }
    assert set(json.loads((ROOT / "events" / "env.json").read_text())["Parameters"]) <= declared


def test_what_env_json_sets_does_not_exist_once_deployed() -> None:
    assert {name for function in APP.functions.values() for name in function.environment if "AWS_" in name} == set()
