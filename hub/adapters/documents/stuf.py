"""StUF-koppelvlak Jeugdzorg (CORV, now JUBES): how its XML says who, when, and that nothing is known."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Self, TypeVar

from lxml import etree

from hub.adapters.documents.findings import Findings
from hub.adapters.documents.xml_document import read_xml
from hub.domain.dates import PartialDate
from hub.domain.signals import Address

T = TypeVar("T")

STUF = "http://www.egem.nl/StUF/StUF0301"
JZ = "http://www.stufstandaarden.nl/koppelvlak/jz0100"
NAMES = {
    "StUF": STUF,
    "JZ": JZ,
    "BG": "http://www.egem.nl/StUF/sector/bg/0310",
    "ZKN": "http://www.egem.nl/StUF/sector/zkn/0310",
}
_NO_VALUE = f"{{{STUF}}}noValue"
_INCOMPLETE = f"{{{STUF}}}indOnvolledigeDatum"
_NIL = "{http://www.w3.org/2001/XMLSchema-instance}nil"
_KNOWN_DIGITS = {"V": 8, "D": 6, "M": 4, "J": 0}
"""indOnvolledigeDatum: complete; day, month and day, or everything unknown. What follows is filling."""
_YES = re.compile(r"ja\b", re.IGNORECASE)
_NEGATION = re.compile(r"\b(nee|neen|geen|niet|nvt|onbekend)\b|\bn\.v\.t", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """An element of the message, or its absence, that knows where it stands."""

    element: etree._Element | None
    where: str
    findings: Findings

    @property
    def is_there(self) -> bool:
        """Given, and not given as nothing (noValue, nil)."""
        return self.element is not None and not _says_nothing(self.element)

    def part(self, path: str) -> Self:
        """The one element at this path: a second one is wrong, for two readers could each take another."""
        found = self.element.findall(path, NAMES) if self.element is not None else []
        where = f"{self.where}/{_local(path)}"
        if len(found) > 1:
            self.findings.add(where, "is given more than once")
        return type(self)(found[0] if found else None, where, self.findings)

    def parts(self, path: str) -> list[Self]:
        """Every element at this path that says something."""
        found = self.element.findall(path, NAMES) if self.element is not None else []
        each = [type(self)(one, f"{self.where}/{_local(path)}[{n}]", self.findings) for n, one in enumerate(found, 1)]
        return [one for one in each if one.is_there]

    def text(self, path: str) -> str:
        """What is written there; empty where nothing is given or known."""
        part = self.part(path)
        return part._written() if part.is_there else ""

    def _written(self) -> str:
        if self.element is None:
            return ""
        if len(self.element):
            self.findings.add(self.where, "holds elements where text is asked")
        return (self.element.text or "").strip()

    def required(self, path: str) -> str:
        """What is written there, which must be something."""
        return self.findings.required(self.text(path), f"{self.where}/{_local(path)}")

    def code(self, path: str, allowed: Mapping[str, T]) -> T | None:
        """What the code there stands for."""
        return self.findings.code(self.text(path), allowed, f"{self.where}/{_local(path)}")

    def date(self, path: str) -> PartialDate:
        """The date there, as incomplete as it is given."""
        part = self.part(path)
        if part.element is None or not part.is_there:
            return PartialDate("")
        indicator = part.element.get(_INCOMPLETE, "V")
        known = self.findings.code(indicator, _KNOWN_DIGITS, f"{part.where}/@indOnvolledigeDatum")
        return part._day(part._written(), 8, 8, known or 0)

    def day_of_moment(self, path: str) -> PartialDate:
        """The day of a moment of 8 to 17 digits (YYYYMMDDhhmm…)."""
        moment = self.text(path)
        return self.part(path)._day(moment, 8, 17, 8) if moment else PartialDate("")

    def _day(self, digits: str, least: int, most: int, known: int) -> PartialDate:
        if not (least <= len(digits) <= most and digits.isascii() and digits.isdecimal()):
            self.findings.add(self.where, "is not a date in digits (YYYYMMDD)")
            return PartialDate("")
        parts = (digits[:8][:known][start:end] for start, end in ((0, 4), (4, 6), (6, 8)))
        return self.findings.date("-".join(filter(None, parts)), self.where)

    def says_yes(self, path: str) -> bool:
        """Free text that confirms: it begins with yes, or says something without denying it."""
        text = self.text(path)
        return bool(text) and (_YES.match(text) is not None or not _NEGATION.search(text))

    def person_number(self, path: str) -> str:
        """A BSN that can exist, or nothing."""
        return self.findings.person_number(self.text(path), f"{self.where}/{_local(path)}")

    def address(self) -> Address:
        """An address within the Netherlands (Grp-verblijfsadresbinnenland)."""
        return Address(
            postcode=self.text("BG:aoa.postcode"),
            number=self.text("BG:aoa.huisnummer"),
            addition=self.text("BG:aoa.huisletter") + self.text("BG:aoa.huisnummertoevoeging"),
            street=self.text("BG:gor.openbareRuimteNaam"),
            town=self.text("BG:wpl.woonplaatsNaam"),
        )


def message(data: bytes, name: str, signer_oin: str) -> Part:
    """The message of that name, sent by the organisation that signed it.

    Raises:
        Unreadable: not XML that the hub reads, or another message altogether.
    """
    root = read_xml(data)
    findings = Findings()
    if root.tag != f"{{{JZ}}}{name}":
        findings.add("/*", f"must be {name} in the namespace {JZ}")
        findings.settle()
    whole = Part(root, f"/{name}", findings)
    _check_header(whole.part("JZ:stuurgegevens"), name, signer_oin)
    return whole


def _check_header(header: Part, name: str, signer_oin: str) -> None:
    header.code("StUF:berichtcode", {"Di01": None})
    header.code("StUF:functie", {name: None})
    sender = header.part("StUF:zender")
    if sender.text("StUF:organisatie") != signer_oin:
        header.findings.add(f"{sender.where}/organisatie", "is not the OIN (20 digits) of the organisation that signed")


def _says_nothing(element: etree._Element) -> bool:
    return element.get(_NO_VALUE) is not None or element.get("noValue") is not None or element.get(_NIL) in ("true", "1")


@cache
def _local(path: str) -> str:
    return "/".join(step.partition(":")[2] or step for step in path.split("/"))
