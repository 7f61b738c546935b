"""The words of the field that everything else is written in."""

from enum import IntEnum, StrEnum


class LifeArea(StrEnum):
    """The twelve `leefgebied` codes of the national generic report (CORV/JUBES meldingGeneriek)."""

    FINANCES = "01"
    IDENTITY = "02"
    BEHAVIOUR = "03"
    WORK_AND_EDUCATION = "04"
    USE_OF_TIME = "05"
    HOUSING = "06"
    RELATIONS = "07"
    MENTAL_HEALTH = "08"
    PHYSICAL_HEALTH = "09"
    ADDICTION = "10"
    SOCIAL_NETWORK = "11"
    JUSTICE = "12"


class Axis(StrEnum):
    """The four axes of the intervention matrix."""

    SAFETY = "safety"
    CARE = "care"
    HOUSING = "housing"
    INCOME = "income"


class Level(IntEnum):
    """The four levels of the intervention matrix, after the AVE approach."""

    NONE = 1
    QUESTION = 2
    COMPLEX = 3
    TOTAL = 4


class Direction(StrEnum):
    """Where direction (regie) is held; stagnation raises it, a person lowers it."""

    FAMILY = "family"
    NETWORK = "network"
    ADMINISTRATIVE = "administrative"


class Weight(IntEnum):
    """How serious (ernst) the sender, or the concern itself, says it is."""

    LIGHT = 1
    SERIOUS = 2
    GRAVE = 3
    ACUTE = 4


class Phase(StrEnum):
    """Where a trajectory stands, from a first signal to aftercare."""

    CANDIDATE = "candidate"
    REFERRED = "referred"
    ELIGIBLE = "eligible"
    NOT_SUITABLE = "not-suitable"
    CONTRA_INDICATED = "contra-indicated"
    START_TALK = "start-talk"
    ANALYSIS_AND_PLAN = "analysis-and-plan"
    COACH_DIRECTS = "coach-directs"
    HANDED_BACK = "handed-back"
    WINDING_DOWN = "winding-down"
    AFTERCARE = "aftercare"
    CLOSED = "closed"
    ENDED_EARLY = "ended-early"
    COMPULSION = "escalated-to-compulsion"


class Role(StrEnum):
    """What somebody is in a family, as far as the sender says."""

    CHILD = "child"
    PARENT = "parent"
    PARTNER = "partner"
    OTHER_ADULT = "other-adult"
    UNKNOWN = "unknown"
