"""The schema of a family's history: how it stood, and every fact, each field with its class."""

from hub.api.schemas import ID, MOMENT, TEXT, TRUTH, VERSION, Schema, many, maybe, thing
from hub.domain import field_classes as of
from hub.domain.instruments import MeasuredAt
from hub.domain.trajectory.network import Became, Quality, Side
from hub.domain.trajectory.voice import Stance

_COUNT: Schema = {"type": "integer"}
_WHOM = {"who": TEXT, "organisation": TEXT, "contact": TEXT}
_IDS = many(TEXT | of.REFERENCE)
_AREA = TEXT | of.AN_AREA
_GOAL = thing(goal=TEXT, area=_AREA | of.PLAN, specific=TEXT, result=TEXT) | of.PLAN
_SMART = {**dict.fromkeys(("measurable", "achievable", "relevant", "start", "due"), TEXT), "owner": TEXT | of.IDENTITY}

NETWORK_MEMBER = thing(
    id=TEXT | of.REFERENCE,
    side={"type": "string", "enum": [side.value for side in Side]} | of.CONCERN,
    **dict.fromkeys(("name", "what", "onBehalfOf", "howToReach", "askedBy", "permittedBy"), TEXT | of.IDENTITY),
    areas=many(_AREA),
    **dict.fromkeys(("since", "permittedOn"), TEXT | of.CONCERN),
)
"""Somebody in the network of a family."""
TIE = thing(
    **dict.fromkeys(("one", "other"), TEXT | of.REFERENCE),
    quality={"type": "string", "enum": [quality.value for quality in Quality]} | of.CONCERN,
)
"""How two people get along."""
_BECAME = {"type": "string", "enum": ["", *(became.value for became in Became)]}
RESOLUTION = thing(
    id=TEXT, words=TEXT, owner=TEXT | of.IDENTITY, dueDate={"type": "string", "format": "date"}, became=_BECAME, cameOf=TEXT
)
MEETING = (
    thing(id=TEXT | of.REFERENCE, begins=MOMENT, invited=_IDS, isHeld=TRUTH | of.OPERATION, resolutions=many(RESOLUTION)) | of.PLAN
)
"""A case meeting, called or held."""
_STANCE = {"type": "string", "enum": ["", *(stance.value for stance in Stance)], "description": "empty once it was erased"}
VOICE = thing(goal=TEXT, person=TEXT, stance=_STANCE | of.WORDS, words=TEXT | of.WORDS) | of.PLAN
"""What somebody of the family thinks of a goal; that they were asked is of the plan too."""
TELLING = thing(goal=TEXT, person=TEXT, words=TEXT | of.WORDS) | of.PLAN
"""A goal as somebody of the family is told of it."""

_DAY: Schema = {"type": "string", "format": "date"}
MEASUREMENT = thing(
    id=TEXT | of.REFERENCE,
    **dict.fromkeys(("instrument", "edition", "takenOn"), TEXT | of.DECISION),
    moment={"type": "string", "enum": [moment.value for moment in MeasuredAt]} | of.DECISION,
    measuredBy=TEXT | of.PROVENANCE,
    scores=many(thing(domain=TEXT, score=_COUNT)) | of.SPECIAL,
    words=TEXT | of.WORDS,
    isCurrent=TRUTH | of.OPERATION | {"description": "false where it was before the trajectory was opened again"},
)
"""How a family scored; of health too, so that its scores are told as that is."""
MEASURING = (
    thing(
        moment=MEASUREMENT["properties"]["moment"],
        opens=_DAY,
        due=maybe(_DAY),
    )
    | of.DECISION
)
"""From which day a moment of the trajectory can be measured, and on which it is to be; null while that is not known."""

STATE = thing(
    phase=TEXT | of.A_PHASE,
    level=_COUNT | of.LEVEL,
    levels=thing(**dict.fromkeys(("safety", "care", "housing", "income"), _COUNT)) | of.LEVEL,
    direction=TEXT | of.LEVEL,
    director=thing(**_WHOM) | of.CONTACT,
    coach=maybe(thing(**_WHOM) | of.CONTACT),
    people=many(thing(person=TEXT | of.REFERENCE, role=TEXT | of.INVOLVEMENT)),
    signals=many(
        thing(
            signal=TEXT | of.REFERENCE,
            partner=TEXT | of.INVOLVEMENT,
            concern=TEXT | of.A_CONCERN,
            axis=TEXT,
            weight=_COUNT,
            happened=TEXT,
            recordedAt=MOMENT | of.OPERATION,
        )
        | of.CONCERN
    ),
    plan=maybe(thing(version=VERSION, goals=many(_GOAL))),
    levers=many(thing(id=TEXT | of.REFERENCE, lever=TEXT, decidedBy=TEXT | of.PROVENANCE) | of.DECISION),
    clocks=many(thing(term=TEXT, about=TEXT | of.PLAN, due=MOMENT) | of.LEVEL),
    voices=many(VOICE),
    told=many(TELLING),
    network=many(NETWORK_MEMBER),
    ties=many(TIE),
    meetings=many(MEETING),
    measurements=many(MEASUREMENT),
    measuring=many(MEASURING),
    mergedInto=TEXT | of.REFERENCE,
)
"""How a family stood."""

_MISSING = thing(nl=TEXT, en=TEXT)
_CRITERION = thing(criterion=TEXT, met=TRUTH, signals=_IDS, missing=_MISSING) | of.CONCERN
_CONTRA = thing(indication=TEXT, signals=many(TEXT)) | of.SPECIAL
_SAID = {
    **dict.fromkeys(
        ("message", "reference", "signal", "person", "escalation", "handover", "id", "into", "one", "other"), TEXT | of.REFERENCE
    ),
    **dict.fromkeys(("signals", "people", "rested", "escalations", "instead", "decisions", "lost", "invited", "present"), _IDS),
    **dict.fromkeys(("partner", "role"), TEXT | of.INVOLVEMENT),
    **dict.fromkeys(("coach", "contact", "director", "former", "leads", "organisation", "to", "until"), TEXT | of.CONTACT),
    **dict.fromkeys(("due", "term", "acknowledgeBy"), TEXT | of.LEVEL),
    **dict.fromkeys(
        ("how", "lever", "reasonNot", "result", "when", "instrument", "edition", "moment", "takenOn"), TEXT | of.DECISION
    ),
    **dict.fromkeys(("decision", "phase"), TEXT | of.A_PHASE),
    **dict.fromkeys(("about", "motivation", "stance", "words"), TEXT | of.WORDS),
    **dict.fromkeys(("authority", "ground", "matrix", "measuredBy", "purpose"), TEXT | of.PROVENANCE),
    **dict.fromkeys(("happened", "knownSince", "side", "quality", "since", "leftOn", "permittedOn"), TEXT | of.CONCERN),
    **dict.fromkeys(("name", "what", "onBehalfOf", "howToReach", "askedBy", "permittedBy"), TEXT | of.IDENTITY),
    **dict.fromkeys(("begins", "place", "resolution", "became", "cameOf"), TEXT | of.PLAN),
}
FACT = thing(
    event=TEXT | of.DECISION,
    version=VERSION,
    recordedAt=MOMENT | of.OPERATION,
    validFrom=MOMENT | of.CONCERN,
    by=TEXT | of.PROVENANCE,
    cause=TEXT | of.A_CAUSE,
    basis=TEXT | of.PROVENANCE,
    data={
        "type": "object",
        "description": "what the fact itself says: those of these members that it has",
        "additionalProperties": False,
        "properties": {
            **_SAID,
            "areas": many(_AREA),
            "clock": TEXT | of.A_CLOCK,
            "axis": TEXT | of.LEVEL,
            "concern": TEXT | of.A_CONCERN,
            "contraIndications": many(_CONTRA),
            "evidence": many(TEXT | of.A_CLOCK),
            "goal": TEXT | of.PLAN,
            "goals": many(thing(**_GOAL["properties"], **_SMART) | of.PLAN),
            "informed": thing(how=TEXT, when=TEXT, by=TEXT, reasonNot=TEXT) | of.DECISION,
            "holds": _COUNT | of.LEVEL,
            "level": _COUNT | of.LEVEL,
            "levelFrom": {"type": ["integer", "string"]} | of.LEVEL,
            "levelTo": {"type": ["integer", "string"]} | of.LEVEL,
            "levers": many(thing(lever=TEXT, by=TEXT, ground=TEXT) | of.LEVEL),
            "matched": many(TEXT | of.PROVENANCE),
            "met": TRUTH | of.DECISION,
            "municipality": TEXT | of.ADDRESS,
            "plan": VERSION | of.DECISION,
            "referral": TRUTH | of.DECISION,
            "results": many(_CRITERION),
            "agenda": many(TEXT | of.PLAN),
            "scores": many(thing(domain=TEXT, score=TEXT)) | of.SPECIAL,
            "resolutions": many(thing(id=TEXT, words=TEXT, owner=TEXT | of.IDENTITY, due=TEXT) | of.PLAN),
            "rule": TEXT | of.A_RULE,
            "tell": many(TEXT | of.INVOLVEMENT),
            "weight": _COUNT | of.CONCERN,
        },
    },
)
"""A fact as it was recorded."""

HISTORY = thing(
    family=ID,
    recordedAt=maybe(MOMENT) | of.OPERATION,
    validAt=maybe(MOMENT) | of.OPERATION,
    state=maybe(STATE),
    events=many(FACT),
)
