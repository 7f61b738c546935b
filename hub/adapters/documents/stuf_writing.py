"""Writing StUF-koppelvlak Jeugdzorg: its elements, header and dates; the same words always give the same bytes."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from zoneinfo import ZoneInfo

from lxml import etree

from hub.adapters.documents.stuf import NAMES
from hub.ports import Letter

HERE = ZoneInfo("Europe/Amsterdam")
"""What the standard's moments are in: Dutch time."""
APPLICATION = "VIG-hub"
_NAMESPACES = {**NAMES, "xsi": "http://www.w3.org/2001/XMLSchema-instance"}
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def element(name: str, *inside: "etree._Element | str", **attributes: str) -> etree._Element:
    """An element (`JZ:object`) with what is inside it; `of` is its StUF:entiteittype, other attributes are of StUF too.

    Text is written as text, whatever stands in it; what XML cannot hold is left out.
    """
    made = etree.Element(_name(name), nsmap=_NAMESPACES)
    named = {"entiteittype" if key == "of" else key: value for key, value in attributes.items()}
    for key, value in named.items():
        made.set(_name(f"StUF:{key}"), plain(value))
    for each in inside:
        if isinstance(each, str):
            made.text = plain(each)
        else:
            made.append(each)
    return made


def unqualified(made: etree._Element, attributes: Mapping[str, str]) -> etree._Element:
    """The element with attributes that the standard has in no namespace, as the entities of Jeugdzorg itself do."""
    for key, value in attributes.items():
        made.set(key, plain(value))
    return made


def plain(text: str) -> str:
    """The text without what XML cannot hold."""
    return _NOT_XML.sub("", text)


def cut(text: str, most: int) -> str:
    """As much of a text as an element of the standard holds, with a mark where something is left out."""
    text = plain(text)
    return text if len(text) <= most else f"{text[: most - 1]}…"


def header(letter: Letter, name: str) -> etree._Element:
    """The stuurgegevens: from whom, to whom, when, and which message; the reference is that of the notice."""
    return element(
        "JZ:stuurgegevens",
        element("StUF:berichtcode", "Di01"),
        _system("StUF:zender", letter.sender, APPLICATION),
        _system("StUF:ontvanger", letter.receiver, "onbekend"),
        element("StUF:referentienummer", str(letter.id)),
        element("StUF:tijdstipBericht", letter.at.astimezone(HERE).strftime("%Y%m%d%H%M")),
        element("StUF:functie", name),
    )


def day(moment: datetime | date) -> str:
    """A day as the standard writes it."""
    return (moment.astimezone(HERE) if isinstance(moment, datetime) else moment).strftime("%Y%m%d")


def document(root: etree._Element) -> bytes:
    """The message as it is sent: UTF-8."""
    etree.cleanup_namespaces(root, keep_ns_prefixes=list(NAMES))
    written: bytes = etree.tostring(root, xml_declaration=True, encoding="UTF-8")
    return written


def _system(name: str, oin: str, application: str) -> etree._Element:
    return element(name, element("StUF:organisatie", oin), element("StUF:applicatie", application))


def _name(prefixed: str) -> str:
    prefix, _, local = prefixed.partition(":")
    return f"{{{_NAMESPACES[prefix]}}}{local}"
