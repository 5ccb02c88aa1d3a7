"""
Deploys the stack with the real ``sam`` to MiniStack, an independent emulator of AWS.

``test_deploy.py`` uses this in CI, and ``make deploy-local`` by hand. MiniStack runs the built functions with the
Python of its own virtual environment, so this Python must have the version of Lambda's Python and must run on Linux.
docs/decisions.md says where MiniStack differs from AWS.

"""

import argparse
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Container, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config
from samtranslator.yaml_helper import yaml_parse

from bench.artefacts import this_machine
from local.cli.build import pin
from local.stack.intrinsics import Resolver
from tests.support.paths import ROOT

REQUIREMENTS = Path(__file__).with_suffix(".txt")
FOLDER = ROOT / ".build" / "ministack"
VENV = FOLDER / "venv"
BUILD = FOLDER / "build"
PROVISIONED = BUILD / "provisioned.json"
"""The built template without the left-out resources. Its paths are relative, so it is in the same folder."""

LEFT_OUT = {
    "AWS::ApiGatewayV2::IntegrationResponse": "MiniStack knows the API call, but not the type",
    "AWS::ApiGatewayV2::RouteResponse": "MiniStack knows the API call, but not the type",
    "AWS::CloudWatch::Alarm.Metrics": "MiniStack refuses alarms on an expression",
    "AWS::CloudWatch::Dashboard": "the dashboard refers to those alarms",
}
"""Resources that MiniStack cannot make, and why: all of a ``type``, or those with a property, ``type.Property``."""

NOT_GIVEN = {
    ("AWS::Lambda::EventSourceMapping", "ScalingConfig"): "MiniStack compares the text of a parameter with a number",
}
"""Properties that MiniStack does not get, and why."""

CALLS = {
    "AWS::ApiGatewayV2::IntegrationResponse": "create_integration_response",
    "AWS::ApiGatewayV2::RouteResponse": "create_route_response",
}
"""The API calls that make left-out resources after the deployment. They take the template's properties as they are."""

STACK = "websocket-hub"
REGION = "us-east-1"
KEY = "test"
"""Id and secret of the access key that MiniStack accepts for the account's root user."""

START = 30
"""Seconds until MiniStack must listen. It takes one."""

PATIENCE = 300
"""Seconds for one command, pip or sam. On a clean checkout, both download packages."""


class Failed(Exception):
    """A step failed. The text is a sentence, followed by the output of the step."""


@dataclass(frozen=True)
class MiniStack:
    """
    A running MiniStack.

    Attributes:
        url: The address of all its services, on this machine only.

    """

    url: str

    @classmethod
    @contextlib.contextmanager
    def start(cls, port: int = 0) -> Iterator["MiniStack"]:
        """
        Run MiniStack until the context ends. MiniStack stores nothing on disk. ``prepare()`` must have installed it.

        Args:
            port: A port of 127.0.0.1. 0 means any free port.

        """
        port = _free_port(port)
        with tempfile.TemporaryDirectory(prefix="ministack-") as folder:
            environment = {"PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder}
            environment |= {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
            environment |= {"AUTH": "true"}  # checks every call of a function against the policies of its role
            environment |= {
                "SFTP_ENABLED": "0",
                "IOT_MTLS_ENABLED": "0",
            }  # these services would listen on all addresses
            log = Path(folder, "log")
            command = [VENV / "bin" / "ministack"]
            with log.open("w") as out, _group(command, environment, stdout=out, stderr=out) as process:
                _wait_for(process, f"http://127.0.0.1:{port}", log)
                yield cls(f"http://127.0.0.1:{port}")

    def client(self, service: str) -> Any:
        """Return a boto3 client that uses no proxy."""
        session = boto3.Session(region_name=REGION, aws_access_key_id=KEY, aws_secret_access_key=KEY)
        return session.client(service, endpoint_url=self.url, config=Config(proxies={}))  # type: ignore[call-overload]

    def deploy(self, *overrides: str) -> None:
        """
        Deploy the built stack with ``sam deploy``, and make the left-out resources.

        Args:
            overrides: Parameters as ``Name=Value``. The other parameters keep the value of the last deployment.

        """
        options: list[str | Path] = ["--stack-name", STACK, "--template-file", PROVISIONED, "--resolve-s3"]
        options += ["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-fail-on-empty-changeset"]
        self._sam("deploy", *options, "--parameter-overrides", f"Architecture={this_machine()}", *overrides)
        self._make_left_out_resources()

    def delete(self) -> None:
        """Delete the stack, and the files that ``sam deploy`` uploaded for it."""
        self._sam("delete", "--stack-name", STACK, "--no-prompts", "--region", REGION)

    def check(self, **parameters: str) -> None:
        """
        Let CloudFormation check an update of the stack, without making it.

        Raises:
            ClientError: If CloudFormation refuses the parameters.

        """
        given = [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()]
        self.client("cloudformation").create_change_set(
            StackName=STACK,
            ChangeSetName="check",
            UsePreviousTemplate=True,
            Parameters=given,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        )

    def resources(self) -> list[dict[str, Any]]:
        """Return the stack's resources, as CloudFormation lists them."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        return [resource for page in pages for resource in page["StackResourceSummaries"]]

    def physical_id(self, kind: str) -> str:
        """Return the id of the only resource of a type."""
        (found,) = [resource["PhysicalResourceId"] for resource in self.resources() if resource["ResourceType"] == kind]
        return str(found)

    @property
    def endpoint(self) -> str:
        """The URL of the deployed stage, for ``WebSocketEndpoint``. Clients connect to the same URL with ``ws:``."""
        api, stage = (self.physical_id(f"AWS::ApiGatewayV2::{kind}") for kind in ("Api", "Stage"))
        return f"{self.url}/_aws/execute-api/{api}/{stage}"

    def _sam(self, *arguments: str | Path) -> None:
        # Without the caller's AWS configuration, sam cannot deploy to the caller's account.
        aws = {"AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION}
        aws |= {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": KEY}
        aws |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        sam(*arguments, environment=aws | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"})

    def _make_left_out_resources(self) -> None:
        """Make them once: routes and integrations keep their ids, and so their responses, in a later deployment."""
        # MiniStack puts the API's id before the id of a route.
        refs = {
            resource["LogicalResourceId"]: resource["PhysicalResourceId"].rpartition("/")[2]
            for resource in self.resources()
        }
        template = yaml_parse((BUILD / "template.yaml").read_text())
        resolver = Resolver(template, refs.__getitem__, lambda name, attribute: f"{name}.{attribute}")
        gateway = self.client("apigatewayv2")
        for kind, properties in left_out_of(template):
            if call := CALLS.get(kind):
                asked = resolver.resolve(properties)
                parent = {name: value for name, value in asked.items() if name.endswith("Id")}
                if not getattr(gateway, call.replace("create", "get") + "s")(**parent)["Items"]:
                    getattr(gateway, call)(**asked)


def prepare() -> None:
    """Install MiniStack and build the stack, both at the same time."""
    with ThreadPoolExecutor() as threads:
        for step in [threads.submit(install), threads.submit(build)]:
            step.result()


def install() -> None:
    """Install the version of MiniStack that ``ministack.txt`` pins, if it is not installed yet."""
    installed = VENV / "installed"
    if installed.exists() and installed.read_text() == REQUIREMENTS.read_text():
        return
    run([sys.executable, "-m", "venv", "--clear", "--without-pip", VENV])
    # Compiling every module takes longer than the download. Python compiles those that MiniStack imports.
    pip: list[str | Path] = [sys.executable, "-m", "pip", "--python", VENV, "--disable-pip-version-check"]
    run([*pip, "install", "--no-compile", "-r", REQUIREMENTS])
    installed.write_text(REQUIREMENTS.read_text())


def build() -> None:
    """Build the stack for this machine's processor, and write ``PROVISIONED``."""
    folders: list[str | Path] = ["--build-dir", BUILD, "--cache-dir", FOLDER / "cache"]
    sam("build", *folders, "--parameter-overrides", f"Architecture={this_machine()}", environment={})
    pin(BUILD / "template.yaml", this_machine())
    template = yaml_parse((BUILD / "template.yaml").read_text())
    PROVISIONED.write_text(json.dumps(template | {"Resources": provisioned(template["Resources"])}))


def provisioned(resources: dict[str, Any], left_out: Container[str] = LEFT_OUT) -> dict[str, Any]:
    """Return the resources that are not left out. ``DependsOn`` names only resources that are returned."""
    kept = {name: resource for name, resource in resources.items() if not is_left_out(resource, left_out)}
    return {
        name: given(resource) | {"DependsOn": [other for other in depends_on(resource) if other in kept]}
        for name, resource in kept.items()
    }


def given(resource: dict[str, Any]) -> dict[str, Any]:
    """Return a resource with the properties that MiniStack gets."""
    properties = resource.get("Properties", {})
    kept = {name: value for name, value in properties.items() if (resource["Type"], name) not in NOT_GIVEN}
    return resource | ({"Properties": kept} if properties else {})


def depends_on(resource: dict[str, Any]) -> list[str]:
    """Return the names of ``DependsOn``, which may be one name or a list."""
    given = resource.get("DependsOn", [])
    return [given] if isinstance(given, str) else list(given)


def is_left_out(resource: dict[str, Any], left_out: Container[str] = LEFT_OUT) -> bool:
    """Return whether ``left_out`` names the type of a resource, or one of its properties."""
    kind = resource["Type"]
    return kind in left_out or any(f"{kind}.{name}" in left_out for name in resource.get("Properties", {}))


def left_out_of(template: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return the type and the properties of each resource of a template that the deployment leaves out."""
    resources = template["Resources"].values()
    return [(resource["Type"], resource["Properties"]) for resource in resources if is_left_out(resource)]


def sam(*arguments: str | Path, environment: dict[str, str]) -> None:
    """Run ``sam`` with the variables in ``environment``, and no other variables of AWS or SAM. Raises Failed."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    inherited |= {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.5"}
    inherited["PATH"] = f"{Path(sys.executable).parent}:{inherited['PATH']}"  # where sam build looks for python3.12
    run([Path(sys.executable).with_name("sam"), *arguments], inherited | environment)


def run(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> None:
    """
    Run a command in the project's folder until it ends. Its output is not shown.

    Raises:
        Failed: If the command fails. The text contains its output.
        subprocess.TimeoutExpired: If the command takes longer than ``PATIENCE``.

    """
    with _group(command, environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        printed, _ = process.communicate(timeout=PATIENCE)
    if process.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))} failed:\n{printed}")


@contextlib.contextmanager
def _group(
    command: Sequence[str | Path], environment: dict[str, str] | None, **options: Any
) -> Iterator["subprocess.Popen[str]"]:
    """Run a command in its own process group. When the context ends, all processes of the group end."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, **options)
    with process:
        try:
            yield process
        finally:
            for ending in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, ending)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=10)


def _free_port(port: int) -> int:
    try:
        with socket.create_server(("127.0.0.1", port)) as server:
            return int(server.getsockname()[1])
    except OSError as error:
        raise Failed(f"Port {port} of 127.0.0.1 is not available: {error.strerror}.") from error


def _wait_for(process: "subprocess.Popen[str]", url: str, log: Path) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError), direct.open(f"{url}/_ministack/health", timeout=START):
            return
        time.sleep(0.1)
    raise Failed(f"MiniStack did not start at {url}:\n{log.read_text()}")


def main() -> None:
    """Deploy the stack, print its addresses, and delete it on Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.ministack", description="Deploy the stack to MiniStack."
    )
    parser.add_argument("parameters", nargs="*", metavar="Name=Value", help="parameters of the stack")
    parser.add_argument("--port", type=int, default=4566, help="MiniStack's port on 127.0.0.1 (default: %(default)s)")
    given = parser.parse_args()
    if sys.version_info[:2] != (3, 12) or sys.platform != "linux":
        sys.exit("MiniStack runs what sam builds for Lambda: that needs Linux and Python 3.12.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Terminated."))  # otherwise MiniStack would continue to run
    print("Building the functions, and starting MiniStack. The first time takes a minute.", flush=True)
    try:
        _serve(given.port, given.parameters)
    except KeyboardInterrupt:
        print("\nEnded.")
    except Failed as error:
        sys.exit(str(error))


def _serve(port: int, parameters: list[str]) -> None:
    prepare()
    with MiniStack.start(port) as ministack:
        ministack.deploy(*parameters)
        ministack.deploy(f"WebSocketEndpoint={ministack.endpoint}")  # the API has an id only now
        try:
            print(f"The stack {STACK} is deployed.")
            print(f"  WebSocket    {ministack.endpoint.replace('http', 'ws', 1)}?session_id=me")
            print(f"  AWS          {ministack.url}")
            print("Press Ctrl-C to delete it.", flush=True)
            signal.pause()
        finally:
            ministack.delete()
            print("\nThe stack is deleted.")


if __name__ == "__main__":
    main()
