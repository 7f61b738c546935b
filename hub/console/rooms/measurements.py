"""How a family scores at the moments of its trajectory: a table and a line for each domain, and the form to measure."""

from asyncio import gather
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hub.console.asking import Ask
from hub.console.families import family_of, may, names_of
from hub.console.filling import day, said, whole
from hub.console.parts import Both
from hub.console.rooms import Form, Page
from hub.domain.instruments import MeasuredAt
from hub.domain.policy import Act

_WIDE, _HIGH, _EDGE = 132, 44, 8
"""Of the line of a domain, in units of its own."""


@dataclass(frozen=True, slots=True)
class Line:
    """How a domain went: its scores by moment, and the points of its line in the picture."""

    domain: Mapping[str, Any]
    scores: Mapping[str, int]
    points: Sequence[tuple[float, float]]

    @property
    def change(self) -> int:
        """How much better it is than it was at first."""
        first, *_, last = [*self.scores.values()] * 2
        return last - first


async def _show(ask: Ask) -> Mapping[str, Any]:
    family, measured = await gather(family_of(ask), ask.get(f"/families/{ask.at('id')}/measurements"))
    told = [one for one in measured["measurements"] if "moment" in one]
    current = sorted((one for one in told if one["isCurrent"]), key=lambda one: list(MeasuredAt).index(one["moment"]))
    forms = [(one, to) for to in measured.get("toMeasure", ()) for one in measured["instruments"] if _is_for(one, to)]
    may_decide = not family["mergedInto"] and may(Act.DIRECT, ask, family)
    return {
        "family": family,
        "names": names_of(family),
        "measured": measured,
        "current": current,
        "earlier": [one for one in told if not one["isCurrent"]],
        "courses": [(one, those, _lines(one, those)) for one in measured["instruments"] if (those := _of(one, current))],
        "called": {one["code"]: Both(one["nl"], one["en"]) for one in measured["instruments"]},
        "forms": forms if may_decide else [],
        "may_decide": may_decide,
        "wide": _WIDE,
        "high": _HIGH,
        "edge": _EDGE,
    }


def _is_for(instrument: Mapping[str, Any], to: Mapping[str, Any]) -> bool:
    return bool(instrument["isInForce"] and instrument["code"] == to.get("instrument"))


def _of(instrument: Mapping[str, Any], current: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The measurements by this edition of an instrument of which the scores are told."""
    by = (instrument["code"], instrument["edition"])
    return [one for one in current if (one["instrument"], one["edition"]) == by and "scores" in one]


def _lines(instrument: Mapping[str, Any], measured: Sequence[Mapping[str, Any]]) -> list[Line]:
    return [_line(domain, measured) for domain in instrument["domains"]]


def _line(domain: Mapping[str, Any], measured: Sequence[Mapping[str, Any]]) -> Line:
    given = {one["moment"]: score["score"] for one in measured for score in one["scores"] if score["domain"] == domain["code"]}
    moments, steps = list(MeasuredAt), domain["highest"] - domain["lowest"]
    across, up = (_WIDE - 2 * _EDGE) / (len(moments) - 1), (_HIGH - 2 * _EDGE) / steps
    points = [
        (round(_EDGE + moments.index(MeasuredAt(moment)) * across, 1), round(_HIGH - _EDGE - (score - domain["lowest"]) * up, 1))
        for moment, score in given.items()
    ]
    return Line(domain, given, points)


async def _take(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}/measurements"
    scores = [
        {"domain": name.removeprefix("score."), "score": whole(value)}
        for name, value in ask.form.items()
        if name.startswith("score.") and value
    ]
    body = {**said(ask.form, "instrument", "moment", "measuredBy", "words"), "takenOn": day(ask.form.get("takenOn", ""))}
    await ask.decide(at, {**body, "scores": scores})
    return at


async def _withdraw(ask: Ask) -> str:
    at = f"/families/{ask.at('id')}/measurements"
    await ask.decide(f"{at}/{ask.id('measurement')}/withdrawals", said(ask.form, "motivation"))
    return at


PAGES = (
    Page(
        "measurements",
        "/families/{id:uuid}/measurements",
        _show,
        Act.SEE_FAMILY,
        forms={
            "take": Form(_take, Both("De meting is vastgelegd.", "The measurement was recorded.")),
            "withdraw": Form(_withdraw, Both("De meting is teruggenomen.", "The measurement was taken back.")),
        },
    ),
)
