"""CloudEvents 1.0 as they come in, over any transport: one or many, with attributes inside or in headers."""

import re
from base64 import b64decode
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any
from urllib.parse import unquote

import msgspec

from hub.adapters import rfc3339
from hub.adapters.bounded_json import DEEPEST, decoded, first_of, is_too_deep, refuse_twice, utf8
from hub.adapters.outgoing_events import MOST_BYTES, is_json
from hub.errors import Malformed, Refused, TooLarge, Violation, WrongMediaType
from hub.ports import Envelope

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
MOST_EVENTS = 1_000

_SOURCE = re.compile(r"urn:nld:oin:(\d{20}):systeem:[A-Za-z0-9._~%-]{1,100}", re.ASCII)
_TYPE = re.compile(r"[a-z][a-z0-9-]{0,62}(\.[a-z0-9-]{1,63}){1,8}\.v[1-9]\d{0,3}", re.ASCII)
_NAME = re.compile(r"[a-z0-9]{1,20}", re.ASCII)
_MEDIA = re.compile(r"[a-z0-9.+-]{1,100}/[a-z0-9.+-]{1,100}", re.ASCII)
_QUOTED = re.compile(r'"((?:[^"\\]|\\.)*)"', re.DOTALL)
_IGNORED = frozenset({"dataschema", "dataref", "sequence", "sequencetype", "traceparent", "tracestate"})
"""Attributes that may be there and change nothing; any other could hold what does not belong in an envelope."""
_NO_TEXT = "\0"
"""What no attribute may be, so that its own rule refuses it."""

_members = msgspec.json.Decoder(dict[str, msgspec.Raw])
_text = msgspec.json.Decoder(str)


def envelopes(headers: Mapping[str, Sequence[str]], body: bytes, most: int = MOST_EVENTS) -> tuple[Envelope | Refused, ...]:
    """The events in a message (header names in lower case), in their order; in a batch a bad event is its own refusal.

    Raises:
        WrongMediaType: neither structured, nor batched, nor with attributes in headers.
        Malformed: with every violation at once, where nothing of the message can be accepted.
        TooLarge: an event over 64 KB, or more than `most` events.
    """
    media = _media_of(headers)
    if media == STRUCTURED:
        return (_structured(utf8(body)),)
    if media == BATCH:
        return tuple(_each(raw) for raw in _split(utf8(body), most))
    if media.startswith("application/cloudevents") or not any(name.startswith("ce-") for name in headers):
        raise WrongMediaType(f"send {STRUCTURED}, {BATCH}, or a message with its attributes in ce- headers")
    return (_binary(headers, media, body),)


# Attributes inside -----------------------------------------------------------------------------------


def _split(body: bytes, most: int) -> list[bytes]:
    events = first_of(body, most + 1)
    if len(events) > most:
        raise TooLarge(f"there are more than {most} events in the batch: send several")
    return events


def _each(raw: bytes) -> Envelope | Refused:
    try:
        return _structured(raw)
    except Refused as refused:
        return refused


def _structured(raw: bytes) -> Envelope:
    _refuse_size(raw)
    members = decoded(_members.decode, raw, "a JSON object")
    refuse_twice(raw)
    wrong: list[Violation] = []
    data: dict[str, bytes] = {name: bytes(members.pop(name)) for name in ("data", "data_base64") if name in members}
    attributes = {name: text for name, value in members.items() if (text := _attribute_text(name, value)) is not None}
    media = _plain_media(attributes.pop("datacontenttype", "application/json"))
    return _envelope(attributes, media, _data(data, media, wrong), raw, wrong)


def _attribute_text(name: str, raw: msgspec.Raw) -> str | None:
    if bytes(raw) == b"null":
        return None
    if name not in _RULES and name != "datacontenttype":
        return ""
    try:
        return _text.decode(raw)
    except msgspec.MsgspecError:
        return _NO_TEXT


def _data(found: Mapping[str, bytes], media: str, wrong: list[Violation]) -> bytes:
    try:
        match found:
            case {"data": _, "data_base64": _}:
                wrong.append(Violation("data_base64", "is there beside data"))
            case {"data_base64": raw}:
                return b64decode(_text.decode(raw), validate=True)
            case {"data": raw} if raw != b"null" and _MEDIA.fullmatch(media):
                return raw if is_json(media) else _text.decode(raw).encode()
    except ValueError:
        wrong.append(Violation("/".join(found), "is not a text of the kind that datacontenttype asks"))
    return b""


# Attributes in headers -------------------------------------------------------------------------------


def _binary(headers: Mapping[str, Sequence[str]], media: str, body: bytes) -> Envelope:
    _refuse_size(body)
    wrong: list[Violation] = []
    found = {name[3:]: values for name, values in headers.items() if name.startswith("ce-")}
    attributes = {name: _header_text(name, values, wrong) for name, values in found.items()}
    return _envelope(attributes, media, body, body, wrong, is_binary=True)


def _header_text(name: str, values: Sequence[str], wrong: list[Violation]) -> str:
    if len(values) > 1:
        wrong.append(Violation(name if _NAME.fullmatch(name) else "", "is there more than once"))
    text = "".join(values[:1]).strip(" \t")
    if quoted := _QUOTED.fullmatch(text):
        text = re.sub(r"\\(.)", r"\1", quoted[1], flags=re.DOTALL)
    try:
        return unquote(text, errors="strict") if text.isascii() else _NO_TEXT
    except UnicodeDecodeError:
        return _NO_TEXT


# Attributes → envelope -------------------------------------------------------------------------------


def _envelope(
    attributes: Mapping[str, str], media: str, data: bytes, raw: bytes, wrong: Sequence[Violation], is_binary: bool = False
) -> Envelope:
    against = _against_withdrawn(data) if "withdraws" in attributes else _against_data(media, data, is_known=bool(wrong))
    violations = [*wrong, *_against(attributes), *against]
    if violations:
        raise Malformed("this is not a CloudEvent that the hub accepts", violations)
    source = attributes["source"]
    time = rfc3339.moment(attributes["time"])
    earlier = {name: attributes.get(name, "") for name in _EARLIER}
    return Envelope(attributes["id"], source, attributes["type"], time, media, data, raw, source[12:32], is_binary, **earlier)


def _against(attributes: Mapping[str, str]) -> Iterator[Violation]:
    for name, (is_good, what) in _RULES.items():
        if name not in attributes:
            if name not in _EARLIER:
                yield Violation(name, "is missing")
        elif not is_good(attributes[name]):
            yield Violation(name, what)
    if attributes.keys() >= set(_EARLIER):
        yield Violation("withdraws", "is there beside corrects")
    yield from _against_names(attributes.keys() - _RULES.keys() - _IGNORED)


def _against_names(unknown: Set[str]) -> Iterator[Violation]:
    """Each thing is said once, of however many names it is true."""
    if "subject" in unknown:
        yield Violation("subject", "is to be left out: an envelope does not tell whom it is about")
    if not all(map(_NAME.fullmatch, unknown)):
        yield Violation("", "an attribute has another name than 1 to 20 of a to z and 0 to 9")
    if any(map(_NAME.fullmatch, unknown - {"subject"})):
        # which, is not said back: it could be anybody's name
        yield Violation("", "has an attribute that the hub does not know")


def _against_data(media: str, data: bytes, is_known: bool) -> Iterator[Violation]:
    if not _MEDIA.fullmatch(media):
        yield Violation("datacontenttype", "is not a media type")
    elif not data and not is_known:
        yield Violation("data", "is missing")
    elif is_json(media) and is_too_deep(data):
        yield Violation("data", f"is nested more than {DEEPEST} deep")


def _against_withdrawn(data: bytes) -> Iterator[Violation]:
    if data:
        yield Violation("data", "is to be left out: a withdrawal says no more than which message it takes back")


def _is_moment(text: str) -> bool:
    try:
        return bool(rfc3339.moment(text))
    except ValueError:
        return False


def _is_id(text: str) -> bool:
    return 0 < len(text) <= 200 and text.isprintable() and text == text.strip()


_EARLIER = ("corrects", "withdraws")
"""Extension attributes that name an earlier event of the same source."""
_NOT_AN_ID = "is not 1 to 200 printable characters"
_RULES: Mapping[str, tuple[Callable[[str], Any], str]] = {
    "specversion": (lambda text: text == "1.0", "is not 1.0"),
    "id": (_is_id, _NOT_AN_ID),
    **dict.fromkeys(_EARLIER, (_is_id, _NOT_AN_ID)),
    "source": (_SOURCE.fullmatch, "is not urn:nld:oin:<twenty digits>:systeem:<name>"),
    "type": (_TYPE.fullmatch, "is not a reversed domain name that ends in a version, such as nl.vig.meldingen.melding.v1"),
    "time": (_is_moment, "is not a date and time with an offset (RFC 3339)"),
}


# Bytes -----------------------------------------------------------------------------------------------


def _media_of(headers: Mapping[str, Sequence[str]]) -> str:
    found = headers.get("content-type", ())
    if len(found) != 1:
        raise WrongMediaType("the content type is to be said once")
    charset = re.search(r';\s*charset\s*=\s*"?([^";\s]*)', found[0], re.IGNORECASE)
    media = _plain_media(found[0])
    if charset and is_json(media) and charset[1].lower() not in ("utf-8", "us-ascii"):
        raise WrongMediaType("JSON is to be written in UTF-8")
    return media


def _plain_media(text: str) -> str:
    return text.split(";", 1)[0].strip().lower()


def _refuse_size(raw: bytes) -> None:
    if len(raw) > MOST_BYTES:
        raise TooLarge(f"an event is larger than {MOST_BYTES} bytes")
