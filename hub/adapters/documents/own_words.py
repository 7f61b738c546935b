"""Somebody, and whether the family was told, in the hub's own words: what its contracts for partners without a standard share."""

from collections.abc import Mapping
from typing import Any

from hub.domain.dates import PartialDate
from hub.domain.signals import NOT_STATED, Address, Informed, NamedPerson
from hub.domain.words import Role


def person_of(person: Mapping[str, Any]) -> NamedPerson:
    """Somebody as the contract's `person` names them."""
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


def informed_of(told: Mapping[str, Any] | None) -> Informed:
    """Whether the family was told, as the contract's `informed` says."""
    if told is None:
        return Informed(reason_not=NOT_STATED)
    return Informed(told.get("how", ""), PartialDate(told.get("when", "")), told.get("by", ""), told.get("reasonNot", ""))
