"""The charts of docs/scaling.md, as SVG."""

from typing import TYPE_CHECKING

from matplotlib import pyplot as plt

from bench import limits
from bench.delivery.charts import FLOOR, HUB, ONE, POOL, save
from bench.report import Results
from bench.scaling import burst, function_times, rush

if TYPE_CHECKING:
    from matplotlib.axes import Axes

CROWD = 100_000
"""Clients in the chart of reconnects."""


def attempts() -> None:
    """Draw the attempts to connect a second, for five hours after all clients were disconnected."""
    axes: Axes = plt.figure().add_subplot()
    for clients, text, color in (
        (rush.Clients(CROWD, CROWD, jitter=False), "exact waits", ONE),
        (rush.Clients(CROWD, CROWD), "random waits", POOL),
        (rush.Clients(CROWD, CROWD, early=3600), "random waits, and leaving up to an hour early", HUB),
    ):
        story = rush.simulate(clients, 5 * 3600)
        minutes = story.minutes(story.attempts)
        axes.plot([minute / 60 for minute in range(len(minutes))], minutes, color=color, label=text)
    axes.axhline(limits.CONNECTS, color=FLOOR, linestyle=":", label="the quota")
    axes.set(
        yscale="symlog",
        ylim=(0, 1e5),
        xlabel="hours after all were disconnected",
        ylabel="attempts a second, by the minute",
    )
    axes.set_title(f"{CROWD:,} clients connect again", fontsize=10)
    axes.legend(fontsize=8, loc="upper right")
    save("scaling-reconnects.svg")


def deliveries(results: Results) -> None:
    """Draw how many connections of a large session one message has reached, over time."""
    axes: Axes = plt.figure().add_subplot()
    for recipients, answer_ms, color, width in (
        (300_000, 10, POOL, 5),
        (300_000, 50, ONE, 5),
        (100_000, 10, HUB, 2),
        (100_000, 50, "black", 2),
    ):
        outcome = burst.deliver(recipients, function_times.pace(results, answer_ms), answer_ms / 1000)
        progress = outcome.progress[::10]
        seconds = [step * 10 * burst.STEP for step in range(len(progress))]
        axes.plot(
            seconds,
            progress,
            color=color,
            linewidth=width,
            label=f"{recipients:,} connections, a post takes {answer_ms} ms",
        )
    ends = (0.0, limits.DELIVERY_SECONDS)
    quota = [limits.REQUEST_BURST + limits.REQUESTS * end for end in ends]
    axes.plot(ends, quota, ":", color=FLOOR, label="the quota", zorder=9)
    axes.set(xlabel="seconds after the message", ylabel="connections reached")
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.legend(fontsize=8)
    save("scaling-deliveries.svg")


def draw(results: Results) -> None:
    """Draw both charts."""
    attempts()
    deliveries(results)
