"""The region and the credentials are those of botocore, for the same variables. On Lambda, botocore is not imported."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from botocore.exceptions import InvalidRegionError
from botocore.session import Session
from botocore.utils import validate_region_name

from delivery.credentials import Credentials, credentials_of, region_of
from hub.variables import SettingsError
from tests.support.paths import ROOT

KEYS = {"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE", "AWS_SECRET_ACCESS_KEY": "very/secret+key"}
SECRET = "very/secret+key"


@pytest.fixture(autouse=True)
def no_credentials(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Remove all credentials that botocore could find."""
    for name in KEYS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))


@pytest.mark.parametrize(
    ("env", "region"),
    [
        pytest.param({"AWS_REGION": "eu-west-1", "AWS_DEFAULT_REGION": "us-east-1"}, "eu-west-1", id="both"),
        pytest.param({"AWS_REGION": "", "AWS_DEFAULT_REGION": "us-gov-west-1"}, "us-gov-west-1", id="default"),
    ],
)
def test_the_region(env: dict[str, str], region: str) -> None:
    assert region_of(env) == region


@pytest.mark.parametrize(
    "name", ["eu-west-1", "local", "a" * 63, "a" * 64, "1", "1a", "-a", "a-", "a.b", "a/b", "é", "٣"]
)
def test_a_region_is_refused_where_botocore_refuses_it(name: str) -> None:
    try:
        validate_region_name(name)
    except InvalidRegionError:
        with pytest.raises(SettingsError) as refusal:
            region_of({"AWS_REGION": name})
        assert str(refusal.value) == f"AWS_REGION is {name!r}; it must be the name of a region, such as eu-west-1"
    else:
        assert region_of({"AWS_REGION": name}) == name


@pytest.mark.parametrize(
    ("env", "words"),
    [
        pytest.param({}, "no region: AWS_REGION is missing, and AWS_DEFAULT_REGION too", id="none"),
        pytest.param(
            {"AWS_DEFAULT_REGION": "eu-west-1\n"},
            r"AWS_DEFAULT_REGION is 'eu-west-1\n'; it must be the name of a region, such as eu-west-1",
            id="line-break",  # which botocore takes
        ),
        *(
            pytest.param(
                {"AWS_REGION": name},
                f"AWS_REGION is {name!r}; set AWS_USE_FIPS_ENDPOINT, and the name without fips",
                id=name,
            )
            for name in ("fips-us-east-1", "us-gov-west-1-fips")
        ),
    ],
)
def test_a_region_that_is_missing_or_wrong_is_refused(env: dict[str, str], words: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        region_of(env)
    assert str(refusal.value) == words


@pytest.mark.parametrize(
    "tokens",
    [
        pytest.param({}, id="no-token"),
        pytest.param({"AWS_SESSION_TOKEN": ""}, id="empty-token"),
        pytest.param({"AWS_SESSION_TOKEN": "new/token=="}, id="token"),
        pytest.param({"AWS_SECURITY_TOKEN": "old/token=="}, id="old-name"),
        pytest.param({"AWS_SECURITY_TOKEN": "old", "AWS_SESSION_TOKEN": "new"}, id="both-names"),
        pytest.param({"AWS_SECURITY_TOKEN": "", "AWS_SESSION_TOKEN": "new"}, id="empty-old-name"),
    ],
)
def test_credentials_of_the_environment_are_those_of_botocore(
    tokens: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in (KEYS | tokens).items():
        monkeypatch.setenv(name, value)
    theirs = Session().get_credentials()
    assert theirs
    assert credentials_of(os.environ)() == theirs.get_frozen_credentials()[:3]


def test_credentials_of_the_environment_are_read_again_each_time() -> None:
    env = dict(KEYS)
    current = credentials_of(env)
    assert current() == Credentials("AKIDEXAMPLE", SECRET, None)
    env |= {"AWS_ACCESS_KEY_ID": "AKIDNEXT", "AWS_SECRET_ACCESS_KEY": "next", "AWS_SESSION_TOKEN": "token"}
    assert current() == Credentials("AKIDNEXT", "next", "token")
    env.clear()
    with pytest.raises(SettingsError, match="missing environment variables: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY"):
        current()


def test_credentials_of_a_file_are_found_by_botocore(tmp_path: Path) -> None:
    path = tmp_path / "credentials"
    path.write_text(
        f"[default]\naws_access_key_id = AKIDFILE\naws_secret_access_key = {SECRET}\naws_session_token = t\n"
    )
    current = credentials_of({"AWS_SECRET_ACCESS_KEY": "without an id it does not count"})
    assert current() == current() == Credentials("AKIDFILE", SECRET, "t")


def test_credentials_that_botocore_finds_are_renewed(tmp_path: Path) -> None:
    answer = tmp_path / "answer.json"
    (tmp_path / "credentials").write_text(f"[default]\ncredential_process = cat {answer}\n")
    answer.write_text(process_answer("AKIDOLD", "2001-01-01T00:00:00Z"))
    with pytest.raises(RuntimeError, match="still expired"):
        credentials_of({})
    answer.write_text(process_answer("AKIDNEW", "2999-01-01T00:00:00Z"))
    assert credentials_of({})().access_key == "AKIDNEW"


def process_answer(access_key: str, expiration: str) -> str:
    """Return what a process prints that has credentials for botocore."""
    return f'{{"Version": 1, "AccessKeyId": "{access_key}", "SecretAccessKey": "s", "Expiration": "{expiration}"}}'


@pytest.mark.parametrize(
    ("file", "words"),
    [
        pytest.param("", "no credentials: AWS_ACCESS_KEY_ID is missing, and botocore finds no others", id="none"),
        pytest.param(
            "[default]\naws_access_key_id = AKIDFILE\n",
            "no credentials: PartialCredentialsError",
            id="half-in-a-file",
        ),
    ],
)
def test_a_function_without_credentials_does_not_start(file: str, words: str, tmp_path: Path) -> None:
    (tmp_path / "credentials").write_text(file)
    with pytest.raises(SettingsError) as refusal:
        credentials_of({})
    assert str(refusal.value) == words


def test_an_access_key_without_its_secret_is_refused() -> None:
    with pytest.raises(SettingsError, match="missing environment variables: AWS_SECRET_ACCESS_KEY"):
        credentials_of({"AWS_ACCESS_KEY_ID": "AKIDEXAMPLE"})


@pytest.mark.parametrize(
    "wrong", ["very\nsecret", "very\r\nsecret", "verysecret\n", "very\0secret", "verÿ secret", "\x7f"]
)
@pytest.mark.parametrize(
    ("name", "what"),
    [
        pytest.param("AWS_ACCESS_KEY_ID", "access key id", id="access-key"),
        pytest.param("AWS_SESSION_TOKEN", "session token", id="token"),
    ],
)
def test_what_cannot_stand_in_a_header_is_refused_and_not_quoted(name: str, what: str, wrong: str) -> None:
    env = dict(KEYS)
    current = credentials_of(env)
    env[name] = wrong
    for read in (current, lambda: credentials_of(env)):
        with pytest.raises(SettingsError) as refusal:
            read()
        words = f"the {what} of the credentials has a character that cannot stand in an HTTP header"
        assert str(refusal.value) == words


def test_with_credentials_in_the_environment_botocore_is_not_imported() -> None:
    code = (
        "import os, sys\n"
        "from delivery.credentials import credentials_of, region_of\n"
        "from delivery.dynamodb_url import dynamodb_url\n"
        "print(dynamodb_url(os.environ, region_of(os.environ)), credentials_of(os.environ)().access_key)\n"
        "print({name for name in sys.modules if name in ('boto3', 'botocore', 'urllib.request')})"
    )
    path = f"{ROOT / 'shared'}:{ROOT / 'send-message'}"
    env = KEYS | {"AWS_REGION": "eu-west-1", "HTTPS_PROXY": "http://p", "NO_PROXY": "amazonaws.com", "PYTHONPATH": path}
    ran = subprocess.run([sys.executable, "-c", code], env=env, capture_output=True, text=True, check=True)
    assert ran.stdout == "https://dynamodb.eu-west-1.amazonaws.com AKIDEXAMPLE\nset()\n"
