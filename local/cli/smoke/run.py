"""Runs all checks, one after another, and prints the results."""

import argparse
import asyncio
import os
import sys

from local.cli.smoke.access import ANONYMOUS, Address, Given, Way, bare, new_session, ways
from local.cli.smoke.checks import ALWAYS, REFUSALS, WITH_PROOF, Check, Hub, acks, connects
from local.cli.smoke.client import opened
from local.cli.smoke.facts import FACTS
from local.cli.smoke.problems import Failed, NotOpened, Skipped
from local.console import Console

DURATION = 60.0
"""Seconds that all checks may take together."""

PATIENCE = 8.0
"""Seconds that an answer or a message may take: a cold start, with a reserve."""

NEEDED = {
    400: "AuthMode signature: give the signing key as KEY=…",
    401: "AuthMode jwt: give a token as TOKEN=…, or, without JwksUrl, the signing key as KEY=…",
    403: "Check that the URL ends with the stage (…/prod). AuthMode signature or jwt: give KEY=… or TOKEN=…",
}
"""What to give to a hub that refuses a handshake without a credential, by the status of its answer."""


class Smoke:
    """One run. ``checked`` counts the checks that passed, ``failures`` those that failed."""

    def __init__(self, address: Address, given: Given, console: Console, patience: float) -> None:
        self._address = address
        self._patience = patience
        self._given = given
        self._console = console
        self.checked = 0
        self.failures = 0

    async def run(self) -> None:
        """Run all checks, and print the results. A hub that delivers no message fails early."""
        try:
            hub = Hub(self._address, await self._way_in(), self._patience)
        except Failed as failed:
            self._fail(failed)
            return
        if hub.way.session:
            self._console.say(
                f"note  The token is for the session {hub.way.session}, which receives all test messages."
            )
        if not (await self._check(connects, hub) and await self._check(acks, hub)):
            return  # no other check can succeed
        for check in (*ALWAYS, *(WITH_PROOF if hub.way is not ANONYMOUS else ())):
            await self._check(check, hub)
        for fact in FACTS:
            await self._report(fact, hub)

    async def _way_in(self) -> Way:
        """
        Find out how the hub authenticates clients.

        Raises:
            NotOpened: If the hub refuses every ticket that can be made.

        """
        candidates = ways(self._given)
        try:
            async with opened(self._address, bare(new_session()), self._patience):
                pass
        except NotOpened as error:
            if error.status not in NEEDED:
                raise
            if not candidates:
                raise NotOpened(
                    f"The hub refuses a client without a credential, with {error.status}.", NEEDED[error.status]
                ) from None
        else:
            if candidates:
                self._fail(
                    Failed("The hub accepts clients without a credential, but you gave one.", "Its AuthMode is none.")
                )
            return ANONYMOUS
        return await self._first_accepted(candidates)

    async def _first_accepted(self, candidates: list[Way]) -> Way:
        refusals = []
        for way in candidates:
            try:
                async with opened(self._address, way.ticket(way.session or new_session()), self._patience):
                    return way
            except NotOpened as error:
                if error.status not in REFUSALS:
                    raise
                refusals.append(f"{error.status} ({way.mode})")
        raise NotOpened(
            f"The hub refuses the credential with {' and '.join(refusals)}.",
            "Check that the credential is for this hub and has not expired, and check JwtIssuer and JwtAudience.",
        )

    async def _check(self, check: Check, hub: Hub) -> bool:
        try:
            sentence = await check(hub)
        except Skipped as skipped:
            self._console.say(f"skip  {skipped}")
            return True
        except Failed as failed:
            self._fail(failed)
            return False
        self.checked += 1
        self._console.say(f"ok    {sentence}")
        return True

    async def _report(self, fact: Check, hub: Hub) -> None:
        try:
            self._console.say(f"fact  {await fact(hub)}")
        except Failed as failed:
            self._console.say(f"fact  {fact.__name__.replace('_', ' ').capitalize()} is unknown: {failed}")

    def _fail(self, failed: Failed) -> None:
        self.failures += 1
        self._console.say(f"FAIL  {failed}{' ' + failed.look if failed.look else ''}")


def run(arguments: argparse.Namespace) -> int:
    """Check a hub. TOKEN and KEY are environment variables, because other users can see a command's arguments."""
    given = Given(
        token=os.environ.get("TOKEN", ""),
        key=os.environ.get("KEY", ""),
        session=arguments.session,
        issuer=arguments.issuer,
        audience=arguments.audience,
    )
    return asyncio.run(smoke(arguments.url, given, Console(sys.stdout)))


async def smoke(url: str, given: Given, console: Console, seconds: float = DURATION, patience: float = PATIENCE) -> int:
    """
    Check a hub, and print the results. Returns the exit status: 1 if a check fails.

    Args:
        seconds: The time that all checks may take together.
        patience: Seconds to wait for one answer.

    Raises:
        CannotDo: If the URL or the credential is malformed.

    """
    address, token = Address.parse(url)
    given = given if not token else Given(token=token, session=given.session)
    ways(given)  # it checks the credential before anything is printed
    checks = Smoke(address, given, console, patience)
    console.say(f"Checking {address.url}")
    try:
        async with asyncio.timeout(seconds):
            await checks.run()
    except TimeoutError:
        console.say(f"FAIL  The checks did not finish within {seconds:g} seconds.")
        return 1
    if checks.failures:
        console.say(f"The hub does not work as it should: {checks.failures} failed, {checks.checked} checks hold.")
        return 1
    console.say(f"The hub works: {checks.checked} checks hold.")
    return 0
