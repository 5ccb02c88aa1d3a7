"""A function that does what the member ``do`` of its event says, or of the event's body if it has one."""

import contextlib
import json
import logging
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from decimal import Decimal
from typing import Any

LIFELINE = None
if port := os.environ.get("LIFELINE_PORT"):
    LIFELINE = socket.create_connection(("127.0.0.1", int(port)))

if port := os.environ.get("GATE_PORT"):
    with contextlib.suppress(ConnectionError), socket.create_connection(("127.0.0.1", int(port))) as gate:
        gate.recv(1)

STATE = {"events": 0}


def lambda_handler(event: dict[str, Any], context: Any) -> Any:
    order = json.loads(event["body"]) if "body" in event else event
    STATE["events"] += 1
    return ORDERS[order["do"]](order, context)


def look(order: dict[str, Any], context: Any) -> Any:
    return {"pid": os.getpid()} | STATE


def environment(order: dict[str, Any], context: Any) -> Any:
    return dict(os.environ)


def describe_context(order: dict[str, Any], context: Any) -> Any:
    members = {name: value for name, value in vars(context).items() if not name.startswith("_")}
    shown = {name: repr(members[name]) for name in ("identity", "client_context")}
    trace = os.environ["_X_AMZN_TRACE_ID"]
    return members | shown | {"remaining": context.get_remaining_time_in_millis(), "trace": trace}


def meet(order: dict[str, Any], context: Any) -> Any:
    """Send the process id to the test, and wait until the test ends the connection."""
    with socket.create_connection(("127.0.0.1", order["port"])) as test:
        test.sendall(str(os.getpid()).encode())
        test.recv(1)
    return os.getpid()


def answer(order: dict[str, Any], context: Any) -> Any:
    return order["with"]


def answer_bytes(order: dict[str, Any], context: Any) -> Any:
    return order["with"].encode()


def answer_a_set(order: dict[str, Any], context: Any) -> Any:
    return {1, 2}


def answer_a_lone_surrogate(order: dict[str, Any], context: Any) -> Any:
    return {"body": "\ud800"}


def answer_a_long_number(order: dict[str, Any], context: Any) -> Any:
    sys.set_int_max_str_digits(0)
    return 10**6000


def answer_decimals(order: dict[str, Any], context: Any) -> Any:
    return {"whole": Decimal("1E+1"), "part": Decimal("1.5")}


def log(order: dict[str, Any], context: Any) -> Any:
    root = logging.getLogger()
    root.setLevel(logging.INFO)
    root.info("one")
    logging.getLogger("child").warning("two")
    root.handlers[0].setLevel(logging.ERROR)
    logging.info("three")


async def answer_later(order: dict[str, Any], context: Any) -> Any:
    return order["with"]


def interrupt_itself(order: dict[str, Any], context: Any) -> Any:
    raise KeyboardInterrupt


def fail(order: dict[str, Any], context: Any) -> Any:
    raise ValueError(order["with"])


def exit_politely(order: dict[str, Any], context: Any) -> Any:
    sys.exit(3)


def exit_at_once(order: dict[str, Any], context: Any) -> Any:
    os._exit(4)


def kill_itself(order: dict[str, Any], context: Any) -> Any:
    os.kill(os.getpid(), signal.SIGKILL)


def kill_itself_by_a_number(order: dict[str, Any], context: Any) -> Any:
    os.kill(os.getpid(), 40)  # a real-time signal, which has no name


def die_soon(order: dict[str, Any], context: Any) -> Any:
    threading.Timer(0.05, os._exit, [5]).start()
    return os.getpid()


def close_everything(order: dict[str, Any], context: Any) -> Any:
    os.closerange(0, 256)


def hang(order: dict[str, Any], context: Any) -> Any:
    sys.stdout.write("hanging\n")
    time.sleep(100)


def hang_in_c(order: dict[str, Any], context: Any) -> Any:
    sys.stdout.write("in C\n")
    return re.match(r"(a+)+$", "a" * 50 + "b") is None


def hang_deaf(order: dict[str, Any], context: Any) -> Any:
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        signal.signal(number, signal.SIG_IGN)
    return hang(order, context)


def write(order: dict[str, Any], context: Any) -> Any:
    """Write bytes to standard output, or to standard error."""
    os.write(order.get("to", 1), order["text"].encode("latin-1") * order.get("times", 1))
    return "written"


def write_much(order: dict[str, Any], context: Any) -> Any:
    sys.stdout.write("x" * 10_000_000 + "\n")
    return "written"


def fork(order: dict[str, Any], context: Any) -> Any:
    """Leave a child process that hangs, and answer."""
    if os.fork() == 0:
        time.sleep(100)
    sys.stdout.write("forked\n")
    return "parent"


def fork_twins(order: dict[str, Any], context: Any) -> Any:
    """Fork, and answer in both processes."""
    return "child" if os.fork() == 0 else "parent"


def shell(order: dict[str, Any], context: Any) -> Any:
    """Leave a program that the shell has started. It inherits every file that can be inherited."""
    return os.system("sleep 100 &")


def spawn(order: dict[str, Any], context: Any) -> Any:
    """Leave a program that hangs. It has its own session if the order says so."""
    kept = [LIFELINE.fileno()] if LIFELINE else []
    script = "import time; time.sleep(100)"
    STATE["child"] = subprocess.Popen(
        [sys.executable, "-c", script], pass_fds=kept, start_new_session=order.get("own_session", False)
    ).pid
    return "parent"


ORDERS: dict[str, Callable[[dict[str, Any], Any], Any]] = {
    order.__name__: order
    for order in (
        look,
        environment,
        describe_context,
        meet,
        answer,
        answer_bytes,
        answer_a_set,
        answer_a_lone_surrogate,
        answer_a_long_number,
        answer_decimals,
        log,
        answer_later,
        interrupt_itself,
        fail,
        exit_politely,
        exit_at_once,
        kill_itself,
        kill_itself_by_a_number,
        die_soon,
        close_everything,
        hang,
        hang_deaf,
        hang_in_c,
        write,
        write_much,
        fork,
        fork_twins,
        shell,
        spawn,
    )
}
