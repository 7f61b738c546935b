"""Whatever somebody changes in the file of a case, it is refused for a reason that is said, also by who has the hub's own key."""

import asyncio
import random
from base64 import b64decode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from vig_verifier.checks import Came, Known
from vig_verifier.trees import Checkpoint, Key
from vig_verifier.words import SENTENCES

from tests.api.running import a_worry, an_event, running
from tests.verifier.cases import (
    WITNESS_KEY,
    Parts,
    a_case,
    an_auditor,
    asked_by,
    b64,
    codes,
    hub_key,
    opened,
    refusals,
    said_of,
    the_file,
    witnessed,
)

FORGER = Ed25519PrivateKey.from_private_bytes(bytes(reversed(range(32))))


@dataclass(frozen=True)
class Place:
    """The file of a case, that of another family at the same hub, and that of another hub; and what the hub signs with."""

    plain: bytes
    neighbour: bytes
    stranger: bytes
    key: bytes
    private: Any

    @property
    def known(self) -> Known:
        return Known(hub=[self.key])


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    private, public = an_auditor()

    async def made() -> Place:
        with running(tmp_path_factory.mktemp("hub"), witnesses=str(WITNESS_KEY)) as hub:
            family = await a_case(hub)
            child = {"bsn": "999990019", "familyName": "Anders", "givenNames": "Bo", "role": "child"}
            said = await hub.post(an_event(a_worry(people=[child], concern="crime"), id="neighbour"))
            assert said.status_code == 201, said.text
            witnessed(hub)
            files = [the_file(hub, asked_by(each, public))[0] for each in (family, hub.family_in(said))]
            keys = hub_key(hub), hub.hub.keys.at(hub.clock.now()).private
        with running(tmp_path_factory.mktemp("elsewhere")) as other:
            files.append(the_file(other, asked_by(await a_case(other), public))[0])
        return Place(*(opened(file, private) for file in files), *keys)

    yield asyncio.run(made())


def test_as_it_is_it_is_believed(place: Place) -> None:
    assert refusals(place.plain, place.known) == []
    assert refusals(Parts.of(place.plain).zipped(), place.known) == []
    assert refusals(Parts.of(place.plain).signed(place.private).zipped(), place.known) == []


# Changes that show whoever signs ----------------------------------------------------------------------

Change = Callable[[Parts, random.Random, Place], None]


def of_lines(name: str, change: Callable[[list[Any], int, random.Random], None]) -> Change:
    def made(parts: Parts, chance: random.Random, _: Place) -> None:
        lines = parts.lines(name)
        change(lines, chance.randrange(len(lines)), chance)
        parts.put_lines(name, lines)

    return made


def dropped(lines: list[Any], at: int, _: random.Random) -> None:
    del lines[at]


def doubled(lines: list[Any], at: int, _: random.Random) -> None:
    lines.insert(at, lines[at])


def swapped(lines: list[Any], at: int, _: random.Random) -> None:
    other = (at + 1) % len(lines)
    lines[at], lines[other] = lines[other], lines[at]


def with_another(member: str) -> Callable[[list[Any], int, random.Random], None]:
    """What one line says put in the place of what another says."""

    def change(lines: list[Any], at: int, _: random.Random) -> None:
        other = next(each for each in lines if each[member] != lines[at][member])
        lines[at][member] = other[member]

    return change


def turned(member: str) -> Callable[[list[Any], int, random.Random], None]:
    """One bit of what stands in base64."""

    def change(lines: list[Any], at: int, chance: random.Random) -> None:
        lines[at][member] = bit_turned(lines[at][member], chance)

    return change


def bit_turned(said: str, chance: random.Random) -> str:
    data = bytearray(b64decode(said))
    data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
    return b64(bytes(data))


def said_otherwise(lines: list[Any], at: int, chance: random.Random) -> None:
    said = lines[at]["said"]
    name = chance.choice(sorted(said))
    said[name] = 1 if said[name] is True else f"{said[name]}x"


def said_more(lines: list[Any], at: int, _: random.Random) -> None:
    lines[at]["said"]["motivation_added"] = "yes"


def moved(lines: list[Any], at: int, chance: random.Random) -> None:
    lines[at]["position"] += chance.choice((-1, 1))


def renamed(lines: list[Any], at: int, _: random.Random) -> None:
    lines[at]["topic"] = "stepped-down" if lines[at]["topic"] != "stepped-down" else "level-raised"


def proof_turned(lines: list[Any], at: int, chance: random.Random) -> None:
    proof = lines[at]["proof"]
    place = chance.randrange(len(proof))
    proof[place] = bit_turned(proof[place], chance)


def proof_cut(lines: list[Any], at: int, _: random.Random) -> None:
    lines[at]["proof"].pop()


def proof_longer(lines: list[Any], at: int, _: random.Random) -> None:
    lines[at]["proof"].append(b64(bytes(32)))


def erased(lines: list[Any], at: int, _: random.Random) -> None:
    lines[at] = {"kept": lines[at]["kept"], "erased": True}


def header_changed(lines: list[Any], at: int, chance: random.Random) -> None:
    headers = lines[at]["headers"]
    name = chance.choice(["digest", "payload-signature"])
    headers[name] = [headers[name][0][:-6] + "AAAAA="]


def leaf_changed(lines: list[Any], at: int, _: random.Random) -> None:
    lines[at]["leaf"] = lines[at]["leaf"].replace('"given"', '"nothing"').replace('"Ok"', '"OK"')


def keys_dropped(parts: Parts, chance: random.Random, _: Place) -> None:
    keys = parts.json("opening-keys.json")
    del keys[chance.choice(sorted(keys))]
    parts.put("opening-keys.json", keys)


def key_turned(parts: Parts, chance: random.Random, _: Place) -> None:
    keys = parts.json("opening-keys.json")
    subject = chance.choice(sorted(keys))
    keys[subject] = bit_turned(keys[subject], chance)
    parts.put("opening-keys.json", keys)


def tree_changed(member: str) -> Change:
    def change(parts: Parts, chance: random.Random, _: Place) -> None:
        trees = parts.json("checkpoints.json")
        tree = trees[chance.choice(sorted(trees))]
        lines = tree["checkpoint"].split("\n")
        if member == "size":
            lines[1] = str(int(lines[1]) + 1)
        elif member == "root":
            lines[2] = bit_turned(lines[2], chance)
        else:
            head, _, value = lines[4 if member == "hub" else 5].rpartition(" ")
            lines[4 if member == "hub" else 5] = f"{head} {bit_turned(value, chance)}"
        tree["checkpoint"] = "\n".join(lines)
        parts.put("checkpoints.json", trees)

    return change


def trees_swapped(parts: Parts, _: random.Random, __: Place) -> None:
    trees = parts.json("checkpoints.json")
    parts.put("checkpoints.json", {"events": trees["readings"], "readings": trees["events"]})


def matrix_gone(parts: Parts, _: random.Random, __: Place) -> None:
    del parts.content[next(name for name in parts.content if name.startswith("matrices/"))]


def matrix_of_another_version(parts: Parts, _: random.Random, __: Place) -> None:
    name = next(name for name in parts.content if name.startswith("matrices/"))
    parts.content[name] = parts.content[name].replace(b'"version": "2026-1"', b'"version": "2025-1"')


def matrix_that_was_changed(parts: Parts, _: random.Random, __: Place) -> None:
    name = next(name for name in parts.content if name.startswith("matrices/"))
    parts.content[name] = parts.content[name].replace(b'"level": 4', b'"level": 3', 1)


def part_gone(parts: Parts, chance: random.Random, _: Place) -> None:
    del parts.content[chance.choice([name for name in parts.content if not name.startswith(("manifest", "matrices"))])]


def part_of(which: str) -> Change:
    def change(parts: Parts, chance: random.Random, place: Place) -> None:
        other = Parts.of(getattr(place, which))
        name = chance.choice(["events.jsonl", "messages.jsonl", "receipts.jsonl", "readings.jsonl", "opening-keys.json"])
        parts.content[name] = other.content[name]

    return change


def event_of_the_neighbour(parts: Parts, chance: random.Random, place: Place) -> None:
    """An event that really stands in the log, and does not belong to this family."""
    lines, ours = parts.lines("events.jsonl"), {line["stream"] for line in parts.lines("events.jsonl")}
    theirs = [line for line in Parts.of(place.neighbour).lines("events.jsonl") if line["stream"] not in ours]
    parts.put_lines("events.jsonl", sorted([*lines, chance.choice(theirs)], key=lambda line: int(line["position"])))


def other_family(parts: Parts, _: random.Random, place: Place) -> None:
    parts.put("manifest.json", {**parts.json("manifest.json"), "family": Parts.of(place.neighbour).json("manifest.json")["family"]})


def fewer_streams(parts: Parts, chance: random.Random, _: Place) -> None:
    """A whole stream left out, also of the manifest: something else names it."""
    manifest = parts.json("manifest.json")
    named = [stream for stream, said in manifest["streams"].items() if said["kind"] in ("message", "person", "organisation")]
    gone = chance.choice(sorted(named))
    del manifest["streams"][gone]
    parts.put("manifest.json", manifest)
    parts.put_lines("events.jsonl", [line for line in parts.lines("events.jsonl") if line["stream"] != gone])


INSIDE: Sequence[Change] = (
    *(of_lines("events.jsonl", each) for each in (dropped, doubled, swapped, said_otherwise, said_more, moved, renamed)),
    *(of_lines("events.jsonl", each) for each in (proof_turned, proof_cut, proof_longer, turned("leaf"))),
    *(of_lines("events.jsonl", with_another(each)) for each in ("said", "leaf", "proof", "stream")),
    *(
        of_lines("messages.jsonl", each)
        for each in (dropped, doubled, erased, header_changed, turned("body"), with_another("body"))
    ),
    of_lines("messages.jsonl", with_another("kept")),
    *(of_lines("receipts.jsonl", each) for each in (dropped, doubled, with_another("receipt"), with_another("message"))),
    *(of_lines("readings.jsonl", each) for each in (doubled, swapped, leaf_changed, proof_turned, with_another("proof"))),
    *(tree_changed(each) for each in ("size", "root", "hub", "witness")),
    keys_dropped,
    key_turned,
    trees_swapped,
    matrix_gone,
    matrix_of_another_version,
    matrix_that_was_changed,
    part_gone,
    part_of("neighbour"),
    part_of("stranger"),
    event_of_the_neighbour,
    other_family,
    fewer_streams,
)
"""What is refused even where the hub itself signs it: the log, its witnesses and its partners contradict it."""


def anything(name: str) -> Change:
    """A bit of a part, wherever."""

    def change(parts: Parts, chance: random.Random, _: Place) -> None:
        data = bytearray(parts.content[name])
        data[chance.randrange(len(data))] ^= 1 << chance.randrange(8)
        parts.content[name] = bytes(data)

    return change


def reading_left_out(parts: Parts, chance: random.Random, place: Place) -> None:
    of_lines("readings.jsonl", dropped)(parts, chance, place)


def last_event_left_out(parts: Parts, _: random.Random, __: Place) -> None:
    """The last of the family, also in the manifest: nothing in the log says that there was one more."""
    manifest, lines = parts.json("manifest.json"), parts.lines("events.jsonl")
    at = max(place for place, line in enumerate(lines) if line["stream"] == manifest["family"])
    del lines[at]
    manifest["streams"][manifest["family"]]["events"] -= 1
    parts.put("manifest.json", manifest)
    parts.put_lines("events.jsonl", lines)


def asked_by_another(parts: Parts, _: random.Random, __: Place) -> None:
    parts.put("manifest.json", {**parts.json("manifest.json"), "by": "Somebody Else"})


OUTSIDE: Sequence[Change] = (
    *INSIDE,
    *(anything(name) for name in ("report.html", "hub-keys.json", "manifest.json", "manifest.jws", "checkpoints.json")),
    reading_left_out,
    last_event_left_out,
    asked_by_another,
)
"""What is refused of whoever lacks the hub's key."""


def as_it_was(parts: Parts, _: Place) -> Parts:
    """Nothing is signed anew."""
    return parts


def by_the_hub(parts: Parts, place: Place) -> Parts:
    return parts.signed(place.private)


def by_a_forger(parts: Parts, _: Place) -> Parts:
    return parts.signed(FORGER)


def by_a_forger_who_is_the_hub(parts: Parts, _: Place) -> Parts:
    return parts.made_ones_own(FORGER)


WAYS: Sequence[tuple[Callable[[Parts, Place], Parts], Sequence[Change]]] = (
    (as_it_was, OUTSIDE),
    (by_the_hub, INSIDE),
    (by_a_forger, INSIDE),
    (by_a_forger_who_is_the_hub, (reading_left_out, last_event_left_out, asked_by_another, of_lines("events.jsonl", dropped))),
)


@pytest.mark.parametrize("seed", range(140))
def test_what_somebody_changed_at_random_is_refused_and_it_is_said_why(place: Place, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    sign, changes = WAYS[seed % len(WAYS)]
    change, before = chance.choice(changes), Parts.of(place.plain)
    parts = Parts(dict(before.content))
    change(parts, chance, place)
    assert parts != before
    found = refusals(sign(parts, place).zipped(), place.known)
    assert found
    assert set(found) <= SENTENCES.keys()
    if sign is by_the_hub:
        assert set(found) != {"manifest-not-signed"}


@pytest.mark.parametrize("change", INSIDE, ids=range(len(INSIDE)))
def test_what_the_hub_itself_would_change_is_refused_for_what_it_is(place: Place, change: Change) -> None:
    parts = Parts.of(place.plain)
    change(parts, random.Random(7), place)  # noqa: S311
    found = refusals(parts.signed(place.private).zipped(), place.known)
    assert set(found) - {"manifest-not-signed", "part-changed"}


@pytest.mark.parametrize("seed", range(60))
def test_a_bit_turned_anywhere_in_the_file_is_found(place: Place, seed: int) -> None:
    chance, data = random.Random(seed), bytearray(place.plain)  # noqa: S311
    # half of them in what stands around the parts
    at = chance.randrange(len(data)) if seed % 2 else len(data) - 1 - chance.randrange(1_200)
    data[at] ^= 1 << chance.randrange(8)
    assert refusals(bytes(data), place.known)


# Somebody who makes all of it anew ----------------------------------------------------------------------


def test_a_forger_who_makes_all_of_it_with_own_keys_is_refused_by_who_knows_the_hub(place: Place) -> None:
    forged = Parts.of(place.neighbour).made_ones_own(FORGER).zipped()
    assert refusals(forged, place.known) == ["hub-other"]
    assert refusals(place.stranger, place.known) == ["hub-other"]


def test_and_by_who_kept_a_checkpoint_or_trusts_a_witness(place: Place) -> None:
    kept = Checkpoint.read(Parts.of(place.plain).json("checkpoints.json")["events"]["checkpoint"])
    forged = Parts.of(place.neighbour)
    last_event_left_out(forged, random.Random(1), place)  # noqa: S311
    made = forged.made_ones_own(FORGER).zipped()
    assert refusals(made, Known(checkpoints=[kept])) == ["hub-other"]
    assert set(refusals(made, Known(witnesses=[Key.read(str(WITNESS_KEY))]))) == {"witness-missing"}
    assert "checkpoint-of-other" not in refusals(place.plain, Known(checkpoints=[kept]))


def test_who_knows_nothing_is_told_loudly_that_it_may_be_anybodys(place: Place) -> None:
    forged = Parts.of(place.neighbour).made_ones_own(FORGER).zipped()
    said = said_of(forged, Known())
    assert codes(said, Came.WRONG) == set()
    (loud,) = [each for each in said if each.code == "hub-unknown"]
    assert loud.about["key"] == FORGER.public_key().public_bytes_raw().hex()
    assert "WAS NOT CHECKED" in SENTENCES["hub-unknown"][1]
    assert "IS NIET GECONTROLEERD" in SENTENCES["hub-unknown"][0]


def test_what_was_typed_into_the_hubs_own_form_cannot_be_signed_anew_for_the_log_holds_its_digest(place: Place) -> None:
    assert refusals(Parts.of(place.plain).made_ones_own(FORGER).zipped(), Known()) == ["message-not-signed"]
