"""Processes on cores of their own, where the system can do that: on Linux with two cores or more."""

import os


def pin(core: int) -> None:
    """Keep this process and its threads on one core."""
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})
