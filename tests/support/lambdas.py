"""Imports functions as a cold start does, and makes Lambda's context for them."""

import functools
import importlib.util
from dataclasses import dataclass
from types import ModuleType

import pytest

from local.lambdas.worker_environment import environment_of
from local.stack.app import Function
from local.stack.loading import load
from tests.support.paths import ROOT


@dataclass
class Context:
    """The members of Lambda's context that Powertools and the hub read."""

    function_name: str = "function"
    memory_limit_in_mb: int = 128
    invoked_function_arn: str = "arn:aws:lambda:us-east-1:123456789012:function:function"
    aws_request_id: str = "request-1"
    remaining_ms: int = 28_000

    def get_remaining_time_in_millis(self) -> int:
        return self.remaining_ms


def cold_start(
    function: str, monkeypatch: pytest.MonkeyPatch, parameters: dict[str, str] | None = None, **environment: str
) -> ModuleType:
    """Import a function's module with the environment that the template sets, changed by ``environment``."""
    parameters = {"WebSocketEndpoint": "http://127.0.0.1:9/prod"} | (parameters or {})
    declared = _declared(function, tuple(parameters.items()))
    for name, value in (environment_of(declared, {}) | environment).items():
        monkeypatch.setenv(name, value)
    return imported(function)


def imported(function: str) -> ModuleType:
    """Import the module of a function with the environment as it is."""
    declared = _declared(function, ())
    module = declared.handler.rpartition(".")[0]
    spec = importlib.util.spec_from_file_location(module, declared.path[0] / f"{module}.py")
    assert spec
    assert spec.loader
    loaded = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(loaded)
    return loaded


@functools.cache
def _declared(function: str, parameters: tuple[tuple[str, str], ...]) -> Function:
    """Return a function as the template declares it, with these parameters."""
    return load(ROOT / "template.yaml", dict(parameters)).functions[function]
