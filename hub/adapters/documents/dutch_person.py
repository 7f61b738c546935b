"""Somebody in the Dutch words that the hub's own contracts for social services and schools share."""

from collections.abc import Mapping
from typing import Any

from hub.domain.dates import PartialDate
from hub.domain.signals import NOT_STATED, Address, Informed, NamedPerson
from hub.domain.words import Role

HOW = {"mondeling": "spoken", "schriftelijk": "letter", "telefonisch": "phone", "e-mail": "e-mail", "onbenoemd": "unnamed"}
"""How a family was told."""
WHY_NOT = {
    "gevaar voor een kind": "danger-to-child",
    "gevaar voor een ander": "danger-to-other",
    "lopend onderzoek": "investigation",
    "niet bereikbaar": "not-reachable",
    "anders": "other",
}
"""Why a family was not told."""


def named(person: Mapping[str, Any], role: Role) -> NamedPerson:
    """Somebody as the contract's `persoon` names them."""
    return NamedPerson(
        bsn=person.get("burgerservicenummer", ""),
        family_name=person.get("geslachtsnaam", ""),
        prefix=person.get("voorvoegsel", ""),
        given_names=person.get("voornamen", ""),
        birth_date=PartialDate(person.get("geboortedatum", "")),
        address=_address(person.get("adres", {})),
        role=role,
    )


def informed(told: Mapping[str, Any]) -> Informed:
    """Whether the family was told, as the contract's `geinformeerd` says."""
    if told.get("redenNietGeinformeerd"):
        return Informed(reason_not=WHY_NOT[told["redenNietGeinformeerd"]])
    if not told:
        return Informed(reason_not=NOT_STATED)
    return Informed(how=HOW[told["wijze"]], when=PartialDate(told.get("datum", "")), by=told.get("door", ""))


def _address(address: Mapping[str, Any]) -> Address:
    return Address(
        postcode=address.get("postcode", ""),
        number=address.get("huisnummer", ""),
        addition=address.get("huisnummertoevoeging", ""),
        street=address.get("straatnaam", ""),
        town=address.get("woonplaats", ""),
        municipality=address.get("gemeentecode", ""),
    )
