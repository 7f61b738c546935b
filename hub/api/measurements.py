"""The measurements of a family over HTTP: how it scored at set moments, with which instruments, and what is to be measured."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from typing import Annotated, Any
from uuid import UUID

from pydantic import Field, StrictInt, StringConstraints

from hub.api import facts
from hub.api.admission import Hub
from hub.api.decisions import on_family
from hub.api.forms import NO_CONTROLS, Code, Date, Form, Line, Motivated
from hub.api.operations import Operation
from hub.api.schemas import ID, TEXT, TRUTH, VERSION, many, thing
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.instruments import Instrument, MeasuredAt, Score
from hub.domain.policy import Act
from hub.domain.streams import Occasion
from hub.domain.terms import AMSTERDAM
from hub.domain.trajectory import Trajectory


class Scored(Form):
    """What a domain of the instrument was given, on its scale."""

    domain: Code
    score: StrictInt


class Taken(Form):
    """With which instrument a family was measured, at which moment of its trajectory, on which day, by whom, and how it scored."""

    instrument: Code
    moment: MeasuredAt
    taken_on: Date
    measured_by: Line
    scores: Annotated[list[Scored], Field(min_length=1, max_length=40)]
    words: Annotated[str, StringConstraints(strip_whitespace=True, max_length=4_000, pattern=NO_CONTROLS)] = ""


def _measurements(hub: Hub, id: UUID) -> Answer:
    history = hub.history(id, None, None)
    version, state = history["events"][-1]["version"], history["state"]
    today = hub.clock.now().astimezone(AMSTERDAM).date()
    current = [one for one in state["measurements"] if one["isCurrent"]]
    in_use = {(one["instrument"], one["edition"]) for one in state["measurements"]}
    instruments = [one for one in hub.instruments.versions if one.is_valid_on(today) or (one.code, one.version) in in_use]
    said = {
        "family": str(id),
        "version": version,
        "measurements": state["measurements"],
        "measuring": state["measuring"],
        "toMeasure": list(to_measure(current, state["measuring"], hub.instruments.on(today), today)),
        "instruments": [_instrument(one, one.is_valid_on(today)) for one in instruments],
    }
    return Answer(said, headers={"ETag": f'"{version}"'})


def to_measure(
    current: Sequence[Mapping[str, Any]], measuring: Sequence[Mapping[str, Any]], instruments: Iterable[Instrument], today: date
) -> Iterator[dict[str, Any]]:
    """What can be measured today and was not: with which instrument, at which moment, and on which day it was to be."""
    measured = {(one["instrument"], one["moment"]) for one in current}
    for instrument in instruments:
        for one in measuring:
            wanted = one["moment"] in instrument.moments and one["opens"] <= f"{today}"
            if wanted and (instrument.code, one["moment"]) not in measured:
                yield {"instrument": instrument.code, **one}


def _instrument(one: Instrument, is_in_force: bool) -> dict[str, Any]:
    return {
        "code": one.code,
        "edition": one.version,
        "isInForce": is_in_force,
        **_both(one.words),
        **{name: getattr(one, name) for name in ("about", "source", "licence")},
        "domains": [
            {
                "code": domain.code,
                "area": domain.area.value,
                **_both(domain.words),
                "lowest": domain.scale.lowest,
                "highest": domain.scale.highest,
                "steps": [{"score": score, **_both(words)} for score, words in domain.scale.steps.items()],
            }
            for domain in one.domains.values()
        ],
    }


def _both(words: Any) -> dict[str, str]:
    return {"nl": words.dutch, "en": words.english}


def _measure(q: Any, family: Trajectory, _: Any, on: Occasion) -> str:
    said = q.body
    instrument = q.hub.instruments.find(said.instrument, said.taken_on)
    scores = [Score(one.domain, one.score) for one in said.scores]
    return family.measure(instrument, said.moment, said.taken_on, said.measured_by, scores, said.words, on)


_COUNT = {"type": "integer"}
_SAID = {"nl": TEXT, "en": TEXT}
_STEP = thing(score=_COUNT, **_SAID)
_DOMAIN = thing(code=TEXT, area=TEXT, **_SAID, lowest=_COUNT, highest=_COUNT, steps=many(_STEP))
_INSTRUMENT = (
    thing(
        **dict.fromkeys(("code", "edition", "nl", "en", "about", "source", "licence"), TEXT),
        isInForce=TRUTH,
        domains=many(_DOMAIN),
    )
    | of.OPERATION
    | {"description": "an instrument that is measured with now, or was; of nobody"}
)
_TO_MEASURE = thing(instrument=TEXT, **facts.MEASURING["properties"]) | of.DECISION
_MEASUREMENTS = thing(
    family=ID,
    version=VERSION,
    measurements=many(facts.MEASUREMENT),
    measuring=many(facts.MEASURING),
    toMeasure=many(_TO_MEASURE) | {"description": "what can be measured today and was not"},
    instruments=many(_INSTRUMENT),
)

_decision = partial(on_family, act=Act.DIRECT, tag="measurements")

# fmt: off
MEASUREMENTS = (
    Operation("GET", "/families/{id}/measurements", "getMeasurements", "How a family scored at set moments, and what is still to "
              "be measured", "measurements", Act.SEE_FAMILY, _measurements, _MEASUREMENTS, refusals=(404,)),
    _decision("measurements", "takeMeasurement", "Note how a family scored at a moment of its trajectory", form=Taken,
              gives="measurement", verb=_measure),
    _decision("measurements/{measurement}/withdrawals", "withdrawMeasurement", "Take back a measurement that was wrong",
              form=Motivated,
              verb=lambda q, family, _, on: family.withdraw_measurement(str(q.measurement), q.body.motivation, on)),
)
# fmt: on
