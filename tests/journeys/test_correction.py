"""A partner corrects or withdraws what it sent: over HTTP, signed, on both databases; consequences are told, never undone."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest

from hub import projections
from hub.adapters import outgoing_events
from hub.adapters.outgoing_events import to_batch
from hub.domain.callers import Capacity
from hub.domain.messages import Message
from hub.errors import HubError, RuleBroken
from hub.registry import Terms
from tests.channels.receiving import receiving
from tests.given import NOON
from tests.journeys.running import ANY_TYPE, BATCH, STRUCTURED, Sender, Served, a_child, a_worry, serving
from tests.journeys.test_rebuild import rows
from tests.passing import passed_on

OTHER = Sender("other-youth-work", "any-partner", f"{99:08}{10077:012}")
GRAVE = "domestic-violence"


@pytest.fixture
def hub(database: str, tmp_path: Path) -> Iterator[Served]:
    """A hub of its own for one test, with a second organisation of the same kind."""
    with serving(tmp_path) as served:
        OTHER.register(served.hub, NOON)
        yield served


def send(hub: Served, data: Any, id: str = "", sender: Any = None, **about: str) -> httpx2.Response:
    """Posts a signal, or (without data) a withdrawal, of a partner without a standard of its own."""
    sender = sender or hub.partners["any-partner"]
    return hub.post(sender, sender.an_event(data, hub.clock.now(), id=id or str(uuid4()), extensions=about))


def somebody(nth: int, **but: Any) -> dict[str, Any]:
    """Somebody whom nobody can take for another."""
    return a_child(nth, familyName=f"Voorbeeld{'abcdefgh'[nth]}", birthDate=f"201{nth}-04-05", **but)


def status(hub: Served, receipt: Mapping[str, Any], partner: str = "any-partner") -> Any:
    """What became of a message, without what its reporter hears of it."""
    said = hub.ask(f"/v1/signals/{receipt['message']}", Capacity.PARTNER, partner).json()["status"]
    return {name: value for name, value in said.items() if name != "feedback"}


def family(hub: Served, id: str) -> Any:
    return hub.ask(f"/v1/families/{id}").json()


def levels(shown: Mapping[str, Any]) -> dict[str, tuple[int, int | None]]:
    return {one["axis"]: (one["level"], one["holds"]) for one in shown["level"]["axes"]}


def is_as_built_anew(hub: Served) -> bool:
    """Whether every read model is what the log makes of it from the beginning."""
    passed_on(hub.hub)
    followed = rows(hub.hub)
    for name in projections.found():
        hub.hub.views.rebuild(name)
    return rows(hub.hub) == followed


def test_a_withdrawal_is_told_to_the_director_and_rectified_to_who_was_told(database: str, tmp_path: Path) -> None:
    with receiving() as receiver, serving(tmp_path, veilig_thuis=receiver.url) as hub:
        first = send(hub, a_worry(concern=GRAVE), "w-1").json()
        id = hub.family_of(first)
        before = family(hub, id)
        (escalation,) = hub.ask("/v1/escalations", family=id, axis="safety").json()["items"]
        assert escalation["rectified"] is None
        assert "veilig-thuis" in escalation["tell"]
        assert receiver.wait_for(1)

        hub.clock.set(NOON + timedelta(hours=3))
        said = send(hub, None, "w-2", withdraws="w-1")
        assert said.status_code == 201, said.text
        receipt = said.json()
        assert (receipt["withdraws"], receipt["signals"], receipt["outcome"]) == (first["message"], [], "recorded")

        assert status(hub, first) == {
            "outcome": "withdrawn",
            "reasons": [],
            "signals": [{"signal": first["signals"][0]["signal"], "outcome": "withdrawn"}],
            "withdrawnBy": receipt["message"],
        }
        now = family(hub, id)
        level = dict(levels(before))["safety"][0]
        assert levels(now)["safety"] == (level, 1), "the level stays, and shows what it no longer rests on"
        assert now["director"] == before["director"]
        assert now["clocks"] == before["clocks"]
        assert [one["isNamed"] for one in now["people"]] == [False]
        (taken_back,) = now["takenBack"]
        assert (taken_back["how"], taken_back["message"], taken_back["by"]) == ("withdrawn", receipt["message"], "any-partner")
        assert escalation["id"] in taken_back["escalations"]
        assert all(one["rectified"]["holds"] == 1 for one in now["escalations"] if one["axis"] == "safety")

        (marked,) = hub.ask("/v1/escalations", family=id, axis="safety").json()["items"]
        assert (marked["state"], marked["rectified"]["holds"]) == ("open", 1)
        assert marked["rectified"]["lost"] == [first["signals"][0]["signal"]]
        kinds = [item["kind"] for item in hub.ask(f"/v1/families/{id}/timeline").json()["items"]]
        assert {"signal-withdrawn", "escalation-rectified"} <= set(kinds)
        history = hub.ask(f"/v1/families/{id}/history").json()["state"]
        assert history["signals"] == []

        assert receiver.wait_for(2 * len(before["escalations"]))
        told = {sent.event["type"]: sent.event["data"] for sent in receiver.got if sent.event["data"].get("axis") == "safety"}
        raised, rectified = told["nl.vig.escalations.level-raised.v1"], told["nl.vig.escalations.rectified.v1"]
        assert rectified["escalation"] == raised["escalation"], "by the name that this partner knows it by"
        assert (rectified["level"], rectified["holds"]) == (raised["level"], 1)
        assert is_as_built_anew(hub)


def test_the_same_withdrawal_again_is_the_same_receipt_and_another_changes_nothing(hub: Served) -> None:
    first = send(hub, a_worry(concern=GRAVE), "w-1").json()
    body = hub.partners["any-partner"].an_event(None, NOON, id="w-2", extensions={"withdraws": "w-1"})
    once, position = hub.post(hub.partners["any-partner"], body), hub.hub.log.last_position()
    again = hub.post(hub.partners["any-partner"], body)
    assert (once.status_code, again.status_code, again.content) == (201, 200, once.content)
    assert hub.hub.log.last_position() == position
    other = send(hub, None, "w-3", withdraws="w-1")
    assert (other.status_code, hub.hub.log.last_position()) == (201, position + 1), "the message itself, and nothing else"
    assert status(hub, first)["withdrawnBy"] == once.json()["message"]


def test_a_correction_takes_the_place_of_what_it_corrects(hub: Served) -> None:
    first = send(hub, a_worry(concern=GRAVE), "c-1").json()
    second = send(hub, a_worry(concern="nuisance"), "c-2", corrects="c-1").json()
    assert second["corrects"] == first["message"]
    id = hub.family_of(first)
    assert hub.family_of(second) == id, "it is matched while the old one is still there"
    assert status(hub, first)["correctedBy"] == second["message"]
    assert status(hub, first)["outcome"] == "corrected"
    assert status(hub, second)["outcome"] == "recorded"
    shown = family(hub, id)
    assert [one["how"] for one in shown["takenBack"]] == ["corrected"]
    assert shown["takenBack"][0]["instead"] == [second["signals"][0]["signal"]]
    assert [one["signals"] for one in shown["involved"]] == [1]
    assert [one["isNamed"] for one in shown["people"]] == [True]
    assert levels(shown)["safety"][1] == 1
    assert is_as_built_anew(hub)


def test_a_correction_of_a_correction_and_then_its_withdrawal(hub: Served) -> None:
    first = send(hub, a_worry(concern=GRAVE), "c-1").json()
    later = [send(hub, a_worry(concern="nuisance"), f"c-{nth + 1}", corrects=f"c-{nth}").json() for nth in (1, 2)]
    receipts = [first, *later]
    old = send(hub, a_worry(), "c-4", corrects="c-1")
    assert (old.status_code, old.json()["code"]) == (409, "corrected-already")
    assert receipts[1]["message"] in json.dumps(old.json()["violations"]), "which one came in its place is said"
    last = send(hub, None, "c-5", withdraws="c-3").json()
    assert [status(hub, one)["outcome"] for one in receipts] == ["corrected", "corrected", "withdrawn"]
    assert family(hub, hub.family_of(receipts[0]))["involved"] == []
    for about in ({"corrects": "c-5"}, {"withdraws": "c-5"}):
        refused = send(hub, a_worry() if "corrects" in about else None, **about)
        assert (refused.status_code, refused.json()["code"]) == (409, "is-a-withdrawal")
    gone = send(hub, a_worry(), corrects="c-3")
    assert (gone.status_code, gone.json()["code"]) == (409, "withdrawn-already")
    assert last["message"] in json.dumps(gone.json()["violations"])


def test_a_correction_moves_a_signal_to_other_people_and_another_family(hub: Served) -> None:
    theirs = send(hub, a_worry(somebody(5)), "other").json()
    first = send(hub, a_worry(concern=GRAVE), "m-1").json()
    wrong, right = hub.family_of(first), hub.family_of(theirs)
    second = send(hub, a_worry(somebody(5), concern=GRAVE), "m-2", corrects="m-1").json()
    assert hub.family_of(second) == right
    left, reached = family(hub, wrong), family(hub, right)
    (stays, holds), (rose, rests) = levels(left)["safety"], levels(reached)["safety"]
    assert (holds, rests) == (1, None)
    assert rose >= stays > 1
    assert len(left["people"]) == 1, "a family is never left without people"
    assert left["director"]["who"] == reached["director"]["who"]
    assert len(reached["people"]) == 1
    assert is_as_built_anew(hub)


def test_whom_a_correction_no_longer_names_leaves_and_is_not_matched_here_again(hub: Served) -> None:
    home = {"address": a_child(1)["address"]}
    mother, wrong, right = somebody(1, role="parent"), somebody(2, **home), somebody(3, **home)
    first = send(hub, a_worry(mother, wrong), "m-1").json()
    second = send(hub, a_worry(mother, right), "m-2", corrects="m-1").json()
    id = hub.family_of(first)
    assert hub.family_of(second) == id
    assert len(family(hub, id)["people"]) == 2
    later = send(hub, a_worry(wrong), "m-3").json()
    assert later["outcome"] == "match-question" or hub.family_of(later) != id
    assert is_as_built_anew(hub)


@pytest.mark.parametrize("about", ["corrects", "withdraws"])
def test_what_nobody_sent_and_what_another_sent_are_refused_alike(hub: Served, about: str) -> None:
    data = a_worry() if about == "corrects" else None
    theirs = send(hub, a_worry(), "theirs", sender=OTHER)
    assert theirs.status_code == 201
    position = hub.hub.log.last_position()
    unknown, another = send(hub, data, **{about: "nothing"}), send(hub, data, **{about: "theirs"})
    assert unknown.status_code == another.status_code == 404
    assert unknown.json() == another.json()
    assert unknown.json()["code"] == "earlier-not-known"
    assert [one["where"] for one in unknown.json()["violations"]] == [about]
    assert hub.hub.log.last_position() == position, "and nothing is kept of it"


def test_an_organisation_with_the_same_number_is_another_all_the_same(hub: Served) -> None:
    sender = hub.partners["any-partner"]
    twin = Sender("twin-of-any-partner", "any-partner", sender.oin, "ES256")
    twin.register(hub.hub, NOON)
    send(hub, a_worry(), "mine")
    refused = send(hub, None, sender=twin, withdraws="mine")
    assert (refused.status_code, refused.json()["code"]) == (404, "earlier-not-known")


def test_a_withdrawal_that_comes_too_early_is_refused_and_accepted_after_the_receipt(hub: Served) -> None:
    early = send(hub, None, "w-2", withdraws="w-1")
    assert (early.status_code, early.json()["code"]) == (404, "earlier-not-known")
    first = send(hub, a_worry(), "w-1").json()
    assert send(hub, None, "w-2", withdraws="w-1").status_code == 201
    assert status(hub, first)["outcome"] == "withdrawn"


def test_a_batch_may_hold_a_message_and_what_takes_it_back(hub: Served) -> None:
    sender = hub.partners["any-partner"]
    events = [
        sender.an_event(a_worry(concern=GRAVE), NOON, id="b-1"),
        sender.an_event(a_worry(concern="nuisance"), NOON, id="b-2", extensions={"corrects": "b-1"}),
        sender.an_event(None, NOON, id="b-3", extensions={"withdraws": "b-2"}),
    ]
    answers = hub.post(sender, to_batch(events), BATCH).json()
    assert [one["status"] for one in answers] == [201, 201, 201]
    assert [status(hub, one["receipt"])["outcome"] for one in answers] == ["corrected", "withdrawn", "recorded"]


def binary(hub: Served, id: str, data: bytes = b"", sign_all: bool = True, **about: str) -> httpx2.Response:
    """The same with the attributes in headers, which the signature covers."""
    sender, now = hub.partners["any-partner"], hub.clock.now()
    named = outgoing_events.to_headers(id, sender.source, ANY_TYPE, now, "application/json")
    media = named.pop("content-type")
    earlier = {f"ce-{name}": text for name, text in about.items()}
    signed = sender.signed(data, now, named | earlier if sign_all else named)
    return hub.post_as_it_is(data, [*{**signed, **earlier}.items(), ("content-type", media)])


def test_in_binary_mode_the_signature_covers_what_is_taken_back(hub: Served) -> None:
    first = binary(hub, "x-1", json.dumps(a_worry()).encode()).json()
    refused = binary(hub, "x-2", sign_all=False, withdraws="x-1")
    assert (refused.status_code, refused.json()["code"]) == (401, "attributes-not-signed")
    assert binary(hub, "x-2", withdraws="x-1").status_code == 201
    assert status(hub, first)["outcome"] == "withdrawn"
    other = binary(hub, "x-2", withdraws="x-2")
    assert (other.status_code, other.json()["code"]) == (409, "id-reused"), "the body is empty both times"


def test_a_withdrawal_says_nothing_else_and_not_both(hub: Served) -> None:
    said = send(hub, a_worry(), withdraws="w-1", corrects="w-1")
    assert (said.status_code, said.json()["code"]) == (400, "malformed")
    assert {one["where"] for one in said.json()["violations"]} == {"data", "withdraws"}


def test_a_message_in_quarantine_that_is_corrected_leaves_it(hub: Served) -> None:
    first = send(hub, {"reference": "a-1"}, "q-1").json()
    assert first["outcome"] == "quarantined"
    second = send(hub, a_worry(), "q-2", corrects="q-1").json()
    assert hub.ask("/v1/quarantine", Capacity.OPERATOR).json()["items"] == []
    assert status(hub, first)["outcome"] == "corrected"
    assert status(hub, second)["outcome"] == "recorded"
    assert is_as_built_anew(hub)


def test_a_correction_in_quarantine_changes_nothing_until_it_is_taken_up_again(hub: Served) -> None:
    first = send(hub, a_worry(concern=GRAVE), "q-1").json()
    second = send(hub, {"reference": "a-1"}, "q-2", corrects="q-1").json()
    assert second["outcome"] == "quarantined"
    assert status(hub, first) == {
        "outcome": "recorded",
        "reasons": [],
        "signals": first["signals"],
        "correctedBy": second["message"],
    }
    shown = family(hub, hub.family_of(first))
    assert shown["takenBack"] == []
    third = send(hub, a_worry(concern="nuisance"), "q-3", corrects="q-2").json()
    assert [status(hub, one)["outcome"] for one in (first, second, third)] == ["corrected", "corrected", "recorded"]
    assert len(family(hub, hub.family_of(first))["takenBack"]) == 1


def test_withdrawing_a_correction_in_quarantine_withdraws_what_it_corrects(hub: Served) -> None:
    first = send(hub, a_worry(concern=GRAVE), "q-1").json()
    send(hub, {"reference": "a-1"}, "q-2", corrects="q-1")
    send(hub, None, "q-3", withdraws="q-2")
    assert status(hub, first)["outcome"] == "withdrawn"
    assert family(hub, hub.family_of(first))["involved"] == []
    assert is_as_built_anew(hub)


def post_to_a_broken_reader(hub: Served, body: bytes) -> Any:
    """The same way in while its adapter has a fault, so that whatever comes waits in quarantine."""

    def broken(_data: bytes, _oin: str) -> Any:
        raise KeyError

    way_in, sender = hub.hub.intake, hub.partners["any-partner"]
    kind = way_in.partners["any-partner"]
    messages = tuple(replace(message, read=broken) for message in kind.messages)
    other = replace(way_in, partners={"any-partner": replace(kind, messages=messages)})
    headers = {name.lower(): [text] for name, text in sender.signed(body, hub.clock.now()).items()}
    (answer,) = other.receive({"content-type": [STRUCTURED], **headers}, body)
    assert not isinstance(answer, HubError)
    return answer.result(timeout=60).value


def test_a_correction_that_is_read_after_a_fault_is_mended_corrects_then(hub: Served) -> None:
    first = send(hub, a_worry(concern=GRAVE), "q-1").json()
    sender = hub.partners["any-partner"]
    later = sender.an_event(a_worry(concern="nuisance"), NOON, id="q-2", extensions={"corrects": "q-1"})
    receipt = post_to_a_broken_reader(hub, later)
    assert (receipt.outcome, receipt.corrects) == ("quarantined", first["message"])
    assert status(hub, first)["outcome"] == "recorded"
    hub.hub.intake.process_again(UUID(receipt.message), "operator")
    assert status(hub, first)["outcome"] == "corrected"
    (taken_back,) = family(hub, hub.family_of(first))["takenBack"]
    assert (taken_back["how"], taken_back["by"]) == ("corrected", "any-partner")
    assert is_as_built_anew(hub)


def test_what_was_taken_back_in_quarantine_is_not_read_again(hub: Served) -> None:
    waiting = send(hub, {"reference": "a-1"}, "q-1").json()
    send(hub, None, withdraws="q-1")
    with pytest.raises(RuleBroken, match="corrected or withdrew"):
        hub.hub.intake.process_again(UUID(waiting["message"]), "operator")


def in_question(hub: Served, id: str) -> tuple[Any, str]:
    """A signal that only may be about a known family, and its question."""
    send(hub, a_worry(a_child(1)))
    likely = a_child(1, bsn=None, givenNames=None, birthDate=None)
    receipt = send(hub, a_worry(likely), id).json()
    assert receipt["outcome"] == "match-question", receipt
    (question,) = hub.ask("/v1/match-questions", state="open").json()["items"]
    return receipt, question["id"]


def test_a_signal_that_waits_for_a_person_and_is_withdrawn_waits_no_longer(hub: Served) -> None:
    receipt, question = in_question(hub, "v-1")
    send(hub, None, withdraws="v-1")
    assert hub.ask(f"/v1/match-questions/{question}").json()["state"] == "lapsed"
    assert status(hub, receipt)["outcome"] == "withdrawn"
    answered = hub.hub.casework
    with pytest.raises(RuleBroken, match="took it back"):
        answered.answer(UUID(question), None, "somebody else", "a.coordinator")
    assert is_as_built_anew(hub)


def test_a_signal_that_a_person_placed_is_taken_back_where_they_placed_it(hub: Served) -> None:
    receipt, question = in_question(hub, "v-1")
    chosen = hub.hub.casework.answer(UUID(question), None, "somebody else", "a.coordinator")
    send(hub, None, withdraws="v-1")
    assert [one["how"] for one in family(hub, str(chosen))["takenBack"]] == ["withdrawn"]
    assert status(hub, receipt)["signals"][0]["outcome"] == "withdrawn"


def test_after_a_merger_both_families_hear_of_it(hub: Served) -> None:
    stays, goes = (send(hub, a_worry(somebody(nth), concern=GRAVE), f"f-{nth}").json() for nth in (1, 2))
    one, other = hub.family_of(stays), hub.family_of(goes)
    hub.hub.casework.merge(UUID(one), UUID(other), "they are one", "a.coordinator")
    send(hub, None, withdraws="f-2")
    assert len(family(hub, one)["takenBack"]) == 1
    hub.hub.casework.separate(UUID(one), UUID(other), "they are two", "a.coordinator")
    assert family(hub, other)["involved"] == []
    assert is_as_built_anew(hub)


def test_a_withdrawal_needs_no_ground_any_more(hub: Served) -> None:
    first = send(hub, a_worry(), "g-1").json()
    hub.hub.registry.change("any-partner", Terms(purposes=[], grounds=[]), "operator")
    assert send(hub, a_worry(), "g-2", corrects="g-1").status_code == 403
    assert send(hub, None, "g-3", withdraws="g-1").status_code == 201
    assert status(hub, first)["outcome"] == "withdrawn"


def test_what_a_message_is_about_stands_in_the_log_with_it(hub: Served) -> None:
    first = send(hub, a_worry(), "l-1").json()
    second = send(hub, None, withdraws="l-1").json()
    ids = [UUID(one["message"]) for one in (first, second)]
    old, new = hub.hub.register.read(lambda unit: [unit.get(Message, id) for id in ids])
    assert (old.withdrawn_by, new.received.withdraws) == (second["message"], first["message"])
