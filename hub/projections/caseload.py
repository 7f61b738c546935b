"""The caseload: which coach has which families, with a warning beyond five."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlalchemy import Boolean, Column, Connection, MetaData, Table, Text, func, select

from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.domain.streams import Recorded
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.clocks import ENDED
from hub.domain.words import Axis, Level, Phase
from hub.ports import Asked, Fact, Projection, View
from hub.projections import (
    ID,
    LEVEL,
    MOMENT,
    NUMBER,
    TEXT,
    TRUTH,
    Document,
    Row,
    fold,
    listed,
    many,
    moment,
    narrowed,
    page,
    seen,
    thing,
    topics_of,
)

MOST = 5
"""Families of one coach of 36 hours (VIG)."""

TABLES = MetaData()
CASES = Table(
    "caseload",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("coach", Text, nullable=False, index=True),
    Column("organisation", Text, nullable=False),
    Column("since", Text, nullable=False),
    Column("phase", Text, nullable=False),
    Column("is_merged", Boolean, nullable=False),
    Column("levels", Document, nullable=False),
)
_C = CASES.c
_COUNTED = (_C.coach != "", _C.is_merged.is_(False), _C.phase.not_in([phase.value for phase in ENDED]))


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change who has which family."""
    fold(CASES, [(str(fact.stream_id), fact) for fact in facts if type(fact.event) in _CHANGES], _case, connection)


def _case(row: Row | None, fact: Fact) -> Row:
    row = row or _new(str(fact.stream_id))
    _CHANGES[type(fact.event)](row, fact.event)
    return row


def _new(family: str) -> Row:
    levels = dict.fromkeys(Axis, int(Level.NONE))
    nobody = dict.fromkeys(("coach", "organisation", "since"), "")
    return {"family": family, **nobody, "phase": Phase.CANDIDATE.value, "is_merged": False, "levels": levels}


def _assigned(row: Row, event: Trajectory.CoachAssigned) -> None:
    row.update(coach=event.coach, organisation=event.organisation, since=moment(event.timestamp))


def _level(row: Row, event: Trajectory.LevelRaised | Trajectory.SteppedDown) -> None:
    row["levels"][event.axis] = event.level_to


_CHANGES: dict[type[Recorded], Callable[[Row, Any], None]] = {
    Trajectory.CoachAssigned: _assigned,
    Trajectory.CoachReleased: lambda row, _: row.update(coach="", organisation="", since=""),
    Trajectory.LevelRaised: _level,
    Trajectory.SteppedDown: _level,
    Trajectory.Referred: lambda row, _: row.update(phase=Phase.REFERRED.value),
    Trajectory.ReferralDecided: lambda row, event: row.update(phase=event.decision),
    Trajectory.PhaseEntered: lambda row, event: row.update(phase=event.phase),
    Trajectory.EndedEarly: lambda row, _: row.update(phase=Phase.ENDED_EARLY.value),
    Trajectory.WentToCompulsion: lambda row, _: row.update(phase=Phase.COMPULSION.value),
    Trajectory.Reopened: lambda row, _: row.update(phase=Phase.CANDIDATE.value),
    Trajectory.MergedInto: lambda row, _: row.update(is_merged=True),
    Trajectory.SeparatedAgain: lambda row, _: row.update(is_merged=False),
}


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Coaches with the families that they have now; an ended trajectory no longer counts."""
    coaches = seen(select(_C.coach, func.count().label("count")).where(*_COUNTED), _C.family, asked).group_by(_C.coach)
    found = page(narrowed(coaches, asked, {"coach": _C.coach}), [_C.coach], asked, lambda row: row, connection)
    return found | {"items": _with_families(found["items"], asked, connection)}


def _with_families(coaches: Sequence[Row], asked: Asked, connection: Connection) -> list[Row]:
    theirs = select(CASES).where(*_COUNTED, _C.coach.in_([row["coach"] for row in coaches])).order_by(_C.since, _C.family)
    cases = [dict(row) for row in connection.execute(seen(theirs, _C.family, asked)).mappings()]
    return [_coach(row, [case for case in cases if case["coach"] == row["coach"]]) for row in coaches]


def _coach(row: Row, cases: Sequence[Row]) -> Row:
    families = [
        {"id": case["family"], "since": case["since"], "phase": case["phase"], "level": max(case["levels"].values())}
        for case in cases
    ]
    organisation = cases[-1]["organisation"]
    count = row["count"]
    return {
        "coach": row["coach"],
        "organisation": organisation,
        "count": count,
        "most": MOST,
        "isTooMany": count > MOST,
        "families": families,
    }


PROJECTION = Projection(
    name="caseload",
    title="Caseload of the coaches",
    tables=TABLES,
    apply=apply,
    topics=topics_of(_CHANGES),
    views=(
        View(
            path="caseload",
            title="Coaches with their families, and a warning beyond five",
            ask=ask,
            answer=listed(
                thing(
                    coach=TEXT | of.CONTACT,
                    organisation=TEXT | of.CONTACT,
                    count=NUMBER,
                    most=NUMBER,
                    isTooMany=TRUTH | of.OPERATION,
                    families=many(thing(id=ID, since=MOMENT | of.INVOLVEMENT, phase=TEXT | of.A_PHASE, level=LEVEL)),
                )
            ),
            act=Act.SEE_LISTS,
            about="families",
            filters=("coach",),
        ),
    ),
)
