"""The classes of what can be told of a family: a closed list, and the marks by which schemas say which field is of which.

A mark is part of a JSON Schema, so that a schema and its class join with `|`: ``TEXT | of.CONTACT``.
"""

from enum import StrEnum
from typing import Any

CLASS = "x-field-class"
"""The keyword that names the class of a field, and of all within it that names no other."""
COARSENS = "x-coarsens"
"""The keyword that says what a field itself (never a whole) can give away though its class is allowed: a `Coarsening`."""


class FieldClass(StrEnum):
    """What kind of thing a field tells, each allowed or withheld as a whole."""

    REFERENCE = "reference"
    """Ids and cursors, by which something is found again; they say nothing by themselves."""
    OPERATION = "operation"
    """What the machinery needs: positions, versions, counts, outcomes, which kind of fact."""
    INVOLVEMENT = "involvement"
    """That somebody is involved, as what, and since when."""
    CONTACT = "contact"
    """Who directs or coaches, for which organisation, and how to reach them."""
    IDENTITY = "identity"
    """Names of the people of the family."""
    NUMBER = "number"
    """The national person number."""
    BIRTH_DATE = "birth-date"
    ADDRESS = "address"
    CONCERN = "concern"
    """What partners worry about, on which life areas, how much, and when it was so."""
    SPECIAL = "special-category"
    """Health and addiction (AVG art. 9)."""
    CRIMINAL = "criminal"
    """Offences, suspicions and what follows on them (AVG art. 10)."""
    LEVEL = "level"
    """How high it stands, by which rule, and which terms that starts."""
    DECISION = "decision"
    """What people decided: phases, levers, results."""
    PLAN = "plan-text"
    """What was agreed with the family."""
    WORDS = "words"
    """Other words that somebody wrote: reasons, corrections."""
    PROVENANCE = "provenance"
    """Who said or decided it, what led to it, on which legal ground."""


class Coarsening(StrEnum):
    """What a code or a sentence may give away beside its own class."""

    CONCERN = "concern"
    AREA = "area"
    RULE = "rule"
    DECISION = "decision"
    CLOCK = "clock"
    SENTENCE = "sentence"


Mark = dict[str, Any]


def _mark(kind: FieldClass) -> Mark:
    return {CLASS: kind.value}


REFERENCE = _mark(FieldClass.REFERENCE)
OPERATION = _mark(FieldClass.OPERATION)
INVOLVEMENT = _mark(FieldClass.INVOLVEMENT)
CONTACT = _mark(FieldClass.CONTACT)
IDENTITY = _mark(FieldClass.IDENTITY)
NUMBER = _mark(FieldClass.NUMBER)
BIRTH_DATE = _mark(FieldClass.BIRTH_DATE)
ADDRESS = _mark(FieldClass.ADDRESS)
CONCERN = _mark(FieldClass.CONCERN)
SPECIAL = _mark(FieldClass.SPECIAL)
LEVEL = _mark(FieldClass.LEVEL)
DECISION = _mark(FieldClass.DECISION)
PLAN = _mark(FieldClass.PLAN)
WORDS = _mark(FieldClass.WORDS)
PROVENANCE = _mark(FieldClass.PROVENANCE)

A_CONCERN = CONCERN | {COARSENS: Coarsening.CONCERN.value}
AN_AREA = CONCERN | {COARSENS: Coarsening.AREA.value}
A_RULE = LEVEL | {COARSENS: Coarsening.RULE.value}
A_PHASE = DECISION | {COARSENS: Coarsening.DECISION.value}
A_CLOCK = LEVEL | {COARSENS: Coarsening.CLOCK.value}
"""A running term by its name, in which a goal can be named."""
A_CAUSE = A_CLOCK | PROVENANCE
"""What led to a fact: an id, or a term that passed."""
A_SENTENCE = CONCERN | {COARSENS: Coarsening.SENTENCE.value}
"""What the hub says of a fact, in words made of the codes above."""

EVERYBODY = frozenset({FieldClass.REFERENCE, FieldClass.OPERATION})
"""What no receiver is denied of what they may ask at all."""
FREE = frozenset({FieldClass.PLAN, FieldClass.WORDS})
"""What people wrote: it may hold anything, and nothing makes it coarse."""
