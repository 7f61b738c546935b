"""Writing vtTerugkoppeling (StUF Jeugdzorg 1.0.9): what whoever sent a vtMelding hears of it, from words it may know."""

import re

from lxml import etree

from hub.adapters.documents.stuf_writing import cut, document, element, header, unqualified
from hub.ports import Letter

NAME = "vtTerugkoppelingDi01"
_TAKEN_OVER, _ENDED = "overdracht", "afsluiting zonder overdracht"
_ENDS = frozenset({"not-suitable", "contra-indicated", "closed", "ended-early"})
_OPENINGS = {
    "received": "Uw melding is ontvangen. Eén regisseur gaat over dit gezin.",
    "taken-up": "Uw melding is opgepakt. Eén regisseur gaat over dit gezin.",
}
_PHONE = re.compile(r"[+0-9][0-9 ()-]{5,18}")


def write_vt_terugkoppeling(letter: Letter) -> bytes | None:
    """The feedback, or nothing where the standard has no word for it: a report that waits was neither handed over nor closed.

    What is said stands as the status, and in words as the explanation; whom to reach stands in the contact details too.
    """
    said = letter.words
    if said.get("outcome") == "waiting" or not said.get("reference"):
        return None
    case = element(
        "JZ:object",
        element("ZKN:identificatie", cut(str(letter.id), 40)),
        element("ZKN:toelichting", cut(_explanation(letter), 1000)),
        element("ZKN:status", _ENDED if said.get("decision") in _ENDS else _TAKEN_OVER),
        element("ZKN:naarAanleidingVan", _report(letter), of="ZAKVTM"),
        element("ZKN:isUitgevoerdDoor", _performer(letter), of="ZAKBTR"),
        of="ZAK",
    )
    return document(element(f"JZ:{NAME}", header(letter, NAME), case))


def _explanation(letter: Letter) -> str:
    said = letter.words
    opening = _OPENINGS.get(said.get("outcome", ""), "Over het gezin van uw melding is iets besloten.")
    who = ", ".join(text for text in (said.get("organisation", ""), said.get("contact", "")) if text)
    return f"{opening} Contact: {who}." if who else opening


def _report(letter: Letter) -> etree._Element:
    named = element("JZ:identificatieVtMelding", letter.words["reference"])
    situation = _situation(letter)
    return element("ZKN:gerelateerde", *([named] if situation is None else [named, situation]), of="VTM")


def _situation(letter: Letter) -> etree._Element | None:
    """Whom to reach; that somebody keeps an eye on safety, which the standard says here, is not the hub's to say."""
    how = _contact(letter.words.get("contact", ""))
    whom = letter.words.get("organisation", "")
    if not whom:
        return None
    nobody = unqualified(element("JZ:verantwoordelijkVoorZichtOpDeVeiligheidBelegdBij", of="ZOSBTR"), {"noValue": "waardeOnbekend"})
    details = element("JZ:contactgegevensVerantwoordelijkeOrganisatie", element("JZ:naamContactpersoon", whom), *how)
    return element("JZ:betreft", element("JZ:gerelateerde", details, nobody, of="ZOS"), of="VTMZOS")


def _contact(contact: str) -> list[etree._Element]:
    if "@" in contact and len(contact) <= 254:
        return [element("JZ:eMail", contact)]
    return [element("JZ:telefoonnummer", contact)] if _PHONE.fullmatch(contact) else []


def _performer(letter: Letter) -> etree._Element:
    hub = [element("ZKN:naam", "VIG-hub"), element("ZKN:oinNummer", letter.sender)]
    return element("ZKN:gerelateerde", *hub, of="BTR")
