"""Social services: early debt signals (DDAS 0.9) and measures on a benefit (our own contract in SuwiML's words)."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any

from hub.adapters.documents.dutch_person import informed, named
from hub.adapters.documents.schema import json_of
from hub.domain.dates import PartialDate
from hub.domain.signals import Address, NamedPerson, Signal
from hub.domain.words import Role, Weight
from hub.errors import Violation
from hub.ports import MessageType, Partner

_NAME = "social-services"

_RENT = "Huur"
_NO_WORRY = {
    "Niet opgepakt: onterecht signaal",
    "Inwoner is overleden",
    "Persoon is geen inwoner (meer) in de gemeente",
    "Inwoner heeft zelf al betaald/betalingsregeling getroffen",
}
"""States and results after which nothing is left to worry about; a repeated or declined one still is a debt."""

_MEASURES = {
    "waarschuwing": Weight.LIGHT,
    "verlaging": Weight.SERIOUS,
    "opschorting": Weight.GRAVE,
    "intrekking": Weight.GRAVE,
}


def read_ddas_levering(data: bytes, signer_oin: str) -> tuple[Signal, ...]:  # noqa: ARG001
    """One signal for each early debt signal of the delivery that is still a worry.

    Raises:
        Unreadable: with every reason at once.
    """
    delivery = json_of(data, _NAME, "ddas-levering", _given_twice)
    return tuple(signal for part in delivery.get("leveringen", []) for signal in _debts(part))


def _debts(part: dict[str, Any]) -> Iterator[Signal]:
    settled = {each["ID"] for case in part.get("vroegsignaalzaken", []) for each in _ended(case)}
    for debt in part.get("vroegsignalen", []):
        if debt.get("status") not in _NO_WORRY and debt["ID"] not in settled:
            yield Signal(
                reference=debt["ID"],
                concern=_concern(debt),
                happened=PartialDate(debt.get("signaaldatum") or debt.get("ontstaansdatum", "")),
                people=(_client(debt["client"], part["gemeentecode"]),),
            )


def _ended(case: dict[str, Any]) -> Iterable[dict[str, str]]:
    return case.get("vroegsignalen", []) if case.get("resultaat") in _NO_WORRY else ()


def _concern(debt: dict[str, Any]) -> str:
    """A crisis is a home, supply or cover about to stop (Wet gemeentelijke schuldhulpverlening, art. 4(2))."""
    rent = debt["signaalpartner"].get("type") == _RENT
    if debt.get("crisissignaal"):
        return "eviction-threatened" if rent else "debt-crisis"
    return "rent-arrears" if rent else "payment-arrears"


def _client(client: dict[str, str], municipality: str) -> NamedPerson:
    return NamedPerson(
        bsn=client.get("Burgerservicenummer", ""),
        family_name=client.get("Achternaam", ""),
        prefix=client.get("Voorvoegsel", ""),
        given_names=client.get("Voorletters", ""),
        birth_date=PartialDate(client.get("Geboortedatum", "")),
        address=Address(
            postcode=client.get("Postcode", ""),
            number=client.get("Huisnummer", ""),
            addition=client.get("Huisnummertoevoeging", ""),
            street=client.get("Straatnaam", ""),
            town=client.get("Plaatsnaam", ""),
            municipality=municipality,
        ),
    )


def _given_twice(delivery: Any) -> Iterator[Violation]:
    """An ID names one debt signal, whatever the shape of the rest."""
    places = [(f"/leveringen/{i}/vroegsignalen/{j}/ID", debt.get("ID")) for i, j, debt in _each_debt(delivery)]
    often = Counter(number for _, number in places if isinstance(number, str))
    yield from (Violation(place, "is given twice") for place, number in places if isinstance(number, str) and often[number] > 1)


def _each_debt(delivery: Any) -> Iterator[tuple[int, int, dict[str, Any]]]:
    for i, part in enumerate(_list(delivery, "leveringen")):
        for j, debt in enumerate(_list(part, "vroegsignalen")):
            if isinstance(debt, dict):
                yield i, j, debt


def _list(parent: Any, name: str) -> list[Any]:
    child = parent.get(name) if isinstance(parent, dict) else None
    return child if isinstance(child, list) else []


def read_maatregel_uitkering(data: bytes, signer_oin: str) -> tuple[Signal, ...]:  # noqa: ARG001
    """A measure on somebody's benefit, without amounts.

    Raises:
        Unreadable: with every reason at once.
    """
    document = json_of(data, _NAME, "maatregel-uitkering")
    measure = document["maatregelMbtUitkering"]
    return (
        Signal(
            reference=measure["kenmerk"],
            concern="benefit-measure",
            happened=PartialDate(measure["datumIngang"]),
            people=(named(document["uitkeringsgerechtigde"], Role.UNKNOWN),),
            weight=_MEASURES[measure["soort"]],
            informed=informed(document.get("geinformeerd", {})),
        ),
    )


PARTNER = Partner(
    name=_NAME,
    title="Sociale Zaken en Werkgelegenheid",
    messages=(
        MessageType(
            type="nl.vig.vroegsignalen.ddas-levering.v1",
            media="application/json",
            title="Vroegsignalen van schulden (DDAS)",
            purpose="debt-early-help",
            legal_basis="wet-gemeentelijke-schuldhulpverlening-3-1-b",
            read=read_ddas_levering,
        ),
        MessageType(
            type="nl.vig.maatregelen.maatregel-uitkering.v1",
            media="application/json",
            title="Maatregel op de uitkering",
            purpose="benefit-conditions",
            legal_basis="participatiewet-18",
            read=read_maatregel_uitkering,
        ),
    ),
)
