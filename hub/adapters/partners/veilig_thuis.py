"""Veilig Thuis: feedback on a report and the general report (vtTerugkoppeling and meldingGeneriek of StUF Jeugdzorg 1.0.9)."""

from hub.adapters.documents import stuf
from hub.adapters.documents.stuf import Part
from hub.domain.dates import PartialDate
from hub.domain.signals import NOT_STATED, Address, Informed, NamedPerson, Signal
from hub.domain.words import LifeArea, Role
from hub.ports import MessageType, Partner

_TAKEN_UP, _NO_FOLLOW_UP = "feedback-taken-up", "feedback-no-follow-up"
_OUTCOMES = {
    "vervolgstappen belegd bij VT": _TAKEN_UP,
    "overdracht": _TAKEN_UP,
    "inzet regionaal maatwerk VT": _TAKEN_UP,
    "geen vervolgstappen nodig": _NO_FOLLOW_UP,
}
_ASSESSED = "uitkomst veiligheidsbeoordeling"
_STATUSES = {
    _ASSESSED: "",
    "overdracht": _TAKEN_UP,
    "afsluiting zonder overdracht": _NO_FOLLOW_UP,
    "melding niet ontvankelijk": _NO_FOLLOW_UP,
    "Melding onjuist geadresseerd": _NO_FOLLOW_UP,
}

_AREAS: dict[str, str] = {
    LifeArea.FINANCES: "money-worries",
    LifeArea.IDENTITY: "identity-papers",
    LifeArea.BEHAVIOUR: "behaviour",
    LifeArea.WORK_AND_EDUCATION: "work-or-education",
    LifeArea.USE_OF_TIME: "use-of-time",
    LifeArea.HOUSING: "housing-worries",
    LifeArea.RELATIONS: "worrying-situation",
    LifeArea.MENTAL_HEALTH: "mental-health",
    LifeArea.PHYSICAL_HEALTH: "physical-health",
    LifeArea.ADDICTION: "substance-use",
    LifeArea.SOCIAL_NETWORK: "isolation",
    LifeArea.JUSTICE: "crime",
}
_ANSWERS = {
    "VT-002": "home-ban",
    "VT-003": "domestic-violence",
    "VT-004": "domestic-violence",
    "VT-005": "honour-violence",
    "VT-007": "upbringing",
}
_ASKED_WITHOUT_CONCERN = ("NAZ-001", "NAZ-002", "VT-001", "VT-006", "ZVH-001", "ZVH-22")
_KINDS = {"NAZ": None, "VT": None, "ZVH": None}
_CAPACITIES = {"001": None, "002": None, "003": None, "004": None, "005": None}

_KIN = Role.OTHER_ADULT
_RELATIONS: dict[str, Role | None] = {f"{code:03}": None for code in range(1, 44)} | {
    "001": _KIN,
    "003": Role.UNKNOWN,
    "006": Role.PARTNER,
    "008": _KIN,
    "011": _KIN,
    "015": Role.CHILD,
    "016": _KIN,
    "021": _KIN,
    "022": Role.CHILD,
    "026": _KIN,
    "027": Role.PARENT,
    "028": Role.PARTNER,
    "031": _KIN,
    "032": _KIN,
    "038": Role.PARENT,
    "043": _KIN,
}
"""BetrokkenheidRelatieType: what is no family (landlord, employer, guarantor …) is left out."""
_LIVING_AT = ("02", "51", "03")
"""SoortAdresType, best first: where somebody really lives goes before where they are registered."""


def read_vt_terugkoppeling(data: bytes, signer_oin: str) -> tuple[Signal, ...]:
    """What became of an earlier report: one signal that names that report and nobody else.

    Raises:
        Unreadable: with every reason at once.
    """
    message = stuf.message(data, "vtTerugkoppelingDi01", signer_oin)
    case = message.part("JZ:object")
    message.required("JZ:stuurgegevens/StUF:tijdstipBericht")
    signal = Signal(
        reference=case.text("ZKN:identificatie") or message.required("JZ:stuurgegevens/StUF:referentienummer"),
        concern=_feedback(case),
        happened=message.day_of_moment("JZ:stuurgegevens/StUF:tijdstipBericht"),
        people=(),
        refers_to=case.required("ZKN:naarAanleidingVan/ZKN:gerelateerde/JZ:identificatieVtMelding"),
    )
    message.findings.settle("The vtTerugkoppeling cannot be read.")
    return (signal,)


def _feedback(case: Part) -> str:
    """The status says it, or leaves it to the outcome; a message from before 1.0.5 has an outcome only."""
    outcome_only = not case.text("ZKN:status") and case.text("ZKN:uitkomst")
    said = "" if outcome_only else case.code("ZKN:status", _STATUSES)
    return said or (case.code("ZKN:uitkomst", _OUTCOMES) if said == "" else None) or ""


def read_melding_generiek(data: bytes, signer_oin: str) -> tuple[Signal, ...]:
    """One signal for each life area, and for each question, that the report worries about.

    Raises:
        Unreadable: with every reason at once.
    """
    message = stuf.message(data, "meldingGeneriekDi01", signer_oin)
    report = message.part("JZ:object")
    report.code("JZ:soortmeldingCode", _KINDS)
    reference, happened = report.required("ZKN:identificatie"), _happened(report)
    people, informed = _people(report, happened), _informed(report.part("ZKN:heeftBetrekkingOp/ZKN:informering"))
    first, *others = _concerns(report.part("ZKN:betreft/ZKN:gerelateerde"))
    message.findings.settle("The meldingGeneriek cannot be read.")
    return (
        Signal(reference, first, happened, people, informed=informed),
        *(Signal(f"{reference}/{concern}", concern, happened, people, informed=informed) for concern in others),
    )


def _concerns(situation: Part) -> list[str]:
    """In the order given, each once; a report that names none is a worrying situation."""
    areas = [area.code("JZ:leefgebiedCode", _AREAS) for area in situation.parts("JZ:leefgebied")]
    answers = [_answered(question) for question in situation.parts("JZ:vraagAntwoord")]
    return list(dict.fromkeys(concern for concern in (*areas, *answers) if concern)) or ["worrying-situation"]


def _answered(question: Part) -> str | None:
    concern = question.code("JZ:vraagCode", _ANSWERS | dict.fromkeys(_ASKED_WITHOUT_CONCERN, ""))
    return concern if question.says_yes("JZ:antwoord") else None


def _happened(report: Part) -> PartialDate:
    incident = report.part("ZKN:betreft/ZKN:gerelateerde/JZ:kent/JZ:gerelateerde")
    report.required("JZ:datumTijdMelding")
    moments = (
        incident.day_of_moment("JZ:datumTijd"),
        incident.day_of_moment("JZ:periodeVanTot/JZ:datumtijdBegin"),
        report.day_of_moment("JZ:datumTijdMelding"),
    )
    return next((moment for moment in moments if moment.text), PartialDate(""))


def _people(report: Part, happened: PartialDate) -> tuple[NamedPerson, ...]:
    others = [_other(each) for each in report.parts("ZKN:heeftAlsOverigBetrokkene")]
    main = _main(report.part("ZKN:heeftBetrekkingOp"), happened)
    return (main, *(person for person in others if person is not None))


def _main(subject: Part, happened: PartialDate) -> NamedPerson:
    subject.code("ZKN:hoedanigheid", _CAPACITIES)
    person = subject.part("ZKN:gerelateerde/ZKN:natuurlijkPersoon")
    born = person.date("BG:geboortedatum")
    return NamedPerson(
        bsn=person.person_number("BG:inp.bsn"),
        family_name=person.required("BG:geslachtsnaam"),
        prefix=person.text("BG:voorvoegselGeslachtsnaam"),
        given_names=person.text("BG:voornamen"),
        birth_date=born,
        address=_address(person),
        role=_role_by_age(born, happened),
    )


def _other(involved: Part) -> NamedPerson | None:
    """Somebody beside the main person, of whom the standard gives no birth date and one name."""
    role = involved.code("ZKN:betrokkenheidRelatie", _RELATIONS)
    person = involved.part("ZKN:gerelateerde/ZKN:natuurlijkPersoon")
    bsn = person.person_number("BG:inp.bsn")
    if role is None or not person.is_there:
        return None
    return NamedPerson(
        bsn=bsn, family_name=person.text("BG:naam"), address=_address(person), role=role, is_subject=role is not Role.OTHER_ADULT
    )


def _role_by_age(born: PartialDate, happened: PartialDate) -> Role:
    age = born.age_at_most(happened.earliest) if happened.earliest else None
    if age is None:
        return Role.UNKNOWN
    return Role.CHILD if age < 18 else Role.UNKNOWN


def _address(person: Part) -> Address:
    given = {each.text("BG:soortadres"): each.part("BG:nederlandsadres") for each in reversed(person.parts("BG:adres"))}
    return next((given[kind].address() for kind in _LIVING_AT if kind in given), Address())


def _informed(told: Part) -> Informed:
    if not told.is_there:
        return Informed(reason_not=NOT_STATED)
    when = told.date("BG:datum")
    if told.code("BG:indicatieGeinformeerd", {"Ja": True, "Nee": False}):
        return Informed(how="unnamed", when=when, by="veilig-thuis")
    return Informed(reason_not="stated-in-report" if told.text("BG:redenNietGeinformeerd") else NOT_STATED)


PARTNER = Partner(
    name="veilig-thuis",
    title="Veilig Thuis",
    messages=(
        MessageType(
            type="nl.vig.terugkoppelingen.vt-terugkoppeling.v1",
            media="application/xml",
            title="Terugkoppeling van Veilig Thuis (vtTerugkoppeling)",
            purpose="feedback-to-reporter",
            legal_basis="wmo-2015-4-1-1",
            read=read_vt_terugkoppeling,
        ),
        MessageType(
            type="nl.vig.meldingen.melding-generiek.v1",
            media="application/xml",
            title="Generieke melding (meldingGeneriek)",
            purpose="child-safety",
            legal_basis="wmo-2015-4-1-1",
            read=read_melding_generiek,
        ),
    ),
)
