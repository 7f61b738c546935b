"""Signals of partners without a system: typed by a person, checked at once, signed by the hub, and taken in like any other."""

import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from hub.adapters import backup, jades, outgoing_events
from hub.adapters.reports import BY, COVERED, FOR
from hub.adapters.rereading import Reread
from hub.domain.identifiers import is_test_number, passes_eleven_test
from hub.domain.messages import Message
from hub.registry import Terms
from hub.wiring import kept
from hub.wiring.made import keks_of
from tests.adapters.registered import public
from tests.api.running import TYPE, Running, a_child, a_worry, an_event, running, said_by_hub
from tests.api.test_decisions import WHY
from tests.given import NOON

CLUB, CLUB_OIN = "community-house", "00000099000000010008"
WHO = "i.melder"
"""Somebody of an organisation without a system."""


@contextmanager
def with_a_club(place: Path) -> Iterator[Running]:
    """A hub where an organisation without a system takes part: it has no key."""
    with running(place) as hub:
        hub.hub.registry.add(CLUB, "any-partner", CLUB_OIN, "operator")
        yield hub


@pytest.fixture
def club(database: str, tmp_path: Path) -> Iterator[Running]:
    """Such a hub, on either database."""
    with with_a_club(tmp_path) as hub:
        yield hub


@pytest.fixture
def door(tmp_path: Path) -> Iterator[Running]:
    """Such a hub for what comes no further than its door."""
    with with_a_club(tmp_path) as hub:
        yield hub


async def report(hub: Running, data: Any = None, key: str = "", who: str = WHO, of: str = CLUB, **headers: str) -> httpx2.Response:
    """Somebody reports a signal."""
    said = data if isinstance(data, bytes) else json.dumps(a_worry() if data is None else data).encode()
    own = {"Idempotency-Key": key or str(uuid4()), "Content-Type": "application/json", **headers}
    return await hub.ask_now("POST", "/v1/reports", "", content=said, headers={**hub.token("reporter", who, of), **own})


async def ask(hub: Running, path: str = "/v1/reports", who: str = WHO, of: str = CLUB) -> httpx2.Response:
    """Somebody looks at what became of it."""
    return await hub.ask(path, "", headers=hub.token("reporter", who, of))


def received(hub: Running, said: httpx2.Response) -> Message.Received:
    """A message as the log has it."""
    id = UUID(said.json()["message"])
    return hub.hub.register.read(lambda unit: unit.get(Message, id)).received


def family_of(hub: Running, said: httpx2.Response) -> str:
    """The family that a report is about, which its receipt does not tell."""
    return str(hub.hub.intake.status(UUID(said.json()["message"]), CLUB)[1].signals[0]["family"])


def refused(said: httpx2.Response) -> tuple[int, str]:
    return said.status_code, said.json()["code"]


# In ------------------------------------------------------------------------------------------------------


async def test_a_report_is_recorded_with_a_signed_receipt(club: Running) -> None:
    said = await report(club)
    assert said.status_code == 201, said.text
    receipt = said.json()
    assert (receipt["outcome"], receipt["source"]) == ("recorded", f"urn:nld:oin:{CLUB_OIN}:systeem:vig-hub-formulier")
    assert said.headers["location"] == f"/v1/reports/{receipt['message']}"
    plain = {name: value for name, value in receipt.items() if name != "receipt"}
    assert said_by_hub(receipt["receipt"], club.hub.keys.public_jwks()) == plain


async def test_it_arrives_in_the_same_family_as_the_signals_of_systems_and_tells_whose_it_is(club: Running) -> None:
    family = str(await club.a_family())
    assert family_of(club, await report(club)) == family
    seen = json.dumps((await club.ask(f"/v1/families/{family}/timeline")).json())
    assert CLUB in seen, "whose signal it is"
    assert WHO not in seen, "who typed it stands with the message; the organisation answers for it"


async def test_the_log_says_who_typed_it_and_that_the_hub_signed_it(club: Running) -> None:
    message = received(club, await report(club))
    ours = [key["kid"] for key in club.hub.keys.public_jwks()["keys"] if key.get("crv") == "Ed25519"]
    assert (message.partner, message.oin, message.typed_by) == (CLUB, CLUB_OIN, WHO)
    assert message.kid in ours and message.algorithm == "EdDSA"
    assert club.hub.registrations.keys_of(CLUB) == (), "no key of the organisation's was made up for it"
    assert received(club, await club.post(an_event())).typed_by == ""


async def test_what_was_kept_verifies_again_and_not_when_anything_of_it_was_changed(club: Running) -> None:
    message = received(club, await report(club))
    registrations, ours = club.hub.registrations, club.hub.keys.public_jwks()["keys"]
    with club.hub.stored.log.connect() as connection:
        posted = club.hub.received.fetch(connection, message.kept)
    assert Reread(registrations, posted, ours).wrong_with(message) == ""
    club.hub.keys.rotate(NOON + timedelta(hours=1))
    assert Reread(registrations, posted, club.hub.keys.public_jwks()["keys"]).wrong_with(message) == "", "by its key of then"
    for name, text in ((BY, "somebody.else"), (FOR, "police"), ("ce-id", "other"), ("ce-source", f"{message.source}x")):
        changed = type(posted)({**posted.headers, name: [text]}, posted.body, posted.key, posted.covered)
        assert Reread(registrations, changed, ours).wrong_with(message), name
    assert Reread(registrations, posted, []).wrong_with(message), "nobody else's keys will do"


async def test_a_backup_with_it_is_proved_with_the_hubs_own_keys(club: Running, tmp_path: Path) -> None:
    await report(club)
    await club.post(an_event())
    club.hub.views.catch_up()
    keks = keks_of(club.hub.settings, club.hub.stored.log)
    kept.back_up(club.hub, tmp_path / "a.zip", lambda *_: None)
    with backup.reading(tmp_path / "a.zip", keks) as archive:
        proved = kept.check(club.hub.settings, archive, keks, lambda *_: None)
    assert (proved.verified, proved.unverified, proved.places) == (2, 0, [])


async def test_a_name_of_any_letters_stands_in_the_log_as_it_is(club: Running) -> None:
    assert received(club, await report(club, who="Şükran d’Éon")).typed_by == "Şükran d’Éon"


async def test_the_same_press_twice_is_one_signal(club: Running) -> None:
    key = str(uuid4())
    first, before = await report(club, key=key), club.hub.log.last_position()
    club.clock.set(NOON + timedelta(minutes=5))
    second = await report(club, key=key)
    assert (second.status_code, second.json()) == (201, first.json())
    assert club.hub.log.last_position() == before


async def test_the_same_id_with_something_else_is_refused_and_changes_nothing(club: Running) -> None:
    key = str(uuid4())
    await report(club, key=key)
    before = club.hub.log.last_position()
    assert refused(await report(club, a_worry(concern="isolation"), key)) == (409, "id-reused")
    assert club.hub.log.last_position() == before


async def test_a_key_is_somebodys_own(club: Running) -> None:
    key = str(uuid4())
    mine, theirs = [(await report(club, key=key, who=who)).json()["message"] for who in (WHO, "a.colleague")]
    assert mine != theirs
    assert (await ask(club, f"/v1/reports/{mine}", "a.colleague")).status_code == 404


async def test_a_namesake_waits_for_a_person_like_any_signal(club: Running) -> None:
    await club.a_family()
    said = await report(club, a_worry(people=[{"familyName": "Voorbeeld", "givenNames": "Noor", "birthDate": "2016-04-05"}]))
    assert said.json()["outcome"] == "match-question"
    (question,) = (await club.ask("/v1/match-questions")).json()["items"]
    assert question["partner"] == CLUB


async def test_it_counts_among_the_messages_that_its_organisation_may_send(club: Running) -> None:
    club.hub.registry.change(CLUB, Terms(per_minute=2), "operator")
    statuses = [(await report(club, a_worry(people=[a_child(nth)]))).status_code for nth in (1, 2, 3)]
    assert statuses == [201, 201, 429]


async def test_what_a_fault_of_ours_keeps_from_being_read_is_not_lost(club: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    kind = club.hub.intake.partners["any-partner"]

    def broken(_: bytes, __: str) -> Any:
        raise ZeroDivisionError

    with monkeypatch.context() as fault:
        fault.setitem(club.hub.intake.partners, kind.name, replace(kind, messages=(replace(kind.messages[0], read=broken),)))
        said = await report(club)
    assert (said.status_code, said.json()["outcome"]) == (201, "quarantined")
    assert (await ask(club)).json()["items"][0]["state"] == "unread"
    again = await club.tell(f"/v1/messages/{said.json()['message']}/processings", None, "operator")
    assert again.status_code == 201, again.text
    assert (await ask(club)).json()["items"][0]["state"] == "received"


# Refused -------------------------------------------------------------------------------------------------


async def test_everything_that_is_wrong_is_said_at_once_where_it_is_and_nothing_is_kept(door: Running) -> None:
    before = door.hub.log.last_position()
    wrong = a_worry(concern="gossip", happened="2026-02-30", weight="heavy", informed={"how": "spoken", "reasonNot": "other"})
    wrong["people"][0] |= {"bsn": "999900007", "role": "neighbour"}
    said = await report(door, wrong)
    assert refused(said) == (400, "malformed")
    places = Counter(one["where"] for one in said.json()["violations"])
    assert places == Counter(["/concern", "/happened", "/weight", "/informed", "/people/0/bsn", "/people/0/role"])
    assert "gossip" not in said.text and "999900007" not in said.text
    assert door.hub.log.last_position() == before


async def test_a_report_is_wrong_for_the_same_reasons_as_a_signal_of_a_system(door: Running) -> None:
    wrong = {"reference": "a", "people": [{"familyName": "", "phone": "0"}], "informed": {"how": "song"}}
    of_system = (await door.post(an_event(wrong))).json()
    of_person = (await report(door, wrong)).json()
    assert of_system["outcome"] == "quarantined"
    assert of_person["violations"] == of_system["reasons"]


async def test_a_person_number_that_could_be_somebodys_is_refused_in_a_demo(door: Running) -> None:
    numbers = map(str, count(10**8))
    perhaps_somebodys = next(number for number in numbers if passes_eleven_test(number) and not is_test_number(number))
    said = await report(door, a_worry(people=[a_child(1) | {"bsn": perhaps_somebodys}]))
    assert said.json()["violations"] == [{"where": "/people/0/bsn", "what": "only test numbers are accepted here (demo mode)"}]


async def test_nobody_saw_what_is_still_to_come(door: Running) -> None:
    people = [{**a_child(1), "birthDate": "2027"}]
    said = await report(door, a_worry(happened="2026-03-03", people=people, informed={"how": "phone", "when": "2026-04"}))
    come = [one["where"] for one in said.json()["violations"] if one["what"] == "has not come yet"]
    assert sorted(come) == ["/happened", "/informed/when", "/people/0/birthDate"]
    assert (await report(door, a_worry(happened="2026-03"))).status_code == 201, "some of that month has come"


async def test_today_is_the_dutch_day(door: Running) -> None:
    door.clock.set(NOON.replace(hour=23, minute=30))
    assert (await report(door, a_worry(happened="2026-03-03"))).status_code == 201


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b'{"people": ', b'{"concern": "a", "concern": "b"}', b"\xff", b'"\\ud800"'])
async def test_what_is_no_object_of_json_is_refused(door: Running, body: bytes) -> None:
    assert refused(await report(door, body)) == (400, "malformed")


async def test_odd_values_are_refused_like_any_other(door: Running) -> None:
    odd = b'{"reference": "\\ud800", "concern": NaN, "happened": 1e999, "people": {"a": 1}, "informed": []}'
    assert refused(await report(door, odd)) == (400, "malformed")


async def test_what_is_too_large_or_no_json_is_not_read(door: Running) -> None:
    assert refused(await report(door, a_worry(reference="x" * 66_000))) == (413, "too-large")
    assert refused(await report(door, **{"Content-Type": "application/xml"})) == (415, "wrong-media-type")


async def test_a_report_has_an_id_of_its_own(door: Running) -> None:
    headers = {**door.token("reporter", WHO, CLUB)}
    said = await door.ask_now("POST", "/v1/reports", "", json=a_worry(), headers=headers)
    assert said.json()["violations"] == [{"where": "header/idempotency-key", "what": "is missing"}]
    assert refused(await report(door, key="1")) == (400, "malformed")


# Who may -------------------------------------------------------------------------------------------------


async def test_nobody_reports_for_an_organisation_that_does_not_take_part_or_has_a_system_of_its_own(door: Running) -> None:
    before = door.hub.log.last_position()
    for of in ("nowhere", "police", "hub", "neighbourhood-team"):
        assert refused(await report(door, of=of)) == (403, "not-registered-to-report"), of
    assert door.hub.log.last_position() == before


async def test_nobody_reports_for_an_organisation_that_is_suspended_gone_or_out_of_its_covenant(door: Running) -> None:
    registry = door.hub.registry
    registry.suspend(CLUB, "a reason", "operator")
    assert refused(await report(door)) == (403, "partner-suspended")
    registry.resume(CLUB, "a reason", "operator")
    assert (await report(door)).status_code == 201
    registry.change(CLUB, Terms(covenant_until=NOON - timedelta(days=1)), "operator")
    assert refused(await report(door)) == (403, "covenant-expired")
    assert refused(await ask(door)) == (403, "covenant-expired")
    registry.remove(CLUB, "a reason", "operator")
    assert refused(await report(door)) == (403, "partner-suspended")


async def test_nobody_reports_for_what_their_organisation_has_no_purpose_or_ground(door: Running) -> None:
    for terms in (Terms(purposes=[]), Terms(purposes=["early-help"], grounds=[])):
        door.hub.registry.change(CLUB, terms, "operator")
        assert (await report(door)).status_code == 403


async def test_a_reporter_may_report_and_see_their_own_reports_and_nothing_else(door: Running) -> None:
    family = await door.a_family()
    for path in (f"/v1/families/{family}", "/v1/today", "/v1/me/contact", "/v1/caseload", "/v1/match-questions", "/v1/radar"):
        assert refused(await ask(door, path)) == (403, "role-not-allowed"), path
    for role in ("coordinator", "team-lead", "operator", "partner"):
        of = "youth-work" if role == "partner" else CLUB
        said = await door.ask_now("POST", "/v1/reports", "", json=a_worry(), headers=door.token(role, WHO, of))
        assert refused(said) == (403, "role-not-allowed"), role


# An attacker ---------------------------------------------------------------------------------------------


async def test_nobody_reports_in_the_name_of_another_person_or_organisation(door: Running) -> None:
    said = await report(door, **{BY: "somebody.else", FOR: "police", "ce-source": "urn:nld:oin:00000099000000010001:systeem:x"})
    message = received(door, said)
    assert (message.typed_by, message.partner, message.oin) == (WHO, CLUB, CLUB_OIN)
    for extra in ({"source": "x"}, {"reportedBy": "somebody.else"}, {"organisation": "police"}):
        assert refused(await report(door, a_worry(**extra))) == (400, "malformed")


async def test_what_the_hub_signs_of_a_report_is_no_signature_at_the_door_of_systems(door: Running) -> None:
    message = received(door, await report(door))
    with door.hub.stored.log.connect() as connection:
        posted = door.hub.received.fetch(connection, message.kept)
    lines = [(name, values[0]) for name, values in posted.headers.items()]
    assert refused(await door.post_as_it_is(posted.body, lines)) == (401, "signature-wrong")


async def test_nothing_else_that_the_hub_signs_can_be_taken_for_a_report(door: Running) -> None:
    message = received(door, await report(door))
    with door.hub.stored.log.connect() as connection:
        posted = door.hub.received.fetch(connection, message.kept)
    key = door.hub.keys.at(NOON)
    for missing in COVERED - {"digest"}:
        lines = {name: values[0] for name, values in posted.headers.items() if name in COVERED - {"digest", missing}}
        signed = {name.lower(): [text] for name, text in jades.sign(posted.body, lines, key.private, key.kid, NOON).items()}
        changed = type(posted)({**posted.headers, **signed}, posted.body, posted.key, posted.covered)
        kept = type(message)(**{**vars(message), "kept": Reread(door.hub.registrations, changed, []).key})
        ours = door.hub.keys.public_jwks()["keys"]
        assert "not by the hub over a report" in Reread(door.hub.registrations, changed, ours).wrong_with(kept), missing


async def test_no_report_of_others_is_told_of_nor_that_it_is_there(door: Running) -> None:
    door.hub.registry.add("other-house", "any-partner", "00000099000000010009", "operator")
    mine = (await report(door)).json()["message"]
    of_system = (await door.post(an_event())).json()["message"]
    unknown = await ask(door, f"/v1/reports/{uuid4()}")
    for path, who, of in (
        (f"/v1/reports/{mine}", "a.colleague", CLUB),
        (f"/v1/reports/{mine}", WHO, "other-house"),
        (f"/v1/reports/{of_system}", WHO, "youth-work"),
    ):
        said = await ask(door, path, who, of)
        assert (said.status_code, said.content) == (404, unknown.content)
    for who, of in (("a.colleague", CLUB), (WHO, "other-house"), (WHO, "youth-work")):
        assert (await ask(door, who=who, of=of)).json()["items"] == []


# What became of it ---------------------------------------------------------------------------------------


async def test_a_reporter_sees_their_own_reports_the_newest_first_page_by_page(club: Running) -> None:
    made = [(await report(club, a_worry(people=[a_child(nth)]))).json()["message"] for nth in (1, 2, 3)]
    page = (await ask(club, "/v1/reports?limit=2")).json()
    assert [one["message"] for one in page["items"]] == made[:0:-1]
    rest = (await ask(club, f"/v1/reports?limit=2&after={page['next']}")).json()
    assert ([one["message"] for one in rest["items"]], rest["next"]) == (made[:1], "")
    assert set(page["items"][0]) == {"message", "reportedAt", "state"}


async def test_a_reporter_hears_that_somebody_directs_and_whom_to_contact_and_never_whose_family_it_is(club: Running) -> None:
    said = await report(club)
    family, path = family_of(club, said), f"/v1/reports/{said.json()['message']}"
    seen = (await ask(club, path)).json()
    (heard,) = seen["status"]["feedback"]
    assert (heard["outcome"], heard["contact"] != "") == ("received", True)
    assert family not in json.dumps(seen) and "Voorbeeld" not in json.dumps(seen)
    assert (await ask(club)).json()["items"][0]["state"] == "received"


async def test_that_it_was_taken_up_is_told_when_somebody_took_it_up(club: Running) -> None:
    said = await report(club, a_worry(concern="honour-violence"))
    family = family_of(club, said)
    (item,) = (await club.ask("/v1/escalations")).json()["items"]
    taken = await club.tell(f"/v1/families/{family}/escalations/{item['id']}/acknowledgements")
    assert taken.status_code == 201, taken.text
    club.hub.views.catch_up()
    club.hub.give_feedback()
    assert (await ask(club)).json()["items"][0]["state"] == "taken-up"
    (heard,) = (await ask(club, f"/v1/reports/{said.json()['message']}")).json()["status"]["feedback"]
    assert heard["outcome"] == "taken-up"


async def test_a_report_that_waited_is_received_when_a_person_answers_whose_it_is_and_waits_again_when_they_take_that_back(
    club: Running,
) -> None:
    family = await club.a_family()
    await report(club, a_worry(people=[{"familyName": "Voorbeeld", "givenNames": "Noor", "birthDate": "2016-04-05"}]))
    states = [(await ask(club)).json()["items"][0]["state"]]
    (question,) = (await club.ask("/v1/match-questions")).json()["items"]
    for path, body in (("answers", {**WHY, "family": str(family)}), ("retractions", WHY)):
        assert (await club.tell(f"/v1/match-questions/{question['id']}/{path}", body)).status_code < 300
        states.append((await ask(club)).json()["items"][0]["state"])
    assert states == ["waiting", "received", "waiting"]


async def test_what_the_organisation_takes_back_with_a_system_that_it_has_by_now_is_taken_back(club: Running) -> None:
    said = await report(club)
    club.hub.registry.add_key(CLUB, public("PS256", f"{CLUB}-1"), "operator", NOON - timedelta(days=1))
    source, earlier = said.json()["source"], {"withdraws": said.json()["id"]}
    withdrawal = outgoing_events.to_structured("w", source, TYPE, NOON, None, extensions=earlier)
    taken = await club.post(withdrawal, signed_as=f"{CLUB}-1")
    assert taken.status_code == 201, taken.text
    assert (await ask(club)).json()["items"][0]["state"] == "taken-back"


# In the log of what was done with peoples data ----------------------------------------------------------


async def test_that_somebody_reported_stands_in_the_log_of_what_was_done_with_peoples_data(club: Running) -> None:
    await report(club)
    lines = (await club.ask("/v1/processing-log", "data-protection-officer")).json()["items"]
    (line,) = [line for line in lines if line["name"] == "reportSignal" and "dpl.core.data_subject_id" in line["attributes"]]
    assert (line["who"], line["role"], line["organisation"], line["handling"]) == (WHO, "reporter", CLUB, "receive")
