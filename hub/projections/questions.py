"""Match questions: signals that wait for a person to say whose they are; who is named in them stays in the log."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text, select

from hub.domain.callers import Capacity
from hub.domain.questions import MatchQuestion
from hub.ports import Asked, Fact, Projection, View
from hub.projections import (
    CODE,
    COUNT,
    ID,
    MOMENT,
    PARTIAL,
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
)

OPEN, ANSWERED = "open", "answered"

TABLES = MetaData()
QUESTIONS = Table(
    "questions",
    TABLES,
    Column("id", Text, primary_key=True),
    Column("position", BigInteger, nullable=False, unique=True),
    Column("state", Text, nullable=False, index=True),
    Column("partner", Text, nullable=False),
    Column("shown", Document, nullable=False),
)
_FACTS = events_of(MatchQuestion)
_Q = QUESTIONS.c


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change questions and their answers."""
    fold(QUESTIONS, [(str(fact.stream_id), fact) for fact in facts if type(fact.event) in _FACTS], _question, connection)


def _question(row: Row | None, fact: Fact) -> Row | None:
    event = fact.event
    if isinstance(event, MatchQuestion.Asked):
        row = {
            "id": str(fact.stream_id),
            "position": fact.position,
            "state": OPEN,
            "partner": event.partner,
            "shown": _asked(event),
        }
    elif row is not None and isinstance(event, MatchQuestion.Answered):
        row["state"] = ANSWERED
        row["shown"] |= _answer(event.family, event.is_new, event.by, moment(event.timestamp))
    elif row is not None:
        row["state"] = OPEN
        row["shown"] |= _answer("", False, "", None)
    if row is not None:
        row["shown"]["version"] = event.originator_version
    return row


def _asked(event: MatchQuestion.Asked) -> Row:
    signal = event.signal
    return {
        "signal": event.signal_id,
        "message": event.message,
        "concern": signal["concern"],
        "happened": signal["happened"]["text"],
        "people": len(signal["people"]),
        "candidates": event.candidates,
        "why": event.why,
        "askedAt": moment(event.timestamp),
        **_answer("", False, "", None),
    }


def _answer(family: str, is_new: bool, by: str, at: str | None) -> Row:
    return {"family": family, "isNewFamily": is_new, "answeredBy": by, "answeredAt": at}


def ask_all(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Questions, the one that waits longest first."""
    query = narrowed(select(QUESTIONS), asked, {"state": _Q.state, "partner": _Q.partner})
    return page(query, [_Q.position], asked, _item, connection)


def ask_one(connection: Connection, asked: Asked) -> Mapping[str, Any] | None:
    """The question by that id."""
    row = connection.execute(select(QUESTIONS).where(_Q.id == asked.key)).mappings().one_or_none()
    return _item(dict(row)) if row else None


def _item(row: Mapping[str, Any]) -> Row:
    return {**{name: row[name] for name in ("id", "position", "state", "partner")}, **row["shown"]}


_ITEM: Schema = thing(
    id=ID,
    position=COUNT,
    version=COUNT,
    state={"type": "string", "enum": [OPEN, ANSWERED]},
    partner=TEXT,
    signal=TEXT,
    message=TEXT,
    concern=CODE,
    happened=PARTIAL,
    people=COUNT,
    candidates=many(ID),
    why=many(TEXT),
    askedAt=MOMENT,
    family=TEXT,
    isNewFamily=TRUTH,
    answeredBy=TEXT,
    answeredAt=maybe(MOMENT),
)
_ROLES = (Capacity.COORDINATOR, Capacity.TEAM_LEAD, Capacity.AUDITOR)

PROJECTION = Projection(
    name="questions",
    title="Match questions",
    tables=TABLES,
    apply=apply,
    views=(
        View(
            path="match-questions",
            title="Signals that wait for a person, the longest first",
            ask=ask_all,
            answer=listed(_ITEM),
            roles=_ROLES,
            filters=("state", "partner"),
        ),
        View(path="match-questions/{id}", title="One match question", ask=ask_one, answer=_ITEM, roles=_ROLES),
    ),
)
