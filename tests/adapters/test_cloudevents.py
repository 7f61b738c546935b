"""What comes in as a CloudEvent, and what is refused, with the public SDK as oracle."""

import json
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest
from cloudevents.core.bindings.http import HTTPMessage, from_http_event, to_binary_event, to_structured_event
from cloudevents.core.v1.event import CloudEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hub.adapters.bounded_json import is_too_deep
from hub.adapters.cloudevents import BATCH, MOST_BYTES, STRUCTURED, envelopes
from hub.adapters.outgoing_events import to_batch, to_headers, to_structured
from hub.errors import Malformed, Refused, TooLarge, WrongMediaType
from hub.ports import Envelope

OIN = "00000099000000001000"
SOURCE = f"urn:nld:oin:{OIN}:systeem:bvh"
TYPE = "nl.vig.meldingen.vt-melding.v1"
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)
TIME = datetime(2026, 3, 2, 9, 30, tzinfo=UTC)
XML = "<melding>é</melding>".encode()
ATTRIBUTES = {"specversion": "1.0", "id": "m-1", "source": SOURCE, "type": TYPE, "time": "2026-03-02T10:30:00+01:00"}


def an_event(**but: Any) -> dict[str, Any]:
    """A good event, but for what is said; `...` leaves something out."""
    event = {**ATTRIBUTES, "datacontenttype": "application/json", "data": {"a": 1}, **but}
    return {name: value for name, value in event.items() if value is not ...}


def structured(event: Any, media: str = STRUCTURED) -> tuple[Envelope | Refused, ...]:
    return envelopes({"content-type": [media]}, event if isinstance(event, bytes) else json.dumps(event).encode())


def one(event: Any) -> Envelope:
    [envelope] = structured(event)
    assert isinstance(envelope, Envelope)
    return envelope


def binary(body: bytes = XML, media: str = "application/xml", **but: Any) -> Envelope:
    headers = {**{f"ce-{name}": [value] for name, value in ATTRIBUTES.items()}, "content-type": [media], **but}
    [envelope] = envelopes({name: values for name, values in headers.items() if values is not ...}, body)
    assert isinstance(envelope, Envelope)
    return envelope


def places(event: Any) -> list[str]:
    """Where an event is wrong."""
    with pytest.raises(Malformed) as refusal:
        structured(event)
    return [violation.where for violation in refusal.value.violations]


# Structured ------------------------------------------------------------------------------------------


def test_an_event_with_its_attributes_inside() -> None:
    body = b'{"id":"m-1", "specversion":"1.0","data" : {"b":  1.50},"source":"' + SOURCE.encode() + b'",'
    body += b'"type":"nl.vig.meldingen.vt-melding.v1","time":"2026-03-02T09:30:00Z"}'
    envelope = one(body)
    assert envelope == Envelope("m-1", SOURCE, TYPE, TIME, "application/json", b'{"b":  1.50}', body, OIN)


def test_the_time_is_told_in_utc() -> None:
    assert one(an_event()).time == TIME


def test_xml_travels_as_text() -> None:
    envelope = one(an_event(datacontenttype="application/xml; charset=utf-8", data=XML.decode()))
    assert (envelope.media, envelope.data) == ("application/xml", XML)


def test_data_may_be_written_in_base64() -> None:
    assert one(an_event(data=..., data_base64="PGEvPg==", datacontenttype="text/xml")).data == b"<a/>"


def test_without_a_content_type_data_is_json() -> None:
    assert one(an_event(datacontenttype=...)).media == "application/json"


def test_an_attribute_that_is_null_is_not_there() -> None:
    assert one(an_event(subject=None, dataschema=None)).id == "m-1"


def test_attributes_for_tracing_and_order_change_nothing() -> None:
    marks = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "sequence": "7", "sequencetype": "Integer"}
    assert one(an_event(**marks)).data == b'{"a": 1}'


def test_everything_wrong_is_said_at_once() -> None:
    event = {"specversion": "0.3", "id": "", "source": "/police", "time": "yesterday", "subject": "x", "data": None}
    assert places(event) == ["specversion", "id", "source", "type", "time", "subject", "data"]


@pytest.mark.parametrize("name", ["specversion", "id", "source", "type", "time", "data"])
def test_what_may_not_be_left_out(name: str) -> None:
    assert places(an_event(**{name: ...})) == [name]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("specversion", "1.1"),
        ("specversion", 1.0),
        ("id", ""),
        ("id", 7),
        ("id", "x" * 201),
        ("id", "a\u0000b"),
        ("id", "a\u202eb"),
        ("id", "a\nb"),
        ("id", " a"),
        ("source", "urn:nld:oin:0000009900000000100:systeem:bvh"),
        ("source", "urn:nld:oin:000000990000000010000:systeem:bvh"),
        ("source", f"urn:nld:oin:{OIN}:systeem:"),
        ("source", f"urn:nld:oin:{OIN}"),
        ("source", f"urn:nld:oin:{OIN}:systeem:b v h"),
        ("source", f"URN:nld:oin:{OIN}:systeem:bvh"),
        ("source", f"urn:nld:oin:{'٣' * 20}:systeem:bvh"),
        ("source", f"{SOURCE}\n"),
        ("type", "melding"),
        ("type", "nl.vig.meldingen.melding"),
        ("type", "nl.vig.meldingen.melding.v0"),
        ("type", "nl..melding.v1"),
        ("type", "NL.vig.melding.v1"),
        ("type", f"{TYPE}\n"),
        ("time", "2026-03-02T09:30:00"),
        ("time", "2026-02-30T09:30:00Z"),
        ("time", "2026-03-02T25:30:00Z"),
        ("time", "2026-03-02"),
        ("time", "0001-01-01T00:00:00+14:00"),
        ("time", 1772443800),
        ("datacontenttype", "json"),
        ("datacontenttype", 7),
    ],
)
def test_an_attribute_of_another_form(name: str, value: Any) -> None:
    assert places(an_event(**{name: value})) == [name]


def test_an_envelope_does_not_tell_whom_it_is_about() -> None:
    assert places(an_event(subject="999900018")) == ["subject"]


@pytest.mark.parametrize("name", ["bsn", "partitionkey", "familyname", "jansen"])
def test_an_attribute_that_the_hub_does_not_know_is_refused_and_not_said_again(name: str) -> None:
    assert places(an_event(**{name: "x"})) == [""]


@pytest.mark.parametrize("name", ["Jansen", "a_b", "a" * 21, "é", ""])
def test_nor_is_a_name_that_no_attribute_has(name: str) -> None:
    assert places(an_event(**{name: "x"})) == [""]


def test_of_many_unknown_attributes_it_is_said_once() -> None:
    assert places(an_event(**{f"x{n:04}": 1 for n in range(4_000)})) == [""]
    assert places(an_event(**{f"X{n:04}": 1 for n in range(4_000)})) == [""]


@pytest.mark.parametrize("name", ["id", "i\\u0064", "source", "data", "traceparent"])
def test_a_name_that_is_given_twice_is_refused(name: str) -> None:
    event = json.dumps(an_event(traceparent="x"))
    with pytest.raises(Malformed) as refusal:
        structured(f'{event[:-1]}, "{name}": "other"}}'.encode())
    assert [str(violation) for violation in refusal.value.violations] == ["has a name that is given twice"]


def test_the_data_is_not_the_envelopes_to_judge() -> None:
    body = json.dumps(an_event(data="?")).replace('"?"', '{"id": {"a": 1, "a": ' + "9" * 5_000 + "}}")
    assert one(body.encode()).id == "m-1"


def test_a_refusal_names_places_and_no_values() -> None:
    with pytest.raises(Malformed) as refusal:
        structured(an_event(id="Jansen\n", source="Jansen", type="Jansen", time="Jansen", Jansen="Jansen"))
    assert "Jansen" not in " ".join((str(refusal.value), *map(str, refusal.value.violations)))


@pytest.mark.parametrize(
    ("but", "where"),
    [
        ({"data_base64": "AA=="}, "data_base64"),
        ({"data": ..., "data_base64": "A"}, "data_base64"),
        ({"data": ..., "data_base64": "A A="}, "data_base64"),
        ({"data": ..., "data_base64": 7}, "data_base64"),
        ({"data": {"a": 1}, "datacontenttype": "application/xml"}, "data"),
        ({"data": "", "datacontenttype": "application/xml"}, "data"),
    ],
)
def test_data_that_is_not_what_it_says(but: dict[str, Any], where: str) -> None:
    assert places(an_event(**but)) == [where]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"x",
        b"[]",
        b"7",
        b"null",
        b'"x"',
        b"{",
        b'{"id":1}x',
        b"{'id':1}",
        b'{"id":NaN}',
        b"\xef\xbb\xbf{}",
        b'{"id":"\\ud800"}',
    ],
)
def test_what_is_no_json_object(body: bytes) -> None:
    with pytest.raises(Malformed):
        structured(body)


def test_bytes_that_are_no_text() -> None:
    body = json.dumps(an_event(data={"a": "?"})).encode().replace(b"?", b"\xff")
    with pytest.raises(Malformed, match="UTF-8"):
        structured(body)


def test_half_a_character_in_the_data() -> None:
    with pytest.raises(Malformed):
        structured(an_event(data={"a": "\ud800"}))


@pytest.mark.parametrize("depth", [101, 900, 10_000, 30_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}")])
def test_data_nested_too_deep(depth: int, opening: str, closing: str) -> None:
    body = json.dumps(an_event(data="?")).replace('"?"', opening * depth + "1" + closing * depth)
    with pytest.raises((Malformed, TooLarge)):
        structured(body.encode())


def test_many_brackets_side_by_side_are_not_deep() -> None:
    assert one(an_event(data=[[] for _ in range(500)])).id == "m-1"


@UNHURRIED
@given(st.recursive(st.text(alphabet='"[]{}\\a') | st.none(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)))
def test_depth_is_counted_outside_of_texts(value: Any) -> None:
    def depth(part: Any) -> int:
        inner = part.values() if isinstance(part, dict) else part if isinstance(part, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    for wraps in (100 - depth(value), 101 - depth(value)):
        text = "[" * wraps + json.dumps(value) + "]" * wraps
        assert is_too_deep(text.encode()) is (wraps + depth(value) > 100)


def test_an_event_over_the_limit() -> None:
    room = MOST_BYTES - len(json.dumps(an_event(data="")))
    assert one(an_event(data="x" * room)).id == "m-1"
    with pytest.raises(TooLarge):
        structured(an_event(data="x" * (room + 1)))


# Batches ---------------------------------------------------------------------------------------------


def test_a_batch_keeps_the_exact_bytes_of_each_event() -> None:
    first, second = (json.dumps(an_event(id=id), indent=1).encode() for id in ("m-1", "m-2"))
    found = structured(b" [\n" + first + b" ,\t" + second + b"\n] ", BATCH)
    assert [envelope.raw for envelope in found if isinstance(envelope, Envelope)] == [first, second]


def test_one_bad_event_leaves_the_others() -> None:
    bad, large, number = an_event(id=""), an_event(data="x" * MOST_BYTES), 7
    found = structured([an_event(), bad, large, number, an_event(id="m-5")], BATCH)
    assert [type(event) for event in found] == [Envelope, Malformed, TooLarge, Malformed, Envelope]


def test_an_empty_batch_holds_nothing() -> None:
    assert structured(b"[]", BATCH) == ()


def test_a_batch_over_the_limit() -> None:
    batch = to_batch([json.dumps(an_event(id=f"m-{n}")).encode() for n in range(4)])
    headers = {"content-type": [BATCH]}
    assert len(envelopes(headers, batch, most=4)) == 4
    with pytest.raises(TooLarge):
        envelopes(headers, batch, most=3)


def test_a_batch_of_millions_is_refused_before_it_takes_memory() -> None:
    batch = b"[" + b"0," * 1_000_000 + b"0]"
    tracemalloc.start()
    try:
        with pytest.raises(TooLarge):
            structured(batch, BATCH)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 3 * len(batch)


@pytest.mark.parametrize("body", [b"{}", b"", b"[", b"[1,]", b"[" * 10_000, b"[" * 10_000 + b"]" * 10_000])
def test_what_is_no_batch(body: bytes) -> None:
    with pytest.raises(Malformed):
        structured(body, BATCH)


# Binary ----------------------------------------------------------------------------------------------


def test_a_partners_own_xml_with_its_attributes_in_headers() -> None:
    assert binary() == Envelope("m-1", SOURCE, TYPE, TIME, "application/xml", XML, XML, OIN, is_binary=True)


def test_headers_are_percent_decoded_once() -> None:
    assert binary(**{"ce-id": ["caf%C3%A9%2541"]}).id == "café%41"


def test_a_quoted_header_is_unquoted() -> None:
    assert binary(**{"ce-id": ['"a \\"b\\""']}).id == 'a "b"'


@pytest.mark.parametrize("value", ["%ff", "%00", "é", "%0a", "", "%ED%A0%80"])
def test_a_header_that_is_no_good_id(value: str) -> None:
    with pytest.raises(Malformed) as refusal:
        binary(**{"ce-id": [value]})
    assert [violation.where for violation in refusal.value.violations] == ["id"]


def test_a_header_twice() -> None:
    with pytest.raises(Malformed) as refusal:
        binary(**{"ce-id": ["m-1", "m-2"]})
    assert [violation.where for violation in refusal.value.violations] == ["id"]


@pytest.mark.parametrize("name", ["ce-subject", "ce-bsn", "ce-datacontenttype", "ce-data"])
def test_a_header_that_does_not_belong(name: str) -> None:
    with pytest.raises(Malformed) as refusal:
        binary(**{name: ["x"]})
    assert [violation.where for violation in refusal.value.violations] == ["subject" if name == "ce-subject" else ""]


def test_a_body_of_nothing() -> None:
    with pytest.raises(Malformed):
        binary(b"")


def test_a_body_over_the_limit() -> None:
    with pytest.raises(TooLarge):
        binary(b"x" * (MOST_BYTES + 1))


def test_a_json_body_nested_too_deep() -> None:
    with pytest.raises(Malformed):
        binary(b"[" * 10_000, "application/json")


# Other types of content ------------------------------------------------------------------------------


@pytest.mark.parametrize("media", ["application/json", "text/plain", "", "application/xml", "application/problem+json"])
def test_a_message_that_is_no_event(media: str) -> None:
    with pytest.raises(WrongMediaType):
        envelopes({"content-type": [media]}, b"{}")


@pytest.mark.parametrize("media", ["application/cloudevents+xml", "application/cloudevents", "application/cloudevents-batch+avro"])
def test_a_form_of_events_that_the_hub_does_not_read(media: str) -> None:
    with pytest.raises(WrongMediaType):
        binary(media=media)


@pytest.mark.parametrize("values", [[], [STRUCTURED, STRUCTURED]])
def test_a_content_type_that_is_not_said_once(values: list[str]) -> None:
    with pytest.raises(WrongMediaType):
        envelopes({"content-type": values}, b"{}")


def test_json_in_another_writing_than_utf_8() -> None:
    with pytest.raises(WrongMediaType):
        structured(an_event(), f"{STRUCTURED}; charset=utf-16")
    assert structured(an_event(), f'{STRUCTURED.upper()}; charset="UTF-8"')


# Whatever comes in --------------------------------------------------------------------------------------

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(), lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner)
)
NAMES = st.sampled_from([*ATTRIBUTES, "data", "data_base64", "datacontenttype", "subject", "sequence"])


@UNHURRIED
@given(st.dictionaries(NAMES | st.text(), ANYTHING, min_size=1))
def test_an_event_is_taken_or_refused_whatever_it_holds(but: dict[str, Any]) -> None:
    for event in structured(json.dumps([an_event(**but)]).encode(), BATCH):
        assert isinstance(event, Envelope | Refused)


@UNHURRIED
@given(st.sampled_from([STRUCTURED, BATCH, "application/xml", "application/json"]), st.binary(), st.text(), st.text())
def test_a_message_is_taken_or_refused_whatever_its_bytes(media: str, body: bytes, name: str, value: str) -> None:
    headers = {f"ce-{attribute}": [text] for attribute, text in ATTRIBUTES.items()}
    try:
        events = envelopes({**headers, f"ce-{name}": [value], "content-type": [media]}, body)
    except Refused:
        return
    assert all(isinstance(event, Envelope | Refused) for event in events)


# The SDK as oracle -----------------------------------------------------------------------------------

IDS = st.text(st.characters(codec="utf-8", exclude_categories=["C", "Z"]), min_size=1, max_size=60)
JSON = st.dictionaries(st.text(), st.text() | st.integers(-(2**53), 2**53) | st.booleans(), min_size=1)


def the_sdks(id: str, data: Any, media: str = "application/json") -> CloudEvent:
    attributes = {**ATTRIBUTES, "id": id, "time": TIME, "datacontenttype": media}
    return CloudEvent(attributes=attributes, data=data)


@UNHURRIED
@given(IDS, JSON)
def test_what_the_sdk_writes_is_read(id: str, data: dict[str, Any]) -> None:
    for message in (to_structured_event(the_sdks(id, data)), to_binary_event(the_sdks(id, data))):
        [envelope] = envelopes({name.lower(): [value] for name, value in message.headers.items()}, message.body)
        assert isinstance(envelope, Envelope)
        assert (envelope.id, envelope.source, envelope.type, envelope.time) == (id, SOURCE, TYPE, TIME)
        assert json.loads(envelope.data) == data


@UNHURRIED
@given(IDS, JSON)
def test_what_the_hub_writes_the_sdk_reads(id: str, data: dict[str, Any]) -> None:
    inside = HTTPMessage({"content-type": STRUCTURED}, to_structured(id, SOURCE, TYPE, TIME, data))
    outside = HTTPMessage(to_headers(id, SOURCE, TYPE, TIME, "application/json"), json.dumps(data).encode())
    for message in (inside, outside):
        event = from_http_event(message)
        assert (event.get_id(), event.get_source(), event.get_type(), event.get_time()) == (id, SOURCE, TYPE, TIME)
        assert event.get_data() == data


@UNHURRIED
@given(IDS, JSON)
def test_what_the_hub_writes_it_reads(id: str, data: dict[str, Any]) -> None:
    envelope = one(to_structured(id, SOURCE, TYPE, TIME, data, extensions={"sequence": "1"}))
    assert (envelope.id, json.loads(envelope.data)) == (id, data)


def test_the_hub_writes_messages_as_they_are() -> None:
    assert one(to_structured("m-1", SOURCE, TYPE, TIME, XML, "application/xml")).data == XML
    assert one(to_structured("m-1", SOURCE, TYPE, TIME, b'{"a":  1}')).data == b'{"a":  1}'


def test_the_hub_writes_no_event_that_is_too_large() -> None:
    with pytest.raises(TooLarge):
        to_structured("m-1", SOURCE, TYPE, TIME, "x" * MOST_BYTES)
