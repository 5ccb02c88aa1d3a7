"""The tables of docs/scaling.md about history, made from ``history_figures``: a function for each."""

from collections.abc import Callable
from typing import Any

from bench.report import table
from bench.scaling.tables import rate, share, size

Figures = dict[str, Any]


def stored(figures: Figures) -> str:
    """Return the table of what a stored message costs."""
    head = ("A message has", "write units", "a million: writes", "storage, 10 minutes", "storage, 7 days")
    return table(
        (*head, "one session stores, messages/s"),
        *(
            (
                f"{one['payload']:,} bytes",
                one["units"],
                *(f"${one[price]:.2f}" for price in ("writes", "storage", "week")),
                f"{one['per_second']:,.0f}",
            )
            for one in figures["stored"]
        ),
    )


def resumed(figures: Figures) -> str:
    """Return the table of what an answer to ``resume`` costs."""
    return table(
        ("The client has missed", "messages in the answer", "read units", "messages billed", "a million answers"),
        *(
            (
                f"{one['missed']:,} of {one['payload']:,} bytes" if one["missed"] else "nothing",
                one["frames"],
                f"{one['reads']:g}",
                one["billed"],
                f"${one['dollars']:.2f}",
            )
            for one in figures["resumed"]
        ),
    )


def loads(figures: Figures) -> str:
    """Return the table of what history adds to a hub, each second."""
    lines = (
        ("messages that are stored, counted for each session", "stored"),
        ("write units, table of history", "writes"),
        ("`resume`", "resumes"),
        ("read units, table of history", "reads"),
        ("GB in the table of history", "gb"),
        ("minutes until a new table of history has grown to these writes", "warming_minutes"),
    )
    return table(
        ("A second, with history", *_sizes(figures)),
        *((text, *(rate(one[name]) for one in figures["loads"])) for text, name in lines),
    )


def limits(figures: Figures) -> str:
    """Return the table of the limits that history uses, in the order in which a growing hub reaches them."""
    largest = figures["loads"][-1]
    lines = []
    for name, (limit, taken) in sorted(largest["shares"].items(), key=lambda item: -item[1][1]):
        at = largest["connections"] / taken
        reached = f"{at:,.0f}" if at < 1e6 else f"{at / 1e6:.1f} M"
        lines.append((name, f"{limit:,.0f}", *(share(one["shares"][name][1]) for one in figures["loads"]), reached))
    return table(("Limit", "default", *_sizes(figures), "reached at, connections"), *lines)


def dollars(figures: Figures) -> str:
    """Return the table of a month's bill, without history and with it."""
    lines = figures["bill"]
    totals = [sum(both[column] for both in lines.values()) for column in (0, 1)]
    return table(
        ("Dollars a month, 100 k", "without history", "with history"),
        *((line, *(f"{price:,.0f}" for price in both)) for line, both in lines.items()),
        ("**all**", *(f"**{total:,.0f}**" for total in totals)),
    )


def hot(figures: Figures) -> str:
    """Return the table of a session that gets more messages than its history can store."""
    head = ("Messages/s to the session", "stored/s", "not stored", "numbers without a message/s")
    return table(
        (*head, "`MessageFunction` calls at once", "stored/s, if a write needs all its units"),
        *(
            (
                one["rate"],
                rate(one["stored"]),
                share(one["unstored"]) if one["unstored"] else "0",
                rate(one["unused"]),
                rate(one["calls"]),
                rate(one["strict"]),
            )
            for one in figures["hot"]
        ),
    )


def _sizes(figures: Figures) -> list[str]:
    return [size(one["connections"]) for one in figures["loads"]]


PARTS: dict[str, Callable[[Figures], str]] = {
    "stored messages": stored,
    "resumes": resumed,
    "history rates": loads,
    "history limits": limits,
    "history dollars": dollars,
    "hot history": hot,
}
