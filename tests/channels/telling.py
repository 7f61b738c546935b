"""A hub that tells: its outbox, keys and registered partners on disk, a clock that stands still, notices to tell."""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import partial
from ipaddress import ip_network
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import select

from hub.adapters import database
from hub.adapters.bells import Bells
from hub.adapters.channels import Around, Wishes
from hub.adapters.channels.webhook import Webhooks, queue
from hub.adapters.channels.webhook.exchange import Patience
from hub.adapters.migrations import bring_up
from hub.adapters.notice_event import Sender
from hub.adapters.receivers_index import Receivers
from hub.adapters.ties_index import ties
from hub.domain.registrations import Registration
from hub.domain.streams import Occasion, stream_id
from hub.domain.subscriptions import Interest, Payload, Sink, Subscription, Wish
from hub.domain.tellings import Attempt
from hub.ports import UNWATCHED, Call, Notice, SetClock, Watch
from tests.adapters.disclosing import the_disclosures
from tests.adapters.registered import Book, a_registration, occasion, with_covenant, with_tables
from tests.given import some_hub_keys
from tests.parts import databases

NOW = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
HUB_OIN = "00000099000000009000"
BASE_URL = "https://hub.example"
LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))
SHORT = Patience(connect=2.0, write=2.0, read=0.3, whole=0.6)
"""For receivers that do not answer; nothing is measured by it."""


def family(name: str) -> UUID:
    """The reference of the family of that name in a test."""
    return stream_id("family", name)


def a_notice(position: int = 1, of: str = "a", **but: Any) -> Notice:
    """An escalation that the police and the housing corporation are told of."""
    said = {
        "id": stream_id("notice", str(position)),
        "type": "nl.vig.escalations.direction-raised.v1",
        "position": position,
        "recorded_at": NOW,
        "family": family(of),
        "tell": ("police", "housing-corporation"),
        "data": {"family": str(family(of)), "direction": "network", "contact": "wijkteam@gemeente.example"},
    }
    return Notice(**{**said, **but})  # type: ignore[arg-type]


class Nobody:
    """No staff to be mailed of anything."""

    def calls(self, _: Notice) -> Sequence[Call]:
        return ()

    def address(self, _: UUID) -> str:
        return ""

    def mailed(self, contact: UUID, about: str, kind: str) -> None:
        raise AssertionError(f"{contact} was mailed {kind} of {about}")


class Telling:
    """The parts together; a second one on the same directory is the hub after a restart."""

    def __init__(self, place: Path, **but: Any) -> None:
        self.clock = SetClock(NOW)
        self.outbox = databases.opened(place / "outbox.db", durable=True)
        bring_up(self.outbox, "outbox")
        self.keys = some_hub_keys(place / "keys.json", NOW - timedelta(days=1))
        kept = with_tables(databases.opened(place / "registrations.db", durable=True))
        self.book = Book(kept)
        self._organisations: dict[str, Registration] = {}
        self._subscriptions: dict[UUID, Subscription] = {}
        self.wishes = Wishes(self._confirm, self._disable, self._give_up)
        self.ledger: list[Attempt] = []
        self.given_up: list[tuple[str, str]] = []
        settings = {"origin": "hub.example", "allow": LOOPBACK, "random": Random(1), "poll": 0.02, **but}  # noqa: S311
        self.disclosures = the_disclosures(self.book.registrations, self.clock)
        around, told = self.around(), (self.outbox, self.book.registrations, self.keys, Sender(HUB_OIN, BASE_URL), self.clock)
        self.webhooks = Webhooks(*told, around, self.wishes, around.ledger, **settings)

    def around(self, watch: Watch = UNWATCHED) -> Around:
        """What a channel may use of this hub."""
        return Around(
            self.outbox,
            Bells(self.outbox),
            self.book.registrations,
            self.keys,
            self.clock,
            BASE_URL,
            HUB_OIN,
            self.disclosures.to_partner,
            partial(ties, self.book.engine),
            Receivers(self.book.engine, self.disclosures.pseudonyms.of),
            self.wishes,
            self.ledger.extend,
            Nobody(),
            watch,
        )

    def subscribe(
        self,
        callback: str,
        name: str = "police",
        kind: str = "police",
        payload: Payload = Payload.FULL,
        sink: Sink | None = None,
        **wanted: Any,
    ) -> Subscription:
        """An organisation that asks itself to be told things, there or (empty) to fetch."""
        if name not in self._organisations:
            self.register("", name, kind)
        key, on = str(len(self._subscriptions)), occasion(self.clock.now())
        sink = sink or (Sink.WEBHOOK if callback else Sink.FEED)
        made = Subscription.subscribe(name, key, Wish(sink, callback, payload, Interest(**wanted)), on)
        self._subscriptions[made.id] = made
        self.book.save(made)
        return made

    def do(self, subscription: Subscription, verb: Callable[[Occasion], None]) -> None:
        """Its organisation changes something about it."""
        verb(occasion(self.clock.now()))
        self.book.save(subscription)

    def save(self, subscription: Subscription) -> None:
        """Something was decided about a subscription."""
        self.book.save(subscription)

    def _confirm(self, id: UUID, callback: str, per_minute: int) -> None:
        self._subscriptions[id].confirm(callback, per_minute, occasion(self.clock.now()))
        self.book.save(self._subscriptions[id])

    def _disable(self, id: UUID, callback: str, because: str) -> None:
        self.given_up.append((str(id), because))
        self._subscriptions[id].disable(callback, because, occasion(self.clock.now()))
        self.book.save(self._subscriptions[id])

    def _give_up(self, name: str, callback: str, because: str) -> None:
        self.given_up.append((name, because))
        self._organisations[name].give_up(callback, because, occasion(self.clock.now()))
        self.book.save(self._organisations[name])

    def register(self, callback: str, name: str = "police", kind: str = "police") -> Registration:
        """An organisation that wants to be told things there."""
        organisation = self._organisations[name] = with_covenant(a_registration(name, kind, callback=callback))
        self.book.save(organisation)
        return organisation

    def as_told(self, notice: Notice, name: str = "police") -> Notice:
        """The notice as that organisation gets it, with its own ids."""
        receiver = self.book.registrations.by_name(name)
        assert receiver is not None
        told = self.disclosures.to_partner(notice, receiver)
        assert told is not None
        return told

    def organisation(self, name: str) -> Registration:
        """The organisation of that name."""
        return self._organisations[name]

    def change(self, name: str, callback: str) -> None:
        """The organisation wants to be told things elsewhere."""
        self._organisations[name].change_callback(callback, occasion())
        self.book.save(self._organisations[name])

    def tell(self, *notices: Notice) -> None:
        """Hands notices over as the relay does: in a transaction that has the lock, and then says that it is durable."""
        with database.locked(self.outbox) as connection:
            self.webhooks.channel.accept(notices, connection)
        self.webhooks.channel.committed()

    def deliver(self, after: timedelta = timedelta(0)) -> None:
        """Lets time pass, and delivers what is due then."""
        self.clock.set(self.clock.now() + after)
        self.webhooks.deliver_due()

    def rows(self, **filters: str) -> list[dict[str, Any]]:
        """The deliveries as anybody can see them."""
        with self.outbox.connect() as connection:
            return queue.listed(connection, filters)

    def states(self) -> list[tuple[str, str, int]]:
        """State, last outcome and attempts of every delivery."""
        return [(row["state"], row["last_outcome"], row["attempts"]) for row in self.rows()]

    def receiver(self, name: str = "police") -> Mapping[str, Any]:
        """What is kept of a receiver."""
        with self.outbox.connect() as connection:
            row = connection.execute(select(queue.RECEIVERS).where(queue.RECEIVERS.c.receiver == name)).one()
        return row._mapping

    def close(self) -> None:
        """Lets go of its databases, as a hub that stops does."""
        self.outbox.dispose()
        self.book.engine.dispose()
