"""What partners send comes in once, is durable before it is answered, and everything else is refused in words."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from hub.adapters import jws, outgoing_events
from hub.adapters.contracts import contract_path
from hub.adapters.jades import HTTP_HEADERS, digest
from hub.domain.identifiers import passes_eleven_test
from tests.adapters.registered import private, public
from tests.api.running import POLICE_OIN, SOURCE, Running, a_worry, an_event, said_by_hub
from tests.given import NOON

POLICE_SOURCE = f"urn:nld:oin:{POLICE_OIN}:systeem:bvh"
REPORT = "nl.vig.meldingen.vt-melding.v1"


def a_report() -> bytes:
    """A report by the police, in their own XML."""
    (path,) = contract_path("partners", "police", "vt-melding", "examples").glob("01-*.given.xml")
    return path.read_bytes()


async def posted_by_police(hub: Running, xml: bytes, id: str = "P1") -> Any:
    """Posts XML in binary mode, with the attributes signed too."""
    covering = outgoing_events.to_headers(id, POLICE_SOURCE, REPORT, NOON, "application/xml")
    return await hub.post(xml, covering=covering, signed_as="police-1")


def refused(said: Any, status: int, code: str) -> Any:
    """The problem document of a refusal, which is what it should be."""
    assert (said.status_code, said.json()["code"]) == (status, code), said.text
    assert said.headers["content-type"] == "application/problem+json"
    assert said.json()["status"] == status
    return said.json()


# Taken in ------------------------------------------------------------------------------------------


async def test_a_signal_is_answered_with_a_receipt_that_the_hub_signed(hub: Running) -> None:
    said = await hub.post(an_event())
    assert said.status_code == 201
    receipt = said.json()
    assert said.headers["location"] == f"/v1/signals/{receipt['message']}"
    assert (receipt["outcome"], receipt["reasons"], len(receipt["signals"])) == ("recorded", [], 1)
    assert receipt["recordedAt"] == "2026-03-02T12:00:00Z"
    jwks = (await hub.ask("/v1/jwks", role="")).json()
    assert said_by_hub(receipt.pop("receipt"), jwks) == receipt


async def test_a_receipt_never_tells_which_family_it_is(hub: Running) -> None:
    said = await hub.post(an_event())
    family = await hub.a_family(id="2")
    status = await hub.ask(said.headers["location"], "partner")
    assert status.status_code == 200
    assert str(family) not in said.text + status.text


async def test_the_same_again_gives_the_same_receipt(hub: Running) -> None:
    first = await hub.post(an_event())
    hub.clock.set(NOON + timedelta(minutes=2))
    again = await hub.post(an_event())
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content


async def test_the_same_id_with_another_body_is_refused(hub: Running) -> None:
    await hub.post(an_event())
    refused(await hub.post(an_event(a_worry(concern="crime"))), 409, "id-reused")


async def test_a_message_in_binary_mode_is_taken_in_as_the_partner_wrote_it(hub: Running) -> None:
    said = await posted_by_police(hub, a_report())
    assert (said.status_code, said.json()["outcome"]) == (201, "recorded"), said.text


async def test_attributes_that_nobody_signed_are_refused(hub: Running) -> None:
    headers = outgoing_events.to_headers("P1", POLICE_SOURCE, REPORT, NOON, "application/xml")
    body = a_report()
    signed = hub.signed(body, {}, "police-1")
    refused(await hub.post_as_it_is(body, [*headers.items(), *signed.items()]), 401, "attributes-not-signed")


async def test_in_a_batch_one_bad_event_leaves_the_others_standing(hub: Running) -> None:
    bad = an_event(id="2").replace(b'"time"', b'"tyme"')
    batch = outgoing_events.to_batch([an_event(id="1"), bad, an_event(id="3"), an_event(id="1")])
    said = await hub.post(batch, "application/cloudevents-batch+json")
    assert said.status_code == 200
    one, two, three, again = said.json()
    assert [each["status"] for each in (one, two, three, again)] == [201, 400, 201, 200]
    assert two["problem"]["violations"][0]["where"] == "time"
    assert one["receipt"] == again["receipt"]
    assert three["receipt"]["outcome"] == "recorded"


async def test_a_message_is_shown_to_its_sender_alone(hub: Running) -> None:
    at = (await hub.post(an_event())).headers["location"]
    own = await hub.ask(at, headers=hub.token("partner", "their-system", "youth-work"), role="")
    assert (own.status_code, own.json()["status"]["outcome"]) == (200, "recorded")
    other = await hub.ask(at, headers=hub.token("partner", "their-system", "police"), role="")
    refused(other, 404, "not-known")
    nowhere = await hub.ask("/v1/signals/00000000-0000-5000-8000-000000000000", "partner")
    assert nowhere.json() == other.json()


# Kept in quarantine ----------------------------------------------------------------------------------

ENTITIES = '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa">' + "".join(f'<!ENTITY a{n} "{"&a;" * 10}">' for n in range(9)) + "]>"
UNREADABLE = {
    "not XML": b"{}",
    "a document type": b"<!DOCTYPE a><a/>",
    "an external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "an entity bomb": (ENTITIES + "<a>&a8;</a>").encode(),
    "elements 10,000 deep": b"<a>" * 9_000 + b"</a>" * 9_000,
    "a NUL": b"<a>\0</a>",
}


@pytest.mark.parametrize("xml", UNREADABLE.values(), ids=UNREADABLE)
async def test_signed_xml_that_cannot_be_read_goes_to_quarantine(hub: Running, xml: bytes) -> None:
    said = await posted_by_police(hub, xml)
    assert (said.status_code, said.json()["outcome"]) == (201, "quarantined"), said.text
    assert said.json()["reasons"]
    assert "root:" not in said.text


PERSON = a_worry()["people"][0]
WRONG = {
    "wrong dates": ({"happened": "yesterday"}, "/happened"),
    "impossible dates": ({"happened": "2026-02-30"}, "/happened"),
    "an unknown concern": ({"concern": "the weather"}, "/concern"),
}


@pytest.mark.parametrize(("but", "where"), WRONG.values(), ids=WRONG)
async def test_signed_data_that_is_wrong_goes_to_quarantine_with_every_reason(hub: Running, but: Any, where: str) -> None:
    said = await hub.post(an_event(a_worry(**but, weight="enormous")))
    assert (said.status_code, said.json()["outcome"]) == (201, "quarantined"), said.text
    assert {where, "/weight"} <= {reason["where"] for reason in said.json()["reasons"]}


async def test_a_nul_goes_to_quarantine(hub: Running) -> None:
    said = await hub.post(an_event(a_worry(reference="a\0b")))
    assert (said.json()["outcome"], said.json()["reasons"][0]["where"]) == ("quarantined", "/reference")


async def test_a_number_that_may_be_somebodys_is_kept_out_in_demo_mode(hub: Running) -> None:
    real = next(text for text in (f"{n:09d}" for n in range(10**7, 10**8)) if passes_eleven_test(text))
    said = await hub.post(an_event(a_worry(people=[PERSON | {"bsn": real}])))
    assert said.json()["outcome"] == "quarantined"
    assert any(reason["where"].endswith("/bsn") for reason in said.json()["reasons"])
    assert real not in said.text


async def test_what_was_quarantined_is_listed_and_stays_when_processed_again(hub: Running) -> None:
    said = await hub.post(an_event(a_worry(happened="yesterday")))
    listed = await hub.ask("/v1/quarantine", "operator")
    assert [item["message"] for item in listed.json()["items"]] == [said.json()["message"]], listed.text
    again = await hub.tell(f"/v1/messages/{said.json()['message']}/processings", role="operator")
    assert (again.status_code, again.json()["outcome"]) == (201, "quarantined")
    assert again.json()["reasons"] == said.json()["reasons"]


async def test_incomplete_dates_and_names_of_the_whole_world_come_in(hub: Running) -> None:
    people = [PERSON | {"familyName": "العائلة", "givenNames": "𐌰𐌱 😀", "birthDate": "2016-04"}]
    said = await hub.post(an_event(a_worry(people=people, happened="2026")))
    assert said.json()["outcome"] == "recorded", said.text


# Refused ---------------------------------------------------------------------------------------------


async def test_no_signature_is_refused(hub: Running) -> None:
    refused(await hub.post_as_it_is(an_event(), [("content-type", "application/cloudevents+json")]), 401, "signature-missing")


async def test_two_signatures_are_refused(hub: Running) -> None:
    again = hub.signed(an_event(), {})
    refused(await hub.post(an_event(), headers=[("Payload-Signature", again["Payload-Signature"])]), 401, "signature-twice")


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "é..é", "." * 9_000, "eyJ..eyJ"])
async def test_a_malformed_signature_is_refused(hub: Running, text: str) -> None:
    headers = [("content-type", "application/cloudevents+json"), ("digest", digest(an_event())), ("payload-signature", text)]
    said = await hub.post_as_it_is(an_event(), [(name, value.encode("latin-1")) for name, value in headers])  # type: ignore[misc]
    assert said.status_code == 401
    assert said.json()["code"] in ("signature-malformed", "signature-missing", "algorithm-refused")


@pytest.mark.parametrize("algorithm", ["none", "HS256", "RS256"])
async def test_an_algorithm_outside_the_list_is_refused(hub: Running, algorithm: str) -> None:
    body = an_event()
    protected = {
        "alg": algorithm,
        "kid": "youth-work-1",
        "b64": False,
        "crit": ["b64", "sigD"],
        "iat": int(NOON.timestamp()),
        "sigD": {"mId": HTTP_HEADERS, "pars": ["digest"]},
    }
    start = jws.b64url(json.dumps(protected).encode())
    value = jws.signature_of(f"{start}.digest: {digest(body)}".encode(), private("PS256", "youth-work-1"))
    signed = [("digest", digest(body)), ("payload-signature", f"{start}..{jws.b64url(value)}")]
    refused(await hub.post_as_it_is(body, [("content-type", "application/cloudevents+json"), *signed]), 401, "algorithm-refused")


async def test_a_key_that_nobody_registered_is_refused(hub: Running) -> None:
    refused(await hub.post(an_event(), signed_as="stranger-1"), 401, "signature-wrong")


async def test_a_signature_with_another_key_of_the_same_name_is_refused(hub: Running) -> None:
    body, signer = an_event(), hub.signed(an_event(), {}, "stranger-1")
    head, _, _ = hub.signed(body, {})["Payload-Signature"].partition("..")
    forged = f"{head}..{signer['Payload-Signature'].partition('..')[2]}"
    headers = [("content-type", "application/cloudevents+json"), ("Digest", signer["Digest"]), ("Payload-Signature", forged)]
    refused(await hub.post_as_it_is(body, headers), 401, "signature-wrong")


async def test_an_expired_key_is_refused(hub: Running) -> None:
    hub.hub.registry.add_key("youth-work", public("PS256", "old-1"), "operator", NOON - timedelta(days=9), NOON - timedelta(days=1))
    refused(await hub.post(an_event(), signed_as="old-1"), 401, "key-expired")


async def test_a_revoked_key_is_refused(hub: Running) -> None:
    hub.hub.registry.revoke_key("youth-work", "youth-work-1", "lost", "operator")
    refused(await hub.post(an_event()), 401, "key-revoked")


async def test_a_body_that_was_changed_on_the_way_is_refused(hub: Running) -> None:
    signed = [("content-type", "application/cloudevents+json"), *hub.signed(an_event(), {}).items()]
    refused(await hub.post_as_it_is(an_event(a_worry(concern="crime")), signed), 401, "digest-mismatch")


async def test_a_message_that_is_sent_again_much_later_is_refused(hub: Running) -> None:
    signed = [("content-type", "application/cloudevents+json"), *hub.signed(an_event(), {}).items()]
    hub.clock.set(NOON + timedelta(hours=1))
    refused(await hub.post_as_it_is(an_event(), signed), 401, "signature-too-old")


async def test_somebody_elses_source_is_refused(hub: Running) -> None:
    refused(await hub.post(an_event(source=POLICE_SOURCE)), 401, "sender-is-not-signer")


async def test_a_type_without_a_contract_is_refused(hub: Running) -> None:
    refused(await hub.post(an_event(type=REPORT)), 400, "unknown-type")


@pytest.mark.parametrize("body", [b"not JSON", b"[]", b"{}", b'{"id": "\\ud800"}', b"\xff\xfe"])
async def test_what_is_no_cloudevent_is_refused(hub: Running, body: bytes) -> None:
    refused(await hub.post(body), 400, "malformed")


async def test_everything_wrong_with_an_event_is_said_at_once(hub: Running) -> None:
    said = refused(await hub.post(b'{"specversion": "2.0", "subject": "Noor", "data": {}}'), 400, "malformed")
    assert {violation["where"] for violation in said["violations"]} == {"specversion", "subject", "id", "source", "type", "time"}
    assert "Noor" not in json.dumps(said)


@pytest.mark.parametrize("batch", [b"[" * 10_000 + b"]" * 10_000, b'{"data":' * 9_000 + b"1" + b"}" * 9_000])
async def test_nesting_without_end_is_refused(hub: Running, batch: bytes) -> None:
    refused(await hub.post(batch, "application/cloudevents-batch+json"), 400, "malformed")


async def test_a_deep_event_is_refused(hub: Running) -> None:
    deep = an_event().replace(b'"reference":"a-1"', b'"reference":' + b"[" * 10_000 + b"]" * 10_000)
    refused(await hub.post(deep), 400, "malformed")


async def test_a_lone_surrogate_is_refused_or_kept_but_never_a_crash(hub: Running) -> None:
    said = await hub.post(an_event().replace(b"Noor", b"\\ud800"))
    assert said.status_code in (201, 400)
    assert said.status_code == 400 or said.json()["outcome"] == "quarantined"


@pytest.mark.parametrize("media", ["text/plain", "application/x-www-form-urlencoded", "application/json", ""])
async def test_a_wrong_content_type_is_refused(hub: Running, media: str) -> None:
    refused(await hub.post(an_event(), media), 415, "wrong-media-type")


async def test_two_content_types_are_refused(hub: Running) -> None:
    refused(await hub.post(an_event(), headers=[("content-type", "application/json")]), 415, "wrong-media-type")


async def test_a_gzip_bomb_is_never_unpacked(hub: Running) -> None:
    bomb = gzip.compress(b" " * 50_000_000)
    said = await hub.post(bomb, headers=[("content-encoding", "gzip")])
    refused(said, 415, "content-encoding")
    assert said.headers["accept-encoding"] == "identity"


async def test_a_body_over_the_limit_is_refused(hub: Running) -> None:
    refused(await hub.post(an_event().ljust(65_537)), 413, "too-large")


async def test_a_body_that_streams_on_is_cut_off_at_the_limit(hub: Running) -> None:
    given = 0

    async def without_end() -> AsyncIterator[bytes]:
        nonlocal given
        while given < 100_000_000:
            given += 10_000
            yield b" " * 10_000

    refused(await hub.post_as_it_is(without_end(), [("content-type", "application/cloudevents+json")]), 413, "too-large")


async def test_a_length_that_is_no_number_is_refused(hub: Running) -> None:
    headers = [("content-type", "application/cloudevents+json"), ("content-length", "many")]
    refused(await hub.post_as_it_is(b"", headers), 400, "malformed")


async def test_a_batch_has_a_limit_of_its_own(hub: Running) -> None:
    many = outgoing_events.to_batch([an_event(id=str(n)) for n in range(200)])
    assert len(many) > 65_536
    said = await hub.post(many, "application/cloudevents-batch+json")
    assert {each["status"] for each in said.json()} == {201}
    refused(await hub.post(many.ljust(8_388_609), "application/cloudevents-batch+json"), 413, "too-large")


async def test_nothing_that_was_refused_is_kept(hub: Running) -> None:
    before = hub.hub.log.last_position()
    for body in (b"{}", an_event(type=REPORT), an_event(source=POLICE_SOURCE), an_event().ljust(65_537)):
        assert (await hub.post(body)).status_code >= 400
    assert hub.hub.log.last_position() == before


async def test_a_batch_is_signed_as_a_whole(hub: Running) -> None:
    signed = hub.signed(outgoing_events.to_batch([an_event(id="1")]), {})
    other = outgoing_events.to_batch([an_event(id="1"), an_event(id="2")])
    headers = [("content-type", "application/cloudevents-batch+json"), *signed.items()]
    refused(await hub.post_as_it_is(other, headers), 401, "digest-mismatch")


async def test_what_is_sent_by_one_is_never_overwritten_by_another(hub: Running) -> None:
    assert SOURCE != POLICE_SOURCE
    first = await hub.post(an_event())
    await posted_by_police(hub, a_report(), id="1")
    assert (await hub.post(an_event())).json()["message"] == first.json()["message"]


async def test_of_many_who_send_the_same_at_once_one_is_first_and_all_get_the_same_receipt(hub: Running) -> None:
    said = await asyncio.gather(*(hub.post(an_event()) for _ in range(32)))
    assert sorted(each.status_code for each in said) == [200] * 31 + [201]
    assert len({each.content for each in said}) == 1
