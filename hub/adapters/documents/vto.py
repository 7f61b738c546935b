"""Writing vtoDi01 (StUF Jeugdzorg 1.0.9): the request to the Child Protection Council to investigate, from words it may know."""

from base64 import b64encode
from collections.abc import Mapping
from typing import Any

from lxml import etree

from hub.adapters.documents.stuf_writing import cut, day, document, element, header, unqualified
from hub.domain.dates import PartialDate
from hub.ports import Letter

NAME = "vtoDi01"
_NIL = {"{http://www.w3.org/2001/XMLSchema-instance}nil": "true"}
_KNOWN = {10: "V", 7: "D", 4: "M", 0: "J"}
"""indOnvolledigeDatum, by how much of a date is known."""


def write_vto(letter: Letter) -> bytes:
    """The request, about the `children` of the words, with their `parents` as those concerned.

    `request` is the id of the decision, `decidedBy` the named person who took it, for `authority`; `organisation` and `contact`
    are those of whoever directs. What is not among the words is left out.
    """
    said, today = letter.words, day(letter.at)
    case = element(
        "JZ:object",
        element("ZKN:identificatie", cut(str(said["request"]), 40)),
        element("ZKN:startdatum", today),
        element("ZKN:registratiedatum", today),
        element("StUF:extraElementen", unqualified(element("StUF:extraElement", _reach(said)), {"naam": "contact"})),
        _kind("ZKN:isVan", "Overwegen kinderbeschermingsmaatregel"),
        *[_child(child) for child in said["children"]],
        *([_parent(parent) for parent in said["parents"]] or [_nobody()]),
        element("ZKN:heeftAlsUitvoerende", _decider(said), of="ZAKBTRUTV"),
        element("ZKN:heeftBetrekkingOpAndere", _other_case(), of="ZAKZAKBTR"),
        element("ZKN:heeftRelevant", _paper(letter), of="ZAKEDC"),
        of="ZAK",
    )
    return document(element(f"JZ:{NAME}", header(letter, NAME), case))


def _reach(said: Mapping[str, Any]) -> str:
    return ", ".join(text for text in (said.get("organisation", ""), said.get("contact", "")) if text)


def _kind(name: str, words: str) -> etree._Element:
    return element(name, element("ZKN:gerelateerde", element("ZKN:omschrijvingGeneriek", words), of="ZKT"), of="ZAKZKT")


def _child(child: Mapping[str, str]) -> etree._Element:
    subject = element("ZKN:gerelateerde", element("ZKN:natuurlijkPersoon", *_named(child), of="NPS"), of="OBJ")
    return element("ZKN:heeftBetrekkingOp", subject, element("ZKN:omschrijving", "Client (kind)"), of="ZAKOBJ")


def _parent(parent: Mapping[str, str]) -> etree._Element:
    person = element("ZKN:gerelateerde", element("ZKN:natuurlijkPersoon", *_named(parent), of="NPS"), of="BTR")
    return element("ZKN:heeftAlsBelanghebbende", person, element("ZKN:omschrijving", "ouder, gezag niet benoemd"), of="ZAKBTRBLH")


def _nobody() -> etree._Element:
    return unqualified(element("ZKN:heeftAlsBelanghebbende", of="ZAKBTRBLH", noValue="waardeOnbekend"), _NIL)


def _named(person: Mapping[str, str]) -> list[etree._Element]:
    """The name, which the standard asks of a parent, and what else is known."""
    said = [element("BG:geslachtsnaam", cut(person.get("familyName", ""), 200))]
    if person.get("prefix"):
        said.append(element("BG:voorvoegselGeslachtsnaam", cut(person["prefix"], 10)))
    if person.get("givenNames"):
        said.append(element("BG:voornamen", cut(person["givenNames"], 200)))
    if person.get("born"):
        said.append(_born(PartialDate(person["born"])))
    return said


def _born(born: PartialDate) -> etree._Element:
    """A birth date, filled up where it is incomplete, and said to be."""
    first = born.earliest
    known = _KNOWN.get(len(born.text), "J")
    return element("BG:geboortedatum", day(first) if first else "", indOnvolledigeDatum=known)


def _decider(said: Mapping[str, Any]) -> etree._Element:
    somebody = element("ZKN:medewerker", element("ZKN:achternaam", cut(said.get("decidedBy", "") or "onbekend", 200)), of="MDW")
    authority = element("ZKN:nietNatuurlijkPersoon", element("BG:statutaireNaam", cut(said["authority"], 500)), of="INN")
    return element("ZKN:gerelateerde", somebody, authority, of="BTR")


def _other_case() -> etree._Element:
    return element("ZKN:gerelateerde", _kind("ZKN:isVan", "Uitvoeren onderzoek kinderbeschermingsmaatregel"), of="ZAK")


def _paper(letter: Letter) -> etree._Element:
    said = letter.words
    words = f"Verzoek tot onderzoek {said['request']}, besloten door {said['authority']}. Contact: {_reach(said)}.\n"
    content = element("ZKN:inhoud", b64encode(words.encode()).decode(), bestandsnaam="verzoek-tot-onderzoek.txt")
    return element(
        "ZKN:gerelateerde",
        element("ZKN:identificatie", cut(str(letter.id), 40)),
        element("ZKN:dct.omschrijving", "Verzoek tot onderzoek RvdK"),
        element("ZKN:creatiedatum", day(letter.at)),
        content,
        of="EDC",
    )
