"""How a family stands to being referred: each criterion with the signals under it or what is missing, as the log has them now."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from hub.api.admission import Hub
from hub.api.operations import Operation
from hub.api.schemas import ID, TEXT, TRUTH, VERSION, many, thing
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.domain.referral import CriterionResult, ReferralAssessment
from hub.domain.signals import KnownSignal
from hub.domain.trajectory import Trajectory
from hub.domain.words import Phase

_WEIGHT = {"type": "integer", "minimum": 1, "maximum": 4}
_SIGNAL = thing(
    signal=TEXT | of.REFERENCE,
    partner=TEXT | of.INVOLVEMENT,
    concern=TEXT | of.A_CONCERN,
    weight=_WEIGHT,
    happened=TEXT,
)
_CRITERION = thing(criterion=TEXT, met=TRUTH, signals=many(_SIGNAL), missing=thing(nl=TEXT, en=TEXT))
_CITED = {**dict.fromkeys(("signal", "partner", "happened"), TEXT), "concern": TEXT | of.A_CONCERN | of.SPECIAL, "weight": _WEIGHT}
_CONTRA = thing(indication=TEXT, signals=many(thing(**_CITED)))
"""A whole: that a signal is under it says as much as its name."""


def referral(family: Trajectory, weighed: ReferralAssessment) -> dict[str, Any]:
    """What is answered of a family; `version` is that of the family."""
    return {
        "family": str(family.id),
        "version": family.version,
        "phase": family.phase.value,
        "matrix": weighed.matrix_version,
        "met": weighed.met,
        "criteria": [_criterion(one, family.signals) for one in weighed.results],
        "contraIndications": [
            {"indication": indication, "signals": [_signal(family.signals[id]) for id in signals]}
            for indication, signals in weighed.contra_indications
        ],
    }


def _criterion(one: CriterionResult, known: Mapping[str, KnownSignal]) -> dict[str, Any]:
    missing = {"nl": one.missing.dutch, "en": one.missing.english}
    return {"criterion": one.id, "met": one.met, "signals": [_signal(known[id]) for id in one.signals], "missing": missing}


def _signal(signal: KnownSignal) -> dict[str, Any]:
    said = {"signal": signal.id, "partner": signal.partner, "concern": signal.concern, "weight": int(signal.weight)}
    return {**said, "happened": signal.happened.text}


def _referral(hub: Hub, id: UUID) -> Answer:
    said = referral(*hub.casework.weigh_referral(id))
    return Answer(said, headers={"ETag": f'"{said["version"]}"'})


REFERRAL = Operation(
    method="GET",
    path="/families/{id}/referral",
    name="getReferral",
    title="The criteria for referral one by one, with the signals under each and what is missing, and contra-indications to judge",
    tag="families",
    act=Act.SEE_FAMILY,
    do=_referral,
    answer=thing(
        family=ID,
        version=VERSION,
        phase={"type": "string", "enum": [phase.value for phase in Phase]} | of.A_PHASE,
        matrix=TEXT | of.PROVENANCE,
        met=TRUTH | of.DECISION,
        criteria=many(_CRITERION | of.CONCERN),
        contraIndications=many(_CONTRA | of.SPECIAL),
    ),
    refusals=(404,),
)
"""As the log has it, so that whoever decides sees what they decide on."""
