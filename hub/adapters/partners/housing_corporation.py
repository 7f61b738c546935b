"""The housing corporation: signals about tenants and external collection (VERA 4.3), without the person number."""

from collections.abc import Iterator, Mapping
from typing import Any

from hub.adapters.documents.findings import Findings
from hub.adapters.documents.json_document import pointer
from hub.adapters.documents.schema import json_of
from hub.domain.dates import PartialDate
from hub.domain.identifiers import passes_eleven_test
from hub.domain.signals import Address, NamedPerson, Signal
from hub.domain.words import Role, Weight
from hub.errors import Violation
from hub.ports import MessageType, Partner

_NAME = "housing-corporation"

_AGGRESSION: tuple[str, Weight | None] = ("aggression", None)
_TOWARDS_STAFF: tuple[str, Weight | None] = ("aggression", Weight.LIGHT)
_MISUSED: tuple[str, Weight | None] = ("home-misused", None)
_NEEDS_SUPPORT: tuple[str, Weight | None] = ("isolation", None)
_UNDER_ADMINISTRATION: tuple[str, Weight | None] = ("administration-failing", None)
CONCERNS_BY_KIND: dict[tuple[str, str], tuple[str, Weight | None]] = {
    ("OVE", ""): ("nuisance", None),
    ("OVE", "GEL"): ("nuisance", None),
    ("SCH", ""): ("rent-arrears", None),
    ("SCH", "BET"): ("rent-arrears", None),
    ("SCH", "DEU"): ("debt-collection", None),
    ("SCH", "MUT"): ("rent-arrears", None),
    ("AGR", ""): _AGGRESSION,
    ("AGR", "AGS"): _AGGRESSION,
    ("AGR", "BRA"): _AGGRESSION,
    ("AGR", "FYS"): _AGGRESSION,
    ("AGR", "SCH"): _AGGRESSION,
    ("AGR", "VEB"): _AGGRESSION,
    ("WAN", ""): _TOWARDS_STAFF,
    ("WAN", "BEL"): _TOWARDS_STAFF,
    ("WAN", "INT"): _TOWARDS_STAFF,
    ("WAN", "ONA"): _TOWARDS_STAFF,
    ("WAN", "RAC"): _TOWARDS_STAFF,
    ("WAN", "SEU"): _TOWARDS_STAFF,
    # Cannabis, drugs, prostitution and subletting become one word here: the details are nobody else's business (L4).
    ("ONE", ""): _MISUSED,
    ("ONE", "HEN"): _MISUSED,
    ("ONE", "DRU"): _MISUSED,
    ("ONE", "PRO"): _MISUSED,
    ("ONE", "OND"): _MISUSED,
    ("ONE", "VER"): ("home-neglected", None),
    ("ONB", ""): _NEEDS_SUPPORT,
    ("ONB", "AMB"): _NEEDS_SUPPORT,
}
"""What each SIGNALERINGSOORT and SIGNALERINGDETAILSOORT means, and its weight where it is not the concern's own."""
CONCERNS_OF_ANY_KIND: dict[str, tuple[str, Weight | None]] = {
    "BEW": _UNDER_ADMINISTRATION,
    "CUR": _UNDER_ADMINISTRATION,
    "BEZ": _TOWARDS_STAFF,
}
"""Details that VERA puts under no kind; why somebody is under guardianship stays outside (L4)."""
_ACTIVE = "ACT"

STARTED_BY = {
    "VON": "eviction-threatened",
    "RON": "evicted",
    **dict.fromkeys(("ACH", "RVE", "RNN", "ONV", "EAR", "SCH", "BOE", "OLA", "WHT", "WUI"), "debt-collection"),
}
"""EXTERNEINCASSOSTARTREDEN: a judgment to be carried out threatens the home; a debt after eviction tells that it is gone."""
ENDED_BY = {
    "OTR": "evicted",
    **dict.fromkeys(("BVO", "GED", "ONI", "OVD", "WSO", "FAI"), "debt-collection"),
    **dict.fromkeys(("AFB", "SAN", "WSS", "OVL", "VRJ", "KWI", "TER", "ONT"), ""),
}
"""EXTERNEINCASSOEINDEREDEN: empty where the claim is gone."""
_ENDED = "EIN"
_START_REASON, _END_REASON = "startreden", "eindereden"

_FAMILY_ROLES = {"HUU", "MDH", "MBW", "BEW", "GEB"}
"""RELATIEROLSOORT: tenant, joint tenant, member of the household, resident, user; others are not family."""
_LIVES_AT = "WOO"
_PERSON_NUMBER_NAMES = {"bsn", "burgerservicenummer"}


def read_signalering(data: bytes, signer_oin: str) -> tuple[Signal, ...]:  # noqa: ARG001
    """A signal about a tenant or a household; none where it is no longer active.

    Raises:
        Unreadable: with every reason at once.
    """
    message = json_of(data, _NAME, "signalering", _person_numbers)
    findings = Findings()
    happened = findings.dutch_day(message["begindatum"], "/begindatum")
    people = _people(message["relatie"], happened, findings, "/relatie")
    findings.settle()
    if message["status"]["code"] != _ACTIVE:
        return ()
    kind, detail = message["soort"]["code"], message.get("detailSoort", {}).get("code", "")
    concern, weight = CONCERNS_OF_ANY_KIND.get(detail) or CONCERNS_BY_KIND[kind, detail]
    return (Signal(message["idExtern"], concern, happened, people, weight),)


def read_externe_incasso(data: bytes, signer_oin: str) -> tuple[Signal, ...]:  # noqa: ARG001
    """A claim that went to a bailiff or collection agency; none where it ended without anything left.

    The reasons stand in VERA's reference data but not yet in its message, so they come as its extra attributes.

    Raises:
        Unreadable: with every reason at once.
    """
    message = json_of(data, _NAME, "externe-incasso", _person_numbers)
    findings = Findings()
    ended = message["status"]["code"] == _ENDED
    happened = PartialDate(message["einddatum"] if ended else message["begindatum"])
    concern = _collection(message, ended)
    people = _people(message["debiteur"]["relatie"], happened, findings, "/debiteur/relatie")
    findings.settle()
    return (Signal(message["idExtern"], concern, happened, people),) if concern else ()


def _collection(message: Mapping[str, Any], ended: bool) -> str:
    reasons = {extra["naam"]: extra["waarde"] for extra in message.get("extra-attributen", [])}
    if ended:
        return ENDED_BY.get(reasons.get(_END_REASON, ""), "")
    return STARTED_BY.get(reasons.get(_START_REASON, ""), "debt-collection")


def _people(relation: Mapping[str, Any], happened: PartialDate, findings: Findings, where: str) -> tuple[NamedPerson, ...]:
    """The person, or those of the household, each at the household's address unless they have one."""
    is_person = relation["soort"]["code"] == "NAT"
    named = [*([relation] if is_person else []), *relation.get("relaties", [])]
    people = tuple(_person(each, _address(relation), happened) for each in named if _is_family(each))
    if not people:
        findings.add(where, "names nobody of a household")
    return people


def _is_family(relation: Mapping[str, Any]) -> bool:
    roles = {role["soort"]["code"] for role in relation.get("rollen", [])}
    return not roles or bool(roles & _FAMILY_ROLES)


def _person(relation: Mapping[str, Any], at: Address, happened: PartialDate) -> NamedPerson:
    born = PartialDate(relation.get("geboortedatum", ""))
    return NamedPerson(
        family_name=relation.get("geslachtsnaam") or relation.get("achternaam", ""),
        prefix=relation.get("tussenvoegsels", ""),
        given_names=relation.get("voornaam") or relation.get("voorletters", ""),
        birth_date=born,
        address=_address(relation) if relation.get("adressen") else at,
        role=_role(born, happened),
    )


def _role(born: PartialDate, happened: PartialDate) -> Role:
    age = born.age_at_most(happened.earliest) if happened.earliest else None
    if age is None:
        return Role.UNKNOWN
    return Role.CHILD if age < 18 else Role.UNKNOWN


def _address(relation: Mapping[str, Any]) -> Address:
    all_given = relation.get("adressen", [])
    lived_at = [each for each in all_given if each.get("soort", {}).get("code") == _LIVES_AT]
    address: Mapping[str, Any] = next((each.get("adres", {}) for each in [*lived_at, *all_given]), {})
    return Address(
        postcode=address.get("postcode", ""),
        number=address.get("huisnummer", ""),
        addition=address.get("huisletter", "") + address.get("huisnummerToevoeging", ""),
        street=address.get("straatnaam", ""),
        town=address.get("woonplaats", {}).get("naam", ""),
    )


def _person_numbers(message: Any, where: str = "") -> Iterator[Violation]:
    """Wherever a person number stands, under its own name, as an extra attribute, or as the key of the government's register."""
    children = message.items() if isinstance(message, dict) else enumerate(message) if isinstance(message, list) else ()
    for key, child in children:
        if _is_person_number(key, child, message):
            yield Violation(pointer(where, key), "a housing corporation has no ground to use the person number")
        else:
            yield from _person_numbers(child, pointer(where, key))


def _is_person_number(key: str | int, value: Any, among: Any) -> bool:
    if not isinstance(key, str) or value in (None, ""):
        return False
    if key.casefold() in _PERSON_NUMBER_NAMES:
        return True
    if key == "waarde":
        return str(among.get("naam")).casefold() in _PERSON_NUMBER_NAMES
    return key == "idGegevensbeheerder" and isinstance(value, str) and passes_eleven_test(value)


PARTNER = Partner(
    name=_NAME,
    title="Woningcorporatie",
    messages=(
        MessageType(
            type="nl.vig.signaleringen.signalering.v1",
            media="application/json",
            title="Signalering over een huurder (VERA)",
            purpose="keeping-the-home",
            legal_basis="avg-6-1-f",
            read=read_signalering,
        ),
        MessageType(
            type="nl.vig.incassos.externe-incasso.v1",
            media="application/json",
            title="Externe incasso (VERA)",
            purpose="keeping-the-home",
            legal_basis="wet-gemeentelijke-schuldhulpverlening-3-1-b",
            read=read_externe_incasso,
        ),
    ),
)
