"""One signal, all the way: from a partner's own message to a family, an escalation, and those who are told of it."""

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx2
import pytest

from hub.adapters import jades, jws, outgoing_events
from hub.adapters.outgoing_events import to_batch
from hub.adapters.signatures import PartnerSignatures
from hub.domain.callers import Capacity
from hub.domain.messages import Message
from hub.domain.people import Person
from hub.domain.trajectory import Trajectory
from hub.errors import SignatureRefused
from tests.adapters.registered import public
from tests.api.running import said_by_hub
from tests.channels.receiving import Sent, receiving
from tests.contracts.examples import Example, examples
from tests.domain.test_identifiers import real_looking
from tests.journeys.running import BATCH, Following, Served, a_child, a_worry, serving
from tests.passing import passed_on

on_both_databases = pytest.mark.usefixtures("database")

SUMMER = datetime(2026, 8, 3, 9, 0, tzinfo=UTC)
"""A Monday after everything that the examples tell of."""
ALL = examples()
each_example = pytest.mark.parametrize("example", ALL, ids=[example.name for example in ALL])
AT_ONCE = 64


@pytest.fixture(scope="module")
def summer(database_of_module: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub that every partner posts its examples to."""
    with serving(tmp_path_factory.mktemp("summer"), SUMMER) as served:
        yield served


@pytest.fixture
def hub(database: str, tmp_path: Path) -> Iterator[Served]:
    """A hub of its own for one test."""
    with serving(tmp_path, SUMMER) as served:
        yield served


def post(hub: Served, example: Example, id: str = "", data: bytes = b"") -> httpx2.Response:
    """Posts an example as its partner does: the message as it is, with the attributes in headers that are signed too."""
    sender = hub.partners[example.partner]
    named = outgoing_events.to_headers(id or example.name, sender.source, example.message.type, SUMMER, example.message.media)
    media = named.pop("content-type")
    return hub.post(sender, data or example.given.read_bytes(), media, **named)


def an_example(name: str) -> Example:
    return next(example for example in ALL if example.name == name)


def events(hub: Served, *kinds: type[Any]) -> list[Any]:
    """What was recorded, of these kinds."""
    decoded = (hub.hub.mapper.to_domain_event(one) for _, one in hub.hub.log.read(0, 1_000_000))
    return [event for event in decoded if isinstance(event, kinds)]


# Every partner's own format ----------------------------------------------------------------------------


@each_example
def test_a_message_in_the_partners_own_format_is_answered_with_a_receipt_that_the_hub_signed(
    summer: Served, example: Example
) -> None:
    said = post(summer, example)
    assert said.status_code == 201, said.text
    receipt = said.json()
    if example.is_readable:
        assert receipt["outcome"] in ("recorded", "match-question")
        assert len(receipt["signals"]) == len(example.then["signals"])
    else:
        assert (receipt["outcome"], receipt["signals"]) == ("quarantined", [])
        assert receipt["reasons"] == example.then["unreadable"]
    jwks = summer.client.get("/v1/jwks").json()
    assert said_by_hub(receipt.pop("receipt"), jwks) == receipt


@each_example
def test_the_same_message_again_gets_the_same_receipt_byte_for_byte(summer: Served, example: Example) -> None:
    first, position = post(summer, example, f"again/{example.name}"), summer.hub.log.last_position()
    summer.clock.set(SUMMER + timedelta(seconds=90))
    again = post(summer, example, f"again/{example.name}")
    summer.clock.set(SUMMER)
    assert (first.status_code, again.status_code) == (201, 200)
    assert again.content == first.content
    assert summer.hub.log.last_position() == position


@each_example
def test_the_same_id_with_another_body_is_refused(summer: Served, example: Example) -> None:
    post(summer, example, f"other/{example.name}")
    position = summer.hub.log.last_position()
    other = post(summer, example, f"other/{example.name}", example.given.read_bytes() + b"\n")
    assert (other.status_code, other.json()["code"]) == (409, "id-reused")
    assert summer.hub.log.last_position() == position


def test_the_same_id_and_body_under_another_type_is_another_message_and_refused(hub: Served) -> None:
    feedback = an_example("veilig-thuis/vt-terugkoppeling/01-taken-up")
    general = an_example("veilig-thuis/melding-generiek/01-several-life-areas")
    body = feedback.given.read_bytes()
    assert post(hub, feedback, "one id", body).status_code == 201
    other = post(hub, general, "one id", body)
    assert (other.status_code, other.json()["code"]) == (409, "id-reused")


@each_example
def test_what_became_of_a_message_is_told_to_its_sender_alone(summer: Served, example: Example) -> None:
    said = post(summer, example, f"status/{example.name}")
    where = said.headers["location"]
    own = summer.ask(where, Capacity.PARTNER, example.partner)
    assert own.status_code == 200
    told = own.json()
    assert told.pop("status")["outcome"] == said.json()["outcome"]
    told.pop("withheld", None)  # of the feedback in it, by the disclosure matrix
    assert told == said.json()
    for other in set(summer.partners) - {example.partner}:
        assert summer.ask(where, Capacity.PARTNER, other).status_code == 404
    assert summer.ask(where, Capacity.COORDINATOR).status_code == 403
    assert summer.client.get(where).status_code == 401


# All the way -------------------------------------------------------------------------------------------


@on_both_databases
def test_a_police_report_goes_all_the_way(tmp_path: Path) -> None:
    with receiving() as receiver, serving(tmp_path, SUMMER, veilig_thuis=receiver.url) as hub, following(hub) as feed:
        first = post(hub, an_example("social-services/ddas-levering/02-one-debt-signal")).json()
        family = hub.family_of(first)
        assert levels(hub.ask(f"/v1/families/{family}"))["safety"] == 1
        hub.clock.set(SUMMER + timedelta(minutes=30))
        report = post(hub, an_example("police/vt-melding/02-honour-and-a-ban-from-the-home")).json()
        signals = {one["signal"] for one in report["signals"]}

        assert hub.family_of(report) == family, "the police names somebody of the same family"
        view = hub.ask(f"/v1/families/{family}")
        assert levels(view)["safety"] >= 3
        assert view.json()["director"]["who"] == "duty-desk"

        timeline = hub.ask(f"/v1/families/{family}/timeline").json()["items"]
        assert signals <= {signal for item in timeline for signal in item["signals"]}
        assert [item["position"] for item in timeline] == sorted(item["position"] for item in timeline)

        (raised,) = hub.ask("/v1/escalations", family=family, axis="safety").json()["items"]
        assert raised["rule"] and raised["matrix"] == "2026-1"
        assert raised["signals"] and set(raised["signals"]) & signals
        assert "veilig-thuis" in raised["held"], "the report says of informing what a person has to read"
        read = {"how": "spoken", "when": "2026-07-12"}
        headers = hub.token(Capacity.COORDINATOR)
        assert hub.client.post(f"/v1/families/{family}/family-informations", json=read, headers=headers).status_code == 201
        (raised,) = hub.ask("/v1/escalations", family=family, axis="safety").json()["items"]
        assert "veilig-thuis" in raised["tell"]

        live = feed.wait_for(raised["position"])
        assert (live.type, live.notice["data"]["escalation"]) == ("nl.vig.escalations.level-raised.v1", raised["id"])

        assert receiver.wait_for(1)
        told = next(sent for sent in receiver.got if sent.event["data"].get("axis") == "safety")
        assert is_signed_by_hub(told, hub)
        assert (told.event["type"], told.event["data"]["level"]) == (live.type, live.notice["data"]["level"])
        assert told.event["data"]["contact"] == live.notice["data"]["contact"]
        assert not {told.event["id"], told.event["data"]["family"], told.event["data"]["escalation"]} & {
            live.notice["id"],
            family,
            raised["id"],
        }, "a partner has names of its own for all of it"
        assert "Proefstra" not in told.body.decode() and "honour" not in told.body.decode()

        before = history(hub, family, recordedAt="2026-08-03T09:15:00Z")
        assert (before["state"]["levels"]["safety"], len(before["state"]["signals"])) == (1, 1)
        now = history(hub, family)
        assert now["state"]["levels"]["safety"] == raised["level"]
        assert signals <= {signal["signal"] for signal in now["state"]["signals"]}
        # it was known on the third, but so since the day before, on which it happened
        so_then = history(hub, family, validAt="2026-08-02T12:00:00Z")
        assert {signal["signal"] for signal in so_then["state"]["signals"]} & signals


def levels(view: httpx2.Response) -> dict[str, int]:
    return {one["axis"]: one["level"] for one in view.json()["level"]["axes"]}


def history(hub: Served, family: str, **moments: str) -> Any:
    said = hub.ask(f"/v1/families/{family}/history", Capacity.COORDINATOR, "", **moments)
    assert said.status_code == 200, said.text
    return said.json()


def is_signed_by_hub(sent: Sent, hub: Served) -> bool:
    """That the delivery is the hub's, checked with nothing but its public keys."""
    (text,) = sent.headers["payload-signature"]
    signature = jades.read(text)
    jade = next(key for key in hub.client.get("/v1/jwks").json()["keys"] if key["kid"] == signature.kid)
    jades.refuse_digest(sent.headers["digest"], sent.body)
    lines = jades.signed_bytes(signature.start, signature.covers, sent.headers)
    return jws.is_signed(lines, signature.value, jws.public_key(json.dumps(jade)))


@contextmanager
def following(hub: Served) -> Iterator[Following]:
    """Somebody who follows the live feed while the block lasts."""
    listener = Following(str(hub.client.base_url), hub.token(Capacity.COORDINATOR))
    listener.start()
    try:
        yield listener
    finally:
        listener.finish()


# Quarantine, and after a fix ---------------------------------------------------------------------------


@on_both_databases
def test_what_was_quarantined_is_processed_again_after_a_fix(tmp_path: Path) -> None:
    number = real_looking()
    with serving(tmp_path, SUMMER, "demo") as hub:
        sender = hub.partners["any-partner"]
        said = hub.post(sender, sender.an_event(a_worry(a_child(1, bsn=number)), SUMMER, id="early"))
        assert (said.status_code, said.json()["outcome"]) == (201, "quarantined")
        assert number not in said.text
        message = said.json()["message"]
        (listed,) = hub.ask("/v1/quarantine", Capacity.OPERATOR).json()["items"]
        assert (listed["message"], listed["partner"]) == (message, "any-partner")
        assert processed_again(hub, message)["outcome"] == "quarantined"
    # the fix: the mode was wrong, for this hub is no demonstration
    with serving(tmp_path, SUMMER, "production") as hub:
        assert processed_again(hub, message) == {"message": message, "outcome": "recorded", "reasons": []}
        assert hub.ask("/v1/quarantine", Capacity.OPERATOR).json()["items"] == []
        status = hub.ask(f"/v1/signals/{message}", Capacity.PARTNER, "any-partner").json()
        assert (status["outcome"], status["status"]["outcome"]) == ("quarantined", "recorded")
        (heard_of,) = events(hub, Trajectory.SignalRecorded)
        assert (heard_of.message, heard_of.signal) == (message, status["status"]["signals"][0]["signal"])
        assert hub.client.post(f"/v1/messages/{message}/processings", headers=hub.token(Capacity.OPERATOR)).status_code == 409
        assert hub.client.post(f"/v1/messages/{message}/processings", headers=hub.token(Capacity.COORDINATOR)).status_code == 403


def processed_again(hub: Served, message: str) -> Any:
    passed_on(hub.hub)
    said = hub.client.post(f"/v1/messages/{message}/processings", headers=hub.token(Capacity.OPERATOR))
    assert said.status_code == 201, said.text
    return said.json()


@on_both_databases
def test_of_two_systems_with_the_same_id_in_one_batch_the_right_message_is_processed_again(tmp_path: Path) -> None:
    number = real_looking()
    with serving(tmp_path, SUMMER, "demo") as hub:
        sender = hub.partners["any-partner"]
        good = sender.an_event(a_worry(a_child(1), reference="good"), SUMMER, id="1")
        kept = a_worry(a_child(2, bsn=number, familyName="Anders"), reference="kept out")
        other = sender.an_event(kept, SUMMER, id="1", source=f"{sender.source}-2")
        _, two = hub.post(sender, to_batch([good, other]), BATCH).json()
        assert two["receipt"]["outcome"] == "quarantined"
    with serving(tmp_path, SUMMER, "production") as hub:
        assert processed_again(hub, two["receipt"]["message"])["outcome"] == "recorded"
        assert [event.reference for event in events(hub, Trajectory.SignalRecorded)] == ["good", "kept out"]


# At the same instant -----------------------------------------------------------------------------------


def all_at_once(do: Callable[[int], httpx2.Response]) -> list[httpx2.Response]:
    """The answers to so many who all begin at the same moment."""
    ready = Barrier(AT_ONCE)

    def one(nth: int) -> httpx2.Response:
        ready.wait(60)
        return do(nth)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(one, range(AT_ONCE)))


def test_the_same_message_from_sixty_four_sides_is_one_message_with_one_receipt(hub: Served) -> None:
    sender = hub.partners["any-partner"]
    body = sender.an_event(a_worry(), SUMMER, id="the same")
    answers = all_at_once(lambda _: hub.post(sender, body))
    assert sorted(answer.status_code for answer in answers) == [200] * (AT_ONCE - 1) + [201]
    assert len({answer.content for answer in answers}) == 1
    assert len(events(hub, Message.Received)) == len(events(hub, Trajectory.SignalRecorded)) == 1


def test_sixty_four_first_signals_about_one_child_make_one_family(hub: Served) -> None:
    bodies = [hub.partners["any-partner"].an_event(a_worry(reference=f"a-{nth}"), SUMMER) for nth in range(AT_ONCE)]
    answers = all_at_once(lambda nth: hub.post(hub.partners["any-partner"], bodies[nth]))
    assert {answer.status_code for answer in answers} == {201}
    assert {answer.json()["outcome"] for answer in answers} == {"recorded"}
    assert len(events(hub, Trajectory.Opened)) == len(events(hub, Person.Named)) == 1
    assert {event.reference for event in events(hub, Trajectory.SignalRecorded)} == {f"a-{nth}" for nth in range(AT_ONCE)}


# Years later -------------------------------------------------------------------------------------------


@on_both_databases
def test_everything_that_was_kept_verifies_again_when_its_keys_are_long_gone(tmp_path: Path) -> None:
    with serving(tmp_path, SUMMER) as hub:
        for example in ALL:
            assert post(hub, example).status_code == 201
        batch = [hub.partners["any-partner"].an_event(a_worry(a_child(nth)), SUMMER) for nth in range(3)]
        hub.post(hub.partners["any-partner"], to_batch(batch), BATCH)
        for sender in hub.partners.values():
            hub.hub.registry.add_key(sender.name, public("PS256", f"{sender.name}-next"), "operator")
        # one loses its key, one leaves, and of all others the key runs out
        hub.clock.set(SUMMER + timedelta(days=1))
        hub.hub.registry.revoke_key("police", hub.partners["police"].kid, "lost", "operator")
        hub.hub.registry.suspend("veilig-thuis", "left", "operator")
        hub.clock.set(SUMMER + timedelta(days=900))

        signatures, messages = PartnerSignatures(hub.hub.registrations), events(hub, Message.Received)
        assert len(messages) == len(ALL) + len(batch)
        with hub.hub.stored.log.connect() as connection:
            for message in messages:
                posted = hub.hub.received.fetch(connection, message.kept)
                (signature,) = posted.headers["payload-signature"]
                signer = signatures.verify_again(posted.body, posted.headers, signature, message.timestamp)
                assert (signer.partner, signer.kid, signer.oin) == (message.partner, message.kid, message.oin)
                with pytest.raises(SignatureRefused) as refused:
                    signatures.verify_again(posted.body, posted.headers, signature, hub.clock.now())
                assert refused.value.code == ("key-revoked" if message.partner == "police" else "key-expired")
                with pytest.raises(SignatureRefused):
                    signatures.verify_again(posted.body + b" ", posted.headers, signature, message.timestamp)
