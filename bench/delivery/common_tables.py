"""The first tables of docs/performance.md: a message to one browser, and messages to few connections."""

from bench import costs, limits
from bench.report import Results, Row, table

ENGINES = {"hub": ("the hub", costs.ONE_MESSAGE_READS), "loop": ("boto3, query and post", costs.LOOP_READS)}
"""The name of each engine in the table, and the read units of its message to one connection."""


def one_message(results: Results) -> str:
    """Return the table of one message to one connection, over TLS: its times, and the price of a million of them."""
    memory = f"Lambda, {limits.MESSAGE_MB:,} MB"
    head = ("One message to one browser", "p50", "p99", "CPU", memory, "DynamoDB", "API Gateway", "total")
    row = _only(results, count=1, tls=True)
    lines = []
    for engine, (name, reads) in ENGINES.items():
        figures = row[engine]
        times = [f"{figures[figure]:.1f} ms" for figure in ("p50_ms", "p99_ms", "cpu_ms")]
        prices = _prices(figures, reads)
        lines.append((name, *times, *(f"${dollars:.3f}" for dollars in (*prices, sum(prices)))))
    return table(head, *lines)


def few_connections(results: Results) -> str:
    """Return the table that compares the hub with the loop over boto3, by the number of connections."""
    lines = []
    for plain in (row for row in results["common"] if not row["tls"]):
        tls = _only(results, count=plain["count"], tls=True)
        lines.append((plain["count"], *(f"{row[figure]:.2f}" for row in (plain, tls) for figure in ("wall", "cpu"))))
    return table(("Connections", "plain: time", "CPU", "TLS: time", "CPU"), *lines)


def _only(results: Results, **wanted: object) -> Row:
    row: Row
    (row,) = (row for row in results["common"] if all(row[name] == value for name, value in wanted.items()))
    return row


def _prices(figures: Row, reads: float) -> tuple[float, float, float]:
    """Return the dollars of a million messages to one connection: Lambda, DynamoDB, API Gateway."""
    duration = costs.seconds(1, figures["per_second"], figures["cpu_ms"], limits.MESSAGE_MB)
    return (
        costs.lambda_dollars(1, duration, limits.MESSAGE_MB),
        reads * costs.DYNAMODB_READ * 1e6,
        costs.ONE_MESSAGE_FRAMES * costs.API_GATEWAY_MESSAGE * 1e6,
    )
