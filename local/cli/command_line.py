"""
The command line: ``python -m local`` serves; ``invoke``, ``event``, ``token`` and the others help to try it.

Each command imports what it needs: who waits for a gateway need not wait for the others' libraries.

"""

import argparse
import asyncio
import contextlib
import json
import os
import resource
import signal
import sys
from collections.abc import Coroutine
from functools import partial
from typing import Any

import uvloop

from local.cli.arguments import options_of, parser, sample_of
from local.console import Console
from local.credentials import NO_CONFIGURATION
from local.errors import CannotDo


def main(argv: list[str] | None = None) -> int:
    """Run a command. Returns the exit status: 0, or 1 if it could not be done."""
    # Nothing here may reach an account, or depend on a profile.
    for name in [name for name in os.environ if name.startswith(("AWS_", "BOTO_", "MOTO_"))]:
        del os.environ[name]
    os.environ |= NO_CONFIGURATION
    # The head of a handshake is limited as a whole, by the listener, before websockets reads it.
    os.environ |= {"WEBSOCKETS_MAX_LINE_LENGTH": "16384", "WEBSOCKETS_MAX_NUM_HEADERS": "4096"}
    arguments = _parse(argv)
    if arguments.command is not _smoke:
        os.environ["no_proxy"] = "*"  # all that it speaks to is near
    try:
        status: int = arguments.command(arguments)
    except CannotDo as error:
        Console(sys.stderr).say(str(error))
        return 1
    return status


def _parse(argv: list[str] | None) -> argparse.Namespace:
    whole, commands = parser()
    whole.set_defaults(command=_serve)
    does = {
        "invoke": _invoke,
        "event": _event,
        "token": _token,
        "sign": _sign,
        "smoke": _smoke,
        "build": _build,
        "translate": _translate,
    }
    for name, command in commands.items():
        command.set_defaults(command=does[name])
    return whole.parse_args(argv)


def _serve(arguments: argparse.Namespace) -> int:
    from local.cli import welcome
    from local.start.serve import serve

    console = Console()
    options = options_of(arguments)
    _allow_many_sockets()
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_until_signalled(serve(options, console, partial(welcome.say, options, console))))
    except asyncio.CancelledError:
        console.say("Stopped.")
        return 0
    finally:
        console.end()
    return 1


def _allow_many_sockets() -> None:
    """Raise the soft limit of open files, of which each client takes one: 1,024 is usual on Linux, 256 on macOS."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    for files in (65_536, 10_240):  # the second is the most that macOS takes
        wanted = files if hard == resource.RLIM_INFINITY else min(files, hard)
        if soft in (resource.RLIM_INFINITY, max(soft, wanted)):
            return
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            return


async def _until_signalled(running: Coroutine[Any, Any, None]) -> None:
    task = asyncio.current_task()
    assert task
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    await running


def _invoke(arguments: argparse.Namespace) -> int:
    from local.cli.invoke import invoke

    result = asyncio.run(invoke(arguments.function, arguments.event, options_of(arguments), Console(sys.stderr)))
    answer = result.value if result.error is None else result.error
    text = json.dumps(answer, ensure_ascii=False)
    try:
        print(text if text.isprintable() else json.dumps(answer))  # nothing that steers a terminal
    except UnicodeEncodeError:  # beyond this terminal, or a lone surrogate
        print(json.dumps(answer))
    return 0 if result.error is None else 1


def _event(arguments: argparse.Namespace) -> int:
    from local.cli.event import KINDS

    print(json.dumps(KINDS[arguments.kind](sample_of(arguments)), indent=2))
    return 0


def _token(arguments: argparse.Namespace) -> int:
    from local.cli.credentials import mint

    claims = {"sub": arguments.subject, "send": arguments.send, "iss": arguments.issuer, "aud": arguments.audience}
    given = {name: value for name, value in claims.items() if value is not None}
    print(mint(arguments.host, arguments.port, arguments.session, arguments.ttl, given))
    return 0


def _sign(arguments: argparse.Namespace) -> int:
    from local.cli.credentials import signed

    headers, url = signed(arguments.host, arguments.port, arguments.session)
    if not arguments.url:
        for name, value in headers.items():
            print(f"{name}: {value}")
    print(url)
    return 0


def _smoke(arguments: argparse.Namespace) -> int:
    from local.cli.smoke.access import Given
    from local.cli.smoke.run import smoke

    secrets = {"token": os.environ.get("TOKEN", ""), "key": os.environ.get("KEY", "")}  # no argument: ps shows those
    given = Given(**secrets, session=arguments.session, issuer=arguments.issuer, audience=arguments.audience)
    return asyncio.run(smoke(arguments.url, given, Console(sys.stdout)))


def _build(arguments: argparse.Namespace) -> int:
    from local.cli.build import build_for

    build_for(arguments.config_env)
    return 0


def _translate(arguments: argparse.Namespace) -> int:
    from local.stack import notes
    from local.stack.loading import translated
    from local.stack.reading import read

    print(json.dumps(translated(arguments.template), indent=2))
    for note in notes.unknown_to_sam(read(arguments.template)):
        print(note, file=sys.stderr)
    return 0
