"""All checks, one after another, in a minute."""

import asyncio

from local.cli.smoke.access import NOBODY, Address, Given, Way, bare, new_session, ways
from local.cli.smoke.checks import ALWAYS, REFUSALS, WITH_PROOF, Check, Hub, acks, connects
from local.cli.smoke.client import Failed, NotOpened, Skipped, opened
from local.cli.smoke.facts import FACTS
from local.console import Console

MINUTE = 60.0
"""Seconds for everything."""

PATIENCE = 8.0
"""Seconds for an answer, or for a message to arrive: a cold start, and some slack."""

WANTED = {
    400: "AuthMode signature: give the signing key as KEY=…",
    401: "AuthMode jwt: give a token as TOKEN=…, or the signing key as KEY=…",
    403: "Look whether the URL ends with the stage (…/prod). AuthMode signature or jwt: give KEY=… or TOKEN=…",
}
"""What a handshake without a credential is answered, and what the hub then wants."""


class Smoke:
    """One run. ``failures`` counts the checks that did not hold."""

    def __init__(self, address: Address, given: Given, console: Console, patience: float) -> None:
        self._address = address
        self._patience = patience
        self._given = given
        self._console = console
        self.checked = 0
        self.failures = 0

    async def run(self) -> None:
        """Check all that can be, and say so."""
        try:
            hub = Hub(self._address, await self._way_in(), self._patience)
        except Failed as failed:
            self._fail(failed)
            return
        if hub.way.session:
            self._console.say(f"note  The token is for the session {hub.way.session}, which gets all test messages.")
        if not (await self._holds(connects, hub) and await self._holds(acks, hub)):
            return  # nothing else can be seen
        for check in (*ALWAYS, *(WITH_PROOF if hub.way is not NOBODY else ())):
            await self._holds(check, hub)
        for fact in FACTS:
            await self._tell(fact, hub)

    async def _way_in(self) -> Way:
        """
        Raises:
            NotOpened: If no way is the hub's.

        """
        candidates = ways(self._given)
        try:
            async with opened(self._address, bare(new_session()), self._patience):
                pass
        except NotOpened as error:
            if error.status not in WANTED:
                raise
            if not candidates:
                raise NotOpened(
                    f"The hub refuses a client without a credential, with {error.status}.", WANTED[error.status]
                ) from None
        else:
            if candidates:
                self._fail(
                    Failed("The hub lets in who has no credential, though one was given.", "Its AuthMode is none.")
                )
            return NOBODY
        return await self._first_open(candidates)

    async def _first_open(self, candidates: list[Way]) -> Way:
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
            "Look whether it is this hub's, whether it has expired, and at JwtIssuer and JwtAudience.",
        )

    async def _holds(self, check: Check, hub: Hub) -> bool:
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

    async def _tell(self, fact: Check, hub: Hub) -> None:
        try:
            self._console.say(f"fact  {await fact(hub)}")
        except Failed as failed:
            self._console.say(f"fact  {fact.__name__.replace('_', ' ').capitalize()} is not known: {failed}")

    def _fail(self, failed: Failed) -> None:
        self.failures += 1
        self._console.say(f"FAIL  {failed}{' ' + failed.look if failed.look else ''}")


async def smoke(url: str, given: Given, console: Console, seconds: float = MINUTE, patience: float = PATIENCE) -> int:
    """
    Check a hub, and return the exit status.

    Args:
        seconds: Time for everything.
        patience: Seconds for one answer.

    Raises:
        CannotDo: If the URL or the credential cannot be one.

    """
    address, token = Address.parse(url)
    given = given if not token else Given(token=token, session=given.session)
    ways(given)  # for its errors
    run = Smoke(address, given, console, patience)
    console.say(f"Checking {address.url}")
    try:
        async with asyncio.timeout(seconds):
            await run.run()
    except TimeoutError:
        console.say(f"FAIL  Not everything could be checked within {seconds:g} seconds.")
        return 1
    if run.failures:
        console.say(f"The hub does not work as it should: {run.failures} failed, {run.checked} checks hold.")
        return 1
    console.say(f"The hub works: {run.checked} checks hold.")
    return 0
