"""The options of ``python -m local``, and what is accepted for each."""

import argparse
import re
from pathlib import Path
from typing import Any

from local.cli.event import KINDS, Sample
from local.options import INTEGRATION_TIMEOUT, Limits, Options
from local.place import Place


def options_of(arguments: argparse.Namespace) -> Options:
    """Return what the arguments of a command that serves or invokes say."""
    return Options(
        template=arguments.template,
        api=arguments.api,
        host=arguments.host,
        port=arguments.port,
        parameters=dict(arguments.parameter),
        aws_endpoint=arguments.aws_endpoint,
        limits=Limits(idle=arguments.idle_timeout, duration=arguments.connection_duration),
        integration_timeout=arguments.integration_timeout,
        wss=arguments.tls,
        debug=arguments.debug,
        runs_disconnect=not arguments.no_disconnect,
        place=Place(arguments.region, arguments.account),
    )


def sample_of(arguments: argparse.Namespace) -> Sample:
    """Return what the arguments of ``event`` say."""
    given = {name: value for name, value in vars(arguments).items() if name in Sample.__dataclass_fields__}
    return Sample(**given)


def parser() -> tuple[argparse.ArgumentParser, dict[str, argparse.ArgumentParser]]:
    """Return the parser, and those of its commands by their names. The parser itself serves."""
    whole = argparse.ArgumentParser(
        prog="python -m local", description="A local API Gateway for the WebSocket API of a SAM template."
    )
    _add_options(whole)
    found = whole.add_subparsers(title="commands (without one: serve until Ctrl-C)", action=_Commands)

    once = found.add_parser("invoke", help="run one function once with an event file, and print what it returned")
    once.add_argument("function", help="its id in the template, such as ConnectFunction")
    once.add_argument("--event", required=True, metavar="FILE", help="the event as JSON; - reads standard input")
    _add_options(once)

    event = found.add_parser("event", help="print an event as API Gateway sends it, for invoke")
    _add_sample(event)

    token = found.add_parser("token", help="print a token for AUTH_MODE jwt, signed with a running gateway's secret")
    _add_token(token)

    sign = found.add_parser("sign", help="print headers and URL for AUTH_MODE signature, good for one connection")
    sign.add_argument("--session", required=True, help="the session that it joins")
    sign.add_argument("--url", action="store_true", help="print the URL alone")
    _add_address(sign)

    smoke = found.add_parser(
        "smoke", help="say whether a deployed hub works; TOKEN or KEY in the environment where its AuthMode wants one"
    )
    _add_smoke(smoke)

    build = found.add_parser(
        "build", help="build the stack for the processor that sam deploy asks for; needs Python 3.12"
    )
    build.add_argument("--config-env", default="default", metavar="ENV", help="environment of samconfig.toml (default)")

    shown = found.add_parser("translate", help="print the CloudFormation that SAM makes of the template")
    shown.add_argument("--template", type=Path, default=Options.template, metavar="PATH")
    return whole, {
        "invoke": once,
        "event": event,
        "token": token,
        "sign": sign,
        "smoke": smoke,
        "build": build,
        "translate": shown,
    }


class _Commands(argparse._SubParsersAction):  # type: ignore[type-arg]  # noqa: SLF001 - no public one does it
    """Commands that heed the options before them; argparse lets the defaults of those behind them win."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, *values: Any) -> None:
        before = {name: value for name, value in vars(namespace).items() if value != parser.get_default(name)}
        super().__call__(parser, namespace, *values)
        for name, value in before.items():
            if getattr(namespace, name) == parser.get_default(name):
                setattr(namespace, name, value)


def _add_sample(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("kind", choices=KINDS)
    add(
        "--session",
        default=Sample.session,
        metavar="S",
        help="who joins, or is written to (%(default)s)",
    )
    add("--connection", dest="connection_id", default="", metavar="ID", help="the connection's id (a new one)")
    add("--stage", default=Sample.stage, help="(%(default)s)")
    pairs = {"type": _assignment, "action": "append", "default": [], "metavar": "NAME=VALUE"}
    add("--header", dest="headers", help="connect: a header more; may be repeated", **pairs)  # type: ignore[arg-type]  # options of several types
    add("--query", help="connect: a parameter, instead of session_id; may be repeated", **pairs)  # type: ignore[arg-type]  # options of several types
    add("--body", type=_body, metavar="TEXT", help="message: its text (a sendMessage of the hub)")
    add("--route", type=_route, metavar="KEY", help="message: its route (what the body's action says)")
    add("--code", type=_close_code, default=Sample.code, help="disconnect: the close code (%(default)s)")
    add("--reason", default=Sample.reason, help="disconnect: the close reason (%(default)s)")


def _add_token(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--session", required=True, help="the session that it joins")
    add("--send", action="append", metavar="SESSION", help="whom it may address; * at the end for any ending")
    add("--ttl", type=int, default=3600, metavar="S", help="seconds until it expires (%(default)s)")
    add("--subject", help="the claim sub")
    add("--issuer", help="the claim iss")
    add("--audience", help="the claim aud")
    _add_address(parser)


def _add_smoke(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("url", help="the stack's output WebSocketUrl")
    add("--session", metavar="S", help="the session that TOKEN is for (what its claim session_id says)")
    add("--issuer", help="the claim iss of tokens that are made with KEY")
    add("--audience", help="their claim aud")


def _add_options(parser: argparse.ArgumentParser) -> None:
    limits = Limits()
    add = parser.add_argument
    add("--template", type=Path, default=Options.template, metavar="PATH", help="the SAM template (%(default)s)")
    add("--api", metavar="NAME", help="the WebSocket API to serve, where the template has several (the first)")
    _add_address(parser)
    add("--parameter", type=_assignment, action="append", default=[], metavar="NAME=VALUE",
        help="a value for a parameter of the template; may be repeated")  # fmt: skip
    add("--tls", action="store_true", help="offer wss:// to clients, too")
    add("--region", type=_region, default=Place.region, help="where functions find themselves (%(default)s)")
    add("--account", type=_account, default=Place.account, metavar="DIGITS", help="whose they are (%(default)s)")
    add("--aws-endpoint", type=_url, metavar="URL", help="another DynamoDB to use instead of the embedded one")
    add("--idle-timeout", type=_seconds, default=limits.idle, metavar="S", help="seconds (%(default)g)")
    add("--connection-duration", type=_seconds, default=limits.duration, metavar="S", help="seconds (%(default)g)")
    add("--integration-timeout", type=_seconds, default=INTEGRATION_TIMEOUT, metavar="S", help="seconds (%(default)g)")
    add("--no-disconnect", action="store_true", help="lose every $disconnect, as API Gateway may lose some")
    add("--debug", action="store_true", help="let breakpoint() wait for nc or telnet, and nothing time out")


def _add_address(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--host", default=Options.host, help="address that the gateway listens on (%(default)s)")
    add("--port", type=_port, default=Options.port, help="its first of three ports (%(default)s); 0 takes free ones")


def _body(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise argparse.ArgumentTypeError(f"{text!r} is not UTF-8") from None
    return text


def _route(text: str) -> str:
    if text in {"$connect", "$disconnect"}:
        raise argparse.ArgumentTypeError(f"no message takes {text}")
    return text


def _close_code(text: str) -> int:
    if not text.isdecimal() or not 1000 <= int(text) <= 4999:
        raise argparse.ArgumentTypeError(f"{text!r} is not a close code from 1000 to 4999")
    return int(text)


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65533:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65533")
    return int(text)


def _region(text: str) -> str:
    if not re.fullmatch(r"[a-z]{2,}(-[a-z]+)+-[0-9]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a region such as eu-central-1")
    return text


def _account(text: str) -> str:
    if not re.fullmatch("[0-9]{12}", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not an account's twelve digits")
    return text


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^/\s]+/?", text):
        raise argparse.ArgumentTypeError(f"{text!r} is not a URL such as http://127.0.0.1:8000")
    return text.rstrip("/")


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0
    if not 0 < seconds < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds above 0")
    return seconds


def _assignment(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value
