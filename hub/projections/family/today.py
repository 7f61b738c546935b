"""What waits for a person, family by family, the most urgent first: what is over, then what is over next, then the rest."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, false, func, select, true

from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.domain.signals import may_be_shared
from hub.domain.trajectory.clocks import ENDED, is_acknowledgement
from hub.domain.words import Axis, Direction, Phase
from hub.errors import Malformed, Violation
from hub.ports import Asked, View
from hub.projections import (
    CODE,
    COUNT,
    ID,
    LEVEL,
    MOMENT,
    NUMBER,
    RULE,
    TEXT,
    TRUTH,
    Row,
    Schema,
    listed,
    many,
    maybe,
    moment,
    page,
    seen,
    thing,
)
from hub.projections.family.tables import FAMILIES, PEOPLE
from hub.projections.family.terms import HANDOVER, NO_PROGRESS, State

NEVER = "9999-12-31T23:59:59.999999Z"
SOON = timedelta(days=7)
FEW = 1_000
"""Families."""
_COACHED = {"yes": True, "no": False}
_F = FAMILIES.c

# What a row is found and ordered by --------------------------------------------------------------


def urgency(state: State) -> Row:
    """The columns that say how urgent a family is that stands so; the trajectory that ended waits for notice alone."""
    waiting, offer = _waiting(state), state["handover"] or {"to": "", "until": ""}
    dues = [one["due"] for one in (*waiting["escalations"], *waiting["terms"], waiting["progress"])]
    return {
        "is_open": not state["mergedInto"] and (state["phase"] not in ENDED or bool(waiting["escalations"])),
        "level": max(level["level"] for level in state["levels"].values()),
        "escalations": len(waiting["escalations"]),
        "next_due": min((due for due in (*dues, offer["until"]) if due), default=NEVER),
        "progress_due": waiting["progress"]["due"] or NEVER,
        "offered_to": offer["to"],
        "offered_until": offer["until"],
        "is_coached": state["coach"] is not None,
    }


def _waiting(state: State) -> State:
    """What waits: each term once, with what it is about; the one of progress since it was first missed."""
    missed = state["missed"]
    clocks = sorted({**state["clocks"], **missed}.values(), key=lambda clock: (clock["due"], clock["clock"]))
    goals = {goal["goal"]: goal["specific"] for goal in (state["plan"] or {"goals": ()})["goals"]}
    notice = {clock["about"]: clock["due"] for clock in clocks if is_acknowledgement(clock["term"])}
    said_elsewhere = {HANDOVER, NO_PROGRESS}
    unnoticed = [{"rectified": None, **one, "due": notice.get(one["id"])} for one in state["escalations"].values()]
    return {
        "escalations": sorted(unnoticed, key=lambda one: (one["due"] or NEVER, -one["level"])),
        "terms": [
            clock | {"isMissed": clock["clock"] in missed, "goal": goals.get(clock["about"], "")}
            for clock in clocks
            if clock["term"] not in said_elsewhere and not is_acknowledgement(clock["term"])
        ],
        "progress": {
            "notedAt": state["progressAt"],
            "due": next((clock["due"] for clock in clocks if clock["term"] == NO_PROGRESS), None),
        },
    }


# Asking -------------------------------------------------------------------------------------------


def ask(connection: Connection, asked: Asked) -> Mapping[str, Any]:
    """What waits in families, the most urgent first, and how many families wait for what."""
    waits = _waits(asked)
    counters = _counters(waits, asked, connection)
    query = seen(select(_F.family).where(_open(counters["families"])), _F.family, asked)
    if wanted := asked.filters.get("waits"):
        if wanted not in waits:
            raise Malformed("The filter cannot be read.", [Violation("/waits", f"is not one of {', '.join(waits)}")])
        query = query.where(waits[wanted])
    if some := asked.filters.get("families"):
        query = query.where(_F.family.in_(some.split(",")))
    if coached := asked.filters.get("coached"):
        if coached not in _COACHED:
            raise Malformed("The filter cannot be read.", [Violation("/coached", f"is not one of {', '.join(_COACHED)}")])
        query = query.where(_F.is_coached.is_(_COACHED[coached]))
    found = page(query, [_F.next_due, -_F.level, _F.family], asked, lambda row: row["family"], connection)
    return {"counters": counters, **found, "items": _items(found["items"], asked, connection)}


def _open(families: int) -> ColumnElement[bool]:
    """Of whoever has many families the most urgent stand first in an index; of whoever has few, those few are looked at, and
    not all that are open until theirs were met: in a CASE no database uses that index."""
    return _F.is_open if families > FEW else case((_F.is_open, true()), else_=false())


def _items(families: Sequence[str], asked: Asked, connection: Connection) -> list[Row]:
    chosen = select(FAMILIES).where(_F.family.in_(families))
    rows = {row["family"]: row for row in connection.execute(chosen).mappings()}
    names = _names((person for row in rows.values() for person in row["state"]["people"]), connection)
    return [_item(rows[family], names, asked) for family in families if family in rows]


def _waits(asked: Asked) -> Mapping[str, ColumnElement[bool]]:
    """For what a family can wait, as whoever asks sees it now."""
    now, soon = moment(asked.at), moment(asked.at + SOON)
    return {
        "escalations": _F.escalations > 0,
        "overdue": _F.next_due <= now,
        "soon": (_F.next_due > now) & (_F.next_due <= soon),
        "handovers": (_F.offered_to == asked.who) & (_F.offered_until > now),
        "progress": _F.progress_due <= now,
    }


def _counters(waits: Mapping[str, ColumnElement[bool]], asked: Asked, connection: Connection) -> Row:
    counted = {"families": true(), **waits}
    counts = [func.coalesce(func.sum(case((_F.is_open & what, 1), else_=0)), 0).label(name) for name, what in counted.items()]
    query = seen(select(*counts), _F.family, asked)
    return dict(connection.execute(query).mappings().one())


def _names(people: Iterable[str], connection: Connection) -> Mapping[str, str]:
    """The family names of these people."""
    query = select(PEOPLE.c.person, PEOPLE.c.prefix, PEOPLE.c.family_name).where(PEOPLE.c.person.in_(set(people)))
    return {person: f"{prefix} {name}".strip() for person, prefix, name in connection.execute(query)}


def _item(row: Mapping[Any, Any], names: Mapping[str, str], asked: Asked) -> Row:
    state, due = row["state"], row["next_due"]
    offer, told, plan = state["handover"], state["informed"], state["plan"]
    return {
        "family": row["family"],
        "names": _called(names[person] for person in state["people"] if names.get(person)),
        **{name: state[name] for name in ("phase", "phaseSince", "director", "coach")},
        "level": {"overall": row["level"], "axes": [_part(state["levels"][axis], "axis", "level") for axis in Axis]},
        "direction": _part(state["direction"], "level", "since"),
        "plan": plan and _part(plan, "version", "adoptedAt"),
        "informed": told and {"isTold": may_be_shared(told["how"], ""), **_part(told, "reasonNot", "notedAt")},
        "handover": offer and _part(offer, *_OFFER) | {"isForMe": offer["to"] == asked.who},
        **_waiting(state),
        "nextDue": due if due != NEVER else None,
    }


def _called(names: Iterable[str]) -> list[str]:
    """The names in a family, that of most of its people first."""
    return sorted(counted := Counter(names), key=lambda name: (-counted[name], name))


def _part(whole: Mapping[str, Any], *names: str) -> Row:
    return {name: whole[name] for name in names}


# Its schema ---------------------------------------------------------------------------------------

_OFFER = ("id", "to", "organisation", "contact", "offeredAt", "until")
_WHO: Schema = thing(who=TEXT, organisation=TEXT, contact=TEXT, since=MOMENT) | of.CONTACT
_ITEM = thing(
    family=ID,
    names=many(TEXT | of.IDENTITY) | {"description": "the family names in it, that of most people first"},
    phase={"type": "string", "enum": [phase.value for phase in Phase]} | of.A_PHASE,
    phaseSince=MOMENT | of.DECISION,
    director=_WHO,
    coach=maybe(_WHO),
    level=thing(overall=LEVEL, axes=many(thing(axis={"type": "string", "enum": [axis.value for axis in Axis]}, level=LEVEL)))
    | of.LEVEL,
    direction=thing(level={"type": "string", "enum": [level.value for level in Direction]}, since=MOMENT) | of.LEVEL,
    plan=maybe(thing(version=COUNT, adoptedAt=MOMENT) | of.DECISION),
    informed=maybe(thing(isTold=TRUTH, reasonNot=TEXT, notedAt=MOMENT) | of.DECISION),
    escalations=many(
        thing(
            id=ID,
            axis=CODE,
            level=LEVEL,
            rule=RULE,
            raisedAt=MOMENT,
            due=maybe(MOMENT),
            rectified=maybe(thing(holds=LEVEL, rectifiedAt=MOMENT)),
        )
        | of.LEVEL
    )
    | {"description": "that nobody took notice of; without a term where the axis stands at another level since"},
    handover=maybe(
        thing(id=ID, to=TEXT, organisation=TEXT, contact=TEXT, offeredAt=MOMENT, until=MOMENT, isForMe=TRUTH) | of.CONTACT
    )
    | {"description": "what the director offers"},
    terms=many(
        thing(clock=TEXT | of.A_CLOCK, term=CODE, about=TEXT | of.PLAN, goal=TEXT | of.PLAN, due=MOMENT, isMissed=TRUTH) | of.LEVEL,
    )
    | {"description": "all others, those too that passed while what they are for is still to be done; one about a goal says which"},
    progress=thing(notedAt=maybe(MOMENT | of.PLAN), due=maybe(MOMENT))
    | of.LEVEL
    | {"description": "when it was last noted, and before when it had to be since"},
    nextDue=maybe(MOMENT | of.LEVEL),
)
_COUNTERS = thing(families=NUMBER, escalations=NUMBER, overdue=NUMBER, soon=NUMBER, handovers=NUMBER, progress=NUMBER) | {
    "description": "how many families there are, and in how many waits: an escalation for notice, something that is over, "
    "something within seven days, direction that the caller was offered, progress that was not noted in time"
}
VIEW = View(
    path="today",
    title="What waits for a person in each family, the most urgent first",
    ask=ask,
    answer=thing(counters=_COUNTERS, **listed(_ITEM)["properties"]),
    act=Act.SEE_TODAY,
    about="families",
    filters=("waits", "families", "coached"),
)
