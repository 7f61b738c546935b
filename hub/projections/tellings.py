"""What each partner was told, when, by which bytes, and who took notice: the delivery ledger, as it is and as it stood."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, MetaData, Select, Table, Text, insert, select

from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.domain.tellings import Telling, Way
from hub.domain.trajectory import Trajectory
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
LEVELS = Table(
    "tellings_of_levels",
    TABLES,
    Column("fact", BigInteger, primary_key=True, autoincrement=False),
    Column("escalation", Text, nullable=False),
    Column("family", Text, nullable=False, index=True),
    Column("rectified", Text, nullable=False),
)
"""Where the log says how high an escalation stands; `rectified` is when it put that right, empty where it raised it."""
_T, _L = TELLINGS.c, LEVELS.c
_FACTS = events_of(Telling)
_RECORDED, _VALID = "recordedAt", "validAt"
_SHARED = {name: _T[name] for name in ("subscription", "notice", "type")}
_THEIRS = {**_SHARED, "family": _T.called}
"""What partners can narrow by: by the place of a fact in the log they would learn how much they are not told."""
_OURS = {**_SHARED, "family": _T.family, "organisation": _T.organisation, "fact": _T.fact}


def told_of(connection: Connection, family: str) -> list[str]:
    """The streams of all that anybody was told of a family."""
    return list(connection.execute(select(_T.id).where(_T.family == family)).scalars())


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change what was told."""
    fold(TELLINGS, [(str(fact.stream_id), fact) for fact in facts if type(fact.event) in _FACTS], _telling, connection)
    if rows := [_level(fact) for fact in facts if isinstance(fact.event, _OF_LEVELS)]:
        connection.execute(insert(LEVELS), rows)


_OF_LEVELS = (Trajectory.LevelRaised, Trajectory.TellingReleased, Trajectory.EscalationRectified)


def _level(fact: Fact) -> Row:
    rectified = moment(fact.event.timestamp) if isinstance(fact.event, Trajectory.EscalationRectified) else ""
    return {"fact": fact.position, "escalation": fact.event.escalation, "family": str(fact.stream_id), "rectified": rectified}


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


def ask_of_family(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """What partners were told of one family, the latest first: who, of what kind, when they took it, and who took notice.

    Of what was put right since it is said when, and when whoever was told so took that.
    """
    query = select(TELLINGS).where(_T.family == asked.key)
    put_right = _put_right(asked.key, connection)
    return page(query, [-_T.fact, _T.id], asked, lambda row: _shared(row, put_right), connection)


PutRight = Callable[[int, str], Row | None]


def _put_right(family: str, connection: Connection) -> PutRight:
    """When what stands at a position was last put right, if it was, and when an organisation took the notice of that."""
    said = connection.execute(select(LEVELS).where(_L.family == family).order_by(_L.fact)).all()
    last = {one.escalation: one for one in said if one.rectified}
    later = {one.fact: last[one.escalation] for one in said if one.escalation in last and one.fact < last[one.escalation].fact}
    heard = select(_T.fact, _T.organisation, _T.shown).where(_T.fact.in_([one.fact for one in last.values()]))
    taken = {(row.fact, row.organisation): at for row in connection.execute(heard) if (at := _taken(row.shown))}

    def put_right(fact: int, organisation: str) -> Row | None:
        by = later.get(fact)
        return {"rectifiedAt": by.rectified, "takenAt": taken.get((by.fact, organisation))} if by else None

    return put_right


def told_by(connection: Connection, family: str, at: datetime) -> list[Row]:
    """What partners had been told of a family by a moment, the earliest first, with attempts and acknowledgements until then."""
    query = select(TELLINGS).where(_T.family == family, _T.began <= moment(at)).order_by(_T.began, _T.id)
    return [_by_then(dict(row), moment(at)) for row in connection.execute(query).mappings()]


def _by_then(row: Mapping[str, Any], at: str) -> Row:
    attempts = [each for each in row["shown"]["attempts"] if each["ended"] <= at]
    taken = next((each for each in attempts if each["taken"]), None)
    last = taken or (attempts or row["shown"]["attempts"])[-1]
    what = {"type": row["type"], "notice": row["notice"], "fact": row["fact"], "way": last["way"], "digest": last["digest"]}
    people = [each for each in row["shown"]["persons"] if each["at"] <= at]
    return {
        "organisation": row["organisation"],
        "said": {**what, "triedAt": row["began"], "takenAt": taken["ended"] if taken else None},
        "acknowledgements": [{"type": row["type"], **{name: each[name] for name in ("name", "role", "at")}} for each in people],
    }


def owed(connection: Connection) -> list[tuple[str, str]]:
    """Which organisations were told something that was put right since, and took no notice of that, and since when it is so."""
    rectified = select(_L.family).where(_L.rectified != "").distinct()
    found: set[tuple[str, str]] = set()
    for family in connection.scalars(rectified).all():
        put_right = _put_right(family, connection)
        told = connection.execute(select(_T.fact, _T.organisation).where(_T.family == family))
        later = ((row.organisation, put_right(row.fact, row.organisation)) for row in told)
        found |= {(name, by["rectifiedAt"]) for name, by in later if by and not by["takenAt"]}
    return sorted(found, key=lambda one: one[::-1])


def _taken(shown: Row) -> str | None:
    return min((each["ended"] for each in shown["attempts"] if each["taken"]), default=None)


def _shared(row: Mapping[str, Any], put_right: PutRight) -> Row:
    return {
        "organisation": row["organisation"],
        "type": row["type"],
        "firstAttemptAt": row["began"],
        "takenAt": _taken(row["shown"]),
        "putRight": put_right(row["fact"], row["organisation"]),
        "acknowledgements": row["shown"]["persons"],
    }


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
_PUT_RIGHT: Schema = thing(rectifiedAt=MOMENT | of.INVOLVEMENT, takenAt=maybe(MOMENT | of.INVOLVEMENT))
_OF_FAMILY: Schema = thing(
    organisation=TEXT | of.CONTACT,
    type=TEXT | of.OPERATION,
    firstAttemptAt=MOMENT | of.INVOLVEMENT,
    takenAt=maybe(MOMENT | of.INVOLVEMENT) | {"description": "when the organisation's system took it"},
    putRight=maybe(_PUT_RIGHT) | {"description": "that it is otherwise since: whoever did not take that has to be told by hand"},
    acknowledgements=many(_PERSON),
)
PROJECTION = Projection(
    name="tellings",
    title="What each partner was told",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_FACTS, _OF_LEVELS),
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
        View(
            path="families/{id}/tellings",
            title="What partners were told of a family, and who of them took notice, the latest first",
            ask=ask_of_family,
            answer=listed(_OF_FAMILY),
            act=Act.SEE_FAMILY,
            about="family",
        ),
    ),
)
