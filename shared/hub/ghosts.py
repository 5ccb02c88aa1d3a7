"""
Ghosts: stored connections that are closed.

If a browser vanishes, API Gateway may not call ``$disconnect``, and the row stays until it expires. The row would count
towards the limit of its session, and might keep the user of the browser out.

"""

from botocore.exceptions import BotoCoreError, ClientError

from hub import metrics
from hub.connections import Connections
from hub.connections_api import ConnectionsApi
from hub.log import logger

OPENING = 3
"""Seconds for which a stored connection may still be opening: until ``$connect`` has returned, ``@connections`` answers
410 for it. ``$connect`` returns at most ``connections.WITHIN`` seconds after the time in the row."""

MOST = 10
"""Connections that one search asks for."""


class Ghosts:
    """The search for ghosts, and their removal."""

    def __init__(self, connections: Connections, api: ConnectionsApi) -> None:
        self._connections = connections
        self._api = api

    def make_room(self, session_id: str, now: float, limit: int, deadline: float) -> bool:
        """
        Remove the ghosts among the oldest connections of a session, and return whether there is room for another one.

        If that fails, or takes too long, the log says why, and there is no room.

        Args:
            now: Epoch seconds.
            limit: Connections that the session may have.
            deadline: By the clock ``time.monotonic``.

        """
        try:
            if not self._remove_some(session_id, now, deadline):
                return False
            # The rows are counted again, because another connect may have taken the room.
            return self._connections.count(session_id, now, deadline) < limit
        except (BotoCoreError, ClientError):
            logger.exception("ghosts not removed")
            return False

    def _remove_some(self, session_id: str, now: float, deadline: float) -> int:
        """Return how many ghosts were found and removed."""
        oldest = self._connections.oldest(session_id, now, OPENING, MOST, deadline)
        ghosts = self._api.gone(oldest, deadline)
        for ghost in ghosts:
            self._connections.remove(ghost, deadline)
            metrics.count("GhostsRemoved")
        if ghosts:
            logger.info("ghosts removed", connections=len(ghosts))
        return len(ghosts)
