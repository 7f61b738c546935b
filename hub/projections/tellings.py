"""What each partner was told, when, by which bytes, and who took notice: the delivery ledger, as it is and as it stood."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, MetaData, Select, Table, Text, select

from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.domain.tellings import Telling, Way
from hub.errors import Malformed, Violation
from hub.ports import Asked, Fact, Projection, View
from hub.projections import (
    CODE,
    COUNT,
    ID,
    MOMENT,
    NUMBER,
    TEXT,
    TRUTH,
    Document,
    Row,
    Schema,
    events_of,
    fold,
    listed,
    many,
    maybe,
    moment,
    narrowed,
    page,
    thing,
    topics_of,
)

TABLES = MetaData()
TELLINGS = Table(
    "tellings",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("began", Text, nullable=False),
    Column("ended", Text, nullable=False),
    Column("recorded", Text, nullable=False),
    Column("organisation", Text, nullable=False),
    Column("subscription", Text, nullable=False),
    Column("notice", Text, nullable=False, index=True),
    Column("called", Text, nullable=False, index=True),
    Column("family", Text, nullable=False, index=True),
    Column("fact", BigInteger, nullable=False, index=True),
    Column("type", Text, nullable=False),
    Column("shown", Document, nullable=False),
    Index("tellings_in_order", "began", "id"),
    Index("tellings_of_organisation", "organisation", "began", "id"),
)
"""One row for each subscriber of each notice, in the order of the first attempts."""
_T = TELLINGS.c
_FACTS = events_of(Telling)
_RECORDED, _VALID = "recordedAt", "validAt"
_SHARED = {name: _T[name] for name in ("subscription", "notice", "type")}
_THEIRS = {**_SHARED, "family": _T.called}
"""What partners can narrow by: by the place of a fact in the log they would learn how much they are not told."""
_OURS = {**_SHARED, "family": _T.family, "organisation": _T.organisation, "fact": _T.fact}


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change what was told."""
    fold(TELLINGS, [(str(fact.stream_id), fact) for fact in facts if type(fact.event) in _FACTS], _telling, connection)


def _telling(row: Row | None, fact: Fact) -> Row | None:
    event = fact.event
    if isinstance(event, Telling.Attempted):
        row = _begun(fact, event)
    if row is not None and isinstance(event, Telling.Attempted | Telling.AttemptedAgain):
        row["shown"]["attempts"].append(_attempt(event))
    if row is not None and isinstance(event, Telling.Acknowledged):
        said = {"name": event.name, "role": event.role, "at": moment(event.at), "recordedAt": moment(event.timestamp)}
        row["shown"]["persons"].append(said)
    return row


def _begun(fact: Fact, event: Telling.Attempted) -> Row:
    when = {"began": moment(event.began), "ended": moment(event.ended), "recorded": moment(event.timestamp)}
    what = {name: getattr(event, name) for name in ("organisation", "subscription", "notice", "called", "family", "fact", "type")}
    return {"id": str(fact.stream_id), **when, **what, "shown": {"attempts": [], "persons": []}}


def _attempt(event: Telling.Attempted | Telling.AttemptedAgain) -> Row:
    return {
        "way": event.way,
        "sequence": event.sequence,
        "number": event.number,
        "digest": event.digest,
        "outcome": event.outcome,
        "taken": event.is_taken,
        "began": moment(event.began),
        "ended": moment(event.ended),
        "recordedAt": moment(event.timestamp),
    }


# Asking -------------------------------------------------------------------------------------------


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """What was told, in order: as the hub had recorded it at one moment, and as it was so at another.

    Raises:
        Malformed: a filter cannot be read.
    """
    until = {name: _until(name, asked) for name in (_RECORDED, _VALID)}
    query = narrowed(_by(select(TELLINGS), until), asked, _THEIRS if asked.organisation else _OURS)
    if asked.organisation:
        query = query.where(_T.organisation == asked.organisation)
    return page(query, [_T.began, _T.id], asked, lambda row: _item(row, until, is_own=bool(asked.organisation)), connection)


def _by(query: Select[Any], until: Mapping[str, str]) -> Select[Any]:
    for column, bound in ((_T.recorded, until[_RECORDED]), (_T.ended, until[_VALID])):
        query = query.where(column <= bound) if bound else query
    return query


def _until(name: str, asked: Asked) -> str:
    text = asked.filters.get(name, "")
    try:
        # a form turns a + into a space
        at = datetime.fromisoformat(text.replace(" ", "+")) if text else None
        if at is None or at.tzinfo is not None:
            return moment(at) if at else ""
    except (ValueError, OverflowError):
        pass
    raise Malformed("The filter cannot be read.", [Violation(f"/{name}", "is not a date and time with an offset (RFC 3339)")])


def _item(row: Mapping[str, Any], until: Mapping[str, str], is_own: bool) -> Row:
    attempts = _so(row["shown"]["attempts"], "ended", until)
    taken = [each for each in attempts if each["taken"]]
    inside = {"family": "", "fact": 0} if is_own else {"family": row["family"], "fact": row["fact"]}
    return {
        **{name: row[name] for name in ("organisation", "subscription", "notice", "type", "called")},
        **inside,
        "firstAttemptAt": row["began"],
        "takenAt": min((each["ended"] for each in taken), default=None),
        "digest": (taken or attempts)[0]["digest"],
        "lastOutcome": attempts[-1]["outcome"],
        "attempts": attempts,
        "acknowledgements": _so(row["shown"]["persons"], "at", until),
    }


def _so(said: Sequence[Row], since: str, until: Mapping[str, str]) -> list[Row]:
    """Of what was said, that which was recorded by then, and was so by then."""
    bounds = ((_RECORDED, until[_RECORDED]), (since, until[_VALID]))
    return [each for each in said if all(not bound or each[name] <= bound for name, bound in bounds)]


_ATTEMPT: Schema = thing(
    way={"type": "string", "enum": [way.value for way in Way]} | of.OPERATION,
    sequence=NUMBER,
    number=COUNT | of.OPERATION,
    digest=TEXT | of.REFERENCE | {"description": "SHA-256 of the bytes as sent, in hexadecimal"},
    outcome=CODE | of.OPERATION,
    taken=TRUTH | of.OPERATION | {"description": "whether the subscriber's system took it, which is how a system acknowledges"},
    began=MOMENT | of.INVOLVEMENT,
    ended=MOMENT | of.INVOLVEMENT,
    recordedAt=MOMENT | of.INVOLVEMENT,
)
_PERSON: Schema = thing(
    name=TEXT | of.CONTACT,
    role=TEXT | of.CONTACT,
    at=MOMENT | of.INVOLVEMENT,
    recordedAt=MOMENT | of.INVOLVEMENT,
)
_ITEM: Schema = thing(
    organisation=TEXT | of.CONTACT,
    subscription=TEXT | of.REFERENCE,
    notice=ID,
    type=TEXT | of.OPERATION,
    called=TEXT | of.REFERENCE | {"description": "what the organisation itself calls the family"},
    family=TEXT | of.REFERENCE | {"description": "what the hub calls the family; empty for partners, and where it is about none"},
    fact=NUMBER | {"description": "where what was told stands in the log; 0 for partners"},
    firstAttemptAt=MOMENT | of.INVOLVEMENT,
    takenAt=maybe(MOMENT | of.INVOLVEMENT) | {"description": "when the subscriber's system took it"},
    digest=TEXT | of.REFERENCE | {"description": "SHA-256 of the bytes that were taken, or of those that were sent first"},
    lastOutcome=CODE | of.OPERATION,
    attempts=many(_ATTEMPT),
    acknowledgements=many(_PERSON),
)
PROJECTION = Projection(
    name="tellings",
    title="What each partner was told",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_FACTS),
    views=(
        View(
            path="tellings",
            title="What partners were told, and who took notice: as the hub knew it at one moment, and as it was so at another",
            ask=ask,
            answer=listed(_ITEM),
            act=Act.SEE_TELLINGS,
            about="organisations",
            filters=("organisation", "subscription", "family", "notice", "fact", "type", _RECORDED, _VALID),
        ),
    ),
)
