"""The environment variables of a function."""

import re
from dataclasses import replace

import pytest

from local.lambdas.worker_environment import environment_of
from local.stack.app import Logging
from tests.support.pools import RunningPool, obedient, run


def test_the_environment_comes_from_the_template_lambda_and_the_gateway(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DEVELOPERS_OWN", "not for functions")
    environment: dict[str, str] = {}

    async def work(running: RunningPool) -> None:
        environment.update(await running.value("environment"))

    variables = {"TEMPLATES_OWN": "for it", "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": "https://elsewhere.example"}
    function = replace(obedient(), environment=variables)
    run(work, function, {"AWS_ENDPOINT_URL": "http://127.0.0.1:3003"})
    environment.pop("LC_CTYPE", None)  # Python sets it if the locale is not installed
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", environment.pop("AWS_LAMBDA_LOG_STREAM_NAME"))
    assert re.fullmatch(r"Root=[0-9a-f-]+;Parent=[0-9a-f]+;Sampled=0", environment.pop("_X_AMZN_TRACE_ID"))
    assert environment == {
        "AWS_ACCESS_KEY_ID": "local-ObedientFunction",
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_ENDPOINT_URL": "http://127.0.0.1:3003",
        "AWS_EXECUTION_ENV": "AWS_Lambda_python3.12",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "512",
        "AWS_LAMBDA_FUNCTION_NAME": "ObedientFunction",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/ObedientFunction",
        "AWS_LAMBDA_RUNTIME_API": "127.0.0.1:9001",
        "AWS_REGION": "eu-west-1",
        "AWS_SECRET_ACCESS_KEY": "localgateway",
        "AWS_SESSION_TOKEN": "localgateway",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_XRAY_CONTEXT_MISSING": "LOG_ERROR",
        "AWS_XRAY_DAEMON_ADDRESS": "127.0.0.1:2000",
        "HOME": "/home/sbx_user1051",
        "LAMBDA_RUNTIME_DIR": "/var/runtime",
        "LAMBDA_TASK_ROOT": str(function.path[0]),
        "LANG": "en_US.UTF-8",
        "PATH": "/usr/local/bin:/usr/bin/:/bin:/opt/bin",
        "PYTHONPATH": "/var/runtime",
        "TEMPLATES_OWN": "for it",
        "TZ": ":UTC",
        "_HANDLER": "obedient.lambda_handler",
    }


@pytest.mark.parametrize(
    ("logging", "variables"),
    [
        pytest.param(Logging(), {"AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/ObedientFunction"}, id="text"),
        pytest.param(
            Logging("JSON", "DEBUG", "mine"),
            {
                "AWS_LAMBDA_LOG_FORMAT": "JSON",
                "AWS_LAMBDA_LOG_GROUP_NAME": "mine",
                "AWS_LAMBDA_LOG_LEVEL": "DEBUG",
            },
            id="json-in-another-log-group",
        ),
    ],
)
def test_the_logging_config_is_in_the_environment(logging: Logging, variables: dict[str, str]) -> None:
    environment = environment_of(replace(obedient(), logging=logging), {})
    stream = environment.pop("AWS_LAMBDA_LOG_STREAM_NAME")
    assert {name: value for name, value in environment.items() if "_LOG_" in name} == variables
    assert ("ObedientFunction[$LATEST]" in stream) == bool(logging.group)
