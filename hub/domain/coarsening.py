"""What a code or a sentence becomes for whoever may not know what exactly it says: the axis instead of the worry (L4)."""

import re
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, Final

from hub.domain.concerns import CONCERNS, TOLD_AS, Concern
from hub.domain.field_classes import Coarsening, FieldClass
from hub.domain.matrix import Matrix, Need
from hub.domain.words import Axis, LifeArea, Phase

GONE: Final = object()
"""In the place of what is left out."""
Allowed = frozenset[FieldClass]
Coarse = Mapping[Coarsening, Callable[[Any], Any]]
Rules = Mapping[str, tuple[str, Allowed]]
"""Every rule by its id: what it becomes, and for whom it may stay as it is."""

SENSITIVE = frozenset({FieldClass.SPECIAL, FieldClass.CRIMINAL})
_ORDINARY = frozenset({FieldClass.CONCERN})
GIVES_AWAY = dict.fromkeys(Coarsening, SENSITIVE) | {
    Coarsening.RULE: SENSITIVE | _ORDINARY,
    Coarsening.DECISION: frozenset({FieldClass.SPECIAL}),
    Coarsening.CLOCK: frozenset({FieldClass.PLAN}),
}
"""The classes that each kind of code may give away."""
_DUTCH = {Axis.SAFETY: "veiligheid", Axis.CARE: "zorg", Axis.HOUSING: "wonen", Axis.INCOME: "inkomen"}
_DECISIONS = {Phase.CONTRA_INDICATED.value: Phase.NOT_SUITABLE.value}
"""What is judged contra-indicated is addiction or psychiatric disorder: that it does not fit is all that others need."""
_DECISION_WORDS = {"contra-indicatie": "niet geschikt", Phase.CONTRA_INDICATED.value: "not suitable"}


def coarse_code(concern: Concern) -> str:
    """The worry as its axis alone."""
    return f"worry-on-{concern.axis.value}"


def rules_of(matrices: Iterable[Matrix]) -> dict[str, tuple[str, Allowed]]:
    """Every rule of these versions; one about worries says more of them than its axis and level, which it becomes for others."""
    found: dict[str, tuple[str, Allowed]] = {}
    for matrix in matrices:
        found |= {rule.id: (rule.id, frozenset()) for rule in matrix.stagnation}
        for rule in matrix.rules:
            _, before = found.get(rule.id, ("", _ORDINARY))
            gives_away = before.union(*(_of_need(need) for need in rule.needs))
            found[rule.id] = (f"{rule.axis.value}-{rule.level:d}", gives_away)
    return found


def _of_need(need: Need) -> Allowed:
    by_concern = frozenset(CONCERNS[code].told_as for code in need.concerns)
    by_area = frozenset(TOLD_AS.get(area, FieldClass.CONCERN) for area in need.areas)
    # what ordinary worries meet too does not tell that it was a special one
    return frozenset().union(*(kinds for kinds in (by_concern, by_area) if FieldClass.CONCERN not in kinds))


def coarse(allowed: Allowed, rules: Rules) -> Coarse:
    """What becomes of each kind of code for a receiver; a code that nobody knows is left out."""
    kept = {id: id if gives_away <= allowed else becomes for id, (becomes, gives_away) in rules.items()}
    concerns = {code: code if _is_told(each, allowed) else coarse_code(each) for code, each in CONCERNS.items()}
    areas = {area.value: area.value for area in LifeArea if TOLD_AS.get(area, FieldClass.CONCERN) in allowed | _ORDINARY}
    decisions = {} if FieldClass.SPECIAL in allowed else _DECISIONS
    return {
        Coarsening.CONCERN: partial(_known, concerns),
        Coarsening.AREA: partial(_known, areas),
        Coarsening.RULE: partial(_known, {"": "", **kept}),
        Coarsening.DECISION: lambda said: decisions.get(said, said),
        Coarsening.CLOCK: _same if FieldClass.PLAN in allowed else _unless_of_goal,
        Coarsening.SENTENCE: _sentence(allowed, kept),
    }


def _is_told(concern: Concern, allowed: Allowed) -> bool:
    return concern.told_as in allowed | _ORDINARY


def _same(said: Any) -> Any:
    return said


def _unless_of_goal(clock: Any) -> Any:
    """A goal has a short name that people gave it."""
    return GONE if clock.startswith(_OF_GOAL) else clock


_OF_GOAL = "goal:"


def _known(table: Mapping[str, str], said: Any) -> Any:
    return table.get(said, GONE)


def _sentence(allowed: Allowed, rules: Mapping[str, str]) -> Callable[[Any], Any]:
    """Puts the coarse word wherever a sentence of the hub's own says a finer one."""
    instead = {id: becomes for id, becomes in rules.items() if id != becomes}
    instead |= {} if FieldClass.SPECIAL in allowed else _DECISION_WORDS
    for concern in CONCERNS.values():
        if not _is_told(concern, allowed):
            instead |= {concern.dutch: f"een zorg op de as {_DUTCH[concern.axis]}"}
            instead |= dict.fromkeys((concern.english, concern.code), f"a worry on the axis of {concern.axis.value}")
    if not instead:
        return _same
    longest_first = sorted(instead, key=len, reverse=True)
    found = re.compile("|".join(rf"(?<![\w-]){re.escape(words)}(?![\w-])" for words in longest_first))
    return lambda said: found.sub(lambda match: instead[match[0]], said)
