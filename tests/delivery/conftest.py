"""Fixtures of the tests of a delivery: an authority for TLS, and trust in it."""

import pytest

from tests.support.tls import Authority


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    """An authority that signs the certificates of one module's servers."""
    return Authority.in_folder(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def trusting(authority: Authority, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the fan-out trust the authority, as boto3 would."""
    monkeypatch.setenv("AWS_CA_BUNDLE", authority.bundle)
