"""
``python -m local build``: builds the stack for the processor that it is deployed to. ``make build`` runs it.

``sam build`` and ``sam deploy`` each read the parameter ``Architecture`` for themselves, and ``sam deploy --guided``
saves its answer for deploy only. With libraries for another processor the deployment succeeds, and every message fails.
So this command builds for the processor that samconfig.toml names for deploy. The built template then allows no other
processor: CloudFormation refuses it.

"""

import argparse
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
"""The folder that ``sam deploy`` deploys from."""


class CannotBuild(CannotDo):
    """The stack cannot be built."""


def run(arguments: argparse.Namespace) -> int:
    """
    Build the stack into .aws-sam, for ``sam deploy --config-env``.

    Raises:
        CannotBuild: If this Python is not 3.12, if samconfig.toml cannot be read, or if ``sam build`` fails.

    """
    if sys.version_info[:2] != (3, 12):
        raise CannotBuild(
            f"sam build needs Python 3.12, the version of the functions; .venv has {sys.version.split()[0]}."
        )
    environment = arguments.config_env
    build(BUILT, deployed_architecture(ROOT, environment), "--config-env", environment)
    return 0


def build(folder: Path, architecture: str, *options: str | Path) -> None:
    """
    Build the functions, the layer and the template that names both.

    Args:
        folder: Receives the build. SAM writes a ``build.toml`` next to it.
        architecture: ``arm64`` or ``x86_64``.
        options: Additional options for ``sam build``.

    Raises:
        CannotBuild: If ``sam build`` fails. It has printed the reason.

    """
    bin_folder = Path(sys.executable).parent
    command: list[str | Path] = [bin_folder / "sam", "build", "--build-dir", folder, *options]
    command += ["--parameter-overrides", f"Architecture={architecture}"]
    environment = {
        "AWS_DEFAULT_REGION": "us-east-1",
        "SAM_CLI_TELEMETRY": "0",
    } | os.environ  # SAM needs a region, and does not use it
    environment["PATH"] = f"{bin_folder}:{environment['PATH']}"  # SAM looks there for python3.12
    if subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode:
        raise CannotBuild("sam build failed. Its output says why.")
    pin(folder / "template.yaml", architecture)


def pin(template: Path, architecture: str) -> None:
    """Change a built template so that it allows only the processor that its functions are built for."""
    content = yaml_parse(template.read_text(encoding="utf-8"))
    content["Parameters"]["Architecture"] |= {"Default": architecture, "AllowedValues": [architecture]}
    template.write_text(yaml_dump(content), encoding="utf-8")


def deployed_architecture(folder: Path, environment: str) -> str:
    """
    Return the processor that ``sam deploy --config-env`` uses: samconfig.toml's, or else the template's default.

    Args:
        folder: Has a template.yaml, and may have a samconfig.toml.
        environment: The environment in samconfig.toml.

    Raises:
        CannotBuild: If samconfig.toml cannot be read, or names a processor that the template does not allow.

    """
    parameter = yaml_parse((folder / "template.yaml").read_text(encoding="utf-8"))["Parameters"]["Architecture"]
    try:
        config = SamConfig(folder).get_all(["deploy"], "parameters", environment)
        given = CfnParameterOverridesType().convert(config.get("parameter_overrides", ""), None, None)
    except click.ClickException as error:  # the class of all of SAM's errors
        raise CannotBuild(f"samconfig.toml cannot be read: {error.message}") from error
    architecture = str(given.get("Architecture", parameter["Default"])).strip('"')
    if architecture not in parameter["AllowedValues"]:
        allowed = " or ".join(parameter["AllowedValues"])
        raise CannotBuild(
            f"samconfig.toml sets Architecture to {architecture!r} for {environment}; it must be {allowed}."
        )
    return architecture
