"""What a function finds around itself, what becomes of what it prints and forks, and of one that cannot start."""

import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from local import process
from local.app import Function
from local.process import Result
from tests.gateway import PATIENCE
from tests.pools import RunningPool, obedient, run


def test_the_environment_is_the_template_s_what_lambda_sets_and_what_the_gateway_adds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("DEVELOPERS_OWN", "not for functions")
    seen: dict[str, str] = {}

    async def work(running: RunningPool) -> None:
        seen.update(await running.value("environment"))

    function = replace(obedient(), environment={"TEMPLATES_OWN": "for it", "AWS_REGION": "eu-west-1"})
    run(work, function, {"AWS_ENDPOINT_URL": "http://127.0.0.1:3003"})
    seen.pop("LC_CTYPE", None)  # Python's own, where the locale is not installed
    assert seen == {
        "AWS_ACCESS_KEY_ID": "localgateway",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:3003",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "ObedientFunction",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/ObedientFunction",
        "AWS_LAMBDA_LOG_STREAM_NAME": "local",
        "AWS_REGION": "eu-west-1",
        "AWS_SECRET_ACCESS_KEY": "localgateway",
        "LAMBDA_TASK_ROOT": str(function.path[0]),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "TEMPLATES_OWN": "for it",
        "TZ": ":UTC",
        "_HANDLER": "obedient.lambda_handler",
    }


def test_the_context_is_lambda_s() -> None:
    async def work(running: RunningPool) -> None:
        first, second = [await running.value("describe_context") for _ in range(2)]
        assert 0 < first.pop("get_remaining_time_in_millis") <= PATIENCE * 1000
        assert first.pop("aws_request_id") != second["aws_request_id"]
        assert first == {
            "client_context": None,
            "function_name": "ObedientFunction",
            "function_version": "$LATEST",
            "identity": None,
            "invoked_function_arn": "arn:aws:lambda:us-east-1:123456789012:function:ObedientFunction",
            "log_group_name": "/aws/lambda/ObedientFunction",
            "log_stream_name": "local",
            "memory_limit_in_mb": "512",
        }

    run(work)


@pytest.mark.parametrize(
    ("order", "lines"),
    [
        pytest.param({"text": "one\ntwo\n"}, ["one", "two"], id="lines"),
        pytest.param({"text": "no end"}, ["no end"], id="a-line-without-an-end"),
        pytest.param({"text": "\n\n"}, ["", ""], id="empty-lines"),
        pytest.param({"text": "to standard error\n", "to": 2}, ["to standard error"], id="standard-error"),
        pytest.param({"text": "\xff\n"}, ["\N{REPLACEMENT CHARACTER}"], id="bytes-that-are-not-utf-8"),
        pytest.param({"text": "x", "times": 10_000_000}, ["x" * 10_000_000], id="10-mb-in-one-line"),
        pytest.param({"text": "0123456789\n", "times": 1_000_000}, ["0123456789"] * 1_000_000, id="10-mb-in-many"),
    ],
)
def test_all_that_a_function_prints_comes_out(order: dict[str, Any], lines: list[str]) -> None:
    async def work(running: RunningPool) -> None:
        assert await running.value("write", **order) == "written"

    assert run(work).lines == lines


def test_a_function_that_prints_10_mb_answers_and_so_does_the_next() -> None:
    async def work(running: RunningPool) -> None:
        assert [await running.value("write_much") for _ in range(2)] == ["written", "written"]
        await running.order("exit_at_once")
        assert await running.value("write", text="next") == "written"

    assert [len(line) for line in run(work).lines] == [10_000_000, 10_000_000, 4]


@pytest.mark.parametrize(
    "do",
    [
        pytest.param("fork", id="one-that-hangs"),
        pytest.param("fork_twins", id="one-that-answers-too"),
        pytest.param("spawn", id="another-program"),
    ],
)
def test_a_function_that_leaves_a_child_is_answered_once_and_so_is_every_other_event(do: str) -> None:
    async def work(running: RunningPool) -> None:
        assert await running.value(do) == "parent"
        assert [await running.value("answer", **{"with": number}) for number in range(5)] == [0, 1, 2, 3, 4]

    run(work)


def test_a_worker_that_dies_beside_its_child_says_how_and_takes_the_child_along() -> None:
    async def work(running: RunningPool) -> None:
        await running.value("fork")
        result = await running.order("exit_at_once")
        assert result.error
        assert result.error["errorMessage"] == "Runtime exited with exit status 4"

    run(work)


def test_a_child_in_a_session_of_its_own_keeps_nobody_waiting() -> None:
    children: list[int] = []

    async def work(running: RunningPool) -> None:
        await running.value("spawn", own_session=True)
        children.append((await running.value("look"))["child"])
        assert (await running.order("hang")).error == {
            "errorType": "Sandbox.Timedout",
            "errorMessage": "Task timed out after 1.00 seconds",
        }

    run(work, replace(obedient(), timeout=1.0))
    os.kill(children[0], 9)


BROKEN = [
    pytest.param("import nothing_of_this_name\n", "ModuleNotFoundError", "No module named", id="a-module-is-missing"),
    pytest.param("def lambda_handler(:\n", "SyntaxError", "invalid syntax", id="syntax"),
    pytest.param("1 / 0\n", "ZeroDivisionError", "division by zero", id="raises"),
    pytest.param("", "AttributeError", "has no attribute 'lambda_handler'", id="no-such-handler"),
    pytest.param("import sys\nsys.exit(7)\n", "Runtime.ExitError", "Runtime exited with exit status 7", id="exits"),
    pytest.param("while True: pass\n", "Sandbox.Timedout", "Init timed out after 0.50 seconds", id="never-ends"),
]


@pytest.mark.parametrize(("source", "kind", "message"), BROKEN)
def test_a_function_that_cannot_be_imported_fails_each_event_until_it_is_mended(
    source: str, kind: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.py").write_text(source)

    async def work(running: RunningPool) -> None:
        for _ in range(2):
            result = await running.order("anything")
            assert result.error
            assert result.error["errorType"] == kind
            assert message in result.error["errorMessage"]
        monkeypatch.setattr(process, "INIT_TIMEOUT", PATIENCE)
        (tmp_path / "broken.py").write_text("def lambda_handler(event, context): return 'mended'\n")
        assert await running.value("anything") == "mended"

    if kind == "Sandbox.Timedout":
        monkeypatch.setattr(process, "INIT_TIMEOUT", 0.5)
    lines = "\n".join(run(work, function_in(tmp_path)).lines)
    assert (message in lines) == (not kind.startswith(("Runtime.", "Sandbox.")))
    assert ("broken.py" in lines) == (kind in {"ModuleNotFoundError", "SyntaxError", "ZeroDivisionError"})


def function_in(folder: Path) -> Function:
    return Function("BrokenFunction", (folder,), "broken.lambda_handler", {}, timeout=3, memory=128)


def test_a_function_whose_folder_has_gone_fails_each_event_and_keeps_none_waiting(tmp_path: Path) -> None:
    async def work(running: RunningPool) -> None:
        result = await running.order("anything")
        assert result.error
        assert result.error["errorType"] == "Runtime.StartError"
        assert "No such file or directory" in result.error["errorMessage"]

    run(work, function_in(tmp_path / "gone"))


@pytest.mark.parametrize(
    ("handler", "files"),
    [
        pytest.param("main.handle", {"main.py": "from shared_by_all import handle"}, id="module-and-layer"),
        pytest.param("app/main.handle", {"app/main.py": "from shared_by_all import handle"}, id="with-a-slash"),
        pytest.param("app.main.handle", {"app/main.py": "from shared_by_all import handle"}, id="with-a-dot"),
    ],
)
def test_a_handler_is_found_by_its_name_and_its_layers_by_theirs(
    handler: str, files: dict[str, str], tmp_path: Path
) -> None:
    for name, text in (files | {"layer/shared_by_all.py": "handle = lambda event, context: event"}).items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)

    async def work(running: RunningPool) -> None:
        assert await running.order("echo") == Result({"do": "echo"})

    run(work, replace(function_in(tmp_path), handler=handler, path=(tmp_path, tmp_path / "layer")))
