"""The signing key, in moto's Secrets Manager: which keys are accepted, and how often the hub reads the secret."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from moto import mock_aws

from hub.auth.freshness import CACHE_TIME, MIN_REFETCH_TIME
from hub.auth.signing_key import SigningKeys
from hub.auth.signing_secret import KeyUnusable, SigningSecret
from hub.errors import BadRequest, HubError, Unauthorized
from tests.support.signing_keys import WRONG, accepts, signed_with

SECRET = "signing"
BOTH = ["AWSCURRENT", "AWSPREVIOUS"]
"""The versions that one read of the secret asks for."""


@dataclass
class Secret:
    """
    A secret, and the keys that a hub has read from it.

    Attributes:
        asked: The versions that the hub has asked for.
        now: What the hub's clock shows, in seconds. It stands still.

    """

    client: Any = field(default_factory=lambda: boto3.client("secretsmanager"))
    asked: list[str] = field(default_factory=list)
    now: float = 1000.0
    keys: SigningKeys = field(init=False)

    def __post_init__(self) -> None:
        client = boto3.client("secretsmanager")
        client.meta.events.register(
            "provide-client-params.secretsmanager.GetSecretValue",
            lambda params, **_: self.asked.append(params["VersionStage"]),
        )
        self.keys = SigningKeys(SigningSecret(client, SECRET), clock=lambda: self.now)

    def rotate(self, key: str) -> None:
        self.client.put_secret_value(SecretId=SECRET, SecretString=key)

    def accepts(self, key: str) -> bool:
        return accepts(self.keys, key)


@pytest.fixture
def secret() -> Iterator[Secret]:
    with mock_aws():
        secret = Secret()
        secret.client.create_secret(Name=SECRET, SecretString="first")
        yield secret


def test_a_secret_that_was_never_rotated_has_one_key(secret: Secret) -> None:
    assert secret.accepts("first")
    assert not secret.accepts("")
    assert not secret.accepts("AWSCURRENT")


def test_the_current_key_and_the_one_before_it_are_accepted_and_no_older_one(secret: Secret) -> None:
    secret.rotate("second")
    assert [secret.accepts(key) for key in ("first", "second")] == [True, True]

    secret.rotate("third")
    secret.now += CACHE_TIME + 1
    assert [secret.accepts(key) for key in ("first", "second", "third")] == [False, True, True]


def test_old_credentials_work_through_a_rotation_and_new_ones_at_once(secret: Secret) -> None:
    assert secret.accepts("first")
    secret.rotate("second")  # in the very moment of the first read

    assert [secret.accepts(key) for key in ("first", "second", "first", "second")] == [True] * 4


def test_a_withdrawn_key_works_until_the_keys_are_read_again(secret: Secret) -> None:
    secret.rotate("second")
    assert secret.accepts("first")
    versions = secret.client.list_secret_version_ids(SecretId=SECRET)["Versions"]
    (previous,) = [version["VersionId"] for version in versions if "AWSPREVIOUS" in version["VersionStages"]]
    secret.client.update_secret_version_stage(SecretId=SECRET, VersionStage="AWSPREVIOUS", RemoveFromVersionId=previous)

    assert secret.accepts("first")
    secret.now += CACHE_TIME + 1
    assert [secret.accepts(key) for key in ("first", "second")] == [False, True]


@pytest.mark.parametrize(
    ("later", "reads"),
    [
        pytest.param(0, 1, id="at-once"),
        pytest.param(CACHE_TIME, 1, id="at-the-cache-time"),
        pytest.param(CACHE_TIME + 1, 2, id="a-second-after-it"),
    ],
)
def test_keys_are_kept_for_the_cache_time(secret: Secret, later: int, reads: int) -> None:
    assert secret.accepts("first")
    secret.now += later
    assert secret.accepts("first")
    assert secret.asked == BOTH * reads


@pytest.mark.parametrize(
    ("later", "reads"),
    [
        pytest.param(0, 2, id="at-once"),
        pytest.param(MIN_REFETCH_TIME - 1, 2, id="a-second-before-the-limit"),
        pytest.param(MIN_REFETCH_TIME, 3, id="at-the-limit"),
    ],
)
def test_a_credential_that_no_key_fits_makes_the_hub_read_the_secret_again_but_not_often(
    secret: Secret, later: int, reads: int
) -> None:
    assert secret.accepts("first")
    assert not secret.accepts("forged")
    secret.now += later
    assert [secret.accepts("forged") for _ in range(5)] == [False] * 5
    assert secret.asked == BOTH * reads


def test_a_forged_credential_that_comes_first_makes_the_hub_read_the_secret_once(secret: Secret) -> None:
    assert not secret.accepts("forged")
    assert secret.asked == BOTH


def test_any_refusal_but_a_wrong_key_is_final(secret: Secret) -> None:
    assert secret.accepts("first")
    for refusal in (Unauthorized("The token has expired."), BadRequest("A time is needed.")):

        def refuse(key: bytes, refusal: HubError = refusal) -> None:
            raise refusal

        with pytest.raises(HubError) as caught:
            secret.keys.verified(refuse)
        assert caught.value is refusal
    assert secret.asked == BOTH


def test_the_refusal_is_what_the_check_raised_and_carries_no_other_exception(secret: Secret) -> None:
    with pytest.raises(Unauthorized, match=WRONG) as caught:
        secret.keys.verified(signed_with("forged"))
    assert (caught.value.__cause__, caught.value.__suppress_context__) == (None, True)


def delete(secret: Secret) -> None:
    secret.client.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


def mark_for_deletion(secret: Secret) -> None:
    secret.client.delete_secret(SecretId=SECRET)


def empty(secret: Secret) -> None:
    delete(secret)
    secret.client.create_secret(Name=SECRET)


def make_binary(secret: Secret) -> None:
    secret.client.put_secret_value(SecretId=SECRET, SecretBinary=b"first")


@pytest.mark.parametrize(
    ("spoil", "error", "text"),
    [
        pytest.param(delete, ClientError, "ResourceNotFoundException", id="missing"),
        pytest.param(mark_for_deletion, ClientError, "InvalidRequestException", id="unreadable"),
        pytest.param(empty, ClientError, "ResourceNotFoundException", id="empty"),
        pytest.param(
            make_binary, KeyUnusable, "^the signing secret holds no text, so nothing can be verified$", id="binary"
        ),
    ],
)
def test_without_a_usable_secret_nothing_is_verified(
    secret: Secret, spoil: Callable[[Secret], None], error: type[Exception], text: str
) -> None:
    spoil(secret)
    tried: list[bytes] = []
    for _ in range(2):
        with pytest.raises(error, match=text):
            secret.keys.verified(tried.append)
    assert tried == []


def test_forged_credentials_do_not_make_the_hub_read_an_unreadable_secret_again_at_once(
    secret: Secret,
) -> None:
    assert secret.accepts("first")
    mark_for_deletion(secret)
    assert not secret.accepts("forged")
    asked = len(secret.asked)

    assert [secret.accepts(key) for key in ("forged", "first")] == [False, True]
    assert len(secret.asked) == asked


def test_a_secret_that_is_mended_works_at_once(secret: Secret) -> None:
    make_binary(secret)
    with pytest.raises(KeyUnusable):
        secret.keys.verified(signed_with("second"))
    secret.rotate("second")
    assert secret.accepts("second")


def test_a_previous_version_without_text_is_not_a_key(secret: Secret) -> None:
    make_binary(secret)
    secret.rotate("third")
    assert [secret.accepts(key) for key in ("third", "first", "")] == [True, False, False]
