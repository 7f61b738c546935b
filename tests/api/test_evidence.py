"""Proof over HTTP: a partner proves that its message stands in the log, and witnesses that nobody changed it."""

from asyncio import to_thread
from base64 import b64decode
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest

from hub.adapters.evidence import merkle
from hub.adapters.evidence.notes import Checkpoint, Key, Note
from hub.adapters.watching.standing import Signed
from hub.client import Problem
from hub.client.line import ONCE
from hub.client.witness import Looked, Memory, NotConsistent, NotSigned, Witness
from hub.wiring import Watched
from hub.wiring.watched import LOOKS_ONLY
from tests.api.running import Running, a_child, a_worry, an_event, running, said_by_hub
from tests.api.serving import serving
from tests.passing import notarised

EVENTS = "/v1/log/events"


async def posted(hub: Running, nth: int = 1) -> dict[str, Any]:
    said = await hub.post(an_event(a_worry(people=[a_child(nth)]), id=str(nth)))
    assert said.status_code == 201, said.text
    return said.json()


async def asked(hub: Running, path: str, status: int = 200) -> httpx2.Response:
    """What anybody is answered, without a token."""
    answer = await hub.ask_now("GET", path, "")
    assert answer.status_code == status, answer.text
    return answer


async def the_keys(hub: Running, tree: str = "events") -> list[Key]:
    said = (await asked(hub, "/v1/log")).json()
    return [Key.read(one["key"]) for each in said["trees"] if each["tree"] == tree for one in each["keys"]]


# That a message stands in the log --------------------------------------------------------------------


async def test_a_partner_proves_that_its_message_stands_in_a_log_that_the_hub_signed(hub: Running) -> None:
    receipts = [await posted(hub, nth) for nth in (1, 2, 3)]
    notarised(hub.hub)
    (key,) = await the_keys(hub)
    for receipt in receipts:
        answer = await hub.ask(f"/v1/signals/{receipt['message']}/proof", "partner")
        assert answer.status_code == 200, answer.text
        said = answer.json()
        note = Note.read(said["checkpoint"])
        point = Checkpoint.read(note.text)
        assert note.by(key)
        assert said["position"] == receipt["position"]
        assert said["digest"] == receipt["digest"]
        proof = [b64decode(each) for each in said["proof"]]
        assert merkle.root_with(b64decode(said["leaf"]), said["position"] - 1, point.size, proof) == point.root
        signed = said_by_hub(said.pop("receipt"), hub.hub.keys.public_jwks())
        assert signed == said


async def test_a_message_that_is_not_signed_yet_is_asked_for_later(hub: Running) -> None:
    receipt = await posted(hub)
    answer = await hub.ask(f"/v1/signals/{receipt['message']}/proof", "partner")
    assert (answer.status_code, answer.json()["code"]) == (404, "not-signed-yet")


async def test_the_proof_of_a_message_is_for_who_sent_it(hub: Running) -> None:
    receipt = await posted(hub)
    notarised(hub.hub)
    path = f"/v1/signals/{receipt['message']}/proof"
    others = hub.partner_token("police")
    async with hub.client() as client:
        assert (await client.get(path, headers=others)).status_code == 404
        assert (await client.get(path)).status_code == 401
    assert (await hub.ask(path, "coordinator")).status_code == 403


# That it only grew -----------------------------------------------------------------------------------


async def test_anybody_sees_that_the_log_only_grew(hub: Running) -> None:
    await posted(hub, 1)
    notarised(hub.hub)
    before = Checkpoint.read(Note.read((await asked(hub, f"{EVENTS}/checkpoint")).text).text)
    await posted(hub, 2)
    notarised(hub.hub)
    now = Checkpoint.read(Note.read((await asked(hub, f"{EVENTS}/checkpoint")).text).text)
    said = (await asked(hub, f"{EVENTS}/consistency?old={before.size}&size={now.size}")).json()
    proof = [b64decode(each) for each in said["proof"]]
    assert now.size > before.size
    assert merkle.roots_with(before.size, now.size, proof, before.root) == (before.root, now.root)


async def test_what_was_read_is_a_tree_of_its_own(hub: Running) -> None:
    family = await hub.a_family()
    assert (await hub.ask(f"/v1/families/{family}")).status_code == 200
    notarised(hub.hub)
    note = Note.read((await asked(hub, "/v1/log/readings/checkpoint")).text)
    (key,) = await the_keys(hub, "readings")
    assert note.by(key)
    assert Checkpoint.read(note.text).origin.endswith("/readings")


async def test_a_leaf_is_proved_to_anybody_who_has_its_bytes(hub: Running) -> None:
    await posted(hub)
    notarised(hub.hub)
    point = Checkpoint.read(Note.read((await asked(hub, f"{EVENTS}/checkpoint")).text).text)
    said = (await asked(hub, f"{EVENTS}/inclusion?index=0&size={point.size}")).json()
    (first,) = hub.hub.notaries["events"].about.read(0, 1)
    assert b64decode(said["leaf"]) == merkle.leaf_of(first)
    assert merkle.root_with(merkle.leaf_of(first), 0, point.size, [b64decode(each) for each in said["proof"]]) == point.root


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/v1/log/nothing/checkpoint", 400),
        ("/v1/log/events/checkpoint", 404),
        ("/v1/log/events/checkpoints/1", 404),
        ("/v1/log/events/checkpoints/0", 400),
        ("/v1/log/events/inclusion?index=5&size=1", 404),
        ("/v1/log/events/inclusion?index=0", 400),
        ("/v1/log/events/consistency?old=2&size=1", 404),
        ("/v1/log/events/consistency?old=1&size=99999999", 404),
        ("/v1/log?x=1", 400),
    ],
)
async def test_what_there_is_no_proof_of_is_said(path: str, status: int, hub: Running) -> None:
    await asked(hub, path, status)


# Witnesses -------------------------------------------------------------------------------------------


@pytest.fixture
def memory(tmp_path: Path) -> Memory:
    return Memory.made(tmp_path / "witness.json", "witness.example.org")


@pytest.fixture
def witnessed(tmp_path: Path, memory: Memory) -> Iterator[Running]:
    """A hub that knows a witness."""
    with running(tmp_path / "hub", witnesses=str(memory.key)) as opened:
        yield opened


async def looked_at(url: str, memory: Memory, tree: str = "events") -> Looked | None:
    """What a witness saw who was started now."""

    def look() -> Looked | None:
        with Witness(url, memory, retries=ONCE) as witness:
            assert witness.trees() == ["events", "readings"]
            return witness.look(tree)

    return await to_thread(look)


async def test_a_witness_signs_what_goes_on_from_what_it_saw(witnessed: Running, memory: Memory) -> None:
    async with serving(witnessed) as url:
        for nth in (1, 2):
            await posted(witnessed, nth)
            notarised(witnessed.hub)
            looked = await looked_at(url, memory)
            assert looked is not None
            assert looked.is_news
            note = Note.read((await asked(witnessed, f"{EVENTS}/checkpoint")).text)
            assert note.by(memory.key)
            assert len(note.signatures) == 2
        again = await looked_at(url, memory)
        assert again is not None
        assert not again.is_news


async def test_a_witness_remembers_across_restarts(witnessed: Running, memory: Memory) -> None:
    async with serving(witnessed) as url:
        await posted(witnessed)
        notarised(witnessed.hub)
        await looked_at(url, memory)
    assert Memory(memory.path).last("events") == Checkpoint.read(witnessed.hub.notaries["events"].checkpoint().note.text)
    assert memory.path.stat().st_mode & 0o077 == 0


async def test_a_witness_does_not_sign_a_log_in_which_something_was_changed(
    witnessed: Running, memory: Memory, tmp_path: Path
) -> None:
    async with serving(witnessed) as url:
        await posted(witnessed, 1)
        notarised(witnessed.hub)
        await looked_at(url, memory)
    # somebody makes another log in its place: first with a key of their own, then with one that the witness believes
    with running(tmp_path / "forged", witnesses=str(memory.key), oin=witnessed.hub.settings.oin) as forged:
        for nth in (7, 8, 9):
            await posted(forged, nth)
        notarised(forged.hub)
        async with serving(forged) as url:
            with pytest.raises(NotSigned):
                await looked_at(url, memory)
            memory.remember("events", [*memory.trusted("events"), *await the_keys(forged)], memory.last("events"))
            with pytest.raises(NotConsistent):
                await looked_at(url, memory)
        assert forged.hub.notaries["events"].checkpoint().note.by(memory.key) is None


async def test_a_log_that_lost_something_is_not_signed(witnessed: Running, memory: Memory) -> None:
    async with serving(witnessed) as url:
        await posted(witnessed, 1)
        notarised(witnessed.hub)
        seen = Checkpoint.read(witnessed.hub.notaries["events"].checkpoint().note.text)
        longer = Checkpoint(seen.origin, seen.size + 5, bytes(32))
        memory.remember("events", memory.trusted("events"), longer)
        with pytest.raises(NotConsistent, match=str(longer.size)):
            await looked_at(url, memory)


async def test_whoever_is_no_witness_signs_nothing(hub: Running, tmp_path: Path) -> None:
    await posted(hub)
    notarised(hub.hub)
    stranger = Memory.made(tmp_path / "stranger.json", "stranger.example.org")
    async with serving(hub) as url:
        with pytest.raises(Problem, match="not signed by witnesses"):
            await looked_at(url, stranger)
    assert len(Note.read((await asked(hub, f"{EVENTS}/checkpoint")).text).signatures) == 1


@pytest.mark.parametrize("body", [b"", b"x", b"\xff", "\u2014 witness.example.org AAAA\n".encode(), b"x" * 20_000])
async def test_what_is_no_signature_is_refused(body: bytes, witnessed: Running) -> None:
    await posted(witnessed)
    notarised(witnessed.hub)
    size = witnessed.hub.notaries["events"].checkpoint().size
    async with witnessed.client() as client:
        answer = await client.post(
            f"{EVENTS}/checkpoints/{size}/cosignatures", content=body, headers={"content-type": "text/plain"}
        )
    assert answer.status_code == (413 if len(body) > 16_384 else 400), answer.text


# At least once a minute ------------------------------------------------------------------------------


async def test_the_log_is_signed_once_a_minute_while_there_is_news(hub: Running) -> None:
    notary = hub.hub.notaries["events"]
    for nth in (1, 2):
        await posted(hub, nth)
        notary.grow()
        notary.sign_if_due()
    first = notary.checkpoint()
    assert first.size < hub.hub.log.last_position()
    hub.clock.set(hub.clock.now() + timedelta(minutes=1))
    notary.sign_if_due()
    assert notary.checkpoint().size == hub.hub.log.last_position()
    hub.clock.set(hub.clock.now() + timedelta(minutes=5))
    before = notary.checkpoint().signed_at
    notary.sign_if_due()
    assert notary.checkpoint().signed_at == before


async def test_too_few_witnesses_and_news_that_nobody_signs_are_alarms(tmp_path: Path, memory: Memory) -> None:
    with running(tmp_path / "hub", witnesses=str(memory.key), witnesses_needed=1) as hub:
        await posted(hub, 1)
        notarised(hub.hub)
        assert alarms(hub) == set(), "witnesses have some time"
        hub.clock.set(hub.clock.now() + timedelta(minutes=6))
        assert "log-lacks-witnesses-events" in alarms(hub)
        async with serving(hub) as url:
            await looked_at(url, memory)
        assert "log-lacks-witnesses-events" not in alarms(hub)
        await posted(hub, 2)
        assert "log-not-signed-events" in alarms(hub)
        notarised(hub.hub)
        assert "log-not-signed-events" not in alarms(hub)


async def test_whoever_watches_sees_how_much_is_signed_and_by_whom(witnessed: Running, memory: Memory) -> None:
    def seen() -> Signed:
        return Watched(witnessed.hub, LOOKS_ONLY, fresh=0).standing().evidence["events"]

    await posted(witnessed, 1)
    recorded = witnessed.hub.log.last_position()
    assert seen() == Signed(unsigned=recorded)
    notarised(witnessed.hub)
    async with serving(witnessed) as url:
        await looked_at(url, memory)
    witnessed.clock.set(witnessed.clock.now() + timedelta(seconds=40))
    assert seen() == Signed(size=recorded, age=40, witnesses=1)
    await posted(witnessed, 2)
    more = witnessed.hub.log.last_position() - recorded
    assert seen() == Signed(waits=40, size=recorded, unsigned=more, age=40, witnesses=1)


def alarms(hub: Running) -> set[str]:
    """What of the evidence whoever watches over this hub hears of."""
    return {each.code for each in Watched(hub.hub, LOOKS_ONLY, fresh=0).standing().missing if each.code.startswith("log-")}


# How it is signed now ---------------------------------------------------------------------------------


async def test_whoever_watches_sees_how_each_tree_is_signed_and_what_is_wrong_with_that(hub: Running) -> None:
    assert (await hub.ask("/v1/evidence", "coordinator")).status_code == 403
    trees = (await hub.ask("/v1/evidence", "auditor")).json()["items"]
    assert [(one["tree"], one["last"]) for one in trees] == [("events", None), ("readings", None)]
    await posted(hub, 1)
    notarised(hub.hub)
    for role in ("auditor", "data-protection-officer", "operator"):
        events, _ = (await hub.ask("/v1/evidence", role)).json()["items"]
        note = Note.read(events["last"]["checkpoint"])
        assert Checkpoint.read(note.text).size == events["last"]["size"]
        assert note.by(Key.read(events["keys"][0]["key"]))
        assert (events["last"]["witnesses"], events["alarms"]) == ([], [])
    await posted(hub, 2)
    hub.clock.set(hub.clock.now() + timedelta(minutes=4))
    events, _ = (await hub.ask("/v1/evidence", "auditor")).json()["items"]
    assert events["unsigned"] > 0 and events["waits"] == 240
    assert events["alarms"] == ["not-signed"]
