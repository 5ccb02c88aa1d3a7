"""The tables of docs/scaling.md, made from the figures of ``make scaling``: a function for each."""

from collections.abc import Callable
from typing import Any

from bench.report import table

Model = dict[str, Any]


def size(connections: int) -> str:
    """Return a number of connections in short, such as 1 k, 100 k or 3.6 M."""
    if connections >= 1_000_000:
        return f"{connections / 1e6:g} M"
    return f"{connections / 1_000:g} k" if connections >= 1_000 else str(connections)


def share(value: float) -> str:
    """Return a part of a limit in percent."""
    return f"{value * 100:,.1f} %" if value >= 0.001 else "< 0.1 %"


def rate(value: float) -> str:
    """Return a number with at least three digits."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def sizes(model: Model) -> list[str]:
    return [size(one["workload"]["connections"]) for one in model["sizes"]]


def workload(model: Model) -> str:
    """Return the table of assumptions, which do not depend on the number of connections."""
    one = model["sizes"][0]["workload"]
    return table(
        ("What the clients do", "value"),
        ("a connection lasts", f"{one['lifetime'] / 3600:g} h"),
        ("messages that a connection sends", f"{one['messages']:g} an hour"),
        ("pings that a connection sends", f"{one['pings']:g} an hour"),
        ("connections of a session", one["together"]),
        ("sessions that a message is for", one["recipients"]),
        ("a message has", f"{one['payload']:,} bytes"),
        ("the hot session has", f"{one['hot'] * 100:g} % of all connections"),
        ("messages to the hot session", f"{one['hot_messages']:g} an hour"),
    )


def rates(model: Model) -> str:
    """Return the table of what a hub takes each second."""
    loads = [one["load"] for one in model["sizes"]]

    def line(text: str, name: str) -> tuple[object, ...]:
        return (text, *(rate(load[name]) for load in loads))

    return table(
        ("A second", *sizes(model)),
        line("connects, and as many disconnects", "connects"),
        line("messages", "messages"),
        line("pings", "pings"),
        line("posts to `@connections`", "posts"),
        line("requests that the stage counts", "from_clients"),
        line("requests that the account counts", "requests"),
        line("read units, table", "reads"),
        line("read units, index", "index_reads"),
        line("write units, table, and as many for the index", "writes"),
        *(
            (f"{name} calls at once", *(rate(load["concurrency"][index]) for load in loads))
            for index, name in enumerate(("`ConnectFunction`", "`DisconnectFunction`", "`MessageFunction`"))
        ),
        line("log lines, GB a day", "log_gb_a_day"),
        line("minutes until a new table has grown to these reads", "warming_minutes"),
    )


def limits(model: Model) -> str:
    """Return the table of limits, in the order in which a growing hub reaches them."""
    largest = model["sizes"][-1]
    connections = largest["workload"]["connections"]
    lines = []
    for ceiling in sorted(model["ceilings"], key=lambda ceiling: -largest["shares"][ceiling["name"]]):
        name = ceiling["name"]
        at = connections / largest["shares"][name]
        reached = f"{at:,.0f}" if at < 1e6 else f"{at / 1e6:.1f} M" if at < 1e8 else "> 100 M"
        shares = (share(one["shares"][name]) for one in model["sizes"])
        lines.append((name, f"{ceiling['limit']:,.0f}", *shares, reached))
    return table(
        ("Limit", "default", *sizes(model), "reached at, connections"),
        *lines,
        ("**the first**", "", *(f"{share(one['shares'][one['first']])}: {one['first']}" for one in model["sizes"]), ""),
    )


def dollars(model: Model) -> str:
    """Return the table of a month's bill."""
    bills = [each["dollars"] for each in model["sizes"]]
    return table(
        ("Dollars a month", *sizes(model)),
        *((line, *(f"{bill[line]:,.0f}" for bill in bills)) for line in bills[0]),
        ("**all**", *(f"**{sum(bill.values()):,.0f}**" for bill in bills)),
    )


def pings(model: Model) -> str:
    """Return the table of what the keep-alive takes."""
    return table(
        ("A ping every", "connections", "pings/s", "of `StageRate`", "dollars a month"),
        *(
            (f"{minutes} min", name, rate(figures["a_second"]), share(figures["stage"]), f"{figures['dollars']:,.0f}")
            for name, one in zip(sizes(model), model["sizes"], strict=True)
            for minutes, figures in one["pings"].items()
        ),
    )


def hot(model: Model) -> str:
    """Return the table of how often one session can get a message."""
    return table(
        (
            "Connections of the session",
            "messages/s until the account's posts end",
            "messages/s until its partition ends",
        ),
        *(
            (
                f"{session['connections']:,}",
                "–" if session["posts"] is None else rate(session["posts"]),
                rate(session["reads"]),
            )
            for session in model["hot"]
        ),
    )


def bursts(model: Model) -> str:
    """Return the table of one message to a large session."""
    return table(
        ("Connections", "a post takes", "delivered", "failed", "429s", "seconds", "of the quota alone, seconds"),
        *(
            (
                f"{delivery['recipients']:,}",
                f"{delivery['answer_ms']} ms",
                f"{delivery['delivered']:,}",
                f"{delivery['failed']:,}",
                f"{delivery['throttled']:,}",
                f"{delivery['seconds']:.1f}",
                f"{delivery['floor']:.1f}",
            )
            for delivery in model["bursts"]
        ),
    )


def reconnects(model: Model) -> str:
    """Return the table of many clients that connect at once."""
    lines = []
    for story in model["reconnects"]:
        clients, after = story["clients"], story["most_open_after"]
        lines.append(
            (
                size(clients["count"]),
                "at once" if clients["arriving"] == clients["count"] else f"{clients['arriving']}/s",
                "random" if clients["jitter"] else "exact",
                f"{clients['early'] // 60} min" if clients["early"] else "no",
                "never" if after is None else f"{after:,} s",
                f"{story['refused']:,}",
                f"{story['most_attempts']:,}",
                rate(story["busiest_minute"]),
                share(story["open"]),
            )
        )
    head = ("Clients", "come", "wait", "leave early", "99.9 % open after", "429s", "most attempts/s")
    return table((*head, "busiest minute later, connects/s", "open later, average"), *lines)


def all_drop(model: Model) -> str:
    """Return the table of what happens after every connection has closed at once."""
    drops = [one["all_drop"] for one in model["sizes"]]
    lines = (
        ("`$disconnect` calls, at Lambda's pace", "calls_seconds"),
        ("deletes, at a new table's pace", "deletes_seconds"),
        ("connects, at the account's pace", "connects_seconds"),
    )
    return table(
        ("Seconds, at least", *sizes(model)), *((text, *(rate(drop[name]) for drop in drops)) for text, name in lines)
    )


PARTS: dict[str, Callable[[Model], str]] = {
    "workload": workload,
    "rates": rates,
    "limits": limits,
    "dollars": dollars,
    "pings": pings,
    "hot": hot,
    "bursts": bursts,
    "reconnects": reconnects,
    "all drop": all_drop,
}
