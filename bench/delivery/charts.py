"""The charts of docs/performance.md, as SVG."""

from typing import TYPE_CHECKING, Any

import matplotlib as mpl
from matplotlib import pyplot as plt

from bench import costs
from bench.delivery.tables import best_pool
from bench.report import ROOT, Results, only, rows

if TYPE_CHECKING:
    from matplotlib.axes import Axes

IMAGES = ROOT / "docs" / "img"
HUB, FLOOR, POOL, ONE = "#0a6ebd", "#7a7a7a", "#d97706", "#b91c1c"

mpl.rcParams |= {"svg.fonttype": "none", "svg.hashsalt": "hub", "font.family": "sans-serif", "axes.grid": True}
mpl.rcParams |= {"grid.alpha": 0.3, "axes.spines.top": False, "axes.spines.right": False, "figure.figsize": (7.5, 4)}


def save(name: str) -> None:
    plt.tight_layout()
    plt.savefig(IMAGES / name, metadata={"Date": None, "Creator": None})
    plt.close()


def by_size(results: Results, figure: str, label: str, name: str, scale: float = 1) -> None:
    """Draw a chart of one figure over the number of connections, for TLS and 10 ms."""
    wanted = {"delay_ms": 10, "tls": True}
    axes: Axes = plt.figure().add_subplot()

    def line(engine: str, text: str, color: str, style: str) -> None:
        points: list[dict[str, Any]] = rows(results, engine=engine, **wanted)
        axes.plot(
            [point["count"] for point in points],
            [point[figure] * scale for point in points],
            style,
            color=color,
            label=text,
        )

    line("hub", "the hub: the whole function", HUB, "o-")
    line("bare sockets, asyncio", "bare sockets, asyncio: posts only", FLOOR, "s--")
    line("bare sockets, uvloop", "bare sockets, uvloop: posts only", FLOOR, "^:")
    for row, text, color in (
        (best_pool(results, **wanted), "boto3, best thread pool", POOL),
        (only(results, engine="boto3, one by one", **wanted), "boto3, one by one", ONE),
    ):
        axes.axhline(row[figure] * scale, color=color, label=text)
    axes.set(xscale="log", yscale="log", xlabel="connections that one message goes to", ylabel=label)
    axes.legend(fontsize=8)
    save(name)


def price(results: Results) -> None:
    """Draw the chart of what a million deliveries cost in Lambda, over the memory of the function."""
    wanted = {"delay_ms": 10, "tls": True}
    axes: Axes = plt.figure().add_subplot()
    memories = list(range(128, 3009, 64))
    for row, text, color in (
        (only(results, engine="hub", count=1_000, **wanted), "the hub", HUB),
        (best_pool(results, **wanted), "boto3, best thread pool", POOL),
        (only(results, engine="boto3, one by one", **wanted), "boto3, one by one", ONE),
    ):
        durations = [costs.seconds(1_000, row["per_second"], row["cpu_ms"], memory) for memory in memories]
        prices = [
            costs.lambda_dollars(1_000, seconds, memory) for seconds, memory in zip(durations, memories, strict=True)
        ]
        axes.plot(memories, prices, color=color, label=f"Lambda: {text}")
    axes.axhline(costs.API_GATEWAY_MESSAGE * 1e6, color=FLOOR, label="API Gateway's share")
    axes.axhline(costs.dynamodb_dollars(), color=FLOOR, linestyle=":", label="DynamoDB's share")
    axes.set(yscale="log", xlabel="memory of the function, MB", ylabel="dollars for a million deliveries")
    axes.legend(fontsize=8)
    save("performance-price.svg")


def draw(results: Results) -> None:
    """Draw all charts."""
    by_size(results, "per_second", "posts a second", "performance-rate.svg")
    by_size(results, "cpu_ms", "CPU of a post, microseconds", "performance-cpu.svg", scale=1000)
    price(results)
