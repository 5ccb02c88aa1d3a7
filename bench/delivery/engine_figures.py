"""Prints the figures of one engine: ``python -m bench.delivery.engine_figures ENGINE STUB COUNT RUNS``."""

import json
import os
import statistics
import sys
import time
from pathlib import Path

from bench.delivery.engines import ENGINES, Engine
from bench.delivery.pin import pin
from bench.delivery.stub import Stub


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


def figures(send: Engine, count: int, runs: int) -> dict[str, float]:
    """Return the figures of the first run, which opens the HTTP connections, and the medians of the other runs."""
    before = resident()
    rates, costs = [], []
    for _ in range(runs + 1):
        wall, cpu = time.perf_counter(), time.process_time()
        taken = send(count)
        rates.append(count / (time.perf_counter() - wall))
        costs.append((time.process_time() - cpu) * 1000 / count)
        assert taken == count, f"{taken} of {count} were delivered"
    return {
        "per_second": statistics.median(rates[1:]),
        "cpu_ms": statistics.median(costs[1:]),
        "first_per_second": rates[0],
        "first_cpu_ms": costs[0],
        "memory_mb": resident() - before,
    }


if __name__ == "__main__":
    main()
