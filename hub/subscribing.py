"""What partners want to be told: they say it themselves, and change or end it themselves; every change is an event."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import Connection

from hub.domain.streams import THE_HUB, Occasion
from hub.domain.subscriptions import ENDED, MOST, Subscription, Wish, subscription_id
from hub.errors import NotKnown, RuleBroken
from hub.register import Register, Unit


@dataclass(frozen=True, slots=True)
class Subscribing:
    """The subscriptions; `count` is how many an organisation has by the indexes.

    `changed` is called after every change, so that it counts.
    `secret_of` makes the secret of that name, always the same one: no secret is kept anywhere.
    """

    register: Register
    count: Callable[[str, Connection], int]
    changed: Callable[[], None]
    secret_of: Callable[[str], str]

    def subscribe(self, organisation: str, wish: Wish, by: str) -> UUID:
        """A new subscription, and its id.

        Raises:
            Malformed: with every violation at once.
            RuleBroken: it has as many as one organisation may have.
        """
        key = str(uuid4())

        def work(unit: Unit) -> None:
            # not before: whoever asks for many at once would be counted before any of them
            if self.count(organisation, unit.connection) >= MOST:
                raise RuleBroken(f"An organisation has at most {MOST} subscriptions; end one first.", code="too-many-subscriptions")
            unit.add(Subscription.subscribe(organisation, key, wish, Occasion(unit.at, by)))

        self._do(work)
        return subscription_id(organisation, key)

    def change(self, id: UUID, organisation: str, wish: Wish, by: str) -> None:
        """Wants something else, or elsewhere. Raises: Malformed, NotKnown, RuleBroken."""
        self._change(id, organisation, by, lambda known, on: known.change(wish, on))

    def pause(self, id: UUID, organisation: str, by: str) -> None:
        """Sends nothing for the time being. Raises: NotKnown, RuleBroken."""
        self._change(id, organisation, by, lambda known, on: known.pause(on))

    def resume(self, id: UUID, organisation: str, by: str) -> None:
        """Sends again, what waits first. Raises: NotKnown, RuleBroken."""
        self._change(id, organisation, by, lambda known, on: known.resume(on))

    def test(self, id: UUID, organisation: str, by: str) -> None:
        """Sends a notice that says nothing. Raises: NotKnown, RuleBroken."""
        self._change(id, organisation, by, lambda known, on: known.test(on))

    def renew_secret(self, id: UUID, organisation: str, overlap: timedelta, by: str) -> str:
        """A new secret (Standard Webhooks' `whsec_…`) that what it is sent is signed with besides; it is shown this once.

        The one before serves for as long as the overlap, too. Raises: Malformed, NotKnown, RuleBroken.
        """
        name = str(uuid4())
        self._change(id, organisation, by, lambda known, on: known.renew_secret(name, overlap, on))
        return self.secret_of(name)

    def drop_secret(self, id: UUID, organisation: str, by: str) -> None:
        """Signs with no secret any more. Raises: NotKnown, RuleBroken."""
        self._change(id, organisation, by, lambda known, on: known.drop_secret(on))

    def end(self, id: UUID, organisation: str, by: str) -> None:
        """Tells nothing any more. Raises: NotKnown."""
        self._change(id, organisation, by, lambda known, on: known.end(on))

    def confirm(self, id: UUID, callback: str, per_minute: int) -> None:
        """Its address said that it wants it."""
        self._change(id, "", THE_HUB, lambda known, on: known.confirm(callback, per_minute, on))

    def disable(self, id: UUID, callback: str, because: str) -> None:
        """Gives up on its address."""
        self._change(id, "", THE_HUB, lambda known, on: known.disable(callback, because, on))

    def _change(self, id: UUID, organisation: str, by: str, verb: Callable[[Subscription, Occasion], None]) -> None:
        def work(unit: Unit) -> None:
            known = unit.find(Subscription, id)
            # another's is as unknown as none
            if known is None or known.state == ENDED or organisation not in ("", known.organisation):
                raise NotKnown("There is no subscription by that id.")
            verb(known, Occasion(unit.at, by))

        self._do(work)

    def _do(self, work: Callable[[Unit], object]) -> None:
        self.register.do(work)
        self.changed()
