"""XML as partners send it: UTF-8, no DTD, no entities, no network, bounded in size and depth."""

import re

from lxml import etree

from hub.errors import Unreadable, Violation

LARGEST = 1_048_576
"""Bytes; the way in sets its own, lower limit."""
DEEPEST = 64
"""Elements within each other; StUF needs about twelve."""

_DECLARES = re.compile(rb"<!(DOCTYPE|ENTITY)", re.IGNORECASE)
_TOO_DEEP = etree.XPath("/*" * (DEEPEST + 1))
_WORDS = {
    "ERR_RESOURCE_LIMIT": "is nested too deeply or too large",
    "ERR_INVALID_CHAR": "holds a character that XML does not allow",
    "ERR_INVALID_ENCODING": "is not UTF-8",
    "ERR_DOCUMENT_EMPTY": "is not XML",
    "ERR_UNDECLARED_ENTITY": "uses an entity; entities are not accepted",
    "ERR_TAG_NAME_MISMATCH": "has an element that is not closed",
}


def read_xml(data: bytes) -> etree._Element:
    """The root element, without comments and processing instructions, so that no text is split by them.

    Raises:
        Unreadable: not well-formed UTF-8 XML, any DOCTYPE or entity, too large, or nested too deeply.
    """
    _refuse(len(data) > LARGEST, f"is larger than {LARGEST} bytes")
    _refuse(_DECLARES.search(data) is not None, "has a document type or entity declaration; neither is accepted")
    _refuse(not _is_utf8(data), "is not UTF-8")
    root = _parsed(data)
    _refuse(bool(_TOO_DEEP(root)), f"is nested more than {DEEPEST} elements deep")
    return root


def _parsed(data: bytes) -> etree._Element:
    try:
        return etree.fromstring(data, _parser())
    except etree.XMLSyntaxError as error:
        raise _unreadable(_place(error), _WORDS.get(_kind(error), "is not well-formed XML")) from None


def _parser() -> etree.XMLParser:
    # UTF-8 whatever the declaration says: two readers must never see two documents in the same bytes.
    return etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _kind(error: etree.XMLSyntaxError) -> str:
    last = getattr(error.error_log, "last_error", None)
    return str(last.type_name) if last is not None else ""


def _place(error: etree.XMLSyntaxError) -> str:
    return f"line {error.lineno}" if error.lineno else ""


def _refuse(wrong: bool, what: str) -> None:
    if wrong:
        raise _unreadable("", what)


def _unreadable(where: str, what: str) -> Unreadable:
    return Unreadable("The message is not XML that the hub reads.", [Violation(where, what)])
