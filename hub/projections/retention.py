"""How long what is kept is kept: since when the term of a family counts, which are held, and what never came to a family."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import Boolean, Column, Connection, Index, MetaData, Table, Text, func, select

from hub.domain import field_classes as of
from hub.domain.keeping import FAMILY, MESSAGE, QUESTION, Keeping, RetentionRun
from hub.domain.messages import QUARANTINED, Message
from hub.domain.policy import Act
from hub.domain.questions import MatchQuestion
from hub.domain.retention import FOLLOWED, QUARANTINE, UNPLACED, Stand, follow
from hub.domain.terms import AMSTERDAM
from hub.domain.words import Phase
from hub.errors import Malformed, Violation
from hub.ports import Asked, Fact, Projection, View
from hub.projections import (
    CODE,
    DAY,
    ID,
    MOMENT,
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
    seen,
    thing,
    topics_of,
)

TABLES = MetaData()
FAMILIES = Table(
    "retention",
    TABLES,
    Column("family", Text, primary_key=True),
    Column("category", Text, nullable=False),
    Column("day", Text, nullable=False),
    Column("merged_into", Text, nullable=False, index=True),
    Column("is_held", Boolean, nullable=False, index=True),
    Column("is_ended", Boolean, nullable=False),
    Column("said", Document, nullable=False),
    Index("retention_due", "category", "is_ended", "merged_into", "day"),
)
"""`category` is empty while a family is under way; `day` is that from which its term counts."""
LOOSE = Table(
    "retention_loose",
    TABLES,
    Column("about", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("day", Text, nullable=False),
    Index("retention_loose_due", "kind", "day"),
)
"""Messages that could not be read, also where they were taken back since, and signals that wait for a family."""
RUNS = Table(
    "retention_runs",
    TABLES,
    Column("run", Text, primary_key=True),
    Column("began", Text, nullable=False, index=True),
    Column("is_finished", Boolean, nullable=False),
)
_F, _L, _R = FAMILIES.c, LOOSE.c, RUNS.c
KINDS = {UNPLACED: QUESTION, QUARANTINE: MESSAGE}
"""What there is of the categories that are of no family."""
_OF_KEEPING = (Keeping.Held, Keeping.Released, Keeping.Ended)
_OF_RUNS = (RetentionRun.Begun, RetentionRun.Finished)
_OF_LOOSE = (
    Message.Received,
    Message.ProcessedAgain,
    MatchQuestion.Asked,
    MatchQuestion.Answered,
    MatchQuestion.Reopened,
    Keeping.Ended,
)


def apply(facts: Sequence[Fact], connection: Connection) -> None:
    """Lets the facts change what is kept, and since when."""
    fold(FAMILIES, [(id, fact) for fact in facts if (id := _family_of(fact))], _family, connection)
    fold(LOOSE, [(id, fact) for fact in facts if (id := _loose_of(fact))], _loose, connection)
    fold(RUNS, [(str(fact.stream_id), fact) for fact in facts if isinstance(fact.event, _OF_RUNS)], _run, connection)


def _family_of(fact: Fact) -> str:
    event: Any = fact.event
    if isinstance(event, FOLLOWED):
        return str(fact.stream_id)
    if isinstance(event, Keeping.Ended):
        return str(event.about) if event.kind == FAMILY else ""
    return str(event.family) if isinstance(event, Keeping.Held | Keeping.Released) else ""


def _family(row: Row | None, fact: Fact) -> Row:
    event: Any = fact.event
    row = row or {"family": str(fact.stream_id), "is_held": False, "is_ended": False, "said": {"hold": None, "endedAt": None}}
    match event:
        case Keeping.Held():
            said = {"motivation": event.motivation, "by": event.by, "at": moment(event.timestamp)}
            return row | {"is_held": True, "said": row["said"] | {"hold": said}}
        case Keeping.Released():
            return row | {"is_held": False, "said": row["said"] | {"hold": None}}
        case Keeping.Ended():
            return row | {"is_ended": True, "said": row["said"] | {"endedAt": moment(event.timestamp)}}
    stand = follow(_stand(row), event)
    kept = {"phase": stand.phase.value, "since": moment(stand.since)}
    return row | {
        "category": stand.category,
        "day": stand.day.isoformat(),
        "merged_into": stand.merged_into,
        "said": row["said"] | kept,
    }


def _stand(row: Row) -> Stand | None:
    said = row["said"]
    return Stand(Phase(said["phase"]), datetime.fromisoformat(said["since"]), row["merged_into"]) if "phase" in said else None


def _run(row: Row | None, fact: Fact) -> Row:
    if row is None:
        return {"run": str(fact.stream_id), "began": moment(fact.event.timestamp), "is_finished": False}
    return row | {"is_finished": True}


def _loose_of(fact: Fact) -> str:
    event = fact.event
    if isinstance(event, Keeping.Ended):
        return event.about if event.kind != FAMILY else ""
    if isinstance(event, Message.Received):  # nearly every message is read at once
        return str(fact.stream_id) if event.outcome == QUARANTINED else ""
    return str(fact.stream_id) if isinstance(event, _OF_LOOSE) else ""


def _loose(row: Row | None, fact: Fact) -> Row | None:
    event: Any = fact.event
    match event:
        case Message.Received() | MatchQuestion.Asked():
            kind = MESSAGE if isinstance(event, Message.Received) else QUESTION
            day = event.timestamp.astimezone(AMSTERDAM).date().isoformat()
            return {"about": str(fact.stream_id), "kind": kind, "day": day}
        case Message.ProcessedAgain() if event.outcome == QUARANTINED:
            return row
        case MatchQuestion.Reopened():
            return _waits_again(fact)
    return None


def _waits_again(fact: Fact) -> Row:
    # whose day is that of the question: it counts from when it waits again, which is later and never too early
    return {"about": str(fact.stream_id), "kind": QUESTION, "day": fact.event.timestamp.astimezone(AMSTERDAM).date().isoformat()}


# Asking -------------------------------------------------------------------------------------------


def due(
    connection: Connection, category: str, until: date, after: tuple[str, str] = ("", ""), limit: int = 100
) -> list[tuple[str, str, bool]]:
    """What of a category began that day or before, the longest first: which, since when, and whether it is held; after a place."""
    if category in KINDS:
        here = (
            _L.kind == KINDS[category],
            _L.day <= until.isoformat(),
            (_L.day > after[0]) | ((_L.day == after[0]) & (_L.about > after[1])),
        )
        rows = connection.execute(select(_L.about, _L.day).where(*here).order_by(_L.day, _L.about).limit(limit))
        return [(row.about, row.day, False) for row in rows]
    later = (_F.day > after[0]) | ((_F.day == after[0]) & (_F.family > after[1]))
    found = select(_F.family, _F.day, _F.is_held).where(*_due(category, until), later).order_by(_F.day, _F.family).limit(limit)
    return [(row.family, row.day, row.is_held or _is_held_within(row.family, connection)) for row in connection.execute(found)]


def count(connection: Connection, category: str, until: date) -> int:
    """How much of a category began that day or before, without what is held."""
    if category in KINDS:
        query = select(func.count()).select_from(LOOSE).where(_L.kind == KINDS[category], _L.day <= until.isoformat())
    else:
        query = (
            select(func.count())
            .select_from(FAMILIES)
            .where(*_due(category, until), _F.is_held.is_(False), _F.family.not_in(_HELD_WITHIN))
        )
    return int(connection.execute(query).scalar_one())


_HELD_WITHIN = select(_F.merged_into).where(_F.is_held)


def _due(category: str, until: date) -> tuple[Any, ...]:
    return _F.category == category, _F.is_ended.is_(False), _F.merged_into == "", _F.day <= until.isoformat()


def merged(connection: Connection, family: str) -> list[str]:
    """The families that were merged into one, or into one of those."""
    found: list[str] = []
    into = [family]
    while into := list(connection.execute(select(_F.family).where(_F.merged_into.in_(into))).scalars()):
        found += into
    return sorted(found)


def _is_held_within(family: str, connection: Connection) -> bool:
    within = merged(connection, family)
    return bool(within) and connection.execute(select(_F.family).where(_F.family.in_(within), _F.is_held)).first() is not None


def held(connection: Connection) -> int:
    """How many families are held."""
    return int(connection.execute(select(func.count()).select_from(FAMILIES).where(_F.is_held)).scalar_one())


def was_broken_off(connection: Connection, run: str) -> bool:
    """Whether the last run before this one did not come to its end."""
    before = select(_R.is_finished).where(_R.run != run).order_by(_R.began.desc()).limit(1)
    return connection.execute(before).scalar_one_or_none() is False


def ended(connection: Connection) -> frozenset[str]:
    """The families that are kept no longer: their keys were destroyed."""
    return frozenset(connection.scalars(select(_F.family).where(_F.is_ended)))


_STATES = {"held": _F.is_held, "ended": _F.is_ended}


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """Families, the one whose term counts longest first."""
    query = narrowed(seen(select(FAMILIES), _F.family, asked), asked, {"category": _F.category})
    if state := asked.filters.get("state"):
        if state not in _STATES:
            raise Malformed("The filter cannot be read.", [Violation("/state", f"is not one of {', '.join(_STATES)}")])
        query = query.where(_STATES[state])
    return page(query, [_F.day, _F.family], asked, _item, connection)


def ask_one(connection: Connection, asked: Asked) -> Mapping[str, Any] | None:
    """One family."""
    row = connection.execute(select(FAMILIES).where(_F.family == asked.key)).mappings().first()
    return None if row is None else _item(row)


def _item(row: Mapping[Any, Any]) -> Row:
    said = {name: row["said"][name] for name in ("hold", "endedAt")}
    return {"family": row["family"], "category": row["category"], "countsFrom": row["day"], "isHeld": row["is_held"], **said}


_ITEM = thing(
    family=ID,
    category=CODE | of.OPERATION,
    countsFrom=DAY | of.DECISION,
    isHeld=TRUTH | of.OPERATION,
    hold=maybe(thing(motivation=TEXT | of.DECISION, by=TEXT | of.PROVENANCE, at=MOMENT | of.PROVENANCE)),
    endedAt=maybe(MOMENT | of.PROVENANCE),
)

PROJECTION = Projection(
    name="retention",
    title="How long what is kept is kept",
    tables=TABLES,
    apply=apply,
    topics=topics_of(FOLLOWED, _OF_KEEPING, _OF_LOOSE, _OF_RUNS),
    views=(
        View(
            path="retention",
            title="Since when the term of each family counts, the longest first, and which are held",
            ask=ask,
            answer=listed(_ITEM),
            act=Act.SEE_RETENTION,
            about="families",
            filters=("state", "category"),
            says={"state": "held or ended", "category": "a category of the register of retention"},
        ),
        View(
            path="families/{id}/retention",
            title="Since when the term of a family counts, and whether it is held",
            ask=ask_one,
            answer=_ITEM,
            act=Act.SEE_RETENTION,
            about="family",
        ),
    ),
)
