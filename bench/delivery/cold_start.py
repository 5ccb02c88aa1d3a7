"""
Measures the cold start of each built function, relative to the least that a Python function on DynamoDB needs.

The benchmark imports each function that ``sam build`` made for this machine's processor. Only the function, its layer
and boto3 are on the path. It divides the CPU time by that of ``import boto3; boto3.client("dynamodb")``.

"""

import json
import statistics
import subprocess
import sys
from pathlib import Path

from bench.artefacts import install_runtime, this_machine
from bench.report import ROOT
from local.cli.build import build
from local.lambdas.worker_environment import environment_of
from local.stack.loading import load

BUILD = ROOT / ".build" / "cold"
RUNTIME = ROOT / ".build" / "runtime"
ROUNDS = 21

PATHS = {"PATH", "PYTHONPATH"}
"""Variables of a function whose values are paths in Lambda, which do not exist here."""

LEAST = "import boto3; boto3.client('dynamodb')"
TIMED = "import time; start = time.process_time(); {}; print(time.process_time() - start)"


def start(code: str, path: list[Path], environment: dict[str, str]) -> float:
    """Run code in a process of its own. Return its CPU time in seconds, without the start of Python."""
    python = [sys.executable, "-S", "-c", TIMED.format(code)]
    variables = {"PYTHONPATH": ":".join(map(str, path)), "AWS_DEFAULT_REGION": "us-east-1", **environment}
    variables |= {"AWS_ACCESS_KEY_ID": "bench", "AWS_SECRET_ACCESS_KEY": "bench", "AWS_REGION": "us-east-1"}
    return float(subprocess.run(python, env=variables, check=True, capture_output=True, text=True).stdout)


def starts() -> dict[str, tuple[str, list[Path], dict[str, str]]]:
    """Return code, path and environment of each cold start, by the name that the table shows."""
    compared: dict[str, tuple[str, list[Path], dict[str, str]]] = {"boto3 alone": (LEAST, [RUNTIME], {})}
    for mode in ("none", "jwt", "signature"):
        for name, function in load(BUILD / "template.yaml", {"AuthMode": mode}).functions.items():
            module = function.handler.rpartition(".")[0]
            path = [*function.path, RUNTIME]
            environment = {key: value for key, value in environment_of(function, {}).items() if key not in PATHS}
            if name == "ConnectFunction" or mode == "none":
                label = f"{name}, {mode}" if name == "ConnectFunction" else name
                environment |= {"WEBSOCKET_ENDPOINT": "https://a.execute-api.us-east-1.amazonaws.com/prod"}
                compared[label] = (f"import {module}", path, environment)
    return compared


def ratios() -> dict[str, float]:
    """Return the CPU time of each cold start divided by that of boto3 alone: the median of several rounds."""
    build(BUILD, this_machine(), "--no-cached")
    install_runtime(RUNTIME, "boto3")
    compared = starts()
    for case in compared.values():  # writes the bytecode: sam build does not, and Lambda compiles once
        start(*case)
    rounds: dict[str, list[float]] = {name: [] for name in compared}
    for _ in range(ROUNDS):
        seconds = {name: start(*case) for name, case in compared.items()}
        for name, taken in seconds.items():
            rounds[name].append(taken / seconds["boto3 alone"])
    return {name: statistics.median(values) for name, values in rounds.items()}


if __name__ == "__main__":
    print(json.dumps(ratios(), indent=1))
