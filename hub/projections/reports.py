"""What people typed into the hub's own form, and how far it came: each sees their own."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import BigInteger, Column, Connection, Index, MetaData, Table, Text, select, update

from hub.domain import field_classes as of
from hub.domain.feedback import Feedback, Outcome
from hub.domain.messages import QUARANTINED, QUESTION, RECORDED, Message
from hub.domain.policy import Act
from hub.domain.questions import MatchQuestion
from hub.ports import Asked, Fact, Projection, View
from hub.projections import ID, MOMENT, Row, fold, listed, moment, page, thing, topics_of

UNREAD, TAKEN_BACK = "unread", "taken-back"
"""How far a report came that waits for a fault of the hub to be mended, or that its organisation corrected or withdrew."""
_OF = {RECORDED: Outcome.RECEIVED.value, QUESTION: Outcome.WAITING.value, QUARANTINED: UNREAD}

TABLES = MetaData()
REPORTS = Table(
    "reports",
    TABLES,
    Column("message", Text, primary_key=True),
    Column("organisation", Text, nullable=False),
    Column("reporter", Text, nullable=False),
    Column("place", BigInteger, nullable=False),
    Column("reported_at", Text, nullable=False),
    Column("question", Text, nullable=False, index=True),
    Column("state", Text, nullable=False),
    Index("reports_of_reporter", "organisation", "reporter", "place"),
)
"""`place` is that in the log, counted downwards, so that the newest come first; `question` is what a person still has to say."""
_R = REPORTS.c
_OF_MESSAGES = (Message.Received, Message.ProcessedAgain, Message.Corrected, Message.Withdrawn)
_OF_QUESTIONS = {
    MatchQuestion.Answered: (Outcome.WAITING.value, Outcome.RECEIVED.value),
    MatchQuestion.Reopened: (Outcome.RECEIVED.value, Outcome.WAITING.value),
}
"""From what to what a person's answer brings a report, and taking that back."""


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change how far reports came."""
    fold(REPORTS, [(_message(fact), fact) for fact in facts if _concerns(fact.event)], _report, connection)
    for fact in facts:
        if (step := _OF_QUESTIONS.get(type(fact.event))) is not None:
            here = (_R.question == str(fact.stream_id), _R.state == step[0])
            connection.execute(update(REPORTS).where(*here).values(state=step[1]))


def _concerns(event: Any) -> bool:
    """Nearly every message is sent by a system: only the others are worth a look at the table."""
    if isinstance(event, Message.Received):
        return bool(event.typed_by)
    return isinstance(event, (*_OF_MESSAGES, Feedback.Given))


def _message(fact: Fact) -> str:
    return fact.event.message if isinstance(fact.event, Feedback.Given) else str(fact.stream_id)


def _report(row: Row | None, fact: Fact) -> Row | None:
    event = fact.event
    if isinstance(event, Message.Received):
        return {
            "message": str(fact.stream_id),
            "organisation": event.partner,
            "reporter": event.typed_by,
            "place": -fact.position,
            "reported_at": moment(event.timestamp),
            **_came_to(event),
        }
    if row is None or row["state"] == TAKEN_BACK:
        return row
    if isinstance(event, Message.Corrected | Message.Withdrawn):
        return row | {"state": TAKEN_BACK}
    return row | ({"state": event.outcome} if isinstance(event, Feedback.Given) else _came_to(event))


def _came_to(event: Message.Received | Message.ProcessedAgain) -> Row:
    waits = next((went["question"] for went in event.signals if went["question"]), "")
    return {"state": _OF[event.outcome], "question": waits}


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Somebody's own reports for their organisation, the newest first."""
    own = select(REPORTS).where(_R.organisation == asked.organisation, _R.reporter == asked.who)
    return page(own, [_R.place], asked, _item, connection)


def _item(row: Mapping[str, Any]) -> Row:
    return {"message": row["message"], "reportedAt": row["reported_at"], "state": row["state"]}


_ITEM = thing(
    message=ID,
    reportedAt=MOMENT | of.OPERATION,
    state={
        "type": "string",
        "enum": [*(outcome.value for outcome in Outcome), UNREAD, TAKEN_BACK],
        "description": "waiting for a person to say whose it is, received (somebody directs), taken up; unread, where a fault of "
        "the hub has to be mended first; or taken back by the organisation",
    }
    | of.INVOLVEMENT,
)
PROJECTION = Projection(
    name="reports",
    title="What people typed into the hub's own form",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_OF_MESSAGES, (Feedback.Given,), _OF_QUESTIONS),
    views=(
        View(
            path="reports",
            title="Your own reports, the newest first, and how far each came",
            ask=ask,
            answer=listed(_ITEM),
            act=Act.REPORT,
            about="organisations",
        ),
    ),
)
