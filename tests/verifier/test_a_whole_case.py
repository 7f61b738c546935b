"""The file of a case that nobody touched is believed, for the reasons that are said; what could not be checked is said too."""

import json
from collections.abc import AsyncIterator
from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from joserfc import jwe as other_jwe
from joserfc.jwk import JWKRegistry, generate_key
from vig_verifier.__main__ import main
from vig_verifier.checks import Came, Known
from vig_verifier.reading import Unreadable
from vig_verifier.trees import Checkpoint, Key

from hub.domain.people import Person
from hub.wiring import retained
from tests.adapters.registered import public
from tests.api.running import Running, a_child, a_worry, an_event, running
from tests.given import NOON
from tests.passing import passed_on
from tests.verifier.cases import (
    WITNESS_KEY,
    Parts,
    a_case,
    an_auditor,
    asked_by,
    codes,
    hub_key,
    opened,
    refusals,
    said_of,
    the_file,
    witnessed,
    written,
)

HELD = {
    "parts", "manifest-signed", "checkpoint-signed", "events", "streams", "causes", "messages", "receipts", "readings",
    "matrices",
}  # fmt: skip
"""What holds of every file, whatever is known from elsewhere."""
PRIVATE, PUBLIC = an_auditor()


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[Running]:
    with running(tmp_path, witnesses=str(WITNESS_KEY)) as opened:
        yield opened


async def test_a_file_that_nobody_touched_is_believed(hub: Running) -> None:
    family = await a_case(hub)
    file, done = the_file(hub, asked_by(family, PUBLIC))
    said = said_of(opened(file, PRIVATE), Known(hub=[hub_key(hub)]))
    assert codes(said, Came.WRONG) == set()
    assert codes(said, Came.HELD) == HELD | {"hub-known"}
    assert (done.messages, done.erased) == (4, 0)
    (told,) = [each for each in said if each.code == "messages"]
    assert told.about["many"] == 4


async def test_whose_it_is_is_said_loudly_not_to_be_known_where_nothing_was_given(hub: Running) -> None:
    family = await a_case(hub)
    said = said_of(opened(the_file(hub, asked_by(family, PUBLIC))[0], PRIVATE), Known())
    assert "hub-unknown" in codes(said, Came.UNKNOWN)
    (loud,) = [each for each in said if each.code == "hub-unknown"]
    assert loud.about["key"] == hub_key(hub).hex()


async def test_a_witness_that_is_trusted_is_asked_for(hub: Running) -> None:
    family = await a_case(hub)
    plain = opened(the_file(hub, asked_by(family, PUBLIC))[0], PRIVATE)
    seen = said_of(plain, Known(hub=[hub_key(hub)], witnesses=[Key.read(str(WITNESS_KEY))]))
    assert "witness-signed" in codes(seen, Came.HELD)
    stranger = Key("stranger.example.org", bytes(31) + b"\1", is_witness=True)
    assert "witness-missing" in refusals(plain, Known(hub=[hub_key(hub)], witnesses=[stranger]))


async def test_a_checkpoint_that_somebody_kept_is_joined_to_it(hub: Running) -> None:
    family = await a_case(hub)
    notary = hub.hub.notaries["events"]
    kept = notary.checkpoint()
    plain = opened(the_file(hub, asked_by(family, PUBLIC))[0], PRIVATE)
    known = Known(checkpoints=[Checkpoint.read(str(kept.note))])
    said = said_of(plain, known)
    assert {"checkpoint-known", "hub-known"} <= codes(said, Came.HELD)
    assert codes(said, Came.WRONG) == set()

    await hub.a_family(id="later")
    witnessed(hub)
    newer = notary.checkpoint()
    known = Known(checkpoints=[Checkpoint.read(str(newer.note))])
    assert refusals(plain, known) == ["checkpoint-apart"]
    answer = (await hub.ask(f"/v1/log/events/consistency?old={kept.size}&size={newer.size}", "")).json()
    assert refusals(plain, Known(checkpoints=known.checkpoints, joins=[answer])) == []


async def test_what_is_known_is_given_as_the_hub_and_the_witness_show_it(
    hub: Running, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "case.vig"
    file.write_bytes(the_file(hub, asked_by(await a_case(hub), PUBLIC))[0])
    private = written(tmp_path, "auditor.json", PRIVATE)
    (key,) = (await hub.ask("/v1/log", "")).json()["trees"][0]["keys"]
    jwks = written(tmp_path, "jwks+now.json", (await hub.ask("/v1/jwks", "")).json())
    kept, witness = tmp_path / "checkpoint", tmp_path / "witness"
    kept.write_text((await hub.ask("/v1/log/events/checkpoint", "")).text)
    witness.write_text(f"{WITNESS_KEY}\n")
    for more in ([f"--hub={key['key']}"], [f"--hub={jwks}"], [f"--checkpoint={kept}"]):
        assert main([str(file), f"--key={private}", "--language=en", f"--witness={witness}", *more]) == 0
        said = capsys.readouterr().out
        assert "[holds] The hub signed with a key that you know." in said
        assert f"[holds] Witness {WITNESS_KEY.name} saw the readings log and signed it too." in said
        assert "WAS NOT CHECKED" not in said


async def test_families_that_were_merged_separated_and_corrected_hold_too(hub: Running) -> None:
    stays = await hub.a_family(id="first")
    goes = await hub.a_family_of(a_child(8), id="other")
    why = {"motivation": "het is een gezin"}
    assert (await hub.tell(f"/v1/families/{stays}/merges", {**why, "family": str(goes)})).status_code == 201
    better = an_event(a_worry(concern="crime"), id="better", extensions={"corrects": "first"})
    assert (await hub.post(better)).status_code == 201
    assert (await hub.tell(f"/v1/families/{stays}/separations", {**why, "family": str(goes)})).status_code == 201
    gone = json.loads(an_event(id="gone", extensions={"withdraws": "other"}))
    del gone["data"]
    assert (await hub.post(json.dumps(gone).encode())).status_code == 201
    witnessed(hub)
    for family, messages in ((stays, 3), (goes, 2)):
        file, done = the_file(hub, asked_by(family, PUBLIC))
        assert refusals(opened(file, PRIVATE), Known(hub=[hub_key(hub)])) == []
        assert done.messages >= messages


async def test_what_an_erased_person_said_is_gone_and_the_rest_still_holds(hub: Running) -> None:
    family = await a_case(hub)
    (child,) = [event.person for event in hub.hub.history.facts(family) if hasattr(event, "person")]
    hub.hub.erase(UUID(child), "avg-17-1-b", "officer")
    witnessed(hub)
    file, done = the_file(hub, asked_by(family, PUBLIC))
    plain = opened(file, PRIVATE)
    said = said_of(plain, Known(hub=[hub_key(hub)]))
    assert codes(said, Came.WRONG) == set()
    assert {"messages-erased", "sealed-erased"} <= codes(said, Came.UNKNOWN)
    assert done.erased > 0
    assert b"Voorbeeldstraat" not in plain
    assert child not in Parts.of(plain).json("opening-keys.json")


async def test_of_a_family_that_is_kept_no_longer_the_facts_stand_and_still_hold(hub: Running) -> None:
    hub.hub.registry.add_key("youth-work", public("PS256", "lasting"), "operator", NOON, NOON.replace(year=2060))
    said = await hub.post(an_event(), signed_as="lasting")
    family = hub.family_in(said)
    hub.hub.casework.decide(family, lambda trajectory, _, on: trajectory.end_early("verhuisd", on), "duty-desk")
    hub.clock.set(NOON.replace(year=2059))
    passed_on(hub.hub)
    ended = retained.run(hub.hub, "p.functionaris", lambda *_: None)
    assert ended["family-ended-otherwise"] == 1
    witnessed(hub)
    file, done = the_file(hub, asked_by(family, PUBLIC))
    plain = opened(file, PRIVATE)
    found = said_of(plain, Known(hub=[hub_key(hub)]))
    assert codes(found, Came.WRONG) == set()
    assert {"messages-erased", "sealed-erased"} <= codes(found, Came.UNKNOWN)
    assert (done.messages, done.erased) == (1, 1)
    assert b"Voorbeeld" not in plain

    # without what says that it was let go, it is a message that is missing
    parts = Parts.of(plain)
    lines = [line for line in parts.lines("events.jsonl") if line["topic"] not in ("keeping-ended", "person-erased")]
    parts.put_lines("events.jsonl", lines)
    assert {"message-missing", "event-closed"} <= set(refusals(parts.zipped(), Known()))


async def test_only_what_was_recorded_by_then_is_in_it(hub: Running) -> None:
    before = hub.clock.now()
    family = await hub.a_family(id="1")
    hub.clock.set(before.replace(hour=13))
    await hub.a_family(id="2")
    witnessed(hub)
    plain = opened(the_file(hub, asked_by(family, PUBLIC, until=before))[0], PRIVATE)
    parts = Parts.of(plain)
    assert refusals(plain, Known(hub=[hub_key(hub)])) == []
    assert [each["topic"] for each in parts.lines("events.jsonl")].count("message-received") == 1
    whole = Parts.of(opened(the_file(hub, asked_by(family, PUBLIC))[0], PRIVATE))
    assert [each["topic"] for each in whole.lines("events.jsonl")].count("message-received") == 2


async def test_the_same_case_gives_the_same_parts_byte_for_byte(hub: Running) -> None:
    asked = asked_by(await a_case(hub), PUBLIC)
    first, second = (the_file(hub, asked)[0] for _ in range(2))
    assert first != second  # for each is sealed with a key made once
    assert opened(first, PRIVATE) == opened(second, PRIVATE)


async def test_what_partners_want_known_of_themselves_alone_stays_sealed(hub: Running) -> None:
    hub.hub.registry.contact("youth-work", "somebody@example.org", "operator")
    family = await a_case(hub)
    plain = opened(the_file(hub, asked_by(family, PUBLIC))[0], PRIVATE)
    assert b"somebody@example.org" not in plain
    assert "sealed-withheld" in codes(said_of(plain, Known()), Came.UNKNOWN)


@pytest.mark.parametrize(("kind", "curve"), [("EC", "P-256"), ("OKP", "X25519")])
async def test_any_other_program_for_jwe_opens_it_too(hub: Running, kind: str, curve: str) -> None:
    key = generate_key(kind, curve)
    file, _ = the_file(hub, asked_by(await hub.a_family(), key.as_dict(private=False)))
    registry = other_jwe.JWERegistry(algorithms=["ECDH-ES+A256KW", "A256GCM"])
    registry.max_ciphertext_length = 1 << 30
    plain = other_jwe.decrypt_compact(file.decode(), JWKRegistry.import_key(key.as_dict(private=True)), registry=registry).plaintext
    assert plain == opened(file, key.as_dict(private=True))


async def test_nobody_else_opens_it_and_not_one_byte_of_it_can_be_changed(hub: Running) -> None:
    file, _ = the_file(hub, asked_by(await hub.a_family(), PUBLIC))
    other, _ = an_auditor()
    for changed, key in [(file, other), *((bent(file, at), PRIVATE) for at in range(0, len(file), len(file) // 97))]:
        with pytest.raises(Unreadable):
            opened(changed, key)
    for cut in (0, 10, 400, len(file) // 2, len(file) - 1):
        with pytest.raises(Unreadable):
            opened(file[:cut], PRIVATE)


def bent(file: bytes, at: int) -> bytes:
    other = b"A" if file[at : at + 1] != b"A" else b"B"
    return file[:at] + other + file[at + 1 :]


async def test_the_report_is_in_the_language_that_was_asked_for(hub: Running) -> None:
    family = await a_case(hub)
    dutch = ["Wie wanneer wat te horen kreeg", "veiligheid", "Om een dringende reden toegang nemen", "kind"]
    english = ["Who was told what, and when", "safety", "Taking access to a family of somebody else", "child"]
    for language, words in (("nl", dutch), ("en", english)):
        parts = Parts.of(opened(the_file(hub, asked_by(family, PUBLIC, language=language))[0], PRIVATE))
        report = parts.content["report.html"].decode()
        assert f'<html lang="{language}">' in report
        assert [each for each in [*words, "Noor", "police"] if each not in report] == []
        assert json.loads(parts.content["manifest.json"])["language"] == language


async def test_people_are_named_in_the_events_as_they_were_said(hub: Running) -> None:
    family = await a_case(hub)
    events = Parts.of(opened(the_file(hub, asked_by(family, PUBLIC))[0], PRIVATE)).lines("events.jsonl")
    (named,) = [each for each in events if each["topic"] == Person.Named.TOPIC]
    assert (named["said"]["family_name"], named["said"]["born"]) == ("Voorbeeld", "2016-04-05")
    assert "sealed" not in named["said"]
    assert BytesIO(opened(the_file(hub, asked_by(family, PUBLIC))[0], PRIVATE)).read(4) == b"PK\3\4"
