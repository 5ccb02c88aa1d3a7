"""
Compares the hub of this checkout with that of another checkout: ``python -m bench.delivery.versions FOLDER``.

It measures a message to one connection and to ten connections, and a cold start with its first message, all over TLS.
The two versions take turns. With the folder of this checkout itself, the ratios show how exact the comparison is.

"""

import statistics
import sys
import sysconfig
from pathlib import Path

from bench.delivery.cold_start import MESSAGE, Start
from bench.delivery.common import DELAY_MS, MESSAGES
from bench.delivery.engine_figures import Figures, figures_of
from bench.delivery.stub import Stub, running_stub
from bench.report import ROOT

COUNTS = (1, 10)
"""Connections that one message goes to."""

ROUNDS, STARTS = 10, 31
"""Rounds of the messages, and of the cold starts."""


def path_of(folder: Path) -> list[Path]:
    """Return the folders that the function of a checkout is imported from."""
    return [folder / "shared", folder / "send-message"]


def message(folder: Path, stub: Stub, count: int) -> Figures:
    """Return the figures of the hub in a checkout."""
    return figures_of("hub", stub, count, MESSAGES[count], {"PYTHONPATH": ":".join(map(str, path_of(folder)))})


def cold_start(folder: Path, stub: Stub) -> Figures:
    """Return the CPU time of a cold start of MessageFunction in a checkout, with its first message."""
    libraries = Path(sysconfig.get_path("purelib"))
    environment = {"AWS_ENDPOINT_URL_DYNAMODB": stub.dynamodb, "AWS_CA_BUNDLE": stub.bundle}
    environment |= {"WEBSOCKET_ENDPOINT": stub.endpoint, "TABLE_NAME": "t", "AUTH_MODE": "none"}
    code = MESSAGE.format(module="on_send_message_lambda")
    return {"cpu_ms": Start(code, [*path_of(folder), libraries], environment, "").seconds() * 1000}


def show(name: str, figure: str, pairs: list[tuple[Figures, Figures]]) -> None:
    """Print the medians of both versions, and the quartiles of the ratios of the rounds."""
    new, old = (statistics.median(version[figure] for version in versions) for versions in zip(*pairs, strict=True))
    lower, ratio, upper = statistics.quantiles([ours[figure] / theirs[figure] for ours, theirs in pairs], n=4)
    print(f"  {name:25} {figure} {new:8.2f} {old:8.2f} {ratio:8.3f}   ({lower:.3f} to {upper:.3f})", flush=True)


def main(other: Path) -> None:
    """Measure and print."""
    print(f"{'':37} this    other    ratio   (quartiles)")
    folders = [ROOT, other]
    with running_stub(DELAY_MS / 1000, tls=True) as stub:
        for count in COUNTS:
            pairs = []
            for number in range(ROUNDS):
                order = folders if number % 2 == 0 else folders[::-1]
                measured = [message(folder, stub, count) for folder in order]
                pairs.append((measured[number % 2], measured[1 - number % 2]))
            for figure in ("p50_ms", "cpu_ms"):
                show(f"{count} connections", figure, pairs)
        pairs = []
        for number in range(-1, STARTS):  # the first round writes the bytecode
            order = folders if number % 2 == 0 else folders[::-1]
            measured = [cold_start(folder, stub) for folder in order]
            if number >= 0:
                pairs.append((measured[number % 2], measured[1 - number % 2]))
        show("cold start and a message", "cpu_ms", pairs)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
