"""Importing handlers: those that fail until they are mended, where they are found, and code in archives."""

import os
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from local.lambdas.process import Result
from local.stack.app import Function
from tests.support.gateway import PATIENCE
from tests.support.pools import RunningPool, run

SHORT = 1.0
"""Seconds to import a handler that never ends. A good handler needs much less."""

BROKEN = [
    pytest.param(
        "import nothing_of_this_name\n",
        "Runtime.ImportModuleError",
        "Unable to import module 'broken': No module named",
        "broken.py:1: No module named 'nothing_of_this_name'.",
        id="a-module-is-missing",
    ),
    pytest.param(
        "def lambda_handler(:\n",
        "Runtime.UserCodeSyntaxError",
        "Syntax error in module 'broken': invalid syntax",
        "broken.py:1: SyntaxError: ",
        id="syntax",
    ),
    pytest.param("1 / 0\n", "ZeroDivisionError", "division by zero", "broken.py:1: ZeroDivisionError", id="raises"),
    pytest.param(
        "",
        "Runtime.HandlerNotFound",
        "Handler 'lambda_handler' missing on module 'broken'",
        "has no lambda_handler",
        id="no-such-handler",
    ),
    pytest.param(
        "import sys\nsys.exit(7)\n",
        "Runtime.ExitError",
        "Runtime exited with exit status 7",
        "importing its handler ends the process: Runtime exited with exit status 7.",
        id="exits",
    ),
    pytest.param(
        "while True: pass\n",
        "Sandbox.Timedout",
        f"Init timed out after {SHORT:.2f} seconds",
        f"importing its handler takes longer than {SHORT:g} seconds.",
        id="never-ends",
    ),
]


@pytest.mark.parametrize(("source", "kind", "message", "printed"), BROKEN)
def test_a_function_that_cannot_be_imported_fails_each_event_until_it_is_mended(
    source: str, kind: str, message: str, printed: str, tmp_path: Path
) -> None:
    (tmp_path / "broken.py").write_text(source)

    async def work(running: RunningPool) -> None:
        for _ in range(2):
            result = await running.order("anything")
            assert result.error
            assert result.error["errorType"] == kind
            assert message in result.error["errorMessage"]
        (tmp_path / "broken.py").write_text("def lambda_handler(event, context): return 'mended'\n")
        result = await running.order("anything")
        while result.error and result.error["errorType"] == "Sandbox.Timedout":  # on a machine that is too busy
            result = await running.order("anything")
        assert result.value == "mended"

    seconds = SHORT if kind == "Sandbox.Timedout" else PATIENCE
    (line,) = run(work, function_in(tmp_path), init_timeout=seconds).lines  # once, for both events
    assert line.startswith("BrokenFunction cannot start: ")
    assert printed in line


def test_a_function_finds_its_own_modules_and_not_the_gateway_s(tmp_path: Path) -> None:
    (tmp_path / "local").mkdir()
    (tmp_path / "local" / "console.py").write_text("OWN = 'own'\n")
    (tmp_path / "broken.py").write_text(
        "import importlib.util, sys\nfrom local.console import OWN\n"
        "def lambda_handler(event, context):\n"
        "    return [OWN, sorted(name for name in sys.modules if name.startswith('local.')), sys.path[0],"
        " importlib.util.find_spec('bench')]\n"
    )

    async def work(running: RunningPool) -> None:
        assert await running.value("anything") == ["own", ["local.console"], str(tmp_path), None]

    run(work, function_in(tmp_path))


def function_in(folder: Path) -> Function:
    return Function("BrokenFunction", (folder,), "broken.lambda_handler", {}, timeout=3, memory=128)


def test_a_function_without_its_folder_fails_each_event_at_once(tmp_path: Path) -> None:
    async def work(running: RunningPool) -> None:
        result = await running.order("anything")
        assert result.error
        assert result.error["errorType"] == "Runtime.StartError"
        assert f"there is no folder {tmp_path}/gone." in result.error["errorMessage"]

    run(work, function_in(tmp_path / "gone"))


@pytest.mark.parametrize(
    ("handler", "files"),
    [
        pytest.param("main.handle", {"main.py": "from shared_by_all import handle"}, id="module-and-layer"),
        pytest.param("app/main.handle", {"app/main.py": "from shared_by_all import handle"}, id="with-a-slash"),
        pytest.param("app.main.handle", {"app/main.py": "from shared_by_all import handle"}, id="with-a-dot"),
    ],
)
def test_a_handler_and_its_layers_are_found_by_name(handler: str, files: dict[str, str], tmp_path: Path) -> None:
    for name, content in (files | {"layer/shared_by_all.py": "handle = lambda event, context: event"}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)

    async def work(running: RunningPool) -> None:
        assert await running.order("echo") == Result({"do": "echo"})

    run(work, replace(function_in(tmp_path), handler=handler, path=(tmp_path, tmp_path / "layer")))


def test_code_in_an_archive_is_unpacked_again_after_it_has_changed(tmp_path: Path) -> None:
    source = (
        "import pathlib\ndef lambda_handler(event, context): return (pathlib.Path(__file__).parent / 'd').read_text()\n"
    )

    def write(content: str) -> None:
        with zipfile.ZipFile(tmp_path / "code.zip", "w") as archive:
            archive.writestr("broken.py", source)
            archive.writestr("d", content)

    async def work(running: RunningPool) -> None:
        assert await running.value("anything") == "first"
        write("second")
        os.utime(tmp_path / "code.zip", (1, 1))
        running.pool.renew()
        assert await running.value("anything") == "second"

    write("first")
    run(work, function_in(tmp_path / "code.zip"))


def test_a_file_that_is_not_an_archive_fails_each_event(tmp_path: Path) -> None:
    (tmp_path / "code.zip").write_text("not an archive")

    async def work(running: RunningPool) -> None:
        for _ in range(2):
            result = await running.order("anything")
            assert result.error
            assert result.error["errorType"] == "Runtime.StartError"

    (line,) = run(work, function_in(tmp_path / "code.zip")).lines
    assert line.startswith("BrokenFunction cannot start: its code cannot be unpacked: ")
