"""The index of registrations: who may send us signals and on which terms, written with the events it follows."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, ForeignKey, Integer, MetaData, String, Table, Text, insert, select, update

from hub.adapters.jws import public_key
from hub.domain.grounds import ENDED, ENDS_SOON
from hub.domain.registrations import Registration
from hub.errors import Malformed, RuleBroken, Violation
from hub.ports import Fact, Projection

TABLES = MetaData()

REGISTRATIONS = Table(
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

KEYS = Table(
    "registration_keys",
    TABLES,
    Column("kid", String(120), primary_key=True),
    Column("stream_id", ForeignKey("registrations.stream_id"), nullable=False),
    Column("jwk", Text, nullable=False),
    Column("valid_from", String(32), nullable=False),
    Column("valid_until", String(32)),
    Column("revoked_from", String(32)),
)

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
    connection.execute(insert(REGISTRATIONS).values(stream_id=str(fact.stream_id), **_NEW, **row, **lists))


def _key_added(fact: Fact, connection: Connection) -> None:
    event = fact.event
    if connection.scalar(select(KEYS.c.kid).where(KEYS.c.kid == event.kid)) is not None:
        raise RuleBroken("another organisation has a key with this kid", code="kid-used")
    _refuse_unusable(text := json.dumps(event.jwk, sort_keys=True))
    period = {"valid_from": _text(event.valid_from), "valid_until": _text(event.valid_until)}
    row = {"kid": event.kid, "stream_id": str(fact.stream_id), "jwk": text}
    connection.execute(insert(KEYS).values(**row, **period))


def _refuse_unusable(jwk: str) -> None:
    try:
        public_key(jwk)
    except ValueError:
        raise Malformed("the key cannot be accepted", [Violation("jwk", "is not a key on its curve")]) from None


def _key_revoked(fact: Fact, connection: Connection) -> None:
    here = KEYS.c.kid == fact.event.kid
    connection.execute(update(KEYS).where(here).values(revoked_from=_text(fact.event.revoked_from)))


def _key_limited(fact: Fact, connection: Connection) -> None:
    here = KEYS.c.kid == fact.event.kid
    connection.execute(update(KEYS).where(here).values(valid_until=_text(fact.event.valid_until)))


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
    here = REGISTRATIONS.c.stream_id == str(fact.stream_id)
    connection.execute(update(REGISTRATIONS).where(here).values(**to))


_CHANGES: Mapping[type[Any], Callable[[Fact, Connection], None]] = {
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


INDEX = Projection(
    name="registrations",
    title="Who may send us signals",
    tables=TABLES,
    apply=_apply,
    topics=frozenset(event.TOPIC for event in _CHANGES),
)
"""Applied in the transaction that saves the events: what it refuses (a kid of another organisation, no key at all) is not saved."""


def _text(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat()
