"""The AsyncAPI document and what really leaves: neither says a type, a header, a topic or a field that the other does not."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema_rs import Draft7Validator

from hub.adapters.contracts import contract_path
from hub.adapters.kafka.topics import ESCALATIONS, FAMILIES, OF_PARTNERS, OF_THE_HUB, POSITIONS, RECEIPTS, REFUSED, SIGNALS
from hub.adapters.notice_event import Sender
from hub.adapters.rfc3339 import written
from hub.domain.callers import Caller, Capacity
from hub.domain.subscriptions import Payload, Sink
from hub.ports import Notice
from hub.settings import Settings
from hub.wiring import asyncapi as the_document
from hub.wiring import openapi
from tests.adapters.disclosing import the_matrices
from tests.adapters.hearing_on_kafka import ANY, Hearing, a_hub
from tests.adapters.registered import a_registration, with_covenant
from tests.api.running import Running, running
from tests.api.serving import serving
from tests.api.test_live import escalate, listening
from tests.api.test_subscriptions import Partner, streaming
from tests.channels.receiving import Receiver, receiving, status
from tests.channels.telling import BASE_URL, HUB_OIN, Telling, a_notice
from tests.channels.telling_on_kafka import TellingOnKafka
from tests.given import RULES, a_family, an_occasion
from tests.notices.test_notices import said
from tests.over_kafka import Kafka, Put, an_event, signed
from tests.parts import databases
from tests.tools import asyncapi

RAISED = "nl.vig.escalations.direction-raised.v1"
OF_HTTP = {"host", "user-agent", "content-length"}
"""Headers that belong to HTTP itself, whatever is told."""
NEWER = "asyncapi-latest-version"
"""3.1 adds nothing that the hub uses, and the tools of partners read 3.0."""
KEYWORDS = {
    *("$schema", "title", "description", "type", "additionalProperties", "properties", "required", "examples", "words"),
    *("format", "pattern", "enum", "minimum", "maximum", "minLength", "maxLength"),
    *("x-field-class", "x-pseudonym", "x-coarsens", "x-for-people-alone"),
}
"""Those of contracts that mean the same in the JSON Schema that AsyncAPI has."""


@cache
def document() -> dict[str, Any]:
    return the_document()


def message(name: str) -> dict[str, Any]:
    """A message of the document."""
    found: dict[str, Any] = document()["components"]["messages"][name]
    return found


def refused(name: str, part: str, value: Any) -> list[str]:
    """Why the headers, or the payload, are not those of that message."""
    schema = {"$ref": f"#/components/messages/{name}/{part}", "components": document()["components"]}
    return [str(error) for error in Draft7Validator(schema, validate_formats=True).iter_errors(value)]


def described(name: str) -> dict[str, bool]:
    """The headers of a message, and whether each is always there."""
    headers = message(name)["headers"]
    found = document()["components"]["schemas"][headers["$ref"].rpartition("/")[2]] if "$ref" in headers else headers
    return {each: each in found["required"] for each in found["properties"]}


def sent(headers: Mapping[str, Any]) -> dict[str, str]:
    """The headers of a request by name, each of which came once, without those of HTTP itself."""
    assert all(len(values) == 1 for values in headers.values())
    return {name: values[0] for name, values in headers.items() if name not in OF_HTTP}


def fits(name: str, headers: Mapping[str, str], payload: Any) -> None:
    """Held against the document: every header that it describes and no other, and a payload that is as it says."""
    described_ones = described(name)
    assert {each for each, is_there in described_ones.items() if is_there} <= set(headers) <= set(described_ones)
    assert refused(name, "headers", dict(headers)) == []
    assert refused(name, "payload", payload) == []


def carried(channel: str) -> set[str]:
    """The messages on a channel."""
    return set(document()["channels"][channel]["messages"])


def for_partners() -> list[Notice]:
    """What is said, of it what some partner is told."""
    return [notice for notice in said() if notice.tell or notice.to]


# The document itself -----------------------------------------------------------------------------------


def as_a_file(place: Path, **but: Any) -> Path:
    path = place / "asyncapi.json"
    path.write_text(json.dumps(document() | but))
    return path


def test_the_parser_of_asyncapi_finds_nothing_but_that_there_is_a_newer_version(tmp_path: Path) -> None:
    assert [(finding.rule, finding.severity) for finding in asyncapi(as_a_file(tmp_path))] == [(NEWER, "information")]


def test_the_parser_says_where_a_document_is_wrong(tmp_path: Path) -> None:
    operations = {"tellAddress": document()["operations"]["tellAddress"] | {"messages": [{"$ref": "#/components/messages/none"}]}}
    found = asyncapi(as_a_file(tmp_path, operations=operations, info={"version": "1.0.0"}))
    errors = {(finding.rule, finding.where) for finding in found if finding.severity == "error"}
    assert {("asyncapi-document-resolved", "info"), ("invalid-ref", "operations.tellAddress.messages.0.$ref")} <= errors


def test_every_example_is_what_its_message_asks() -> None:
    """The parser does not look at those of version 3."""
    known = document()["components"]["messages"]
    examples = [(name, each["payload"]) for name, one in known.items() for each in one.get("examples", ())]
    types = {name.removesuffix(".lean").removesuffix(".streamed") for name, _ in examples}
    assert types == {notice.type for notice in for_partners()}
    assert [refused(name, "payload", payload) for name, payload in examples] == [[] for _ in examples]


def test_every_operation_is_sent_and_everything_that_is_described_is_on_a_channel() -> None:
    assert {operation["action"] for operation in document()["operations"].values()} == {"send"}
    assert set().union(*map(carried, document()["channels"])) == set(document()["components"]["messages"])
    used = {operation["channel"]["$ref"].rpartition("/")[2] for operation in document()["operations"].values()}
    assert used == set(document()["channels"])


def test_what_is_said_is_said_in_dutch_first_and_in_english_beside_it() -> None:
    parts = ("channels", "operations")
    titled = [each for part in parts for each in document()[part].values()] + list(document()["components"]["messages"].values())
    assert all(each["title"].endswith(")") and " (" in each["title"] for each in titled)


# Types and fields --------------------------------------------------------------------------------------


def contracts() -> dict[str, dict[str, Any]]:
    return {path.stem: json.loads(path.read_text()) for path in contract_path("notices").glob("*.json")}


def test_every_type_that_has_a_contract_is_there_and_no_other() -> None:
    assert carried("live") == {f"{type}.live" for type in contracts()}
    assert {name for name in document()["components"]["schemas"] if name in contracts()} == set(contracts())


def test_partners_are_told_the_types_that_their_contracts_do_not_keep_for_people() -> None:
    types = {notice.type for notice in for_partners()}
    assert types == {type for type, contract in contracts().items() if not contract.get("x-for-people-alone")}
    assert carried("webhook") - {"handshake", "welcome"} == types | {f"{type}.lean" for type in types}
    assert carried("escalations") == carried("subscription") == types
    assert carried("feed") == {f"{type}.streamed" for type in types}


def test_a_schema_has_the_fields_of_its_contract_as_the_contract_has_them_and_asks_no_more() -> None:
    for type, contract in contracts().items():
        schema = document()["components"]["schemas"][type]
        assert schema["properties"] == contract["properties"]
        assert set(schema["required"]) <= set(contract["required"])
        assert schema["additionalProperties"] is False
        assert schema["examples"] == contract["examples"]


def test_contracts_use_no_word_of_json_schema_that_asyncapi_understands_otherwise() -> None:
    for contract in contracts().values():
        assert set(contract) | {word for field in contract["properties"].values() for word in field} <= KEYWORDS


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Telling]:
    telling = Telling(tmp_path)
    yield telling
    telling.close()


def test_what_any_kind_of_partner_is_told_of_anything_is_what_the_document_says(hub: Telling) -> None:
    count, sender = 0, Sender(HUB_OIN, BASE_URL)
    for kind in sorted({kind for kind, _ in the_matrices().versions[0].systems}):
        hub.book.save(with_covenant(a_registration(kind, kind)))
        receiver = hub.book.registrations.by_name(kind)
        assert receiver is not None
        told = [known for notice in for_partners() if (known := hub.disclosures.to_partner(notice, receiver))]
        for one in told:
            assert refused(one.type, "payload", json.loads(sender.event(one, 1))) == []
            assert refused(f"{one.type}.lean", "payload", json.loads(sender.event(one, 1, Payload.LEAN))) == []
        count += len(told)
    assert count > len(contracts())


def on_the_feed(notice: Notice) -> dict[str, Any]:
    at = {"recordedAt": written(notice.recorded_at), "family": str(notice.family)}
    return {"id": str(notice.id), "type": notice.type, **at, "data": dict(notice.data)}


def test_what_anybody_who_follows_is_shown_of_anything_is_what_the_document_says(hub: Telling) -> None:
    count = 0
    for role in (role for role in Capacity if role is not Capacity.PARTNER):
        for notice in said():
            shown = hub.disclosures.to_person(on_the_feed(notice), Caller(role, "somebody", "a-team"))
            if shown is not None:
                assert refused(f"{notice.type}.live", "payload", shown) == []
                count += 1
    assert count > len(contracts())


# At an address -----------------------------------------------------------------------------------------


def test_an_address_is_asked_and_told_in_full_and_lean_just_as_the_document_says(hub: Telling) -> None:
    answer = {"WebHook_Allowed_Origin": "*", "WebHook_Allowed_Rate": "600"}
    with receiving(Receiver(welcome=status(200, **answer))) as receiver:
        hub.subscribe(receiver.url)
        hub.subscribe(receiver.url, payload=Payload.LEAN)
        hub.deliver()
        hub.tell(a_notice())
        hub.deliver()
    assert len(receiver.asked) == len(receiver.got) == 2
    for asked in receiver.asked:
        fits("handshake", sent(asked.headers), None)
    fits("welcome", {name.replace("_", "-").lower(): text for name, text in answer.items()}, "")
    full, lean = sorted(receiver.got, key=lambda one: "dataref" in one.event)
    fits(RAISED, sent(full.headers), full.event)
    fits(f"{RAISED}.lean", sent(lean.headers), lean.event)
    assert refused(RAISED, "payload", lean.event) and refused(f"{RAISED}.lean", "payload", full.event)


def test_one_field_or_attribute_more_or_fewer_is_not_what_the_document_says(hub: Telling) -> None:
    with receiving() as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice())
        hub.deliver()
    event, headers = receiver.got[0].event, sent(receiver.got[0].headers)
    assert refused(RAISED, "payload", event | {"person": "somebody"})
    assert refused(RAISED, "payload", event | {"data": event["data"] | {"person": "somebody"}})
    assert all(refused(RAISED, "payload", {name: event[name] for name in event if name != gone}) for gone in event)
    assert all(refused(RAISED, "headers", {name: headers[name] for name in headers if name != gone}) for gone in headers)


def test_with_a_secret_there_is_one_more_signature_in_the_same_header(hub: Telling) -> None:
    with receiving(Receiver(welcome=status(200, WebHook_Allowed_Origin="*"))) as receiver:
        made = hub.subscribe(receiver.url)
        hub.do(made, lambda on: made.renew_secret("first", timedelta(0), on))
        hub.deliver()
        hub.tell(a_notice())
        hub.deliver()
    headers = sent(receiver.got[0].headers)
    assert [one.partition(",")[0] for one in headers["webhook-signature"].split()] == ["v1a", "v1"]
    fits(RAISED, headers, receiver.got[0].event)


# On Kafka ----------------------------------------------------------------------------------------------


def test_the_topics_that_others_read_are_there_as_they_are_set_and_no_other() -> None:
    here = [{"$ref": "#/servers/kafka"}]
    found = {name: channel for name, channel in document()["channels"].items() if channel["servers"] == here}
    of_partners = {f"{kind}.{{partner}}": settings for kind, settings in OF_PARTNERS.items() if kind != SIGNALS}
    of_subscriptions = {f"{ESCALATIONS}.{{partner}}.{{subscription}}": OF_PARTNERS[ESCALATIONS]}
    of_the_hub = {kind: settings for kind, settings in OF_THE_HUB.items() if kind != POSITIONS}
    documented = {channel["address"]: as_written(channel["bindings"]["kafka"]["topicConfiguration"]) for channel in found.values()}
    assert documented == {**of_partners, **of_subscriptions, **of_the_hub}
    assert set(found) == {ESCALATIONS, RECEIPTS, REFUSED, FAMILIES, "subscription"}


def as_written(settings: Mapping[str, Any]) -> dict[str, str]:
    return {name: ",".join(value) if isinstance(value, list) else str(value) for name, value in settings.items()}


@pytest.fixture
def on_kafka(tmp_path: Path, kafka: str) -> Iterator[TellingOnKafka]:
    telling = TellingOnKafka(tmp_path, Kafka(kafka))
    telling.register_both()
    yield telling
    telling.close()


def test_records_for_partners_and_of_families_are_what_the_document_says(on_kafka: TellingOnKafka) -> None:
    mine = on_kafka.subscribe("", sink=Sink.KAFKA)
    family, gone = (a_family("upbringing", name=name) for name in ("one", "two"))
    on_kafka.tell(a_notice())
    on_kafka.happen(family, gone)
    family.merge(gone, "the same people", RULES, an_occasion())
    on_kafka.happen(family, gone)
    on_kafka.send()
    for record in (*on_kafka.told(), *on_kafka.told(f"police.{mine.id}")):
        fits(RAISED, record.headers, record.said)
    standing = on_kafka.standing()
    assert {key: record.value is None for key, record in standing.items()} == {str(family.id): False, str(gone.id): True}
    for record in standing.values():
        fits("family", record.headers, record.said)


@pytest.fixture
def hearing(tmp_path: Path, kafka: str) -> Iterator[Hearing]:
    with a_hub(Settings(data_dir=tmp_path, database_url=databases.url_of(tmp_path), mode="demo"), Kafka(kafka)) as hearing:
        yield hearing


def test_receipts_and_refusals_on_kafka_are_what_the_document_says(hearing: Hearing) -> None:
    sender = hearing.partners[ANY]
    hearing.make(ANY)
    hearing.put(ANY, signed(sender, an_event(sender, id="one")), Put(b"{}", [("content-type", b"application/json")]))
    with hearing.consuming():
        hearing.await_offset(ANY, 2)
    (receipt,), (refusal,) = hearing.receipts(ANY), hearing.refused(ANY)
    fits("receipt", receipt.headers, receipt.said)
    as_it_came = {"content-type": "application/json"}
    fits("refusal", {name: text for name, text in refusal.headers.items() if name not in as_it_came}, refusal.said)
    assert refused("refusal", "headers", dict(refusal.headers)) == []


# As a stream, and where it is found ----------------------------------------------------------------------


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Running]:
    with running(tmp_path) as running_hub:
        yield running_hub


async def test_what_comes_as_a_stream_is_what_the_document_says(served: Running) -> None:
    police = Partner(served)
    feeds = [await police.subscribe({"sink": "feed", "payload": payload}) for payload in ("full", "lean")]
    await served.an_escalation()
    async with serving(served) as base:
        for feed in feeds:
            assert await police.told(feed)
            async with streaming(served, base, feed, {}) as lines:
                await one_event(lines, "streamed")
        async with listening(served, base, "?after=0") as heard:
            await escalate(served, 1)
            await one_event(heard.lines, "live")


async def one_event(lines: Any, way: str) -> None:
    """Reads the first event, and holds it against the document."""
    fields: dict[str, str] = {}
    async for line in lines:
        name, _, text = line.partition(": ")
        fields |= {name: text} if name in ("id", "event", "data") else {}
        if not line and "data" in fields:
            break
    fits(f"{fields['event']}.{way}", {name: fields[name] for name in ("id", "event")}, json.loads(fields["data"]))


def test_the_streams_are_addresses_of_the_interface() -> None:
    streams = {
        path
        for path, methods in openapi()["paths"].items()
        for method in methods.values()
        if "text/event-stream" in method["responses"].get("200", {}).get("content", {})
    }
    assert streams == {document()["channels"][name]["address"] for name in ("feed", "live")}


async def test_the_document_is_for_everybody_from_everywhere(served: Running) -> None:
    said = await served.ask("/v1/asyncapi", "", headers={"Origin": "https://elsewhere.example.org"})
    assert (said.status_code, said.headers["access-control-allow-origin"]) == (200, "*")
    assert said.json() == document()
