"""``make build`` builds for the processor that ``sam deploy`` uses, wherever samconfig.toml names it."""

import shutil
import subprocess
from pathlib import Path

import pytest
from samcli.cli.types import CfnParameterOverridesType
from samcli.lib.config.samconfig import SamConfig

from local.cli.build import CannotBuild, deployed_architecture
from local.stack.loading import translated
from tests.support.paths import ROOT

GLOBAL = '[default.global.parameters]\nparameter_overrides = "Architecture=x86_64"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(ROOT / "template.yaml", tmp_path)
    return tmp_path


def configured(folder: Path, text: str) -> Path:
    (folder / "samconfig.toml").write_text(f"version = 0.1\n{text}")
    return folder


@pytest.mark.parametrize(
    ("text", "architecture"),
    [
        pytest.param("", "arm64", id="nowhere"),
        pytest.param(GLOBAL, "x86_64", id="for-all-commands"),
        pytest.param(f'{GLOBAL}[default.deploy.parameters]\nstack_name = "a"\n', "x86_64", id="among-others"),
        pytest.param(
            '[default.deploy.parameters]\nparameter_overrides = "StageName=\\"prod\\" Architecture=\\"x86_64\\""\n',
            "x86_64",
            id="as-guided-saves-it",
        ),
        pytest.param(
            f'{GLOBAL}[default.deploy.parameters]\nparameter_overrides = "Architecture=\\"arm64\\""\n',
            "arm64",
            id="deploy-overrides-all-commands",
        ),
        pytest.param(
            f'{GLOBAL}[default.deploy.parameters]\nparameter_overrides = "AuthMode=jwt"\n',
            "arm64",
            id="deploy-replaces-the-overrides-of-all-commands",
        ),
        pytest.param(
            '[default.deploy.parameters]\nparameter_overrides = ["AuthMode=jwt", "Architecture=x86_64"]\n',
            "x86_64",
            id="a-list",
        ),
        pytest.param(
            '[default.deploy.parameters.parameter_overrides]\nArchitecture = "x86_64"\n', "x86_64", id="a-table"
        ),
        pytest.param(
            '[default.deploy.parameters]\nparameter_overrides = "ParameterKey=Architecture,ParameterValue=x86_64"\n',
            "x86_64",
            id="in-long-form",
        ),
        pytest.param(GLOBAL.replace("default", "prod"), "arm64", id="of-another-environment"),
    ],
)
def test_the_processor_that_deploy_uses(text: str, architecture: str, folder: Path) -> None:
    assert deployed_architecture(configured(folder, text), "default") == architecture


def test_without_samconfig_the_processor_is_the_template_s_default(folder: Path) -> None:
    assert deployed_architecture(folder, "default") == "arm64"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        pytest.param(
            GLOBAL.replace("x86_64", "x86"),
            r"samconfig\.toml sets Architecture to 'x86' for default; it must be arm64 or x86_64\.",
            id="not-a-processor",
        ),
        pytest.param("[default", r"samconfig\.toml cannot be read: .+", id="not-toml"),
        pytest.param(
            GLOBAL.replace("Architecture=x86_64", "x86_64"), r"samconfig\.toml cannot be read: .+", id="not-pairs"
        ),
    ],
)
def test_a_stack_that_cannot_be_built(text: str, problem: str, folder: Path) -> None:
    with pytest.raises(CannotBuild, match=problem):
        deployed_architecture(configured(folder, text), "default")


@pytest.mark.parametrize("environment", ["default", "staging", "prod"])
def test_in_our_samconfig_all_commands_share_the_processor(environment: str) -> None:
    config = SamConfig(ROOT)
    given = [
        CfnParameterOverridesType().convert(
            config.get_all(names, "parameters", environment)["parameter_overrides"], None, None
        )
        for names in (["build"], ["deploy"], ["local", "invoke"])
    ]
    assert given[0] == given[1] == given[2]
    assert given[0]["Architecture"] == deployed_architecture(ROOT, environment) == "arm64"


def would_run(*arguments: str) -> str:
    """Return the commands that make would run, without running them."""
    return subprocess.run(["make", "-n", *arguments], cwd=ROOT, check=True, capture_output=True, text=True).stdout


def test_make_builds_for_the_environment_that_it_deploys() -> None:
    built, deployed = (line for line in would_run("deploy", "ENV=prod").splitlines() if "config-env" in line)
    assert built.endswith("-m local build --config-env prod")
    assert deployed.endswith("sam deploy --config-env prod")


def test_make_delete_names_the_secret_that_it_leaves_behind() -> None:
    description = translated(ROOT / "template.yaml")["Resources"]["SigningSecret"]["Properties"]["Description"]
    named = description["Fn::Sub"].replace("${AWS::StackName}", "websocket-hub-staging")
    printed = would_run("delete", "ENV=staging")
    assert f"Description=='{named}'" in printed
    assert "aws secretsmanager delete-secret" in printed
