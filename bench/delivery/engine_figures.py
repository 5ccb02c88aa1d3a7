"""Prints the figures of one engine: ``python -m bench.delivery.engine_figures ENGINE STUB COUNT RUNS``."""

import dataclasses
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from bench.delivery.engines import ENGINES
from bench.delivery.hub_engines import Engine
from bench.delivery.pin import pin
from bench.delivery.stub import Stub
from bench.report import percentiles

Figures = dict[str, float]


def figures_of(
    engine: str, stub: Stub, count: int, runs: int, environment: Mapping[str, str] = MappingProxyType({})
) -> Figures:
    """
    Return the figures of one engine, measured in a process of its own.

    Args:
        count: Connections that each message goes to.
        runs: Messages that are measured.
        environment: Variables for the process, besides those of this process.

    """
    arguments = [engine, json.dumps(dataclasses.asdict(stub)), str(count), str(runs)]
    command = [sys.executable, "-m", "bench.delivery.engine_figures", *arguments]
    printed = subprocess.run(command, check=True, stdout=subprocess.PIPE, env={**os.environ, **environment})
    read: Figures = json.loads(printed.stdout.splitlines()[-1])  # the lines before are the metrics of the events
    return read


def medians(rounds: list[Figures]) -> Figures:
    return {name: statistics.median(figures[name] for figures in rounds) for name in rounds[0]}


def resident() -> float:
    """Return the memory of this process in MB: the current value on Linux, or else the highest value so far."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(status.read_text().split("VmRSS:")[1].split()[0]) / 1024
    import resource

    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024**2


def main() -> None:
    """Measure the engine that the arguments name, and print its figures as JSON."""
    pin(0)
    name, stub_json, count, runs = sys.argv[1:]
    stub = Stub(**json.loads(stub_json))
    os.environ |= {
        "AWS_ACCESS_KEY_ID": "AKIDEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "t" * 900,
    }
    os.environ |= {"AWS_DEFAULT_REGION": "us-east-1", "AWS_REGION": "us-east-1", "AWS_CA_BUNDLE": stub.bundle}
    print(json.dumps(figures(ENGINES[name](stub), int(count), int(runs))), flush=True)
    os._exit(0)  # without waiting for the threads of boto3 pools


def figures(send: Engine, count: int, runs: int) -> Figures:
    """
    Return the figures of the first run, which opens the HTTP connections, and those of ``runs`` later runs.

    If there are ten runs or more, a tenth of them warms up after the first run, and is not measured. ``p50_ms`` and
    ``p99_ms`` are the times of a whole run. ``cpu_ms`` is the CPU time of a run, divided by ``count``: the median.

    """
    before = resident()
    seconds, cpu_seconds = [], []
    warming = 1 + runs // 10
    for _ in range(warming + runs):
        wall, cpu = time.perf_counter(), time.process_time()
        taken = send(count)
        seconds.append(time.perf_counter() - wall)
        cpu_seconds.append(time.process_time() - cpu)
        assert taken == count, f"{taken} of {count} were delivered"
    return {
        "per_second": count / statistics.median(seconds[warming:]),
        "cpu_ms": statistics.median(cpu_seconds[warming:]) * 1000 / count,
        **percentiles(seconds[warming:]),
        "first_per_second": count / seconds[0],
        "first_cpu_ms": cpu_seconds[0] * 1000 / count,
        "memory_mb": resident() - before,
    }


if __name__ == "__main__":
    main()
