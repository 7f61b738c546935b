"""Looking up who may send us signals, and whose key that is."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from threading import Lock
from time import monotonic
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Engine, Row, select

from hub.adapters.organisations_index import KEYS, REGISTRATIONS
from hub.adapters.subscriptions_index import SUBSCRIPTIONS
from hub.domain.grounds import Registers
from hub.domain.subscriptions import ACTIVE, Sink, Wish
from hub.errors import NotAllowed


@dataclass(frozen=True, slots=True)
class Organisation:
    """A registered organisation as it stands now; `kind` names the adapter that reads its messages.

    `scopes` are what its tokens may be for; `certificate` is the thumbprint (x5t#S256, RFC 8705) of the one it connects
    with, empty where none is asked; `per_minute` and `per_day` are how many messages it may send, 0 where it has no limit
    of its own. `purposes` and `grounds` are codes of the registers, `covenant` the id of the one it takes part under, and
    `told_of_end` says whether it is known that it ends soon, or ended. Whoever is removed is suspended too.
    """

    name: str
    kind: str
    oin: str
    algorithms: frozenset[str]
    message_types: frozenset[str]
    callback: str
    is_suspended: bool
    scopes: frozenset[str] = frozenset()
    requires_token: bool = False
    requires_dpop: bool = False
    certificate: str = ""
    per_minute: int = 0
    per_day: int = 0
    covenant: str = ""
    covenant_from: datetime | None = None
    covenant_until: datetime | None = None
    purposes: frozenset[str] = frozenset()
    grounds: frozenset[str] = frozenset()
    told_of_end: str = ""
    is_removed: bool = False


@dataclass(frozen=True, slots=True)
class Key:
    """A public key and whose it is; `jwk` is its JSON text."""

    kid: str
    holder: Organisation
    jwk: str
    valid_from: datetime
    valid_until: datetime | None
    revoked_from: datetime | None


@dataclass(frozen=True, slots=True)
class Subscriber:
    """Who is told things at one place: an organisation by one of its subscriptions, whose id is the `key`.

    Every organisation has a standing one besides, under its own name, for all that it may know, at the callback of its
    registration, and in its topic of Kafka. `because` says why its address was given up; `per_minute` is
    what its address can take, 0 without a limit; `since` is when it was last asked for.
    """

    key: str
    organisation: Organisation
    wish: Wish
    state: str = ACTIVE
    because: str = ""
    per_minute: int = 0
    since: datetime | None = None
    secret: str = ""
    secret_before: str = ""
    before_until: datetime | None = None

    def secrets(self, at: datetime) -> tuple[str, ...]:
        """The names of the secrets that what it is sent is signed with at that moment, besides the hub's key."""
        before = self.secret_before if self.before_until and at < self.before_until else ""
        return tuple(name for name in (self.secret, before) if name)

    @property
    def callback(self) -> str:
        """The address that it is told things at; empty where nothing is sent."""
        return self.wish.callback

    @property
    def is_standing(self) -> bool:
        """Whether it is that of the registration."""
        return self.key == self.organisation.name


_LISTS = ("algorithms", "message_types", "scopes", "purposes", "grounds")
_MOMENTS = ("covenant_from", "covenant_until")
_PLAIN = tuple(known.name for known in fields(Organisation) if known.name not in (*_LISTS, *_MOMENTS))


@dataclass(frozen=True, slots=True)
class _Seen:
    organisations: Mapping[str, Organisation]
    keys: Mapping[str, Key]
    subscribers: Mapping[str, Subscriber]
    asked: float


_NOTHING = _Seen({}, {}, {}, float("-inf"))
_NO_REGISTERS = Registers()
_NEW_AFTER = 0.05
"""Seconds that somebody stays unknown without another look: so new keys count at once, and strangers cost little."""


class Registrations:
    """The registrations as they stand; what another process changed is seen within `max_age` seconds.

    `registers` hold the covenants; without any, nothing is shared.
    """

    def __init__(
        self,
        engine: Engine,
        registers: Registers = _NO_REGISTERS,
        max_age: float = 1.0,
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self.registers = registers
        self._engine, self._max_age, self._seconds = engine, max_age, seconds
        self._seen, self._forgotten, self._lock = _NOTHING, 0, Lock()

    def by_name(self, name: str) -> Organisation | None:
        """The organisation registered under that name."""
        return self._now().organisations.get(name) or self._now(_NEW_AFTER).organisations.get(name)

    def knows(self, name: str) -> bool:
        """Whether an organisation is registered under that name, or was a moment ago: many names are asked that are of people."""
        return name in self._now().organisations

    def kind_of(self, name: str) -> str:
        """What the organisation of that name is registered as; empty where there is none."""
        found = self.by_name(name)
        return found.kind if found else ""

    def is_only(self, name: str) -> bool:
        """Whether no other organisation is registered as what the one of that name is."""
        return [one.name for one in self.all() if one.kind == self.kind_of(name) and not one.is_removed] == [name]

    def by_kid(self, kid: str) -> Key | None:
        """The key of that id, with its holder, whether it is valid now or not."""
        return self._now().keys.get(kid) or self._now(_NEW_AFTER).keys.get(kid)

    def all(self) -> tuple[Organisation, ...]:
        """Every registered organisation, by name."""
        return tuple(self._now().organisations.values())

    def keys_of(self, name: str) -> tuple[Key, ...]:
        """Every key that organisation ever had, oldest first."""
        return tuple(key for key in self._now().keys.values() if key.holder.name == name)

    def subscribers(self) -> tuple[Subscriber, ...]:
        """Whoever wants to be told anything, by what it wants it under; ended subscriptions are not among them."""
        return tuple(self._now().subscribers.values())

    def subscriptions_of(self, name: str) -> tuple[Subscriber, ...]:
        """Those that an organisation asked for itself, the oldest first."""
        return tuple(one for one in self.subscribers() if one.organisation.name == name and not one.is_standing)

    def subscriber(self, key: str) -> Subscriber | None:
        """That one of them."""
        return self._now().subscribers.get(key) or self._now(_NEW_AFTER).subscribers.get(key)

    def stands(self, key: str) -> bool:
        """Whether there is such a subscriber, and it is told things: not paused or given up, nor one that gave up its address."""
        one = self.subscriber(key)
        return one is not None and one.state == ACTIVE and bool(one.callback or not one.is_standing)

    def is_sharing(self, organisation: Organisation, at: datetime) -> bool:
        """Whether the hub may tell it anything at that moment: it takes part, under a covenant that holds then."""
        return not organisation.is_removed and self.registers.is_sharing(organisation, at)

    def refuse_groundless(self, name: str, purpose: str, basis: str, at: datetime) -> None:
        """Refuses what that organisation may not share for this purpose, on this legal basis, at that moment.

        Raises:
            NotAllowed: with every reason at once.
        """
        organisation = self.by_name(name)
        if organisation is None or organisation.is_removed:
            raise NotAllowed("This organisation takes part no longer.", code="partner-removed")
        self.registers.refuse_groundless(organisation, purpose, basis, at)

    def forget(self) -> None:
        """Looks again at the next question: call it after a commit that changed a registration."""
        with self._lock:
            self._seen, self._forgotten = _NOTHING, self._forgotten + 1

    def _now(self, max_age: float | None = None) -> _Seen:
        seen = self._seen
        at_most = self._max_age if max_age is None else min(max_age, self._max_age)
        return seen if self._seconds() < seen.asked + at_most else self._look()

    def _look(self) -> _Seen:
        forgotten = self._forgotten
        seen = self._read(self._seconds())
        with self._lock:
            # what was read before somebody called `forget` may be from before their commit
            if forgotten == self._forgotten:
                self._seen = seen
        return seen

    def _read(self, asked: float) -> _Seen:
        with self._engine.connect() as connection:
            rows = connection.execute(select(REGISTRATIONS).order_by(REGISTRATIONS.c.name)).all()
            holders = {row.stream_id: _organisation(row) for row in rows}
            keys = connection.execute(select(KEYS).order_by(KEYS.c.valid_from, KEYS.c.kid)).all()
            asked_for = select(SUBSCRIPTIONS).order_by(SUBSCRIPTIONS.c.since)
            subscriptions = connection.execute(asked_for).all()
        by_kid = {row.kid: _key(row, holders[row.stream_id]) for row in keys if row.stream_id in holders}
        by_name = {holder.name: holder for holder in holders.values()}
        standing = {name: Subscriber(name, holder, _standing(holder)) for name, holder in by_name.items()}
        others = {row.id: _subscriber(row, by_name[row.organisation]) for row in subscriptions if row.organisation in by_name}
        return _Seen(by_name, by_kid, {**standing, **others}, asked)


def _organisation(row: Row[Any]) -> Organisation:
    said: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    said |= {name: frozenset(json.loads(getattr(row, name))) for name in _LISTS}
    said |= {name: _moment(getattr(row, name)) for name in _MOMENTS}
    return Organisation(**said)


def _standing(organisation: Organisation) -> Wish:
    return Wish(Sink.WEBHOOK if organisation.callback else Sink.FEED, organisation.callback)


def _subscriber(row: Row[Any], organisation: Organisation) -> Subscriber:
    wish, since = Wish.of(SimpleNamespace(**json.loads(row.wish))), datetime.fromisoformat(row.since)
    before_until = datetime.fromisoformat(row.before_until) if row.before_until else None
    secrets = {"secret": row.secret, "secret_before": row.secret_before, "before_until": before_until}
    return Subscriber(row.id, organisation, wish, row.state, row.because, row.per_minute, since, **secrets)


def _key(row: Row[Any], holder: Organisation) -> Key:
    return Key(
        row.kid, holder, row.jwk, datetime.fromisoformat(row.valid_from), _moment(row.valid_until), _moment(row.revoked_from)
    )


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
