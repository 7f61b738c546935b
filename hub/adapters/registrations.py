"""Looking up who may send us signals, and whose key that is."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from threading import Lock
from time import monotonic
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Engine,
    ForeignKey,
    Integer,
    MetaData,
    Row,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from hub.adapters.jws import public_key
from hub.domain.grounds import ENDED, ENDS_SOON, Registers
from hub.domain.registrations import Registration
from hub.errors import Malformed, NotAllowed, RuleBroken, Violation
from hub.ports import Fact, Projection

TABLES = MetaData()

registrations = Table(
    "registrations",
    TABLES,
    Column("stream_id", String(36), primary_key=True),
    Column("name", String(80), nullable=False, unique=True),
    Column("kind", String(80), nullable=False),
    Column("oin", String(20), nullable=False),
    Column("algorithms", Text, nullable=False),
    Column("message_types", Text, nullable=False),
    Column("callback", Text, nullable=False),
    Column("is_suspended", Boolean, nullable=False),
    Column("is_removed", Boolean, nullable=False),
    Column("scopes", Text, nullable=False),
    Column("requires_token", Boolean, nullable=False),
    Column("requires_dpop", Boolean, nullable=False),
    Column("certificate", String(43), nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("per_day", Integer, nullable=False),
    Column("covenant", Text, nullable=False),
    Column("covenant_from", String(32)),
    Column("covenant_until", String(32)),
    Column("told_of_end", String(9), nullable=False),
    Column("purposes", Text, nullable=False),
    Column("grounds", Text, nullable=False),
)

registration_keys = Table(
    "registration_keys",
    TABLES,
    Column("kid", String(120), primary_key=True),
    Column("stream_id", ForeignKey("registrations.stream_id"), nullable=False),
    Column("jwk", Text, nullable=False),
    Column("valid_from", String(32), nullable=False),
    Column("valid_until", String(32)),
    Column("revoked_from", String(32)),
)


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


# What happened → rows -------------------------------------------------------------------------------

_NEW = {
    **dict.fromkeys(("is_suspended", "is_removed", "requires_token", "requires_dpop"), False),
    **dict.fromkeys(("per_minute", "per_day"), 0),
    **dict.fromkeys(("certificate", "covenant", "told_of_end"), ""),
    **dict.fromkeys(("scopes", "purposes", "grounds"), "[]"),
}
"""What an organisation may before anything is granted: nothing."""


def _registered(fact: Fact, connection: Connection) -> None:
    event = fact.event
    row = {name: getattr(event, name) for name in ("name", "kind", "oin", "callback")}
    lists = {name: json.dumps(getattr(event, name)) for name in ("algorithms", "message_types")}
    connection.execute(insert(registrations).values(stream_id=str(fact.stream_id), **_NEW, **row, **lists))


def _key_added(fact: Fact, connection: Connection) -> None:
    event = fact.event
    if connection.scalar(select(registration_keys.c.kid).where(registration_keys.c.kid == event.kid)) is not None:
        raise RuleBroken("another organisation has a key with this kid", code="kid-used")
    _refuse_unusable(text := json.dumps(event.jwk, sort_keys=True))
    period = {"valid_from": _text(event.valid_from), "valid_until": _text(event.valid_until)}
    row = {"kid": event.kid, "stream_id": str(fact.stream_id), "jwk": text}
    connection.execute(insert(registration_keys).values(**row, **period))


def _refuse_unusable(jwk: str) -> None:
    try:
        public_key(jwk)
    except ValueError:
        raise Malformed("the key cannot be accepted", [Violation("jwk", "is not a key on its curve")]) from None


def _key_revoked(fact: Fact, connection: Connection) -> None:
    here = registration_keys.c.kid == fact.event.kid
    connection.execute(update(registration_keys).where(here).values(revoked_from=_text(fact.event.revoked_from)))


def _key_limited(fact: Fact, connection: Connection) -> None:
    here = registration_keys.c.kid == fact.event.kid
    connection.execute(update(registration_keys).where(here).values(valid_until=_text(fact.event.valid_until)))


def _access_granted(fact: Fact, connection: Connection) -> None:
    plain = {name: getattr(fact.event, name) for name in ("requires_token", "requires_dpop", "certificate")}
    _change(fact, connection, scopes=json.dumps(fact.event.scopes), **plain)


def _covenant_agreed(fact: Fact, connection: Connection) -> None:
    period = {"covenant_from": _text(fact.event.valid_from), "covenant_until": _text(fact.event.valid_until)}
    _change(fact, connection, covenant=fact.event.covenant, told_of_end="", **period)


def _grounds_granted(fact: Fact, connection: Connection) -> None:
    _change(fact, connection, purposes=json.dumps(fact.event.purposes), grounds=json.dumps(fact.event.grounds))


def _limits_set(fact: Fact, connection: Connection) -> None:
    _change(fact, connection, per_minute=fact.event.per_minute, per_day=fact.event.per_day)


def _change(fact: Fact, connection: Connection, **to: Any) -> None:
    here = registrations.c.stream_id == str(fact.stream_id)
    connection.execute(update(registrations).where(here).values(**to))


_CHANGES: Mapping[type, Callable[[Fact, Connection], None]] = {
    Registration.Registered: _registered,
    Registration.KeyAdded: _key_added,
    Registration.KeyRevoked: _key_revoked,
    Registration.KeyLimited: _key_limited,
    Registration.AccessGranted: _access_granted,
    Registration.LimitsSet: _limits_set,
    Registration.GroundsGranted: _grounds_granted,
    Registration.CovenantAgreed: _covenant_agreed,
    Registration.CovenantEndsSoon: lambda fact, connection: _change(fact, connection, told_of_end=ENDS_SOON),
    Registration.CovenantEnded: lambda fact, connection: _change(fact, connection, told_of_end=ENDED),
    Registration.Removed: lambda fact, connection: _change(fact, connection, is_removed=True, is_suspended=True, callback=""),
    Registration.Suspended: lambda fact, connection: _change(fact, connection, is_suspended=True),
    Registration.Resumed: lambda fact, connection: _change(fact, connection, is_suspended=False),
    Registration.CallbackChanged: lambda fact, connection: _change(fact, connection, callback=fact.event.callback),
}


def _apply(facts: Sequence[Fact], connection: Connection) -> None:
    for fact in facts:
        if change := _CHANGES.get(type(fact.event)):
            change(fact, connection)


INDEX = Projection(name="registrations", title="Who may send us signals", tables=TABLES, apply=_apply)
"""Applied in the transaction that saves the events: what it refuses (a kid of another organisation, no key at all) is not saved."""


# Rows → answers --------------------------------------------------------------------------------------

_LISTS = ("algorithms", "message_types", "scopes", "purposes", "grounds")
_MOMENTS = ("covenant_from", "covenant_until")
_PLAIN = tuple(known.name for known in fields(Organisation) if known.name not in (*_LISTS, *_MOMENTS))


@dataclass(frozen=True, slots=True)
class _Seen:
    organisations: Mapping[str, Organisation]
    keys: Mapping[str, Key]
    asked: float


_NOTHING = _Seen({}, {}, float("-inf"))
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

    def by_kid(self, kid: str) -> Key | None:
        """The key of that id, with its holder, whether it is valid now or not."""
        return self._now().keys.get(kid) or self._now(_NEW_AFTER).keys.get(kid)

    def all(self) -> tuple[Organisation, ...]:
        """Every registered organisation, by name."""
        return tuple(self._now().organisations.values())

    def keys_of(self, name: str) -> tuple[Key, ...]:
        """Every key that organisation ever had, oldest first."""
        return tuple(key for key in self._now().keys.values() if key.holder.name == name)

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
            rows = connection.execute(select(registrations).order_by(registrations.c.name)).all()
            holders = {row.stream_id: _organisation(row) for row in rows}
            keys = connection.execute(
                select(registration_keys).order_by(registration_keys.c.valid_from, registration_keys.c.kid)
            ).all()
        by_kid = {row.kid: _key(row, holders[row.stream_id]) for row in keys if row.stream_id in holders}
        return _Seen({holder.name: holder for holder in holders.values()}, by_kid, asked)


def _organisation(row: Row[Any]) -> Organisation:
    said: dict[str, Any] = {name: getattr(row, name) for name in _PLAIN}
    said |= {name: frozenset(json.loads(getattr(row, name))) for name in _LISTS}
    said |= {name: _moment(getattr(row, name)) for name in _MOMENTS}
    return Organisation(**said)


def _key(row: Row[Any], holder: Organisation) -> Key:
    return Key(
        row.kid, holder, row.jwk, datetime.fromisoformat(row.valid_from), _moment(row.valid_until), _moment(row.revoked_from)
    )


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)
