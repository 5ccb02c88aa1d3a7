"""The keys of an identity provider: which key a token names, and when the keys are fetched again."""

import time
from collections.abc import Callable

from hub import metrics
from hub.auth.freshness import Freshness
from hub.auth.jwks import Keys, KeysUnusable, PublicKey, keys_in
from hub.log import logger


class ProviderKeys:
    """
    The keys that the provider publishes.

    Args:
        fetch: Returns the key set as JSON, or raises KeysUnusable.
        clock: Returns epoch seconds. See ``Freshness``.

    """

    def __init__(self, fetch: Callable[[], bytes], clock: Callable[[], float] = time.time) -> None:
        self._fetch = fetch
        self._freshness = Freshness(clock)
        self._keys: Keys = {}

    def find(self, kid: str, algorithm: str) -> PublicKey | None:
        """
        Return the key with a name, or None if the provider does not publish it.

        Keys that are too old are fetched again before one of them is used. If no key has the name, the keys are fetched
        once more, because the provider may have a new one. If the fetch fails, the hub uses the keys that it has.

        Raises:
            KeysUnusable: If the hub has no keys, and cannot fetch any.

        """
        was_outdated = self._freshness.is_outdated
        if was_outdated:
            self._fetch_again()
        key = self._keys.get((kid, algorithm))
        if key or was_outdated:
            return key
        return self.find_again(kid, algorithm)

    def find_again(self, kid: str, algorithm: str) -> PublicKey | None:
        """
        Fetch the keys once more, unless that has just happened, and return the key with a name, or None.

        Raises:
            KeysUnusable: If the hub has no keys, and cannot fetch any.

        """
        if not self._freshness.has_just_been_refetched:
            self._freshness.refetched()  # before the fetch, which may fail
            self._fetch_again()
        return self._keys.get((kid, algorithm))

    def _fetch_again(self) -> None:
        """Fetch the keys, unless a fetch has just failed. If the fetch fails, log that and keep the keys."""
        if not self._freshness.has_just_failed:
            try:
                self._keys = keys_in(self._fetch())
            except KeysUnusable:
                self._freshness.failed()
                metrics.count("ProviderFailed")
                if not self._keys:
                    raise
                logger.exception("keys of the identity provider not read again", seconds=self._freshness.seconds)
            else:
                self._freshness.read()
        elif not self._keys:
            raise KeysUnusable("the hub has no keys of the identity provider, and its last fetch has just failed")
