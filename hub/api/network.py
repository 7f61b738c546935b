"""The network of a family over HTTP: who stands around it, how they get along, what they meet about; now, or as it was."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import Query
from pydantic import Field

from hub.api import facts
from hub.api.admission import Hub, Known
from hub.api.decisions import Verb, on_family
from hub.api.forms import Code, Date, Day, Form, Ground, Line, Motivated, Words
from hub.api.operations import Operation
from hub.api.queries import Moment
from hub.api.schemas import ID, MOMENT, TEXT, VERSION, many, maybe, thing
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.network import Became, Involved, Quality, Side
from hub.domain.words import LifeArea

Optional = Annotated[str, Field(max_length=200)]
"""A line that may be left out."""
Ids = Annotated[list[UUID], Field(min_length=1, max_length=50)]


class Somebody(Form):
    """Who stands in the network; on the informal side with who of the family permitted it, and when."""

    side: Side
    name: Line
    what: Line
    on_behalf_of: Optional = ""
    how_to_reach: Optional = ""
    areas: list[LifeArea] = Field(default=[], max_length=12)
    since: Day = ""
    asked_by: Optional = ""
    permitted_by: Optional = ""
    permitted_on: Day = ""


class Leaving(Motivated):
    """Since when somebody is in the network no longer, and why."""

    left_on: Day


class Drawn(Form):
    """What is between two people, by their ids; `none` where nothing is to be drawn any more."""

    one: UUID
    other: UUID
    quality: Literal["supportive", "changing", "strained", "broken", "none"]
    words: Annotated[str, Field(max_length=4_000)] = ""


class Call(Form):
    """A case meeting to come: when, where, with whom, and about what."""

    begins: Moment
    place: Line
    invited: Ids
    agenda: list[Line] = Field(min_length=1, max_length=50)


class Decided(Form):
    """One thing that a meeting decided: what, who does it, and before when."""

    words: Words
    owner: Line
    due_date: Date


class Held(Form):
    """Who was there, what was said, and what was decided."""

    present: Ids
    words: Words
    resolutions: list[Decided] = Field(default=[], max_length=50)


class Followed(Form):
    """What became of what was decided; `cameOf` is the id of the goal, the lever or the signal."""

    became: Became
    came_of: Code | Literal[""] = ""
    words: Words


class Erasing(Form):
    """On which ground somebody is erased (AVG art. 17)."""

    ground: Ground


class AsOf(Form):
    """As of when."""

    recorded_at: Moment | None = Field(None, description="as the hub knew it by then; any offset (default: now)")


def _network(hub: Hub, id: UUID, q: Annotated[AsOf, Query()]) -> Answer:
    history = hub.history(id, q.recorded_at, None)
    version, state = history["events"][-1]["version"], history["state"]
    said = {
        "family": str(id),
        "version": version,
        "recordedAt": history["recordedAt"],
        "people": state["people"],
        **{name: state[name] for name in ("network", "ties", "meetings")},
        "openPoints": open_points(state, q.recorded_at or hub.clock.now()),
    }
    return Answer(said, headers={"ETag": f'"{version}"'})


def open_points(state: Mapping[str, Any], at: datetime) -> list[dict[str, str]]:
    """What a case meeting has to be about: what is to be done by its term, goals that wait, and what meetings decided before."""
    terms = [_point("term", clock["term"], clock["about"], clock["due"]) for clock in state["clocks"]]
    decided = [
        _point("resolution", one["words"], f"{meeting['id']}/{one['id']}", one["dueDate"])
        for meeting in state["meetings"]
        for one in meeting["resolutions"]
        if not one["became"]
    ]
    to_report = [
        _point("meeting", "", meeting["id"], meeting["begins"])
        for meeting in state["meetings"]
        if not meeting["isHeld"] and datetime.fromisoformat(meeting["begins"]) <= at
    ]
    return sorted([*terms, *decided, *to_report], key=lambda point: point["due"])


def _point(kind: str, what: str, about: str, due: str) -> dict[str, str]:
    return {"kind": kind, "what": what, "about": about, "due": due}


def _somebody(said: Somebody, id: str = "") -> Involved:
    return Involved(id=id, **{name: getattr(said, name) for name in type(said).model_fields} | {"areas": tuple(said.areas)})


def _draw(q: Any, family: Trajectory, _: Any, on: Occasion) -> None:
    quality = None if q.body.quality == "none" else Quality(q.body.quality)
    family.draw_tie(str(q.body.one), str(q.body.other), quality, q.body.words, on)


def _call(q: Any, family: Trajectory, _: Any, on: Occasion) -> str:
    return family.call_meeting(q.body.begins, q.body.place, _texts(q.body.invited), q.body.agenda, on)


def _hold(q: Any, family: Trajectory, _: Any, on: Occasion) -> None:
    decided = [(one.words, one.owner, one.due_date) for one in q.body.resolutions]
    family.hold_meeting(str(q.meeting), _texts(q.body.present), q.body.words, decided, on)


def _erase(hub: Hub, caller: Known, id: UUID, member: UUID, body: Erasing) -> Answer:
    hub.persons.erase_around(id, member, body.ground, caller.subject)
    return Answer({"family": str(id), "member": str(member)}, 201, {"Location": f"/v1/families/{id}/network"})


def _texts(ids: Sequence[UUID]) -> list[str]:
    return [str(id) for id in dict.fromkeys(ids)]


_POINT = thing(
    kind={"type": "string", "enum": ["term", "resolution", "meeting"]} | of.OPERATION,
    what=TEXT | of.PLAN,
    about=TEXT | of.PLAN,
    due=TEXT | of.PLAN,
)
_NETWORK = thing(
    family=ID,
    version=VERSION,
    recordedAt=maybe(MOMENT) | of.OPERATION,
    people=many(thing(person=TEXT | of.REFERENCE, role=TEXT | of.INVOLVEMENT)),
    network=many(facts.NETWORK_MEMBER),
    ties=many(facts.TIE),
    meetings=many(facts.MEETING),
    openPoints=many(_POINT),
)

_decision = partial(on_family, act=Act.DIRECT, tag="network")
_again: Verb = lambda q, family, _, on: family.involve(_somebody(q.body, str(q.member)), on)  # noqa: E731

# fmt: off
NETWORK = (
    Operation("GET", "/families/{id}/network", "getNetwork", "Who stands around a family, how they get along and what they meet "
              "about, now or as it was known", "network", Act.SEE_FAMILY, _network, _NETWORK, query=AsOf, refusals=(404,)),
    _decision("network", "joinNetwork", "Note somebody who stands around the family", form=Somebody, gives="member",
              verb=lambda q, family, _, on: family.involve(_somebody(q.body), on)),
    _decision("network/{member}/changes", "changeInNetwork", "Note more of somebody who stands around the family", form=Somebody,
              verb=_again),
    _decision("network/{member}/departures", "leaveNetwork", "Note that somebody stands around the family no longer", form=Leaving,
              verb=lambda q, family, _, on: family.leave_network(str(q.member), q.body.left_on, q.body.motivation, on)),
    Operation("POST", "/families/{id}/network/{member}/erasures", "eraseInNetwork", "Make unreadable what is kept of somebody who "
              "stood around a family", "persons", Act.HANDLE_REQUESTS, _erase, thing(family=ID, member=ID), status=201,
              form=Erasing, refusals=(404, 409)),
    _decision("ties", "drawTie", "Draw how two people get along", form=Drawn, verb=_draw),
    _decision("meetings", "callMeeting", "Call a case meeting", form=Call, gives="meeting", verb=_call),
    _decision("meetings/{meeting}/minutes", "holdMeeting", "Say who was at a case meeting, and what was decided", form=Held,
              verb=_hold),
    _decision("meetings/{meeting}/cancellations", "cancelMeeting", "Cancel a case meeting", form=Motivated,
              verb=lambda q, family, _, on: family.cancel_meeting(str(q.meeting), q.body.motivation, on)),
    _decision("meetings/{meeting}/resolutions/{resolution}/outcomes", "followResolution", "Say what became of what a case meeting "
              "decided", form=Followed,
              verb=lambda q, family, _, on: family.follow_resolution(
                  str(q.meeting), q.resolution, q.body.became, q.body.came_of, q.body.words, on)),
)
# fmt: on
