"""The versions of a family's plan, and what was noted of its goals: as the log has them, so that nobody decides on less."""

from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from hub.api.admission import Hub
from hub.api.operations import Operation
from hub.api.schemas import ID, MOMENT, TEXT, VERSION, many, thing
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.planned import RESULTS
from hub.domain.words import LifeArea

_ADOPTED = Trajectory.PlanAdopted.TOPIC
_NOTED = (Trajectory.ProgressRecorded.TOPIC, Trajectory.GoalResulted.TOPIC)
_RESULT = {"type": "string", "enum": ["", *RESULTS]}
_DAY = {"type": "string", "format": "date"}
_GOAL = thing(
    goal=TEXT,
    area={"type": "string", "enum": [area.value for area in LifeArea]} | of.AN_AREA | of.PLAN,
    **dict.fromkeys(("specific", "measurable", "achievable", "relevant"), TEXT),
    owner=TEXT | of.IDENTITY,
    startDate=_DAY,
    dueDate=_DAY,
    result=_RESULT | {"description": "what had become of it when this version was adopted"},
)
_VERSION = thing(
    version=VERSION,
    adoptedAt=MOMENT | of.DECISION,
    adoptedBy=TEXT | of.PROVENANCE,
    motivation=TEXT | of.WORDS,
    goals=many(_GOAL | of.PLAN),
)
_NOTE = thing(
    goal=TEXT,
    plan={"type": "integer", "minimum": 1, "description": "the version that was valid then"},
    words=TEXT,
    result=_RESULT | {"description": "empty where it only says how the goal comes along"},
    notedAt=MOMENT,
    by=TEXT,
)


def plans(history: Mapping[str, Any]) -> dict[str, Any]:
    """What the history of a family says of its plan; `version` is that of the family."""
    facts = history["events"]
    return {
        "family": history["family"],
        "version": facts[-1]["version"],
        "items": _versions(facts),
        "notes": _notes(facts),
    }


def _plans(hub: Hub, id: UUID) -> Answer:
    said = plans(hub.history(id, None, None))
    return Answer(said, headers={"ETag": f'"{said["version"]}"'})


def _versions(facts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The newest first, which is the valid one."""
    return [
        {
            "version": fact["data"]["plan"],
            "adoptedAt": fact["recordedAt"],
            "adoptedBy": fact["by"],
            "motivation": fact["data"]["motivation"],
            "goals": [_goal(goal) for goal in fact["data"]["goals"]],
        }
        for fact in reversed(facts)
        if fact["event"] == _ADOPTED
    ]


def _goal(said: Mapping[str, str]) -> dict[str, str]:
    kept = {name: text for name, text in said.items() if name not in ("start", "due")}
    return kept | {"startDate": said["start"], "dueDate": said["due"]}


def _notes(facts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The newest first."""
    plan, notes = 0, []
    for fact in facts:
        data = fact["data"]
        if fact["event"] == _ADOPTED:
            plan = data["plan"]
        elif fact["event"] in _NOTED:
            said = {"goal": data["goal"], "plan": plan, "words": data["words"], "result": data.get("result", "")}
            notes.append({**said, "notedAt": fact["recordedAt"], "by": fact["by"]})
    return notes[::-1]


PLANS = Operation(
    method="GET",
    path="/families/{id}/plans",
    name="getPlans",
    title="Every version of the plan, the valid one first, and what was noted of its goals",
    tag="families",
    act=Act.SEE_FAMILY,
    do=_plans,
    answer=thing(family=ID, version=VERSION, items=many(_VERSION), notes=many(_NOTE | of.PLAN)),
    refusals=(404,),
)
