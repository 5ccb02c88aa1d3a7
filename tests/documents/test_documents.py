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
PORTUGUESE = (ROOT / "docs" / "README.pt-BR.md").read_text()
CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()
PROTOCOL = (ROOT / "docs" / "protocol.md").read_text()
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text()
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
def test_the_configuration_names_what_the_template_has(name: str) -> None:
    assert f"`{name}`" in CONFIGURATION + README


@pytest.mark.parametrize(
    "code", sorted({error.code for error in HubError.__subclasses__()} - {Unauthorized.code, TooManyConnections.code})
)
def test_the_documents_list_every_error_code_of_a_frame(code: str) -> None:
    assert f"| `{code}` |" in PROTOCOL
    assert f"`{code}`" in README


def fences(document: str, language: str) -> list[str]:
    """Return the contents of the fenced blocks of a language."""
    return re.findall(rf"^ *```{language}\n(.*?)^ *```$", document, re.MULTILINE | re.DOTALL)


def code_in_rows(document: str) -> list[list[str]]:
    """Return, for each row of each table, what stands in backquotes."""
    return [re.findall(r"`([^`]+)`", row) for row in re.findall(r"^\|.*\|$", document, re.MULTILINE)]


def links(document: str) -> list[str]:
    """Return the names of the files that a document links, without their folders."""
    return [Path(target).name for target in re.findall(r"\]\(([^)]+)\)", document) if not target.startswith("http")]


def test_the_readme_links_the_portuguese_one_first() -> None:
    assert README.splitlines()[2] == "[Em português](docs/README.pt-BR.md)"


def test_the_portuguese_readme_has_the_commands_tables_and_names_of_the_english_one() -> None:
    assert fences(PORTUGUESE, "console") == fences(README, "console")
    assert fences(PORTUGUESE, "js") == fences(README, "js")
    assert code_in_rows(PORTUGUESE) == code_in_rows(README)
    assert sorted(re.findall(r"`([^`\n]+)`", PORTUGUESE)) == sorted(re.findall(r"`([^`\n]+)`", README))
    assert links(PORTUGUESE)[1:] == links(README)[1:]
    protocol, tree = fences(PORTUGUESE, "text")
    english_protocol, english_tree = fences(README, "text")
    assert protocol == english_protocol
    assert [line[:36] for line in tree.splitlines()] == [line[:36] for line in english_tree.splitlines()]
    assert PORTUGUESE.count("\n## ") == README.count("\n## ")


def test_the_readme_is_short() -> None:
    assert len(README.splitlines()) < 150


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`([a-z_/]+/[a-z_./-]*)`", ARCHITECTURE))))
def test_the_architecture_names_paths_that_exist(path: str) -> None:
    roots = {"hub": "shared"} | dict.fromkeys(["callers", "delivery", "history"], "send-message")
    assert (ROOT / roots.get(path.partition("/")[0], ".") / path).exists()


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_no_line_of_prose_is_longer_than_120_columns(document: Path) -> None:
    prose = re.sub(r"^ *```.*?^ *```$", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    long = [line for line in prose.splitlines() if len(line) > 120 and not line.startswith(("|", "!["))]
    assert long == []


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
