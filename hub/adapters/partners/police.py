"""The police: reports to Veilig Thuis (vtMelding of StUF-koppelvlak Jeugdzorg 1.0.9)."""

from collections.abc import Sequence

from lxml import etree

from hub.adapters.documents import stuf
from hub.adapters.documents.dutch_person import HOW
from hub.adapters.documents.stuf import NAMES, Part
from hub.adapters.documents.vt_feedback import write_vt_terugkoppeling
from hub.domain.dates import PartialDate
from hub.domain.signals import DESCRIBED, NOT_STATED, Address, Informed, NamedPerson, Signal
from hub.domain.words import Role, Weight
from hub.ports import MessageType, Partner, TellingType

_ROLES: dict[str, Role | None] = {
    "jeugdige": Role.CHILD,
    "kind": Role.CHILD,
    "broer of zus": Role.CHILD,
    "halfbroer of -zus": Role.CHILD,
    "pleegbroer of -zus": Role.CHILD,
    "stiefbroer of -zus": Role.CHILD,
    "opvoeder/verzorger": Role.PARENT,
    "ouder met gezag": Role.PARENT,
    "ouder zonder gezag": Role.PARENT,
    "ouder, gezag niet benoemd": Role.PARENT,
    "ouder, niet juridisch": Role.PARENT,
    "pleegouder": Role.PARENT,
    "stiefouder": Role.PARENT,
    "grootouder": Role.OTHER_ADULT,
    "overige verwant": Role.OTHER_ADULT,
    "voogd": Role.OTHER_ADULT,
    # Professionals and reporters are not family: they are left out.
    "contactpersoon": None,
    "hulpverlener": None,
    "informant": None,
    "melder": None,
    "onderwijsgevende": None,
    "overige professional": None,
    "verpleegkundige, arts of medisch specialist": None,
}
_GROWN_UP_AT = 23
"""Referral looks at children of 0 to 23; a brother or sister above that age is another adult."""
_LEVEL_OF_STALKING = {"laag": None, "matig": Weight.GRAVE, "hoog": Weight.ACUTE}


def read_vt_melding(data: bytes, signer_oin: str) -> tuple[Signal, ...]:
    """One signal for the report as a whole, and one for each graver thing that it names.

    Raises:
        Unreadable: with every reason at once.
    """
    message = stuf.message(data, "vtMeldingDi01", signer_oin)
    report = message.part("JZ:object")
    upgrade_from_before_1_0_5(report)
    signals = _signals(report)
    message.findings.settle("The vtMelding cannot be read.")
    return signals


def upgrade_from_before_1_0_5(report: Part) -> None:
    """Brings a report of 2019 to the present form, in place.

    There was no SASH form then, so none was filled in; and a person's phone number had another element, which nobody reads.
    """
    element = report.element
    if element is None or element.find("JZ:indicatieSASHIngevuld", NAMES) is not None:
        return
    for person in element.iterfind(".//{*}gerelateerde"):
        for phone in person.findall("BG:sub.telefoonnummer", NAMES):
            person.remove(phone)
    before = element.find("JZ:betreft", NAMES)
    if before is not None:
        indicator = etree.Element(f"{{{stuf.JZ}}}indicatieSASHIngevuld")
        indicator.text = "Nee"
        before.addprevious(indicator)


def _signals(report: Part) -> tuple[Signal, ...]:
    situation = report.part("JZ:betreft/JZ:gerelateerde")
    happened = _happened(report)
    reference = report.required("JZ:identificatieVtMelding")
    people, weight = _people(situation, happened), _weight(report)
    informed = _informed(report, people)
    first, *others = _concerns(situation)
    return (
        Signal(reference, first, happened, people, weight, informed),
        *(Signal(f"{reference}/{concern}", concern, happened, people, None, informed) for concern in others),
    )


def _concerns(situation: Part) -> list[str]:
    """An arrest or a charge makes it violence; honour, a ban from the home and a suspected child are worries of their own."""
    violent = situation.says_yes("JZ:aanhouding") or situation.says_yes("JZ:aangifte")
    concerns = ["domestic-violence" if violent else "worrying-situation"]
    if situation.says_yes("JZ:eergerelateerdGeweld"):
        concerns.append("honour-violence")
    if situation.says_yes("JZ:tijdelijkHuisverbod"):
        concerns.append("home-ban")
    if any(involved.says_yes("JZ:overigeZorgMinderjarige") for involved in situation.parts("JZ:heeftBetrokken")):
        concerns.append("upbringing")
    return concerns


def _happened(report: Part) -> PartialDate:
    report.required("JZ:datumMelding")
    reported, happened = report.date("JZ:datumMelding"), report.date("JZ:datumIncident")
    return happened if happened.text else reported


def _weight(report: Part) -> Weight | None:
    report.code("JZ:indicatieSASHIngevuld", {"Ja": True, "Nee": False})
    return report.code("JZ:SASHniveau", _LEVEL_OF_STALKING) if report.text("JZ:SASHniveau") else None


def _people(situation: Part, happened: PartialDate) -> tuple[NamedPerson, ...]:
    involved = [_person(each, happened) for each in situation.parts("JZ:heeftBetrokken")]
    people = tuple(person for person in involved if person is not None)
    if not any(person.is_subject for person in people):
        situation.findings.add(f"{situation.where}/heeftBetrokken", "names nobody of a family")
    return people


def _person(involved: Part, happened: PartialDate) -> NamedPerson | None:
    role = involved.code("JZ:jeugzorgrol", _ROLES)
    person = involved.part("JZ:gerelateerde")
    bsn, born = person.person_number("BG:inp.bsn"), person.date("BG:geboortedatum")
    if role is None:
        return None
    return NamedPerson(
        bsn=bsn,
        family_name=person.text("BG:geslachtsnaam"),
        prefix=person.text("BG:voorvoegselGeslachtsnaam"),
        given_names=person.text("BG:voornamen"),
        birth_date=born,
        address=_address(person),
        role=_role(role, born, happened),
        is_subject=role is not Role.OTHER_ADULT,
    )


def _role(role: Role, born: PartialDate, happened: PartialDate) -> Role:
    age = born.age_at_most(happened.earliest) if happened.earliest else None
    return Role.OTHER_ADULT if role is Role.CHILD and age is not None and age > _GROWN_UP_AT else role


def _address(person: Part) -> Address:
    """Where somebody really lives goes before where they are registered."""
    actual = person.part("BG:feitelijkVerblijfsadresBinnenland")
    return (actual if actual.is_there else person.part("BG:formeelVerblijfadresBinnenland")).address()


def _informed(report: Part, people: Sequence[NamedPerson]) -> Informed:
    """What the first of the family was told; that somebody else was, or something in words, a person has to weigh."""
    family = {_called(each.family_name, each.given_names) for each in people if each.is_subject}
    named = report.parts("JZ:isGeinformeerdAan")
    told = [(each.part("JZ:gerelateerde"), _told(each)) for each in named]
    for person, how in told:
        if _called(person.text("BG:geslachtsnaam"), person.text("BG:voornamen")) in family:
            return how
    return Informed(how=DESCRIBED, by="police") if told or report.text("JZ:informering") else Informed(reason_not=NOT_STATED)


def _called(family_name: str, given_names: str) -> tuple[str, str]:
    """By the first of the given names, for a report often has no other."""
    return family_name.casefold(), (given_names.split() or [""])[0].casefold()


def _told(person: Part) -> Informed:
    how = person.code("JZ:wijzeVanInformering", HOW) if person.text("JZ:wijzeVanInformering") else "unnamed"
    return Informed(how=how or "", when=person.date("JZ:datumGeinformeerd"), by="police")


PARTNER = Partner(
    name="police",
    title="Politie",
    messages=(
        MessageType(
            type="nl.vig.meldingen.vt-melding.v1",
            media="application/xml",
            title="Melding van de politie aan Veilig Thuis (vtMelding)",
            purpose="child-safety",
            legal_basis="wpg-20",
            read=read_vt_melding,
        ),
    ),
    tell=tuple(
        TellingType(type, "vtTerugkoppelingDi01, StUF Jeugdzorg 1.0.9", "application/xml", write_vt_terugkoppeling)
        for type in ("nl.vig.feedback.given.v1", "nl.vig.feedback.decided.v1")
    ),
)
