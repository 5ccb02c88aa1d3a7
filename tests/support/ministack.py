"""
Deploys the stack with the real ``sam`` to MiniStack, an independent emulator of AWS.

``test_deploy.py`` does it in CI, ``make deploy-local`` by hand. MiniStack runs the built functions
with the Python of its own environment, which therefore is the one that Lambda has, on Linux.
docs/decisions.md says where it differs from AWS.

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
from collections.abc import Iterator, Sequence
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
"""Beside the built template, because its paths are relative."""

LEFT_OUT = {
    "AWS::ApiGatewayV2::IntegrationResponse": "an unrecognized type, but there is the API call",
    "AWS::ApiGatewayV2::RouteResponse": "an unrecognized type, but there is the API call",
    "AWS::CloudWatch::Alarm.Metrics": "alarms on an expression are refused",
    "AWS::CloudWatch::Dashboard": "it shows those alarms",
}
"""What MiniStack cannot provision, and why: a type, or ``type.Property`` for those that have the property."""

CALLS = {
    "AWS::ApiGatewayV2::IntegrationResponse": "create_integration_response",
    "AWS::ApiGatewayV2::RouteResponse": "create_route_response",
}
"""What makes it after the deployment. The calls take the template's own properties."""

STACK = "websocket-hub"
REGION = "us-east-1"
KEY = "test"
"""Id and secret of an access key that MiniStack takes for the account's root user."""

START = 30
"""Seconds until MiniStack must listen; it takes one."""
PATIENCE = 300
"""Seconds for each of pip and sam. On a clean checkout both download; a deployment takes three."""


class Failed(Exception):
    """A step did not succeed. The text is a sentence, and what the step printed."""


@dataclass(frozen=True)
class MiniStack:
    """
    A running MiniStack.

    Attributes:
        url: Where all its services listen, on this machine only.

    """

    url: str

    @classmethod
    @contextlib.contextmanager
    def start(cls, port: int = 0) -> Iterator["MiniStack"]:
        """
        Run MiniStack until the context ends. It remembers nothing.

        Args:
            port: 0 for any that is free.

        """
        install()
        port = _free(port)
        with tempfile.TemporaryDirectory(prefix="ministack-") as folder:
            environment = {"PATH": os.environ["PATH"], "HOME": folder, "TMPDIR": folder}
            environment |= {"BIND_HOST": "127.0.0.1", "GATEWAY_PORT": str(port)}
            environment |= {"AUTH": "true"}  # holds every call of a function against the policies of its role
            environment |= {"SFTP_ENABLED": "0", "IOT_MTLS_ENABLED": "0"}  # these would listen everywhere
            log = Path(folder, "log")
            command = [VENV / "bin" / "ministack"]
            with log.open("w") as out, _group(command, environment, stdout=out, stderr=out) as process:
                _wait_for(process, f"http://127.0.0.1:{port}", log)
                yield cls(f"http://127.0.0.1:{port}")

    def client(self, service: str) -> Any:
        """Return a boto3 client, which no proxy of this machine comes between."""
        session = boto3.Session(region_name=REGION, aws_access_key_id=KEY, aws_secret_access_key=KEY)
        return session.client(service, endpoint_url=self.url, config=Config(proxies={}))  # type: ignore[call-overload]

    def deploy(self, *overrides: str) -> None:
        """
        Deploy what ``build()`` built, and make what the template had to leave out.

        Args:
            overrides: Parameters as ``Name=Value``. The others keep the value of the last deployment.

        """
        options: list[str | Path] = ["--stack-name", STACK, "--template-file", PROVISIONED, "--resolve-s3"]
        options += ["--capabilities", "CAPABILITY_IAM", "--no-confirm-changeset", "--no-fail-on-empty-changeset"]
        self._sam("deploy", *options, "--parameter-overrides", f"Architecture={this_machine()}", *overrides)
        self._make_what_was_left_out()

    def delete(self) -> None:
        """Delete the stack, and what ``sam deploy`` uploaded for it."""
        self._sam("delete", "--stack-name", STACK, "--no-prompts", "--region", REGION)

    def resources(self) -> list[dict[str, Any]]:
        """Return the stack's resources, as CloudFormation lists them."""
        pages = self.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
        return [each for page in pages for each in page["StackResourceSummaries"]]

    def physical_id(self, kind: str) -> str:
        """Return the id of the only resource of a type."""
        (found,) = [each["PhysicalResourceId"] for each in self.resources() if each["ResourceType"] == kind]
        return str(found)

    @property
    def endpoint(self) -> str:
        """The deployed stage, for ``WebSocketEndpoint``. Clients connect to the same with ``ws:``."""
        api, stage = (self.physical_id(f"AWS::ApiGatewayV2::{kind}") for kind in ("Api", "Stage"))
        return f"{self.url}/_aws/execute-api/{api}/{stage}"

    def _sam(self, *arguments: str | Path) -> None:
        # Nothing of the caller's AWS gets in, so nothing of it can be deployed to.
        aws = {"AWS_ENDPOINT_URL": self.url, "AWS_DEFAULT_REGION": REGION}
        aws |= {"AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": KEY}
        aws |= {"AWS_CONFIG_FILE": os.devnull, "AWS_SHARED_CREDENTIALS_FILE": os.devnull}
        sam(*arguments, environment=aws | {"NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"})

    def _make_what_was_left_out(self) -> None:
        """Once: they belong to routes and integrations, which keep their ids when the stack is deployed again."""
        # MiniStack's id of a route has the API's before it.
        refs = {each["LogicalResourceId"]: each["PhysicalResourceId"].rpartition("/")[2] for each in self.resources()}
        template = yaml_parse((BUILD / "template.yaml").read_text())
        resolver = Resolver(template, refs.__getitem__, lambda name, attribute: f"{name}.{attribute}")
        gateway = self.client("apigatewayv2")
        for kind, properties in left_out(template):
            if call := CALLS.get(kind):
                asked = resolver.resolve(properties)
                parent = {name: value for name, value in asked.items() if name.endswith("Id")}
                if not getattr(gateway, call.replace("create", "get") + "s")(**parent)["Items"]:
                    getattr(gateway, call)(**asked)


def install() -> None:
    """Install MiniStack where it is not yet, in the version that ``ministack.txt`` pins."""
    installed = VENV / "installed"
    if installed.exists() and installed.read_text() == REQUIREMENTS.read_text():
        return
    run([sys.executable, "-m", "venv", "--clear", VENV])
    run([VENV / "bin" / "python", "-m", "pip", "install", "--disable-pip-version-check", "-r", REQUIREMENTS])
    installed.write_text(REQUIREMENTS.read_text())


def build() -> None:
    """Build for this machine's processor, and leave out of the template what MiniStack cannot provision."""
    folders: list[str | Path] = ["--build-dir", BUILD, "--cache-dir", FOLDER / "cache"]
    sam("build", *folders, "--parameter-overrides", f"Architecture={this_machine()}", environment={})
    pin(BUILD / "template.yaml", this_machine())
    template = yaml_parse((BUILD / "template.yaml").read_text())
    PROVISIONED.write_text(json.dumps(template | {"Resources": provisioned(template["Resources"])}))


def provisioned(resources: dict[str, Any]) -> dict[str, Any]:
    """Return the resources that are not left out. None of them waits any more for one that is."""
    kept = {name: each for name, each in resources.items() if not is_left_out(each)}
    return {
        name: each | {"DependsOn": [other for other in depends_on(each) if other in kept]}
        for name, each in kept.items()
    }


def depends_on(resource: dict[str, Any]) -> list[str]:
    """Return the names of ``DependsOn``, which may be one or a list."""
    given = resource.get("DependsOn", [])
    return [given] if isinstance(given, str) else list(given)


def is_left_out(resource: dict[str, Any]) -> bool:
    """Say whether ``LEFT_OUT`` names a resource of a template: its type, or one of its properties."""
    kind = resource["Type"]
    return kind in LEFT_OUT or any(f"{kind}.{name}" in LEFT_OUT for name in resource.get("Properties", {}))


def left_out(template: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Return type and properties of what ``LEFT_OUT`` names."""
    return [(each["Type"], each["Properties"]) for each in template["Resources"].values() if is_left_out(each)]


def sam(*arguments: str | Path, environment: dict[str, str]) -> None:
    """Run ``sam`` without anything of AWS but what is given. Raises Failed."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "SAM_"))}
    inherited |= {"SAM_CLI_TELEMETRY": "0", "SAM_CLI_POLL_DELAY": "0.5"}
    inherited["PATH"] = f"{Path(sys.executable).parent}:{inherited['PATH']}"  # sam build looks for python3.12
    run([Path(sys.executable).with_name("sam"), *arguments], inherited | environment)


def run(command: Sequence[str | Path], environment: dict[str, str] | None = None) -> None:
    """
    Run a command from the project's folder to its end, without showing what it prints.

    Raises:
        Failed: If it fails. What it printed is in the text.
        subprocess.TimeoutExpired: If it takes longer than ``PATIENCE``.

    """
    with _group(command, environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        printed, _ = process.communicate(timeout=PATIENCE)
    if process.returncode != 0:
        raise Failed(f"{' '.join(map(str, command))} failed:\n{printed}")


@contextlib.contextmanager
def _group(
    command: Sequence[str | Path], environment: dict[str, str] | None, **options: Any
) -> Iterator["subprocess.Popen[str]"]:
    """Run a command in a process group of its own, of which nothing is left when the context ends."""
    process = subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, **options)
    with process:
        try:
            yield process
        finally:
            for each in (signal.SIGTERM, signal.SIGKILL):
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, each)
                with contextlib.suppress(subprocess.TimeoutExpired):
                    process.wait(timeout=10)


def _free(port: int) -> int:
    try:
        with socket.create_server(("127.0.0.1", port)) as server:
            return int(server.getsockname()[1])
    except OSError as error:
        raise Failed(f"Port {port} of 127.0.0.1 cannot be had: {error.strerror}.") from error


def _wait_for(process: "subprocess.Popen[str]", url: str, log: Path) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + START
    while process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(urllib.error.URLError), direct.open(f"{url}/_ministack/health", timeout=START):
            return
        time.sleep(0.1)
    raise Failed(f"MiniStack did not start at {url}:\n{log.read_text()}")


def main() -> None:
    """Deploy, say where, and delete the stack on Ctrl-C."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.support.ministack", description="Deploy the stack to MiniStack."
    )
    parser.add_argument("parameters", nargs="*", metavar="Name=Value", help="parameters of the stack")
    parser.add_argument("--port", type=int, default=4566, help="MiniStack's port on 127.0.0.1 (default: %(default)s)")
    given = parser.parse_args()
    if sys.version_info[:2] != (3, 12) or sys.platform != "linux":
        sys.exit("MiniStack runs what sam builds for Lambda: that needs Linux and Python 3.12.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit("Terminated."))  # else MiniStack would be left behind
    print("Building the functions, and starting MiniStack. The first time takes a minute.", flush=True)
    try:
        _serve(given.port, given.parameters)
    except KeyboardInterrupt:
        print("\nEnded.")
    except Failed as error:
        sys.exit(str(error))


def _serve(port: int, parameters: list[str]) -> None:
    with MiniStack.start(port) as ministack:
        build()
        ministack.deploy(*parameters)
        ministack.deploy(f"WebSocketEndpoint={ministack.endpoint}")  # whose id is known only now
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
