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
    return [size(each["workload"]["connections"]) for each in model["sizes"]]


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
    loads = [each["load"] for each in model["sizes"]]

    def line(text: str, name: str) -> tuple[object, ...]:
        return (text, *(rate(each[name]) for each in loads))

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
            (f"{name} calls at once", *(rate(each["concurrency"][index]) for each in loads))
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
    for each in sorted(model["ceilings"], key=lambda each: -largest["shares"][each["name"]]):
        name = each["name"]
        at = connections / largest["shares"][name]
        reached = f"{at:,.0f}" if at < 1e6 else f"{at / 1e6:.1f} M" if at < 1e8 else "> 100 M"
        shares = (share(one["shares"][name]) for one in model["sizes"])
        lines.append((name, f"{each['limit']:,.0f}", *shares, reached))
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
            (f"{minutes} min", name, rate(each["a_second"]), share(each["stage"]), f"{each['dollars']:,.0f}")
            for name, one in zip(sizes(model), model["sizes"], strict=True)
            for minutes, each in one["pings"].items()
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
            (f"{each['connections']:,}", "–" if each["posts"] is None else rate(each["posts"]), rate(each["reads"]))
            for each in model["hot"]
        ),
    )


def bursts(model: Model) -> str:
    """Return the table of one message to a large session."""
    return table(
        ("Connections", "a post takes", "delivered", "failed", "429s", "seconds", "of the quota alone, seconds"),
        *(
            (
                f"{each['recipients']:,}",
                f"{each['answer_ms']} ms",
                f"{each['delivered']:,}",
                f"{each['failed']:,}",
                f"{each['throttled']:,}",
                f"{each['seconds']:.1f}",
                f"{each['floor']:.1f}",
            )
            for each in model["bursts"]
        ),
    )


def reconnects(model: Model) -> str:
    """Return the table of many clients that connect at once."""
    lines = []
    for each in model["reconnects"]:
        clients, after = each["clients"], each["most_open_after"]
        lines.append(
            (
                size(clients["count"]),
                "at once" if clients["arriving"] == clients["count"] else f"{clients['arriving']}/s",
                "random" if clients["jitter"] else "exact",
                f"{clients['early'] // 60} min" if clients["early"] else "no",
                "never" if after is None else f"{after:,} s",
                f"{each['refused']:,}",
                f"{each['most_attempts']:,}",
                rate(each["busiest_minute"]),
                share(each["open"]),
            )
        )
    head = ("Clients", "come", "wait", "leave early", "99.9 % open after", "429s", "most attempts/s")
    return table((*head, "busiest minute later, connects/s", "open later, average"), *lines)


def all_drop(model: Model) -> str:
    """Return the table of what happens after every connection has closed at once."""
    drops = [each["all_drop"] for each in model["sizes"]]
    lines = (
        ("`$disconnect` calls, at Lambda's pace", "calls_seconds"),
        ("deletes, at a new table's pace", "deletes_seconds"),
        ("connects, at the account's pace", "connects_seconds"),
    )
    return table(
        ("Seconds, at least", *sizes(model)), *((text, *(rate(each[name]) for each in drops)) for text, name in lines)
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
