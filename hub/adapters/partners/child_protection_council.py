"""The Child Protection Council (Raad voor de Kinderbescherming): it gets requests to investigate, and says how that goes.

vtoDi01 there and notificatieDi01 back, of StUF-koppelvlak Jeugdzorg 1.0.9.
"""

from hub.adapters.documents import stuf
from hub.adapters.documents.stuf import Part
from hub.adapters.documents.vto import write_vto
from hub.domain.investigation import REQUEST
from hub.domain.signals import NOT_STATED, Informed, NamedPerson, Signal
from hub.domain.words import Role
from hub.ports import MessageType, Partner, TellingType

_STATUSES = {"Intake afgerond": "intake", "Onderzoek afgerond": "onderzoek", "Zaak afgerond": "zaak"}
_RESULTS = {
    "Maatregel opgelegd": "child-protection-measure",
    "Geen maatregel opgelegd": "feedback-no-follow-up",
    "Geen rekest Kinderbescherming": "feedback-no-follow-up",
    "Verzoek tot onderzoek afgewezen": "feedback-no-follow-up",
}
_CHILDREN = {"Client (kind)": Role.CHILD, "Client (ongeboren kind)": Role.CHILD}


def read_notificatie(data: bytes, signer_oin: str) -> tuple[Signal, ...]:
    """How far an investigation is, or what came of it, about the child.

    Raises:
        Unreadable: with every reason at once.
    """
    message = stuf.message(data, "notificatieDi01", signer_oin)
    case = message.part("JZ:object")
    standing = case.part("ZKN:heeft")
    status = standing.part("ZKN:gerelateerde").code("ZKN:omschrijving", _STATUSES)
    standing.required("ZKN:datumStatusGezet")
    result = case.part("ZKN:resultaat")
    concern = result.code("ZKN:omschrijving", _RESULTS) if result.is_there else "feedback-taken-up"
    signal = Signal(
        reference=f"{case.text('ZKN:identificatie') or message.required('JZ:stuurgegevens/StUF:referentienummer')}/{status}",
        concern=concern or "",
        happened=standing.day_of_moment("ZKN:datumStatusGezet"),
        people=(_child(case.part("ZKN:heeftBetrekkingOp")),),
        informed=Informed(reason_not=NOT_STATED),
    )
    message.findings.settle("The notificatie cannot be read.")
    return (signal,)


def _child(subject: Part) -> NamedPerson:
    role = subject.code("ZKN:omschrijving", _CHILDREN)
    person = subject.part("ZKN:gerelateerde/ZKN:natuurlijkPersoon")
    return NamedPerson(
        bsn=person.person_number("BG:inp.bsn"),
        family_name=person.required("BG:geslachtsnaam"),
        prefix=person.text("BG:voorvoegselGeslachtsnaam"),
        given_names=person.text("BG:voornamen"),
        birth_date=person.date("BG:geboortedatum"),
        role=role or Role.UNKNOWN,
    )


PARTNER = Partner(
    name="child-protection-council",
    title="Raad voor de Kinderbescherming",
    messages=(
        MessageType(
            type="nl.vig.notificaties.notificatie.v1",
            media="application/xml",
            title="Notificatie van de Raad voor de Kinderbescherming (notificatie)",
            purpose="child-safety",
            legal_basis="jeugdwet-3-1",
            read=read_notificatie,
        ),
    ),
    tell=(TellingType(REQUEST, "vtoDi01, StUF Jeugdzorg 1.0.9", "application/xml", write_vto),),
)
