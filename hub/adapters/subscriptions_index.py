"""The index of subscriptions: who wants to be told what, and where, written with the events it follows."""

import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Column, Connection, Index, Integer, MetaData, String, Table, Text, delete, func, insert, select, update

from hub.adapters import rfc3339
from hub.domain.subscriptions import ACTIVE, DISABLED, PAUSED, PENDING, Subscription, Wish, begins_as
from hub.ports import Fact, Projection

TABLES = MetaData()

SUBSCRIPTIONS = Table(
    "subscriptions",
    TABLES,
    Column("id", String(36), primary_key=True),
    Column("organisation", String(80), nullable=False),
    Column("callback", Text, nullable=False),
    Column("wish", Text, nullable=False),
    Column("state", String(8), nullable=False),
    Column("because", String(40), nullable=False),
    Column("per_minute", Integer, nullable=False),
    Column("since", String(32), nullable=False),
    Column("secret", String(36), nullable=False),
    Column("secret_before", String(36), nullable=False),
    Column("before_until", String(32), nullable=False),
    Index("subscriptions_of_organisation", "organisation", "since"),
)
_S = SUBSCRIPTIONS.c


def count(organisation: str, connection: Connection) -> int:
    """How many subscriptions an organisation has, as the transaction of this connection has it."""
    found = select(func.count()).where(_S.organisation == organisation)
    return connection.execute(found).scalar_one()


def _opened(fact: Fact, connection: Connection) -> None:
    wish = Wish.of(fact.event)
    place = {"id": str(fact.stream_id), "organisation": fact.event.organisation, "callback": wish.callback}
    stands = {"state": begins_as(wish), "because": "", "per_minute": 0, "since": _at(fact)}
    stands |= {"secret": "", "secret_before": "", "before_until": ""}
    connection.execute(insert(SUBSCRIPTIONS).values(**place, **stands, wish=_written(wish)))


def _changed(fact: Fact, connection: Connection) -> None:
    wish = Wish.of(fact.event)
    moved = _S.callback != wish.callback
    _set(fact, connection, moved, _S.state != PAUSED, state=begins_as(wish), because="")
    _set(fact, connection, moved, per_minute=0, since=_at(fact))
    _set(fact, connection, callback=wish.callback, wish=_written(wish))


def _resumed(fact: Fact, connection: Connection) -> None:
    # what it is sent is what the wish of the row says, whose sink is a webhook where it has an address
    for has_address, state in ((_S.callback != "", PENDING), (_S.callback == "", ACTIVE)):
        _set(fact, connection, has_address, state=state, because="", since=_at(fact))


def _secret_renewed(fact: Fact, connection: Connection) -> None:
    _set(fact, connection, secret_before=_S.secret, before_until=rfc3339.written(fact.event.before_until))
    _set(fact, connection, secret=fact.event.secret)


def _ended(fact: Fact, connection: Connection) -> None:
    # whoever asks and ends all day may not make the list longer for everybody
    connection.execute(delete(SUBSCRIPTIONS).where(_S.id == str(fact.stream_id)))


def _written(wish: Wish) -> str:
    return json.dumps(wish.said())


def _at(fact: Fact) -> str:
    return rfc3339.written(fact.event.timestamp)


def _set(fact: Fact, connection: Connection, *where: Any, **to: Any) -> None:
    connection.execute(update(SUBSCRIPTIONS).where(_S.id == str(fact.stream_id), *where).values(**to))


_CHANGES: Mapping[type[Any], Callable[[Fact, Connection], None]] = {
    Subscription.Opened: _opened,
    Subscription.Changed: _changed,
    Subscription.Confirmed: lambda fact, on: _set(fact, on, state=ACTIVE, per_minute=fact.event.per_minute),
    Subscription.Paused: lambda fact, on: _set(fact, on, state=PAUSED),
    Subscription.Disabled: lambda fact, on: _set(fact, on, state=DISABLED, because=fact.event.because),
    Subscription.Resumed: _resumed,
    Subscription.SecretRenewed: _secret_renewed,
    Subscription.SecretDropped: lambda fact, on: _set(fact, on, secret="", secret_before=""),
    Subscription.Ended: _ended,
}


def _apply(facts: Sequence[Fact], connection: Connection) -> None:
    for fact in facts:
        if change := _CHANGES.get(type(fact.event)):
            change(fact, connection)


INDEX = Projection(
    name="subscriptions",
    title="Who wants to be told what",
    tables=TABLES,
    apply=_apply,
    topics=frozenset(event.TOPIC for event in _CHANGES),
)
