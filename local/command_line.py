"""The command line: ``python -m local`` serves; ``invoke``, ``token``, ``sign`` and ``translate`` help to try it."""

import argparse
import asyncio
import json
import os
import re
import signal
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, NoReturn

from local.api.gateway import INTEGRATION_TIMEOUT
from local.console import Console
from local.credentials import CannotSign, mint, signed
from local.lambdas.invoke import CannotInvoke, invoke
from local.serve import CannotListen, Options, serve
from local.stack.intrinsics import TemplateError
from local.stack.template import translate
from local.wire.sockets import Limits


def main(argv: list[str] | None = None) -> int:
    """Run a command. Returns the exit status: 0, or 1 if it could not be done."""
    # Nothing here may reach an account, or depend on a profile.
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ["no_proxy"] = "*"  # all that it speaks to is near
    arguments = _parser().parse_args(argv)
    try:
        status: int = arguments.command(arguments)
    except (TemplateError, CannotListen, CannotInvoke, CannotSign) as error:
        print(error, file=sys.stderr)
        return 1
    return status


def _serve(arguments: argparse.Namespace) -> int:
    console = Console()
    options = _options(arguments)
    try:
        asyncio.run(_until_signalled(serve(options, console)))
    except asyncio.CancelledError:
        console.say("Stopped.")
    return 0


async def _until_signalled(running: Coroutine[Any, Any, NoReturn]) -> None:
    task = asyncio.current_task()
    assert task
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await running


def _invoke(arguments: argparse.Namespace) -> int:
    result = asyncio.run(invoke(arguments.function, arguments.event, _options(arguments), Console(sys.stderr)))
    answer = result.value if result.error is None else result.error
    try:
        print(json.dumps(answer, ensure_ascii=False))
    except UnicodeEncodeError:  # beyond this terminal, or a lone surrogate
        print(json.dumps(answer))
    return 0 if result.error is None else 1


def _token(arguments: argparse.Namespace) -> int:
    claims = {"sub": arguments.subject, "send": arguments.send, "iss": arguments.issuer, "aud": arguments.audience}
    given = {name: value for name, value in claims.items() if value is not None}
    print(mint(arguments.host, arguments.port, arguments.session, arguments.ttl, given))
    return 0


def _sign(arguments: argparse.Namespace) -> int:
    headers, url = signed(arguments.host, arguments.port, arguments.session)
    if not arguments.url:
        for name, value in headers.items():
            print(f"{name}: {value}")
    print(url)
    return 0


def _translate(arguments: argparse.Namespace) -> int:
    print(json.dumps(translate(arguments.template), indent=2))
    return 0


def _options(arguments: argparse.Namespace) -> Options:
    return Options(
        template=arguments.template,
        host=arguments.host,
        port=arguments.port,
        parameters=dict(arguments.parameter),
        aws_endpoint=arguments.aws_endpoint,
        limits=Limits(idle=arguments.idle_timeout, duration=arguments.connection_duration),
        integration_timeout=arguments.integration_timeout,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m local", description="A local API Gateway for the WebSocket API of a SAM template."
    )
    _add_options(parser)
    parser.set_defaults(command=_serve)
    commands = parser.add_subparsers(title="commands (without one: serve until Ctrl-C)")

    once = commands.add_parser("invoke", help="run one function once with an event file, and print what it returned")
    once.add_argument("function", help="its id in the template, such as ConnectFunction")
    once.add_argument("--event", required=True, metavar="FILE", help="the event as JSON; - reads standard input")
    _add_options(once)
    once.set_defaults(command=_invoke)

    _add_credentials(commands)
    shown = commands.add_parser("translate", help="print the CloudFormation that SAM makes of the template")
    shown.add_argument("--template", type=Path, default=Options.template, metavar="PATH")
    shown.set_defaults(command=_translate)
    return parser


def _add_credentials(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    token = commands.add_parser("token", help="print a token for AUTH_MODE jwt, signed with a running gateway's secret")
    token.add_argument("--session", required=True, help="the session that it joins")
    token.add_argument(
        "--send", action="append", metavar="SESSION", help="whom it may address; * at the end for any ending"
    )
    token.add_argument("--ttl", type=int, default=3600, metavar="S", help="seconds until it expires (%(default)s)")
    token.add_argument("--subject", help="the claim sub")
    token.add_argument("--issuer", help="the claim iss")
    token.add_argument("--audience", help="the claim aud")
    _add_address(token)
    token.set_defaults(command=_token)

    sign = commands.add_parser("sign", help="print headers and URL for AUTH_MODE signature, good for one connection")
    sign.add_argument("--session", required=True, help="the session that it joins")
    sign.add_argument("--url", action="store_true", help="print the URL alone")
    _add_address(sign)
    sign.set_defaults(command=_sign)


def _add_options(parser: argparse.ArgumentParser) -> None:
    limits = Limits()
    add = parser.add_argument
    add("--template", type=Path, default=Options.template, metavar="PATH", help="the SAM template (%(default)s)")
    _add_address(parser)
    add(
        "--parameter",
        type=_assignment,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a value for a parameter of the template; may be repeated",
    )
    add("--aws-endpoint", type=_url, metavar="URL", help="another DynamoDB to use instead of the embedded one")
    add("--idle-timeout", type=_seconds, default=limits.idle, metavar="S", help="seconds (%(default)g)")
    add("--connection-duration", type=_seconds, default=limits.duration, metavar="S", help="seconds (%(default)g)")
    add("--integration-timeout", type=_seconds, default=INTEGRATION_TIMEOUT, metavar="S", help="seconds (%(default)g)")


def _add_address(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--host", default=Options.host, help="address that the gateway listens on (%(default)s)")
    add("--port", type=_port, default=Options.port, help="its first of three ports (%(default)s); 0 takes free ones")


def _port(text: str) -> int:
    if not text.isdecimal() or not 0 <= int(text) <= 65533:
        raise argparse.ArgumentTypeError(f"{text!r} is not a port from 0 to 65533")
    return int(text)


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
