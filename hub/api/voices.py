"""The voice of a family over HTTP: what its people say of each goal in their own words, and in which words they are told of it."""

from functools import partial
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StringConstraints

from hub.api import facts
from hub.api.admission import Hub
from hub.api.decisions import on_family
from hub.api.forms import NO_CONTROLS, Form, Motivated
from hub.api.operations import Operation
from hub.api.schemas import ID, VERSION, many, thing
from hub.api.writing import Answer
from hub.domain.policy import Act
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.voice import OWN_WORDS, PLAIN_WORDS, Stance


class Heard(Form):
    """How somebody of the family stands towards a goal, and what they say of it; without words only where they agree."""

    person: UUID
    stance: Stance
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=OWN_WORDS, pattern=NO_CONTROLS)] = ""


class Told(Form):
    """To whom of the family a goal is told, and in which plain words."""

    person: UUID
    words: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=PLAIN_WORDS, pattern=NO_CONTROLS)] = (
        Field(description="as they would say it themselves: short, and without words of the profession")
    )


class KeptBack(Motivated):
    """Who of the family is told of a goal no longer, and why."""

    person: UUID


def _voices(hub: Hub, id: UUID) -> Answer:
    history = hub.history(id, None, None)
    version, state = history["events"][-1]["version"], history["state"]
    said = {"family": str(id), "version": version, "voices": state["voices"], "told": state["told"]}
    return Answer(said, headers={"ETag": f'"{version}"'})


def _hear(q: Any, family: Trajectory, _: Any, on: Occasion) -> None:
    family.hear_voice(q.goal, str(q.body.person), q.body.stance, q.body.words, on)


_decision = partial(on_family, act=Act.DIRECT, tag="voices")

# fmt: off
VOICES = (
    Operation("GET", "/families/{id}/voices", "getVoices", "What the people of a family say of each goal, and in which words they "
              "are told of it", "voices", Act.SEE_FAMILY, _voices,
              thing(family=ID, version=VERSION, voices=many(facts.VOICE), told=many(facts.TELLING)), refusals=(404,)),
    _decision("goals/{goal}/voices", "hearVoice", "Note how somebody of the family stands towards a goal, in their own words",
              form=Heard, verb=_hear),
    _decision("goals/{goal}/tellings", "tellGoal", "Let somebody of the family read of a goal in their own plan", form=Told,
              verb=lambda q, family, _, on: family.tell_goal(q.goal, str(q.body.person), q.body.words, on)),
    _decision("goals/{goal}/keepings-back", "keepBackGoal", "Let somebody of the family read of a goal no longer", form=KeptBack,
              verb=lambda q, family, _, on: family.keep_back_goal(q.goal, str(q.body.person), q.body.motivation, on)),
)
# fmt: on
