"""
Changes a library when the function imports it. A function that does not import the library does not wait for it.

Runs in the worker process: it imports nothing else of the gateway.

"""

import sys
from collections.abc import Callable, Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any


def when_imported(name: str, change: Callable[[Any], None]) -> None:
    """
    Call a function with a module that will be imported, after the module's code has run.

    Args:
        name: For example ``OpenSSL.SSL``. The module must not be imported yet.

    """
    sys.meta_path.insert(0, _Watcher(name, change))


class _Watcher:
    def __init__(self, name: str, change: Callable[[Any], None]) -> None:
        self._name = name
        self._change = change

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if name != self._name:
            return None
        spec = PathFinder.find_spec(name, path, target)
        if spec and (loader := spec.loader):
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                execute(module)
                self._change(module)

            loader.exec_module = exec_module  # type: ignore[method-assign]
        return spec
