"""
Ends a worker when the gateway ends, even if the handler hangs or the gateway is killed.

Runs in the worker process: it imports nothing else of the gateway.

"""

import fcntl
import os
import select
import signal
import sys
import threading


def end_with_the_gateway() -> None:
    """
    Kill the worker, and every process that it has started, when standard input ends.

    The gateway holds the other end of standard input and never writes to it. The handler gets an empty one instead.

    """
    lifeline = os.dup(0)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)

    def wait() -> None:
        select.select([lifeline], [], [])  # readable only at its end
        end_with_children()

    threading.Thread(target=wait, daemon=True).start()
    if sys.platform == "linux":  # a signal: the thread cannot run while the handler is in C code that holds the GIL
        fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
        fcntl.fcntl(lifeline, fcntl.F_SETOWN, -os.getpgrp())
        fcntl.fcntl(lifeline, fcntl.F_SETFL, fcntl.fcntl(lifeline, fcntl.F_GETFL) | os.O_ASYNC)


def end_with_children() -> None:
    """Kill this process and every process that it has started, except those in process groups of their own."""
    os.killpg(0, signal.SIGKILL)
