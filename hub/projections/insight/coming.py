"""How families come to help, and how long that takes: each candidacy of a family counts in the month in which it began."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, case, func, insert, or_, select

from hub.domain import field_classes as of
from hub.domain.streams import Recorded
from hub.domain.trajectory import Trajectory
from hub.domain.words import Phase
from hub.ports import Asked, Fact
from hub.projections import CODE, DAY, Row, Schema, fold, many, maybe, moment, thing
from hub.projections.insight.fives import TOLD, Series, Told, add, counted, over, percentile, rounded, together
from hub.projections.insight.months import MONTH, Until, month_of, period
from hub.projections.insight.tables import CANDIDACIES, MERGED, SIGNALS

_C, _S = CANDIDACIES.c, SIGNALS.c
_MISSING = "!"
"""Marks a criterion that is missing; while none was ever met, no criteria are named."""
STAGES = ("referred", "decided", "started")
"""How far a referral comes."""
NOT_REFERRED = ("criteria-not-met", "nobody-referred", "ended-early")
STEPS = {
    "criteria-met": (_C.met_at, _C.days_met),
    "referred": (_C.referred_at, _C.days_referred),
    "decided": (_C.decided_at, _C.days_decided),
    "started": (_C.started_at, _C.days_started),
    "total": (_C.started_at, _C.days_in_all),
}
FORMER = {"enquiry": 2, "council-report": 4, "council-investigation": 3, "court": 4, "guardian": 3}
"""Months that each step of the old chain took, before anybody acted."""


# Keeping -------------------------------------------------------------------------------------------


def keep(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change how far families came."""
    former: list[Row] = []
    changes = [(str(fact.stream_id), fact) for fact in facts if type(fact.event) in CHANGES]
    fold(CANDIDACIES, changes, partial(_came, former), connection, _waited)
    if former:
        connection.execute(insert(CANDIDACIES), [_waited(row) for row in former])


def _came(former: list[Row], row: Row | None, fact: Fact) -> Row:
    row = row or _new(str(fact.stream_id), fact.event.timestamp)
    if isinstance(fact.event, Trajectory.Reopened):
        month = month_of(fact.event.timestamp)
        former.append(row | {"candidacy": f"{row['family']}#{fact.position}", "until": month})
        return _new(row["family"], fact.event.timestamp) | {"since": month}
    CHANGES[type(fact.event)](row, fact.event)
    return row


def _new(family: str, at: datetime) -> Row:
    nothing = dict.fromkeys(("since", "until", *_MOMENTS, "criteria", "criteria_since", "criteria_before"), "")
    begun = {"month": month_of(at), "came_at": moment(at)}
    return {"candidacy": family, "family": family, **nothing, **begun, "is_merged": False}


_MOMENTS = ("met_at", "referred_at", "decided_at", "started_at", "ended_at")


def _first(name: str) -> Callable[[Row, Recorded], None]:
    """Notes when something was so for the first time."""

    def note(row: Row, event: Recorded) -> None:
        row[name] = row[name] or moment(event.timestamp)

    return note


def _weighed(row: Row, event: Trajectory.CriteriaMet | Trajectory.CriteriaWeighed | Trajectory.CriteriaNoLongerMet) -> None:
    month = month_of(event.timestamp)
    if row["criteria_since"] < month:
        row.update(criteria_before=row["criteria"], criteria_since=month)
    row["criteria"] = ",".join(f"{'' if result['met'] else _MISSING}{result['criterion']}" for result in event.results)
    row["met_at"] = "" if _MISSING in row["criteria"] else row["met_at"] or moment(event.timestamp)


def _entered(row: Row, event: Trajectory.PhaseEntered) -> None:
    if event.phase == Phase.START_TALK:
        _first("started_at")(row, event)


def _nothing(*_: Any) -> None:
    """The candidacy is new, and says no more."""


CHANGES: dict[type[Recorded], Callable[[Row, Any], None]] = {
    Trajectory.Opened: _nothing,
    Trajectory.CriteriaMet: _weighed,
    Trajectory.CriteriaWeighed: _weighed,
    Trajectory.CriteriaNoLongerMet: _weighed,
    Trajectory.Referred: _first("referred_at"),
    Trajectory.ReferralDecided: _first("decided_at"),
    Trajectory.PhaseEntered: _entered,
    Trajectory.EndedEarly: _first("ended_at"),
    Trajectory.WentToCompulsion: _first("ended_at"),
    Trajectory.Reopened: _nothing,
    Trajectory.MergedInto: lambda row, _: row.update(is_merged=True),
    Trajectory.SeparatedAgain: lambda row, _: row.update(is_merged=False),
}


def _waited(row: Row) -> Row:
    """The days between the steps that were taken; whoever was referred before the criteria were met waited since they came."""
    met = row["met_at"] or row["came_at"]
    return row | {
        "days_met": _days(row["came_at"], row["met_at"]),
        "days_referred": _days(min(met, row["referred_at"]), row["referred_at"]),
        "days_decided": _days(row["referred_at"], row["decided_at"]),
        "days_started": _days(row["decided_at"], row["started_at"]),
        "days_in_all": _days(row["came_at"], row["started_at"]),
    }


def _days(since: str, until: str) -> int | None:
    if not since or not until:
        return None
    return (datetime.fromisoformat(until) - datetime.fromisoformat(since)).days


# The early path ------------------------------------------------------------------------------------


def early_path(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Of the families whose candidacy began in a period: how many came how far, and why others were not referred."""
    until = Until(asked.at)
    months = period(asked.filters, until)
    came, missing = _series(connection, until)
    told = {name: over(series, months) for name, series in came.items()}
    return {
        "from": months[0],
        "until": months[-1],
        "asOf": until.day.isoformat(),
        "stages": _stages(told, over(_heard(connection, until), months)),
        "notReferred": [{"why": why, "count": told.get(why)} for why in NOT_REFERRED],
        "missing": [{"criterion": criterion, "count": over(series, months)} for criterion, series in sorted(missing.items())],
    }


def _stages(told: Mapping[str, Told], signals: Told) -> list[Row]:
    """Families that came so far or further; together they are what is told of them apart."""
    candidates = together(told.get(each) for each in (*NOT_REFERRED, *STAGES))
    counts = {"signals": signals, "candidates": candidates, "criteria-met": told.get("criteria-met"), **_so_far(told)}
    return [{"stage": stage, "count": count} for stage, count in counts.items()]


def _so_far(told: Mapping[str, Told]) -> dict[str, Told]:
    return {stage: together(told.get(each) for each in STAGES[nth:]) for nth, stage in enumerate(STAGES)}


def _series(connection: Connection, until: Until) -> tuple[dict[str, Counter[str]], dict[str, Counter[str]]]:
    """Candidacies by how far they came, and by the criterion that is missing while nobody referred them."""
    came: dict[str, Counter[str]] = {}
    missing: dict[str, Counter[str]] = {}
    none_met: Counter[str] = Counter()
    for month, stage, weighed, count in _stood(connection, until):
        is_met = bool(weighed) and _MISSING not in weighed
        add(came, stage or ("nobody-referred" if is_met else "criteria-not-met"), month, count)
        if is_met:
            add(came, "criteria-met", month, count)
        for criterion in filter(None, weighed.split(",")):
            is_missing = criterion.startswith(_MISSING) and not stage
            add(missing, criterion.removeprefix(_MISSING), month, count if is_missing else 0)
        none_met[month] += 0 if weighed or stage else count
    return came, {criterion: series + none_met for criterion, series in missing.items()}


def _stood(connection: Connection, until: Until) -> Iterable[Any]:
    """By the month in which they began: how far candidacies came, and how their criteria were weighed."""
    far = {stage: _before(_C[f"{stage}_at"], until) for stage in reversed(STAGES)} | {"ended-early": _before(_C.ended_at, until)}
    stage = case(*((reached, name) for name, reached in far.items()), else_="")
    weighed = case((_C.criteria_since < until.month, _C.criteria), else_=_C.criteria_before)
    each = select(_C.month, stage.label("stage"), weighed.label("weighed"))
    stood = each.where(_C.is_merged.is_(False), _C.month < until.month).subquery()
    return connection.execute(counted(stood))


def _before(column: ColumnElement[str], until: Until) -> ColumnElement[bool]:
    return and_(column != "", column < until.moment)


def _heard(connection: Connection, until: Until) -> Series:
    """The signals about families, by the month in which the candidacy began that they are of."""
    theirs = and_(_C.family == _S.family, _C.since <= _S.month, or_(_C.until == "", _S.month < _C.until))
    query = select(_C.month, func.count().label("signals")).select_from(SIGNALS.join(CANDIDACIES, theirs))
    query = query.where(_S.family.not_in(MERGED), _S.month < until.month).group_by(_C.month)
    return {row.month: row.signals for row in connection.execute(query)}


# Waiting -------------------------------------------------------------------------------------------


def waiting(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """How long families waited for each step, beside the sixteen months before anybody acted."""
    until = Until(asked.at)
    came, _ = _series(connection, until)
    apart = {name: rounded(series.total()) for name, series in came.items()}
    told = {"criteria-met": apart.get("criteria-met") or None, **_so_far(apart), "total": apart.get("started") or None}
    *steps, total = [{"step": step, "families": told[step], **_waited_for(step, connection, until)} for step in STEPS]
    former = [{"step": step, "months": months} for step, months in FORMER.items()]
    return {"asOf": until.day.isoformat(), "steps": steps, "total": total, "former": former, "formerMonths": sum(FORMER.values())}


def _waited_for(step: str, connection: Connection, until: Until) -> Row:
    at, days = STEPS[step]
    query = select(days.label("days"), func.count().label("families")).group_by(days)
    taken = query.where(_before(at, until), days.is_not(None), _C.is_merged.is_(False))
    waited = {row.days: row.families for row in connection.execute(taken)}
    return {"medianDays": percentile(50, waited), "p90Days": percentile(90, waited)}


# Schemas -------------------------------------------------------------------------------------------

_WEEKS: Schema = maybe({"type": "integer", "minimum": 0, "multipleOf": 7}) | of.OPERATION
_STEP = {"families": TOLD, "medianDays": _WEEKS, "p90Days": _WEEKS}
_LENGTH: Schema = {"type": "integer", "minimum": 1}


def _one_of(*codes: str) -> Schema:
    return {"type": "string", "enum": list(codes)} | of.OPERATION


EARLY_PATH = thing(
    **{"from": MONTH, "until": MONTH},
    asOf=DAY | of.OPERATION,
    stages=many(thing(stage=_one_of("signals", "candidates", "criteria-met", *STAGES), count=TOLD)),
    notReferred=many(thing(why=_one_of(*NOT_REFERRED), count=TOLD)),
    missing=many(thing(criterion=CODE | of.OPERATION, count=TOLD)),
)
WAITING = thing(
    asOf=DAY | of.OPERATION,
    steps=many(thing(step=_one_of(*[step for step in STEPS if step != "total"]), **_STEP)),
    total=thing(step=_one_of("total"), **_STEP),
    former=many(thing(step=_one_of(*FORMER), months=_LENGTH) | of.OPERATION),
    formerMonths=_LENGTH | of.OPERATION,
)
