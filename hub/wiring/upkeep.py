"""What an operator looks after over HTTP, and on the command line: who takes part, what was not delivered, and who lags behind."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from hub.adapters.channels.webhook import queue
from hub.adapters.registrations import Organisation
from hub.errors import NotKnown
from hub.projections import moment
from hub.wiring.hub import Hub


@dataclass(frozen=True, slots=True)
class Upkeep:
    """The upkeep of one hub."""

    hub: Hub

    def organisations(self) -> Sequence[Mapping[str, Any]]:
        """Who takes part, with their keys by name alone and what they subscribed to; by name."""
        return [self._organisation(one) for one in sorted(self.hub.registrations.all(), key=lambda one: one.name)]

    def _organisation(self, one: Organisation) -> Mapping[str, Any]:
        hub, now = self.hub, self.hub.clock.now()
        end = hub.registrations.registers.end_of(one)
        return {
            "name": one.name,
            "kind": one.kind,
            "oin": one.oin,
            "state": "removed" if one.is_removed else "suspended" if one.is_suspended else "active",
            "isSharing": not one.is_removed and hub.registrations.is_sharing(one, now),
            "covenantUntil": _moment(end),
            "keys": [
                {
                    "kid": key.kid,
                    "validFrom": moment(key.valid_from),
                    "validUntil": _moment(key.valid_until),
                    "revokedFrom": _moment(key.revoked_from),
                }
                for key in hub.registrations.keys_of(one.name)
            ],
            "subscriptions": [
                {"id": each.key, "sink": each.wish.sink.value, "state": each.state, "because": each.because}
                for each in hub.registrations.subscribers()
                if each.organisation.name == one.name
            ],
        }

    def deliveries(self, state: str, after: int, limit: int) -> Sequence[Mapping[str, Any]]:
        """What waits in that state, in the order in which it was accepted; nothing of what it says."""
        with self.hub.stored.outbox.connect() as connection:
            return [_delivery(row) for row in queue.listed(connection, {"state": state}, after, limit)]

    def tell_again(self, delivery: int = 0, receiver: str = "") -> int:
        """Tells it once more from the beginning: one delivery, all that was put aside for a receiver, or all there is. How many.

        Raises:
            NotKnown: there is no such delivery that was put aside, or no such receiver.
        """
        hub = self.hub
        with hub.stored.outbox.begin() as connection:
            if receiver and hub.registrations.subscriber(receiver) is None:
                raise NotKnown("No organisation is registered by that name, and no subscription has that id.")
            now = hub.clock.now()
            many = queue.redrive(connection, now, delivery, receiver)
            return many + (queue.welcome_back(connection, receiver, now) if receiver else 0)

    def followers(self) -> Sequence[Mapping[str, Any]]:
        """Everybody who follows the log, how far they came, since when they wait, and why they stopped, if they did."""
        return [
            {
                "name": each.follower,
                "position": each.position,
                "lag": each.lag,
                "waitingSince": _moment(each.waiting_since),
                "because": each.stopped_because,
            }
            for each in (*self.hub.views.state(), *self.hub.outbox.state())
        ]


def _delivery(row: Mapping[str, Any]) -> Mapping[str, Any]:
    said = {"id": row["id"], "receiver": row["receiver"], "type": row["type"], "state": row["state"]}
    return {**said, "acceptedAt": row["accepted_at"], "attempts": row["attempts"], "lastOutcome": row["last_outcome"]}


def _moment(at: datetime | None) -> str | None:
    return moment(at) if at else None
