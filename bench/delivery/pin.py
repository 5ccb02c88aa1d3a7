"""Keeps a process on one core, on Linux with two cores or more. Elsewhere it does nothing."""

import os


def pin(core: int) -> None:
    """Keep this process and its threads on one core, counted from 0."""
    if hasattr(os, "sched_setaffinity") and len(os.sched_getaffinity(0)) > 1:
        os.sched_setaffinity(0, {sorted(os.sched_getaffinity(0))[core]})
