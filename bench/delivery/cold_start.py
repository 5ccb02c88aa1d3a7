"""
Measures the cold start of each built function, relative to the least that a Python function on DynamoDB needs.

The benchmark imports each function that ``sam build`` made for this machine's processor. Only the function, its layer
and boto3 are on the path. It divides the CPU time by that of ``import boto3; boto3.client("dynamodb")``.

MessageFunction also handles its first message, to one connection, over TLS. That CPU time is divided by the CPU time of
boto3 with one query over TLS.

"""

import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from bench.artefacts import install_runtime, this_machine
from bench.delivery.stub import Stub, running_stub
from bench.report import ROOT
from local.cli.build import build
from local.lambdas.worker_environment import environment_of
from local.stack.loading import load

BUILD = ROOT / ".build" / "cold"
RUNTIME = ROOT / ".build" / "runtime"
BUNDLE = ROOT / ".build" / "authorities.pem"
ROUNDS = 21

BAR = 0.5
"""The most that MessageFunction and its first message should take of the CPU time of boto3 and a query."""

PATHS = {"PATH", "PYTHONPATH"}
"""Variables of a function whose values are paths in Lambda, which do not exist here."""

TIMED = "import time\nstart = time.process_time()\n{}\nprint(time.process_time() - start)"
LEAST = "import boto3; boto3.client('dynamodb')"
QUERY = LEAST + (
    ".query(TableName='t', ConsistentRead=True, KeyConditionExpression='session_id = :session',"
    " ExpressionAttributeValues={':session': {'S': 's1'}})"
)
MESSAGE = """
from types import SimpleNamespace
import {module}
event = {{
    "requestContext": {{"connectionId": "sender="}},
    "body": '{{"action": "sendMessage", "sessions": ["s1"], "message": "hello"}}',
}}
context = SimpleNamespace(
    aws_request_id="1", function_name="MessageFunction", memory_limit_in_mb=1024, invoked_function_arn="arn",
    get_remaining_time_in_millis=lambda: 28_000,
)
ack = {module}.lambda_handler(event, context)["body"]
assert '"delivered":{{"s1":1}}' in ack, ack
"""


@dataclass(frozen=True)
class Start:
    """
    A cold start.

    Attributes:
        code: Python code.
        path: The folders that the code can import from.
        least: The name of the cold start whose time divides the time of this one.

    """

    code: str
    path: list[Path]
    environment: dict[str, str]
    least: str

    def seconds(self) -> float:
        """Run the code in a process of its own. Return its CPU time, without the start of Python."""
        python = [sys.executable, "-S", "-c", TIMED.format(self.code)]
        variables = {"PYTHONPATH": ":".join(map(str, self.path)), "AWS_DEFAULT_REGION": "us-east-1"}
        variables |= {**self.environment, "AWS_REGION": "us-east-1"}
        variables |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench"}
        printed = subprocess.run(python, env=variables, check=True, stdout=subprocess.PIPE, text=True).stdout
        return float(printed.splitlines()[-1])  # the lines before are the metrics of the message


PROVIDER = {
    "AuthMode": "jwt",
    "JwksUrl": "https://provider.example/jwks.json",
    "JwtIssuer": "https://provider.example",
    "JwtAudience": "hub",
}
MODES = {
    "none": {"AuthMode": "none"},
    "jwt": {"AuthMode": "jwt"},
    "jwt with JwksUrl": PROVIDER,
    "signature": {"AuthMode": "signature"},
}
"""Parameters of ConnectFunction, by the name that the table shows."""


def imports() -> dict[str, Start]:
    """Return the import of boto3 and of each function, by the name that the table shows."""
    starts = {"boto3 alone": Start(LEAST, [RUNTIME], {}, "boto3 alone")}
    for mode, parameters in MODES.items():
        for name, function in load(BUILD / "template.yaml", parameters).functions.items():
            module = function.handler.rpartition(".")[0]
            path = [*function.path, RUNTIME]
            environment = {key: value for key, value in environment_of(function, {}).items() if key not in PATHS}
            if name == "ConnectFunction" or mode == "none":
                label = f"{name}, {mode}" if name == "ConnectFunction" else name
                environment |= {"WEBSOCKET_ENDPOINT": "https://a.execute-api.us-east-1.amazonaws.com/prod"}
                starts[label] = Start(f"import {module}", path, environment, "boto3 alone")
    return starts


def first_requests(stub: Stub, function: Start) -> dict[str, Start]:
    """
    Return boto3 with its first query, and MessageFunction with its first message.

    Both trust the authorities that botocore trusts, and that of the stub: an almost empty file would load faster.

    """
    BUNDLE.write_bytes((RUNTIME / "botocore" / "cacert.pem").read_bytes() + Path(stub.bundle).read_bytes())
    services = {"AWS_ENDPOINT_URL_DYNAMODB": stub.dynamodb, "AWS_CA_BUNDLE": str(BUNDLE)}
    environment = {**function.environment, **services, "WEBSOCKET_ENDPOINT": stub.endpoint}
    message = MESSAGE.format(module=function.code.removeprefix("import "))
    least = "boto3 and a query"
    return {
        least: Start(QUERY, [RUNTIME], services, least),
        "MessageFunction and a message": Start(message, function.path, environment, least),
    }


def measure() -> dict[str, Any]:
    """Return the CPU time of each cold start divided by that of boto3: the median of several rounds."""
    build(BUILD, this_machine(), "--no-cached")
    install_runtime(RUNTIME, "boto3")
    with running_stub(0.01, tls=True) as stub:
        cold = imports()
        compared = cold | first_requests(stub, cold["MessageFunction"])
        for start in compared.values():  # writes the bytecode: sam build does not, and Lambda compiles once
            start.seconds()
        rounds: dict[str, list[float]] = {name: [] for name in compared}
        for _ in range(ROUNDS):
            seconds = {name: start.seconds() for name, start in compared.items()}
            for name, start in compared.items():
                rounds[name].append(seconds[name] / seconds[start.least])
    ratios = {name: statistics.median(values) for name, values in rounds.items()}
    return {
        "first_message": ratios["MessageFunction and a message"],
        "cold_starts": {name: ratios[name] for name in cold},
    }


def show(measured: dict[str, Any]) -> None:
    """Print the ratios, and the bar next to that of the first message."""
    print("CPU of import and init of the built functions, divided by that of import boto3; boto3.client('dynamodb')")
    for name, ratio in measured["cold_starts"].items():
        print(f"  {name:34} {ratio:.2f}")
    print("CPU of MessageFunction with its first message over TLS, divided by that of boto3 with a query over TLS")
    print(f"  {'MessageFunction':34} {measured['first_message']:.2f} (bar {BAR})")


if __name__ == "__main__":
    show(measure())
