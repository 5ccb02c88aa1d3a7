"""A function gets the same context, logging and errors in a worker as under AWS's own runtime, awslambdaric."""

import asyncio
import contextlib
import importlib.util
import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local.lambdas.process import Result
from local.stack.app import Function, Logging
from tests.support.lambda_runtime import Invoke, in_lambda
from tests.support.pools import RunningPool

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="AWS's emulator and its runtime client are for Linux")

PROBE = '''
import collections, datetime, decimal, io, json, logging, os, sys, time

def handler(event, context):
    return eval(event["evaluate"], globals() | {"context": context, "event": event})

def throw(error, cause=None):
    raise error from cause

def logged(level, message, *arguments, **options):
    """Return what the root logger's handler prints of a record."""
    root = logging.getLogger()
    stream, sys.stdout = sys.stdout, io.StringIO()
    try:
        root.log(level, message, *arguments, **options)
        return sys.stdout.getvalue().strip()
    finally:
        sys.stdout = stream

def failed():
    try:
        1 / 0
    except ZeroDivisionError as error:
        return logged(logging.ERROR, "failed", exc_info=error)

class Own(Exception):
    pass
'''

IGNORED_VARIABLES = {
    *("AWS_LAMBDA_FUNCTION_TIMEOUT", "LC_CTYPE"),  # set by the emulator, and by Python
    *("AWS_LAMBDA_METADATA_API", "AWS_LAMBDA_METADATA_TOKEN"),  # not imitated by the gateway
    *("HOME", "_X_AMZN_TRACE_ID"),  # set by Lambda and the gateway, and not by the emulator
}


def probing(folder: Path, source: str = PROBE, handler: str = "probe.handler", **more: Any) -> Function:
    (folder / "probe.py").write_text(source)
    return Function("Probe", (folder,), handler, {"OF_THE_TEMPLATE": "1"}, 10, 256, **more)


LIBRARIES = Path(str(importlib.util.find_spec("boto3").origin)).parent.parent  # type: ignore[union-attr]


@contextlib.contextmanager
def in_gateway(function: Function) -> Iterator[Invoke]:
    """Run a function in workers of the gateway until the context ends."""
    with asyncio.Runner() as runner:
        stack = contextlib.AsyncExitStack()
        running = runner.run(stack.enter_async_context(RunningPool.start(function, {})))
        try:
            yield lambda event: runner.run(running.pool.invoke(json.dumps(event)))
        finally:
            runner.run(stack.aclose())


def comparable(result: Result) -> Any:
    """Return a result with the same words in place of every time, id and log stream."""
    written = json.dumps(result.error or result.value, sort_keys=True)
    written = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "an-id", written)
    written = re.sub(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{3})?Z", "a-time", written)
    return json.loads(re.sub(r"\[\$LATEST\][0-9a-f]{32}", "a-stream", written))


@pytest.fixture(scope="module", params=["Text", "JSON"])
def invokes(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Invoke, Invoke]]:
    """Invoke a probing function of either LogFormat: in the gateway, and under awslambdaric."""
    logging = Logging(request.param, "WARN" if request.param == "JSON" else "")
    function = probing(tmp_path_factory.mktemp("probe"), logging=logging)
    with in_gateway(function) as invoke_in_gateway, in_lambda(function, LIBRARIES, {}) as invoke_in_lambda:
        yield invoke_in_gateway, invoke_in_lambda


@pytest.mark.parametrize(
    "expression",
    [
        pytest.param("type(context).__name__", id="context"),
        pytest.param(
            "sorted((name, type(value).__name__) for name, value in vars(context).items()"
            " if name[0] != '_' and name != 'invoked_function_arn')",
            id="members",
        ),
        pytest.param("repr(context).partition('invoked_function_arn')[0]", id="repr-of-the-context"),
        pytest.param("repr(context).partition(',client_context')[2]", id="repr-of-the-rest-of-the-context"),
        pytest.param("[repr(context.identity), context.identity.cognito_identity_pool_id]", id="identity"),
        pytest.param("[context.tenant_id, context.client_context, context.w3c()]", id="no-client-context"),
        pytest.param("0 < context.get_remaining_time_in_millis() <= 10_000", id="remaining-time"),
        pytest.param("sorted(os.environ.keys() - eval(event['ignored']))", id="variables"),
        pytest.param("throw(ValueError('why'))", id="error"),
        pytest.param("throw(Own('why'), KeyError('because'))", id="error-of-its-own-with-a-cause"),
        pytest.param("throw(Own())", id="error-without-a-text"),
        pytest.param("[decimal.Decimal(text) for text in ('1E+1', '1.50', '-0', '10')]", id="decimals"),
        pytest.param("{1: (2, 3), None: True, 1.5: 'olá'}", id="keys-and-tuples"),
        pytest.param("collections.namedtuple('Pair', 'one two')(1, 2)", id="named-tuple"),
        pytest.param("{'body': b'bytes'}", id="bytes-inside"),
        pytest.param("json.dumps({'statusCode': 200}).encode()", id="bytes-of-json"),
        pytest.param("{1, 2}", id="set"),
        pytest.param("datetime.datetime.now()", id="date"),
        pytest.param("(lambda own: own.append(own) or own)([])", id="circle"),
        pytest.param("logging.getLogger().level", id="level-of-the-root-logger"),
        pytest.param("isinstance(logging.getLogger().handlers[0], logging.StreamHandler)", id="handler"),
        pytest.param("logged(logging.WARNING, 'of %s', 'the root')", id="line"),
        pytest.param("logged(logging.WARNING, {'a': 1}, extra={'b': [2], 'c': object})", id="line-of-a-mapping"),
        pytest.param("logged(logging.INFO, 'less')", id="line-below-the-level"),
        pytest.param("failed()", id="line-of-an-error"),
        pytest.param("logging.Formatter.converter is time.gmtime", id="clock"),
    ],
)  # fmt: skip
def test_a_function_finds_what_aws_s_runtime_gives_it(invokes: tuple[Invoke, Invoke], expression: str) -> None:
    invoke_in_gateway, invoke_in_lambda = invokes
    event = {"evaluate": expression, "ignored": repr(IGNORED_VARIABLES)}
    assert comparable(invoke_in_gateway(event)) == comparable(invoke_in_lambda(event))


@pytest.mark.parametrize(
    ("source", "handler"),
    [
        pytest.param(PROBE, "nothing.handler", id="no-such-module"),
        pytest.param(PROBE, "probe.nothing", id="no-such-handler"),
        pytest.param("import nothing_of_the_kind", "probe.handler", id="a-library-is-missing"),
        pytest.param("def handler(event, context:\n  pass", "probe.handler", id="syntax"),
        pytest.param("raise KeyError('at once')", "probe.handler", id="raises"),
    ],
)
def test_a_handler_that_cannot_be_imported_fails_as_under_aws_s_runtime(
    tmp_path: Path, source: str, handler: str
) -> None:
    function = probing(tmp_path, source, handler)
    with in_gateway(function) as invoke_in_gateway, in_lambda(function, LIBRARIES, {}) as invoke_in_lambda:
        ours, in_aws = comparable(invoke_in_gateway({})), comparable(invoke_in_lambda({}))
    # The frames before the last are those of the library that imports the handler: they differ.
    assert ours["stackTrace"][-1:] == in_aws["stackTrace"][-1:]
    assert ours | {"stackTrace": []} == in_aws | {"stackTrace": []}


def test_the_execution_environment_names_the_runtime_of_the_template(tmp_path: Path) -> None:
    with in_gateway(replace(probing(tmp_path), runtime="python3.11")) as invoke:
        assert invoke({"evaluate": "os.environ['AWS_EXECUTION_ENV']"}).value == "AWS_Lambda_python3.11"
