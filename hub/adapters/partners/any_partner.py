"""Any partner without a standard of its own: the hub's own contract, in the hub's own words."""

from collections.abc import Iterator, Mapping
from typing import Any

from hub.adapters.documents.schema import json_of
from hub.domain.concerns import CONCERNS
from hub.domain.dates import PartialDate
from hub.domain.signals import NOT_STATED, Address, Informed, NamedPerson, Signal
from hub.domain.words import Role, Weight
from hub.errors import Violation
from hub.ports import MessageType, Partner

_NAME = "any-partner"
_WEIGHTS = {"light": Weight.LIGHT, "serious": Weight.SERIOUS, "grave": Weight.GRAVE, "acute": Weight.ACUTE}


def read_signaal(data: bytes, signer_oin: str) -> tuple[Signal, ...]:  # noqa: ARG001
    """The signal as it is written.

    Raises:
        Unreadable: with every reason at once.
    """
    written = json_of(data, _NAME, "signaal", _unknown_concern)
    return (
        Signal(
            reference=written["reference"],
            concern=written["concern"],
            happened=PartialDate(written["happened"]),
            people=tuple(_person(person) for person in written["people"]),
            weight=_WEIGHTS.get(written.get("weight", "")),
            informed=_informed(written.get("informed")),
            refers_to=written.get("refersTo", ""),
        ),
    )


def _person(person: Mapping[str, Any]) -> NamedPerson:
    return NamedPerson(
        bsn=person.get("bsn", ""),
        family_name=person.get("familyName", ""),
        prefix=person.get("prefix", ""),
        given_names=person.get("givenNames", ""),
        birth_date=PartialDate(person.get("birthDate", "")),
        address=Address(**person.get("address", {})),
        role=Role(person.get("role", "unknown")),
        is_subject=person.get("isSubject", True),
    )


def _informed(told: Mapping[str, Any] | None) -> Informed:
    if told is None:
        return Informed(reason_not=NOT_STATED)
    return Informed(told.get("how", ""), PartialDate(told.get("when", "")), told.get("by", ""), told.get("reasonNot", ""))


def _unknown_concern(written: Any) -> Iterator[Violation]:
    """The register of concerns says which there are, so that the contract need not repeat it."""
    concern = written.get("concern") if isinstance(written, dict) else None
    if isinstance(concern, str) and concern not in CONCERNS:
        yield Violation("/concern", f"must be one of {', '.join(sorted(CONCERNS))}")


PARTNER = Partner(
    name=_NAME,
    title="Andere ketenpartner",
    messages=(
        MessageType(
            type="nl.vig.signalen.signaal.v1",
            media="application/json",
            title="Signaal van een andere ketenpartner",
            purpose="early-help",
            legal_basis="jeugdwet-7-1-4-1",
            read=read_signaal,
        ),
    ),
)
