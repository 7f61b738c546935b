"""Which signals their reporters have still to hear of: what happened since each came; what gives feedback asks it, nobody else."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from sqlalchemy import Column, Connection, MetaData, Table, Text, delete, insert, or_, select, update

from hub.domain.feedback import TELLING, TERM, Feedback, News, Outcome, news_of
from hub.domain.questions import MatchQuestion
from hub.domain.trajectory import Trajectory
from hub.ports import Fact, Projection
from hub.projections import OF_SIGNALS, moment, topics_of

TABLES = MetaData()
OWED = Table(
    "feedback_owed",
    TABLES,
    Column("signal", Text, primary_key=True),
    Column("message", Text, nullable=False),
    Column("family", Text, nullable=False, index=True),
    Column("question", Text, nullable=False, index=True),
    Column("since", Text, nullable=False),
    Column("look_at", Text, nullable=False, index=True),
    Column("outcome", Text, nullable=False),
    Column("decision", Text, nullable=False),
)
_O = OWED.c
_AT_ONCE, _NEVER = "", "~"
"""Before and after every moment: there is news to tell, or all was told."""
_FACTS = (*OF_SIGNALS, *TELLING, MatchQuestion.Asked, MatchQuestion.Lapsed, Feedback.Given, Feedback.DecisionTold)


@dataclass(frozen=True, slots=True)
class Owed:
    """Signals of one message of which the same is to be told; without a family while they wait for a person."""

    message: str
    family: str
    signals: tuple[str, ...]
    since: datetime
    news: News


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change what is owed, those of one kind together."""
    mine = [fact for fact in facts if isinstance(fact.event, _FACTS)]
    for kind, some in groupby(mine, key=lambda fact: type(fact.event)):
        _apply(kind, list(some), connection)


def _apply(kind: type, facts: Sequence[Fact], connection: Connection) -> None:
    if kind in (Trajectory.SignalRecorded, MatchQuestion.Asked):
        _begin([_row(fact) for fact in facts if fact.event.purpose != TERM], connection)
    elif kind in (Feedback.Given, Feedback.DecisionTold):
        for fact in facts:
            _told(fact.event, connection)
    elif kind is MatchQuestion.Lapsed:
        connection.execute(delete(OWED).where(_O.question.in_({str(fact.stream_id) for fact in facts})))
    elif kind in OF_SIGNALS:
        for fact in facts:
            _forget(_gone(fact.event), str(fact.stream_id), connection)
    else:
        for fact in facts:
            _happened(fact, connection)


def _gone(event: Any) -> Sequence[str]:
    return event.signals if isinstance(event, Trajectory.LetGo) else [event.signal]


def _happened(fact: Fact, connection: Connection) -> None:
    news = news_of(fact.event)
    if news is not None:
        said = {"outcome": news.outcome.value, **({"decision": news.decision} if news.decision else {})}
        is_new = or_(*(OWED.c[name] != value for name, value in said.items()))
        here = update(OWED).where(_O.family == str(fact.stream_id), is_new)
        connection.execute(here.values(look_at=_AT_ONCE, **said))


def _row(fact: Fact) -> Mapping[str, str]:
    event, waits = fact.event, isinstance(fact.event, MatchQuestion.Asked)
    since = moment(event.timestamp if waits else event.known_since)
    return {
        "signal": event.signal_id if waits else event.signal,
        "message": event.message,
        "family": "" if waits else str(fact.stream_id),
        "question": str(fact.stream_id) if waits else "",
        "since": since,
        "look_at": since,
        "outcome": (Outcome.WAITING if waits else Outcome.RECEIVED).value,
        "decision": "",
    }


def _begin(rows: Sequence[Mapping[str, str]], connection: Connection) -> None:
    """Begins anew for a signal that went to another family, or was answered: there the reporter has not heard of it."""
    newest = {row["signal"]: row for row in rows}
    if not newest:
        return
    connection.execute(delete(OWED).where(_O.signal.in_(newest)))
    connection.execute(insert(OWED), list(newest.values()))


def _told(event: Feedback.Given | Feedback.DecisionTold, connection: Connection) -> None:
    these = (_O.signal.in_(event.signals), _O.family == event.family)
    if isinstance(event, Feedback.Given):
        connection.execute(update(OWED).where(*these, _O.outcome == event.outcome, _O.decision == "").values(look_at=_NEVER))
    else:
        connection.execute(update(OWED).where(*these, _O.decision == event.decision).values(look_at=_NEVER))


def _forget(signals: Sequence[str], family: str, connection: Connection) -> None:
    connection.execute(delete(OWED).where(_O.signal.in_(signals), _O.family == family))


def owed(connection: Connection, heard_before: datetime, limit: int = 100) -> list[Owed]:
    """What is to be told now: all that there is news of, and what was heard before a moment and not told of yet."""
    found = select(OWED).where(_O.look_at <= moment(heard_before)).order_by(_O.look_at, _O.since, _O.signal).limit(limit)
    together: dict[tuple[str, ...], list[tuple[str, str]]] = {}
    for row in connection.execute(found):
        together.setdefault((row.message, row.family, row.outcome, row.decision), []).append((row.signal, row.since))
    return [_owed(key, signals) for key, signals in together.items()]


def _owed(key: tuple[str, ...], signals: Sequence[tuple[str, str]]) -> Owed:
    message, family, outcome, decision = key
    since = datetime.fromisoformat(min(since for _, since in signals))
    return Owed(message, family, tuple(signal for signal, _ in signals), since, News(Outcome(outcome), decision))


PROJECTION = Projection(
    name="feedback",
    title="Signals whose reporters have still to hear of them",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_FACTS),
)
