"""Match questions: signals that wait for a person to say whose they are; who is named in them stays in the log."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, MetaData, Table, Text, select

from hub.domain import field_classes as of
from hub.domain.keeping import QUESTION, Keeping
from hub.domain.people import Person
from hub.domain.policy import Act
from hub.domain.questions import MatchQuestion
from hub.ports import Asked, Fact, Projection, View
from hub.projections import (
    CODE,
    COUNT,
    ID,
    MOMENT,
    NUMBER,
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
    topics_of,
)

OPEN, ANSWERED, ERASED, LAPSED = "open", "answered", "erased", "lapsed"

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
_UNREADABLE = (Person.Erased, Keeping.Ended)
_Q = QUESTIONS.c


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change questions and their answers."""
    fold(QUESTIONS, [(id, fact) for fact in facts for id in _about(fact)], _question, connection)


def _about(fact: Fact) -> Sequence[str]:
    if isinstance(fact.event, Person.Erased):
        return fact.event.questions
    if isinstance(fact.event, Keeping.Ended):
        return [fact.event.about] if fact.event.kind == QUESTION else ()
    return [str(fact.stream_id)] if type(fact.event) in _FACTS else ()


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
    elif row is not None and isinstance(event, _UNREADABLE):
        return row | {"state": ERASED if row["state"] == OPEN else row["state"], "shown": row["shown"] | _NOTHING}
    elif row is not None and isinstance(event, MatchQuestion.Lapsed):
        row["state"] = LAPSED
    elif row is not None and isinstance(event, MatchQuestion.Answered):
        row["state"] = ANSWERED
        row["shown"] |= _answer(event.family, event.is_new, event.by, moment(event.timestamp))
    elif row is not None and isinstance(event, MatchQuestion.MoreAsked):
        said = {"words": event.words, "by": event.by, "askedAt": moment(event.timestamp)}
        row["shown"]["inquiries"] = [*row["shown"]["inquiries"], said]
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
        "inquiries": [],
        **_answer("", False, "", None),
    }


_NOTHING = {"concern": "", "happened": "", "people": 0, "inquiries": []}
"""What is left to show of a signal that named somebody who was erased."""


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
    position=NUMBER,
    version=NUMBER,
    state={"type": "string", "enum": [OPEN, ANSWERED, ERASED, LAPSED]} | of.OPERATION,
    partner=TEXT | of.INVOLVEMENT,
    signal=TEXT | of.REFERENCE,
    message=TEXT | of.REFERENCE,
    concern=CODE | of.A_CONCERN,
    happened=PARTIAL | of.CONCERN,
    people=COUNT | of.INVOLVEMENT,
    candidates=many(ID),
    why=many(TEXT | of.PROVENANCE),
    askedAt=MOMENT | of.OPERATION,
    inquiries=many(thing(words=TEXT | of.WORDS, by=TEXT | of.PROVENANCE, askedAt=MOMENT | of.OPERATION))
    | {"description": "what somebody said has to be asked first"},
    family=TEXT | of.REFERENCE,
    isNewFamily=TRUTH | of.DECISION,
    answeredBy=TEXT | of.PROVENANCE,
    answeredAt=maybe(MOMENT | of.PROVENANCE),
)
PROJECTION = Projection(
    name="questions",
    title="Match questions",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_FACTS, _UNREADABLE),
    views=(
        View(
            path="match-questions",
            title="Signals that wait for a person, the longest first",
            ask=ask_all,
            answer=listed(_ITEM),
            act=Act.SEE_QUESTIONS,
            about="nobody",
            filters=("state", "partner"),
        ),
        View(
            path="match-questions/{id}",
            title="One match question",
            ask=ask_one,
            answer=_ITEM,
            act=Act.SEE_QUESTIONS,
            about="nobody",
        ),
    ),
)
