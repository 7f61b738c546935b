"""A family as it is shown, and the schema of that."""

from collections.abc import Mapping, Sequence
from typing import Any

from hub.domain import field_classes as of
from hub.domain.words import Axis, Direction, LifeArea, Phase, Role
from hub.projections import (
    CODE,
    COUNT,
    DAY,
    ID,
    LEVEL,
    MERGED_INTO,
    MOMENT,
    NUMBER,
    PARTIAL,
    RULE,
    TEXT,
    TRUTH,
    Schema,
    many,
    maybe,
    thing,
)
from hub.projections.family.standing import State

Row = Mapping[str, Any]
_ADDRESS = ("street", "number", "addition", "postcode", "town", "municipality")


def shown(family: Row, people: Mapping[str, Row], involved: Sequence[Row]) -> State:
    """One family, one plan, one director: how it stands, with the people by name and the partners that are involved."""
    state = dict(family["state"])
    course = state.pop("course")
    levels, clocks, levers = state.pop("levels"), state.pop("clocks"), state.pop("levers")
    members, unnamed = state.pop("people"), state.pop("unnamed", [])
    missed, restricted = state.pop("missed"), state.pop("restricted", [])
    del state["axes"], state["progressAt"]
    return {
        **state,
        "id": family["family"],
        "version": family["version"],
        "people": [
            _member(person, said, people.get(person, {})) | {"isNamed": person not in unnamed, "isRestricted": person in restricted}
            for person, said in sorted(members.items())
        ],
        "households": _households(sorted(members), people),
        "level": {
            "overall": max(level["level"] for level in levels.values()),
            "axes": [{"holds": None, **levels[axis], "course": course[axis]} for axis in Axis],
        },
        "levers": [lever | {"reconsiderBefore": _due(clocks, lever["id"])} for lever in levers.values()],
        "clocks": _by_due(clocks),
        "missed": _by_due(missed),
        "escalations": [{"rectified": None, **escalation} for escalation in state["escalations"].values()],
        "takenBack": state.get("takenBack", []),
        "involved": list(involved),
    }


def _member(person: str, said: Row, named: Row) -> State:
    names = {name: named.get(column, "") for name, column in _NAMES.items()}
    return {"id": person, "role": said["role"], "born": named.get("born", ""), "stated": named.get("stated", []), **names}


def _households(members: Sequence[str], people: Mapping[str, Row]) -> list[State]:
    homes: dict[str, State] = {}
    for person in members:
        address = people[person]["address"] if person in people else {}
        home = homes.setdefault(_home(address), {"address": dict.fromkeys(_ADDRESS, "") if address else None, "people": []})
        home["people"].append(person)
        if home["address"] is not None:
            home["address"] |= {part: text for part, text in address.items() if text}
    return [homes[place] for place in sorted(homes, reverse=True)]


def _home(address: Mapping[str, str]) -> str:
    """The same dwelling, whether or not a partner says the street and the municipality with it."""
    if not address:
        return ""
    parts = ("postcode", "number", "addition") if address.get("postcode") else _ADDRESS
    return "|".join(address.get(part, "").replace(" ", "").casefold() for part in parts)


def _by_due(clocks: Mapping[str, State]) -> list[State]:
    return sorted(clocks.values(), key=lambda clock: (clock["due"], clock["clock"]))


def _due(clocks: Mapping[str, State], about: str) -> str | None:
    return next((clock["due"] for clock in clocks.values() if clock["about"] == about), None)


_NAMES = {"givenNames": "given_names", "prefix": "prefix", "familyName": "family_name"}
_WHO = {"who": TEXT, "organisation": TEXT, "contact": TEXT}
_MATRIX = TEXT | of.PROVENANCE
_TERM: Schema = thing(clock=TEXT | of.A_CLOCK, term=CODE, about=TEXT | of.PLAN, due=MOMENT) | of.LEVEL
_GOAL: Schema = thing(
    goal=TEXT,
    area={"type": "string", "enum": [area.value for area in LifeArea]} | of.AN_AREA | of.PLAN,
    **dict.fromkeys(("specific", "measurable", "achievable", "relevant"), TEXT),
    owner=TEXT | of.IDENTITY,
    startDate=DAY,
    dueDate=DAY,
    result={"type": "string", "enum": ["", "reached", "partly", "not"]},
    progress=maybe(thing(words=TEXT, notedAt=MOMENT, by=TEXT)),
)
ANSWER: Schema = thing(
    id=ID,
    version=NUMBER,
    mergedInto=MERGED_INTO,
    municipality=TEXT | of.ADDRESS,
    openedAt=MOMENT | of.INVOLVEMENT,
    phase={"type": "string", "enum": [phase.value for phase in Phase]} | of.A_PHASE,
    phaseSince=MOMENT | of.DECISION,
    people=many(
        thing(
            id=ID,
            role={"type": "string", "enum": [role.value for role in Role]} | of.INVOLVEMENT,
            isNamed=TRUTH | of.INVOLVEMENT | {"description": "whether a signal that was not withdrawn names them"},
            isRestricted=TRUTH | of.INVOLVEMENT | {"description": "whether their data is kept and not used, as they asked"},
            born=PARTIAL | of.BIRTH_DATE,
            stated=many(thing(words=TEXT, at=MOMENT) | of.WORDS) | {"description": "their own words beside what is kept of them"},
            **dict.fromkeys(_NAMES, TEXT | of.IDENTITY),
        )
    ),
    households=many(thing(address=maybe(thing(**dict.fromkeys(_ADDRESS, TEXT))), people=many(ID | of.ADDRESS)) | of.ADDRESS),
    director=thing(**_WHO, since=MOMENT) | of.CONTACT,
    coach=maybe(thing(**_WHO, since=MOMENT) | of.CONTACT),
    handover=maybe(
        thing(id=ID, to=TEXT, organisation=TEXT, contact=TEXT, offeredAt=MOMENT, until=MOMENT, motivation=TEXT | of.WORDS)
        | of.CONTACT
    ),
    direction=thing(level={"type": "string", "enum": [level.value for level in Direction]}, since=MOMENT, rule=RULE, matrix=_MATRIX)
    | of.LEVEL,
    level=thing(
        overall=LEVEL,
        axes=many(
            thing(
                axis={"type": "string", "enum": [axis.value for axis in Axis]},
                level=LEVEL,
                since=MOMENT,
                rule=RULE,
                matrix=_MATRIX,
                signals=many(TEXT | of.REFERENCE),
                holds=maybe(LEVEL) | {"description": "where its signals were taken back: the level that what is left gives"},
                course=many(thing(level=LEVEL, since=MOMENT))
                | {"description": "every level that it stood at, the first one first"},
            )
        ),
    )
    | of.LEVEL,
    plan=maybe(thing(version=COUNT, adoptedAt=MOMENT, adoptedBy=TEXT | of.PROVENANCE, goals=many(_GOAL | of.PLAN)) | of.DECISION),
    levers=many(
        thing(
            id=ID,
            lever=CODE,
            authority=CODE,
            decidedBy=TEXT | of.PROVENANCE,
            decidedAt=MOMENT,
            ground=TEXT | of.PROVENANCE,
            reconsiderBefore=maybe(MOMENT),
        )
        | of.DECISION
    ),
    clocks=many(_TERM),
    missed=many(_TERM) | {"description": "terms that passed while what they are for is still to be done"},
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
    ),
    takenBack=many(
        thing(
            signal=ID,
            how={"type": "string", "enum": ["withdrawn", "corrected"]} | of.PROVENANCE,
            by=TEXT | of.PROVENANCE,
            message=ID,
            takenBackAt=MOMENT | of.PROVENANCE,
            instead=many(TEXT | of.REFERENCE),
            escalations=many(TEXT | of.REFERENCE),
            levers=many(TEXT | of.REFERENCE),
            wasReferredOn=TRUTH | of.DECISION,
        )
    ),
    involved=many(thing(partner=TEXT, since=MOMENT, latestAt=MOMENT, signals=COUNT) | of.INVOLVEMENT),
    informed=maybe(thing(how=TEXT, when=TEXT, reasonNot=TEXT, by=TEXT | of.PROVENANCE, notedAt=MOMENT) | of.DECISION),
)
