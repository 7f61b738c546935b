"""Whether a family fits a trajectory: every criterion with the signals it rests on, or what is missing."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from hub.domain.concerns import CONCERNS
from hub.domain.dates import PartialDate
from hub.domain.matrix import Condition, Criterion, Matrix, Words
from hub.domain.signals import KnownSignal


@dataclass(frozen=True, slots=True)
class CriterionResult:
    """One criterion: the ids of the signals it rests on, and in words what is still missing."""

    id: str
    met: bool
    signals: tuple[str, ...]
    missing: Words


@dataclass(frozen=True, slots=True)
class ReferralAssessment:
    """What the criteria say on one day; `contra_indications` (id, ids of signals) are for a person to judge."""

    met: bool
    results: tuple[CriterionResult, ...]
    contra_indications: tuple[tuple[str, tuple[str, ...]], ...]
    matrix_version: str


def assess_referral(
    signals: Iterable[KnownSignal], people: Mapping[str, PartialDate], today: date, matrix: Matrix
) -> ReferralAssessment:
    """Each criterion of the matrix on these signals; `people` are birth dates by person id.

    Per child, mark or life area only the heaviest and then most recent signal is named.
    A birth date that leaves room for a higher age does not count; it is said to be missing.
    """
    counted = _heaviest_first(signal for signal in signals if signal.concern not in matrix.silent)
    results = tuple(_result(criterion, counted, people, today) for criterion in matrix.criteria)
    contra = (
        (each.id, _ids(signal for signal in counted if signal.concern in each.concerns)) for each in matrix.contra_indications
    )
    met = all(result.met for result in results)
    return ReferralAssessment(met, results, tuple(found for found in contra if found[1]), matrix.version)


def _heaviest_first(signals: Iterable[KnownSignal]) -> list[KnownSignal]:
    once = {signal.id: signal for signal in signals}
    return sorted(once.values(), key=lambda signal: (signal.weight, signal.day, signal.id), reverse=True)


def _ids(signals: Iterable[KnownSignal]) -> tuple[str, ...]:
    return tuple(sorted({signal.id for signal in signals}))


def _result(
    criterion: Criterion, signals: Sequence[KnownSignal], people: Mapping[str, PartialDate], today: date
) -> CriterionResult:
    since = today - timedelta(days=criterion.within_days)
    recent = [signal for signal in signals if signal.day >= since and signal.weight >= criterion.weight_at_least]
    if criterion.condition is Condition.CHILD_WITH_WORRIES:
        return _child(criterion, recent, people, today)
    return _mark(criterion, recent) if criterion.condition is Condition.ANY_MARK else _areas(criterion, recent)


def _first_by(signals: Iterable[KnownSignal], keys: Callable[[KnownSignal], Iterable[str]]) -> dict[str, KnownSignal]:
    first: dict[str, KnownSignal] = {}
    for signal in signals:
        for key in keys(signal):
            first.setdefault(key, signal)
    return first


def _child(criterion: Criterion, signals: Sequence[KnownSignal], people: Mapping[str, PartialDate], today: date) -> CriterionResult:
    ages = {person: born.age_at_most(today) for person, born in people.items()}
    children = {person for person, age in ages.items() if age is not None and 0 <= age <= criterion.age_at_most}
    found = _first_by(signals, lambda signal: children.intersection(signal.people))
    missing = Words() if found else _no_child(criterion, bool(children), sum(not born.is_complete for born in people.values()))
    return CriterionResult(criterion.id, bool(found), _ids(found.values()), missing)


def _no_child(criterion: Criterion, has_child: bool, incomplete: int) -> Words:
    age = criterion.age_at_most
    if has_child:
        return Words(f"geen zorgsignaal dat een kind van 0–{age} noemt", f"no signal of worries that names a child of 0–{age}")
    dutch, english = f"geen kind van 0–{age} bekend", f"no child of 0–{age} known"
    if incomplete:
        dutch += f"; van {incomplete} gezinslid(leden) is de geboortedatum niet volledig"
        english += f"; the birth date of {incomplete} member(s) of the family is incomplete"
    return Words(dutch, english)


def _mark(criterion: Criterion, signals: Sequence[KnownSignal]) -> CriterionResult:
    found = _first_by(signals, lambda signal: criterion.marks.intersection(_marks_of(signal)))
    missing = Words() if found else Words(f"ontbreekt: {criterion.words.dutch}", f"missing: {criterion.words.english}")
    return CriterionResult(criterion.id, bool(found), _ids(found.values()), missing)


def _marks_of(signal: KnownSignal) -> tuple[str, ...]:
    return CONCERNS[signal.concern].marks if signal.concern in CONCERNS else ()


def _areas(criterion: Criterion, signals: Sequence[KnownSignal]) -> CriterionResult:
    found, wanted = _first_by(signals, lambda signal: signal.areas), criterion.areas_at_least
    met = len(found) >= wanted
    dutch = f"ernstige problemen op {len(found)} van de {wanted} leefgebieden"
    english = f"serious problems on {len(found)} of {wanted} life areas"
    return CriterionResult(criterion.id, met, _ids(found.values()), Words() if met else Words(dutch, english))
