"""
The commands and options of ``python -m local``.

The options that the gateway shares with a command may stand before the command or behind it. So their parsers set
nothing by default (``argparse.SUPPRESS``), and the defaults are in the namespace that parsing begins with.

"""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from local.cli import values
from local.cli.event import KINDS, Sample
from local.options import INTEGRATION_TIMEOUT, Limits, Options
from local.place import Place

LIMITS = Limits()


def parse(argv: Sequence[str] | None) -> argparse.Namespace:
    """Parse the command line. ``command`` of the result is ``serve`` if the user gives no command."""
    return _parser().parse_args(argv, _defaults())


def options_of(arguments: argparse.Namespace) -> Options:
    """Return the options of ``serve`` or ``invoke``."""
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
        place=Place(arguments.region or Place.region, arguments.account),
    )


def _defaults() -> argparse.Namespace:
    return argparse.Namespace(
        command="serve",
        template=Options.template,
        api=None,
        host=Options.host,
        port=Options.port,
        parameter=[],
        tls=False,
        region=None,
        stack=None,
        account=Place.account,
        aws_endpoint=None,
        idle_timeout=LIMITS.idle,
        connection_duration=LIMITS.duration,
        integration_timeout=INTEGRATION_TIMEOUT,
        no_disconnect=False,
        debug=False,
    )


def _parser() -> argparse.ArgumentParser:
    template, address = _shared(_add_template), _shared(_add_address)
    gateway = _shared(_add_template, _add_address, _add_gateway)
    parser = argparse.ArgumentParser(
        prog="python -m local",
        description="A local API Gateway for the WebSocket API of a SAM template. Without a command, it serves the API "
        "until you press Ctrl-C.",
        parents=[gateway],
    )
    commands = parser.add_subparsers(
        title="commands", description="python -m local COMMAND --help shows the options of one.",
        dest="command", metavar="COMMAND",
    )  # fmt: skip

    def add(name: str, summary: str, *parents: argparse.ArgumentParser) -> Any:
        description = f"{summary[0].upper()}{summary[1:]}."
        return commands.add_parser(name, help=summary, description=description, parents=parents).add_argument

    _add_invoke(add("invoke", "run one function once, with the event in a file, and print its answer", gateway))
    _add_event(add("event", "print a sample event, as API Gateway sends it to a function"))
    _add_token(add("token", "print a token for AUTH_MODE jwt, signed with the running gateway's key", address))
    _add_sign(add("sign", "print headers and a URL for AUTH_MODE signature; they open one connection", address))
    _add_smoke(
        add("smoke", "check whether a deployed hub works, with TOKEN or KEY from the environment if it needs one")
    )
    _add_build(add("build", "build the stack for the processor that sam deploy uses (needs Python 3.12)"))
    _add_commands_of_operators(add)
    add("translate", "print the CloudFormation template that SAM makes of a SAM template", template)
    return parser


def _add_commands_of_operators(add: Any) -> None:
    operator = _shared(_add_local_hub, _add_stack)
    _add_publish(add("publish", "send a message to sessions, as a backend does", operator))
    _add_who(add("who", "print how many connections sessions have", operator))
    _add_list(add("list", "print the connections of a session", operator))
    _add_close(add("close", "close the connections of a session", operator))
    _add_purge(add("purge", "delete the messages that the hub keeps for a session", operator))


def _shared(*additions: Any) -> argparse.ArgumentParser:
    """Return a parser for ``parents``, whose options set nothing unless they are given."""
    parser = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    for add_options in additions:
        add_options(parser.add_argument)
    return parser


def _add_template(add: Any) -> None:
    add("--template", type=Path, metavar="PATH", help=f"the SAM template ({Options.template})")


def _add_address(add: Any) -> None:
    add("--host", help=f"the address that the gateway listens on ({Options.host})")
    add("--port", type=values.port,
        help=f"the first of the gateway's three ports ({Options.port}); 0: any three free ports")  # fmt: skip


def _add_local_hub(add: Any) -> None:
    add("--host", help=f"the address of the hub that runs on this machine ({Options.host})")
    add("--port", type=values.port, help=f"the port of that hub's page ({Options.port})")


def _add_gateway(add: Any) -> None:
    add("--api", metavar="NAME", help="the logical id of the WebSocket API (the first one in the template)")
    add("--parameter", type=values.assignment, action="append", metavar="NAME=VALUE",
        help="the value of a parameter of the template; may be repeated")  # fmt: skip
    add("--tls", action="store_true", help="print the wss:// address too, and the authority that clients must trust")
    add("--region", type=values.region, help=f"the AWS region that functions see ({Place.region})")
    add(
        "--account", type=values.account, metavar="DIGITS", help=f"the AWS account that functions see ({Place.account})"
    )
    add("--aws-endpoint", type=values.url, metavar="URL", help="use the DynamoDB at this URL, not the embedded one")
    add("--idle-timeout", type=values.seconds, metavar="S",
        help=f"seconds without a message after which a connection is closed ({LIMITS.idle:g})")  # fmt: skip
    add("--connection-duration", type=values.seconds, metavar="S",
        help=f"seconds after which any connection is closed ({LIMITS.duration:g})")  # fmt: skip
    add("--integration-timeout", type=values.seconds, metavar="S",
        help=f"seconds that a route waits for its function ({INTEGRATION_TIMEOUT:g})")  # fmt: skip
    add("--no-disconnect", action="store_true", help="never run $disconnect: API Gateway does not guarantee it")
    add("--debug", action="store_true", help="let breakpoint() wait for nc or telnet, and switch off time-outs")


def _add_stack(add: Any) -> None:
    add("--stack", metavar="NAME",
        help="the hub's stack in AWS, asked with your own credentials (the hub that runs on this machine)")  # fmt: skip
    add("--region", type=values.region, help="the stack's region (from your AWS configuration)")
    add("--profile", default=None, metavar="NAME", help="the profile in your AWS configuration (from AWS_PROFILE)")
    add("--json", action="store_true", default=False, help="print the hub's answer as JSON")


def _add_invoke(add: Any) -> None:
    add("function", help="the function's logical id in the template, such as ConnectFunction")
    add("--event", required=True, metavar="FILE", help="the event as JSON; -: read it from standard input")


def _add_event(add: Any) -> None:
    add("kind", choices=KINDS, help="the kind of event")
    add("--session", default=Sample.session, metavar="S",
        help="the session that joins, or that the message is for (%(default)s)")  # fmt: skip
    add("--connection", dest="connection_id", default="", metavar="ID", help="the connection's id (a new one)")
    add("--stage", default=Sample.stage, help="the API's stage (%(default)s)")
    pairs = {"type": values.assignment, "action": "append", "default": [], "metavar": "NAME=VALUE"}
    add("--header", dest="headers", help="connect: an additional header; may be repeated", **pairs)
    add("--query", help="connect: a parameter of the query, instead of session_id; may be repeated", **pairs)
    add("--body", type=values.body, metavar="TEXT", help="message: its text (a sendMessage frame of the hub)")
    add("--route", type=values.route, metavar="KEY", help="message: its route (the action in the body)")
    add("--code", type=values.close_code, default=Sample.code, help="disconnect: the close code (%(default)s)")
    add("--reason", default=Sample.reason, help="disconnect: the close reason (%(default)s)")


def _add_token(add: Any) -> None:
    add("--session", required=True, help="the session that the connection joins")
    add("--send", action="append", metavar="SESSION",
        help="a session that it may send to; * at the end stands for any ending; may be repeated")  # fmt: skip
    add("--ttl", type=int, default=3600, metavar="S", help="seconds until the token expires (%(default)s)")
    add("--subject", help="the claim sub")
    add("--issuer", help="the claim iss")
    add("--audience", help="the claim aud")


def _add_sign(add: Any) -> None:
    add("--session", required=True, help="the session that the connection joins")
    add("--url", action="store_true", help="print the URL only")


def _add_smoke(add: Any) -> None:
    add("url", help="the stack's output WebSocketUrl")
    add("--session", metavar="S", help="the session that TOKEN is for, if its claim session_id is not that")
    add("--issuer", help="the claim iss of the tokens that are made with KEY")
    add("--audience", help="the claim aud of the tokens that are made with KEY")


def _add_publish(add: Any) -> None:
    add("message", metavar="MESSAGE", help='the message as JSON, such as \'{"text": "hi"}\'; -: from standard input')
    add("--session", required=True, action="append", metavar="S", help="a session to send it to; may be repeated")
    add("--from", dest="sender", metavar="NAME", help="the backend's name: the message comes from #NAME (#)")
    add("--id", help="the message's id: receivers drop a second message with it (a new one)")
    add("--no-store", action="store_true", help="do not keep the message in the history")


def _add_who(add: Any) -> None:
    add("sessions", nargs="+", metavar="SESSION")


def _add_list(add: Any) -> None:
    add("session", metavar="SESSION")


def _add_close(add: Any) -> None:
    add("session", metavar="SESSION")
    add("--connection", action="append", metavar="ID",
        help="close only this connection; may be repeated; --connection=ID if it begins with a hyphen")  # fmt: skip
    add("--stay-away", action="store_true", help="tell the pages not to connect again. It keeps nobody out")
    add("--reason", metavar="TEXT", help="tell the pages why")


def _add_purge(add: Any) -> None:
    add("session", metavar="SESSION")


def _add_build(add: Any) -> None:
    add("--config-env", default="default", metavar="ENV", help="the environment in samconfig.toml (%(default)s)")
