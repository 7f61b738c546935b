"""Whoever is under medical or youth-care secrecy: a decision to share, with its ground, and nothing of a dossier (L14)."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from hub.adapters.documents.own_words import informed_of, person_of
from hub.adapters.documents.schema import json_of
from hub.domain.concerns import CONCERNS, SILENT, TOLD_AS
from hub.domain.dates import PartialDate
from hub.domain.field_classes import FieldClass
from hub.domain.signals import Signal
from hub.errors import Violation
from hub.ports import MessageType, Partner

_NAME = "under-secrecy"
_CONSENT, _RISK = "delen-met-toestemming", "delen-bij-risico"
_YOUNG = 23
"""A young person at risk is younger than that (Jeugdwet, art. 7.1.1.1)."""
_MAY_BE_TOLD = sorted(
    code
    for code, each in CONCERNS.items()
    if each.told_as is FieldClass.CONCERN and not TOLD_AS.keys() & set(each.areas) and code not in SILENT
)
_KNOWN = {
    *("reference", "decided", "decidedBy", "concern", "people", "informed"),
    *("consentOf", "without"),
}


def read_decision(data: bytes, signer_oin: str, message: str) -> tuple[Signal, ...]:  # noqa: ARG001
    """The worry that somebody under secrecy decided to share; by itself that there is one.

    Raises:
        Unreadable: with every reason at once, and what is of a dossier is one.
    """
    written = json_of(data, _NAME, message, _FURTHER[message])
    return (
        Signal(
            reference=written["reference"],
            concern=written.get("concern", "worrying-situation"),
            happened=PartialDate(written["decided"]),
            people=tuple(person_of(person) for person in written["people"]),
            informed=informed_of(written["informed"]),
        ),
    )


def _of_a_dossier(written: Any) -> Iterator[Violation]:
    if not isinstance(written, dict):
        return
    if written.keys() - _KNOWN:
        yield Violation(
            "", "holds more than a decision to share: what you know under secrecy stays with you, and who directs asks you"
        )
    concern = written.get("concern")
    if isinstance(concern, str) and concern not in _MAY_BE_TOLD:
        yield Violation(
            "/concern", f"stays under your secrecy, or is not known: leave it out, or say one of {', '.join(_MAY_BE_TOLD)}"
        )


def _of_nobody_young(written: Any) -> Iterator[Violation]:
    yield from _of_a_dossier(written)
    people = written.get("people") if isinstance(written, dict) else None
    named = [each for each in people if isinstance(each, dict)] if isinstance(people, list) else []
    if named and not any(_is_young(each, written.get("decided")) for each in named):
        yield Violation("/people", f"name nobody younger than {_YOUNG}: about adults there is no such ground")


def _is_young(person: dict[str, Any], decided: Any) -> bool:
    """Whether they can be young: what is said of them is not looked at before the contract did."""
    try:
        born, day = PartialDate(person.get("birthDate", "")), PartialDate(decided).earliest
    except (TypeError, ValueError):
        return True
    age = born.age_at_most(day) if day else None
    # of an incomplete date the age may be a year less
    return person.get("role") == "child" if age is None else age < _YOUNG + (not born.is_complete)


_FURTHER: dict[str, Callable[[Any], Iterator[Violation]]] = {_CONSENT: _of_a_dossier, _RISK: _of_nobody_young}


PARTNER = Partner(
    name=_NAME,
    title="Andere professional met een beroepsgeheim",
    messages=(
        MessageType(
            type=f"nl.vig.besluiten.{_CONSENT}.v1",
            media="application/json",
            title="Besluit om met toestemming te delen, ondanks het beroepsgeheim",
            purpose="early-help",
            legal_basis="bw-7-457-1",
            read=partial(read_decision, message=_CONSENT),
        ),
        MessageType(
            type=f"nl.vig.besluiten.{_RISK}.v1",
            media="application/json",
            title="Besluit om zonder toestemming te delen over een jeugdige die risico loopt",
            purpose="early-help",
            legal_basis="jeugdwet-7-1-4-1",
            read=partial(read_decision, message=_RISK),
        ),
    ),
)
