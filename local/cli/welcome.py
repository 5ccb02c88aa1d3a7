"""The message that the gateway prints when it is ready: its addresses, and what to try."""

import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from local.console import BOLD, Console
from local.endpoints import AUTHORITY, Endpoints
from local.options import Options
from local.stack.app import App
from local.start import ports


def show(options: Options, console: Console, app: App, endpoints: Endpoints) -> None:
    console.say()
    console.say("The hub is ready." if endpoints.is_hub else f"{app.api} is ready.", BOLD)
    if endpoints.is_hub:
        console.say(f"  Page         {endpoints.page}/")
    console.say(f"  WebSocket    {endpoints.websocket}")
    if options.wss:
        authority = Path(endpoints.bundle).with_name(AUTHORITY)
        console.say(f"               {endpoints.tls.replace('https', 'wss')}/{app.stage}   (trust {authority})")
    console.say(f"  Management   {endpoints.management}/@connections/{{id}}")
    console.say(f"               {endpoints.tls}/{app.stage}/@connections/{{id}}, as functions see it")
    console.say(f"  AWS          {endpoints.aws}")
    if endpoints.dynamodb != endpoints.aws:
        console.say(f"  DynamoDB     {endpoints.dynamodb}")
    _show_queues(app, console)
    console.say()
    _suggest(app, endpoints, options, console)
    console.say()
    if endpoints.auth_mode == "none" and app.authentication:
        console.warn(f"{app.authentication}.")
    if not ports.is_loopback(options.host):
        console.warn(f"The gateway listens on {options.host}: any machine that can reach this one can connect.")
    if options.debug:
        console.warn("With --debug, breakpoint() prints a port and waits for nc or telnet there. Nothing times out.")
    console.say("Press Ctrl-C to stop.")
    console.say()


def _show_queues(app: App, console: Console) -> None:
    for source in app.event_sources:
        most = "one record" if source.batch_size == 1 else f"up to {source.batch_size:,} records"
        console.say(f"  Queue        {source.queue} → {source.function}, {most} at a time")


def _suggest(app: App, endpoints: Endpoints, options: Options, console: Console) -> None:
    if endpoints.provider:
        console.say(f"It takes the tokens of {endpoints.provider}.")
        console.say("Sign in there, and paste your token into the page. Or connect from another terminal:")
        console.say(f'  {_client()} "{endpoints.websocket}?token=TOKEN"')
        console.say(f"Your session is the claim {endpoints.session_claim} of the token.")
    elif endpoints.is_hub:
        console.say(
            "Open the page in two windows. Or join the session me from another terminal, and send it a message:"
        )
        console.say(f'  {_client()} "{_example_url(endpoints, options)}"')
        console.say('  {"action": "sendMessage", "sessions": ["me"], "message": "hello"}')
    else:
        routes = ", ".join(app.routes) or "none, so the gateway answers every message with Forbidden"
        console.say(f"Its routes: {routes}. Connect from another terminal:")
        console.say(f'  {_client()} "{endpoints.websocket}"')


def _example_url(endpoints: Endpoints, options: Options) -> str:
    python = os.path.relpath(sys.executable)
    where = "" if options.port == type(options).port else f" --port {urlsplit(endpoints.page).port}"
    if endpoints.auth_mode == "jwt":
        return f"{endpoints.websocket}?token=$({python} -m local token --session me{where})"
    if endpoints.auth_mode == "signature":
        return f"$({python} -m local sign --session me --url{where})"
    return f"{endpoints.websocket}?session_id=me"


def _client() -> str:
    """Return the command that starts the client of the websockets library, which is installed next to this Python."""
    command = Path(sys.executable).with_name("websockets")
    return os.path.relpath(command) if command.exists() else f"{sys.executable} -m websockets"
