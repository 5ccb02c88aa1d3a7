"""
Builds the stack for the processor that it is deployed to: ``make build``.

``sam build`` and ``sam deploy`` each read the parameter ``Architecture`` for themselves, and ``sam deploy --guided``
saves its answer for deploy only. With libraries for another processor the deployment succeeds, and every message fails.
So this builds for what samconfig.toml has for deploy, and the built template allows no other processor: CloudFormation
refuses it.

"""

import os
import subprocess
import sys
from pathlib import Path

import click
from samcli.cli.types import CfnParameterOverridesType
from samcli.lib.config.samconfig import SamConfig
from samcli.yamlhelper import yaml_dump, yaml_parse

from local.errors import CannotDo

ROOT = Path(__file__).parents[2]
BUILT = ROOT / ".aws-sam" / "build"
"""Where ``sam deploy`` looks."""


class CannotBuild(CannotDo):
    """The stack cannot be built. The text is a whole sentence."""


def build(folder: Path, architecture: str, *options: str | Path) -> None:
    """
    Build the functions, the layer and the template that names both.

    Args:
        folder: Receives them. SAM writes a ``build.toml`` beside it.
        architecture: ``arm64`` or ``x86_64``.
        options: More options for ``sam build``.

    Raises:
        CannotBuild: If SAM cannot build. SAM has printed why.

    """
    bin_folder = Path(sys.executable).parent
    command: list[str | Path] = [bin_folder / "sam", "build", "--build-dir", folder, *options]
    command += ["--parameter-overrides", f"Architecture={architecture}"]
    environment = {"AWS_DEFAULT_REGION": "us-east-1", "SAM_CLI_TELEMETRY": "0"} | os.environ  # it needs some region
    environment["PATH"] = f"{bin_folder}:{environment['PATH']}"  # where SAM looks for python3.12
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        raise CannotBuild("sam build failed.")
    pin(folder / "template.yaml", architecture)


def pin(template: Path, architecture: str) -> None:
    """Let a built template allow no processor but the one that its functions are built for."""
    content = yaml_parse(template.read_text(encoding="utf-8"))
    content["Parameters"]["Architecture"] |= {"Default": architecture, "AllowedValues": [architecture]}
    template.write_text(yaml_dump(content), encoding="utf-8")


def deployed_architecture(folder: Path, environment: str) -> str:
    """
    Return the processor that ``sam deploy --config-env`` asks for, or else the template's default.

    Args:
        folder: Has a template.yaml, and a samconfig.toml or none.

    Raises:
        CannotBuild: If samconfig.toml cannot be read, or names a processor that the template does not allow.

    """
    parameter = yaml_parse((folder / "template.yaml").read_text(encoding="utf-8"))["Parameters"]["Architecture"]
    try:
        config = SamConfig(folder).get_all(["deploy"], "parameters", environment)
        given = CfnParameterOverridesType().convert(config.get("parameter_overrides", ""), None, None)
    except click.ClickException as error:  # as all errors of SAM's are
        raise CannotBuild(f"samconfig.toml cannot be read: {error.message}") from error
    architecture = str(given.get("Architecture", parameter["Default"])).strip('"')
    if architecture not in parameter["AllowedValues"]:
        allowed = " or ".join(parameter["AllowedValues"])
        raise CannotBuild(
            f"Architecture is {architecture!r} in samconfig.toml, for {environment}; it must be {allowed}."
        )
    return architecture


def build_for(environment: str) -> None:
    """
    Build into .aws-sam what ``sam deploy --config-env`` deploys.

    Raises:
        CannotBuild: If this is not Python 3.12, if samconfig.toml cannot be read, or if SAM cannot build.

    """
    if sys.version_info[:2] != (3, 12):
        raise CannotBuild(f"sam build needs Python 3.12, as Lambda has it; .venv has {sys.version.split()[0]}.")
    build(BUILT, deployed_architecture(ROOT, environment), "--config-env", environment)
