"""Requests of people about their own data: what is open first, the one that is over first on top; what the ticker asks too."""

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, MetaData, Table, Text, func, select

from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.domain.requests import Asks, Decision, PersonRequest
from hub.domain.streams import Recorded
from hub.errors import Malformed, Violation
from hub.ports import Asked, Fact, Projection, View
from hub.projections import (
    CODE,
    DAY,
    ID,
    MOMENT,
    NUMBER,
    TEXT,
    TRUTH,
    Document,
    Row,
    fold,
    listed,
    maybe,
    moment,
    narrowed,
    page,
    thing,
    topics_of,
)

TABLES = MetaData()
REQUESTS = Table(
    "person_requests",
    TABLES,
    Column("request", Text, primary_key=True),
    Column("person", Text, nullable=False, index=True),
    Column("asks", Text, nullable=False),
    Column("is_open", Boolean, nullable=False),
    Column("due", Text, nullable=False, index=True),
    Column("is_late", Boolean, nullable=False),
    Column("shown", Document, nullable=False),
)
_R = REQUESTS.c
_STATES = {"open": True, "closed": False}


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change the requests."""
    fold(REQUESTS, [(str(fact.stream_id), fact) for fact in facts if type(fact.event) in _CHANGES], _request, connection)


def _request(row: Row | None, fact: Fact) -> Row:
    event: Any = fact.event
    row = row or {"request": str(fact.stream_id), "person": event.person, "is_open": True, "is_late": False, "shown": {}}
    _CHANGES[type(event)](row, event)
    row["shown"]["version"] = event.originator_version
    return row


def _noted(row: Row, event: PersonRequest.Noted) -> None:
    row["asks"], row["due"] = event.asks, moment(event.due)
    row["shown"] = {"received": event.received, "notedBy": event.by, "notedAt": moment(event.timestamp), **_NOTHING_YET}


def _checked(row: Row, event: PersonRequest.IdentityChecked) -> None:
    row["shown"]["identity"] = {"how": event.identity, "by": event.by, "at": moment(event.timestamp)}


def _extended(row: Row, event: PersonRequest.Extended) -> None:
    row["due"], row["is_late"] = moment(event.due), False
    row["shown"]["extendedAt"] = moment(event.timestamp)


def _passed(row: Row, _: PersonRequest.TermPassed) -> None:
    row["is_late"] = True


def _decided(row: Row, event: PersonRequest.Decided) -> None:
    said = {"outcome": event.decision, "ground": event.ground, "by": event.by, "at": moment(event.timestamp)}
    row["shown"]["decided"], row["is_open"] = said, event.decision == Decision.GRANTED


def _carried_out(row: Row, event: PersonRequest.CarriedOut) -> None:
    row["shown"]["carriedOut"], row["is_open"] = {"by": event.by, "at": moment(event.timestamp)}, False


_NOTHING_YET = {"identity": None, "extendedAt": None, "decided": None, "carriedOut": None}
_CHANGES: Mapping[type[Recorded], Callable[[Row, Any], None]] = {
    PersonRequest.Noted: _noted,
    PersonRequest.IdentityChecked: _checked,
    PersonRequest.Extended: _extended,
    PersonRequest.TermPassed: _passed,
    PersonRequest.Decided: _decided,
    PersonRequest.CarriedOut: _carried_out,
}

# Asking -------------------------------------------------------------------------------------------


def due_before(connection: Connection, at: datetime) -> list[str]:
    """The requests of which the term is over at a moment without an answer, and nobody noted that yet."""
    over = (_R.is_open, _R.is_late.is_(False), _R.due <= moment(at))
    return list(connection.execute(select(_R.request).where(*over).order_by(_R.due)).scalars())


def of_person(connection: Connection, person: str) -> list[str]:
    """What somebody asked, in the order of the terms."""
    return list(connection.execute(select(_R.request).where(_R.person == person).order_by(_R.due, _R.request)).scalars())


def are_open(connection: Connection, people: Collection[str]) -> bool:
    """Whether any of these people asked something that is not answered yet."""
    waiting = select(_R.request).where(_R.is_open, _R.person.in_(people)).limit(1)
    return connection.execute(waiting).first() is not None


def waiting(connection: Connection) -> list[tuple[str, datetime]]:
    """Every request that is not answered yet, and before when it has to be."""
    found = connection.execute(select(_R.request, _R.due).where(_R.is_open).order_by(_R.due)).all()
    return [(request, datetime.fromisoformat(due)) for request, due in found]


def late(connection: Connection, at: datetime) -> int:
    """How many are not answered in time."""
    return connection.execute(select(func.count()).where(_R.is_open, _R.due <= moment(at))).scalar_one()


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Requests, those that are open first, in the order of their terms."""
    query = narrowed(select(REQUESTS), asked, {"person": _R.person, "asks": _R.asks})
    if state := asked.filters.get("state"):
        if state not in _STATES:
            raise Malformed("The filter cannot be read.", [Violation("/state", f"is not one of {', '.join(_STATES)}")])
        query = query.where(_R.is_open.is_(_STATES[state]))
    return page(query, [_R.is_open.is_(False), _R.due, _R.request], asked, lambda row: _item(row, asked.at), connection)


def ask_one(connection: Connection, asked: Asked) -> Mapping[str, Any] | None:
    """One request."""
    row = connection.execute(select(REQUESTS).where(_R.request == asked.key)).mappings().first()
    return None if row is None else _item(row, asked.at)


def _item(row: Mapping[Any, Any], at: datetime) -> Row:
    said = {name: row[name] for name in ("person", "asks", "due")}
    is_late = row["is_open"] and row["due"] <= moment(at)
    return {"id": row["request"], **said, "isOpen": row["is_open"], "isLate": is_late, **row["shown"]}


def _one_of(kind: Any) -> Row:
    return {"type": "string", "enum": [each.value for each in kind]}


_WHO = {"by": TEXT | of.PROVENANCE, "at": MOMENT | of.PROVENANCE}
_ITEM = thing(
    id=ID,
    person=ID,
    asks=_one_of(Asks) | of.DECISION,
    due=MOMENT | of.DECISION,
    isOpen=TRUTH | of.OPERATION,
    isLate=TRUTH | of.OPERATION,
    version=NUMBER,
    received=DAY | of.DECISION,
    notedBy=TEXT | of.PROVENANCE,
    notedAt=MOMENT | of.PROVENANCE,
    identity=maybe(thing(how=CODE | of.DECISION, **_WHO)),
    extendedAt=maybe(MOMENT | of.DECISION),
    decided=maybe(thing(outcome=_one_of(Decision) | of.DECISION, ground=CODE | of.PROVENANCE, **_WHO)),
    carriedOut=maybe(thing(**_WHO)),
)

PROJECTION = Projection(
    name="requests",
    title="Requests of people about their own data",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_CHANGES),
    views=(
        View(
            path="person-requests",
            title="What people asked about their own data: what is open first, in the order of the terms",
            ask=ask,
            answer=listed(_ITEM),
            act=Act.SEE_REQUESTS,
            about="nobody",
            filters=("state", "person", "asks"),
            says={"state": "open or closed", "person": "the id of somebody", "asks": "what is asked"},
        ),
        View(
            path="person-requests/{id}",
            title="One request of somebody about their own data",
            ask=ask_one,
            answer=_ITEM,
            act=Act.SEE_REQUESTS,
            about="nobody",
        ),
    ),
)
