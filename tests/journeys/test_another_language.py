"""A verifier in JavaScript, written from docs/evidence.md alone, and the hub's own: both believe the same, and refuse the same."""

import json
import random
import re
import subprocess
from asyncio import to_thread
from base64 import b64decode, b64encode
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from eventsourcing.persistence import StoredEvent
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text

from hub.adapters import event_store, processing_log
from hub.adapters.evidence import leaves, merkle, notes
from hub.adapters.evidence.notes import COSIGNATURE, Checkpoint, Key, Note
from hub.adapters.evidence.trees import WIDTH, Tree
from hub.adapters.jwks import Jwks
from hub.adapters.migrations import bring_up
from hub.client import ONCE, NotByTheHub, receipts
from hub.client.witness import Memory, Witness
from tests.adapters.test_evidence import LEAVES, ROOTS
from tests.api.running import Running, a_child, a_worry, an_event, running
from tests.api.serving import serving
from tests.parts import databases
from tests.passing import notarised
from tests.tools import NODE, ROOT

VERIFIER = ROOT / "tests" / "node" / "evidence-asked.mjs"
PAPER = ROOT / "docs" / "evidence.md"

Json = dict[str, Any]


class Javascript:
    """The other verifier: asked by lines on its standard input."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        self._process = process
        self.refused = ""

    def ask(self, what: str, *given: Any) -> Any:
        """What it found, or `None` where it refuses."""
        asked, answers = self._process.stdin, self._process.stdout
        assert asked is not None
        assert answers is not None
        asked.write(f"{json.dumps([what, *given])}\n")
        asked.flush()
        answer = json.loads(answers.readline())
        self.refused = answer.get("refused", "")
        return answer.get("found")

    def believes(self, what: str, *given: Any) -> bool:
        return self.ask(what, *given) is not None


@pytest.fixture(scope="module")
def javascript() -> Iterator[Javascript]:
    command = [NODE, VERIFIER]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    yield Javascript(process)
    process.communicate(timeout=30)
    assert process.returncode == 0


def coded(data: bytes) -> str:
    return b64encode(data).decode()


def all_coded(hashes: Sequence[bytes]) -> list[str]:
    return [coded(each) for each in hashes]


# What the hub believes -------------------------------------------------------------------------------


def hub_believes_inclusion(said: Mapping[str, Any], root: str) -> bool:
    try:
        leaf, *proof = (hash_in(each) for each in (said["leaf"], *said["proof"]))
        return merkle.root_with(leaf, said["index"], said["size"], proof) == hash_in(root)
    except ValueError:
        return False


def hub_believes_consistency(said: Mapping[str, Any], old_root: str, root: str) -> bool:
    try:
        proof, before = [hash_in(each) for each in said["proof"]], hash_in(old_root)
        return merkle.roots_with(said["old"], said["size"], proof, before) == (before, hash_in(root))
    except ValueError:
        return False


def hash_in(text: str) -> bytes:
    found = b64decode(text, validate=True)
    if len(found) != 32 or coded(found) != text:
        raise ValueError("no hash")
    return found


def hub_believes_checkpoint(said: str, origin: str, keys: Sequence[str], witnesses: Sequence[str]) -> list[str] | None:
    """The witnesses, if it believes it."""
    try:
        note = Note.read(said)
        is_ours = Checkpoint.read(note.text).origin == origin and notes.under(note, [Key.read(key) for key in keys])
    except ValueError:
        return None
    return [key.name for key in notes.under(note, [Key.read(key) for key in witnesses])] if is_ours else None


def hub_believes_receipt(said: Mapping[str, Any], sent: bytes, jwks: Mapping[str, Any]) -> bool:
    try:
        receipts.receipt(said, sent, Jwks("", "here", lambda _: json.dumps(jwks).encode()))
    except (NotByTheHub, KeyError, ValueError):
        return False
    return True


# Trees -----------------------------------------------------------------------------------------------


class Tried(Protocol):
    """A tree whose leaves are their own indexes."""

    def root(self, size: int) -> bytes: ...

    def inclusion(self, index: int, size: int) -> list[bytes]: ...

    def consistency(self, old: int, size: int) -> list[bytes]: ...


BIG = WIDTH * WIDTH + 2
POWERS = [2**power for power in range(1, 17)]
EDGES = sorted({size + beside for size in POWERS for beside in (-1, 0, 1)} | {3 * WIDTH, 5 * WIDTH + 1, BIG})


def leaf(index: int) -> bytes:
    return index.to_bytes(4)


@pytest.fixture(scope="module")
def tree(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    """One that is kept as the hub keeps it, in tiles over three levels."""
    store = databases.opened(tmp_path_factory.mktemp("evidence") / "evidence.db")
    bring_up(store, "evidence")
    with store.begin() as connection:
        Tree("events", connection).grow(0, [merkle.leaf_of(leaf(nth)) for nth in range(BIG)])
    with store.connect() as connection:
        yield Tree("events", connection)
    store.dispose()


def included(tree: Tried, index: int, size: int) -> Json:
    """As the hub answers it over HTTP."""
    proof = tree.inclusion(index, size)
    return {"index": index, "size": size, "leaf": coded(merkle.leaf_of(leaf(index))), "proof": all_coded(proof)}


def consistent(tree: Tried, old: int, size: int) -> Json:
    return {"old": old, "size": size, "proof": all_coded(tree.consistency(old, size))}


def test_both_compute_the_roots_that_are_published(javascript: Javascript) -> None:
    found = javascript.ask("rootsOf", all_coded(LEAVES), list(range(9)))
    assert [b64decode(each).hex() for each in found] == [sha256().hexdigest(), *ROOTS]


def test_both_compute_the_same_root_for_every_size(javascript: Javascript, tree: Tried) -> None:
    sizes = [*range(1_001), *(size for size in EDGES if size > 1_000)]
    found = javascript.ask("rootsOf", [coded(leaf(nth)) for nth in range(BIG)], sizes)
    assert [b64decode(each) for each in found] == [tree.root(size) for size in sizes]


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 1_000) | st.sampled_from(EDGES), st.data())
def test_both_believe_every_leaf_where_it_stands_and_nothing_else(
    javascript: Javascript, tree: Tried, size: int, data: st.DataObject
) -> None:
    said = included(tree, data.draw(st.integers(0, size - 1) | st.sampled_from([0, size - 1])), size)
    root = coded(tree.root(size))
    assert hub_believes_inclusion(said, root)
    assert javascript.believes("inclusion", said, root)
    wrong, other = corrupted(said, root, data)
    assert not hub_believes_inclusion(wrong, other)
    assert not javascript.believes("inclusion", wrong, other)


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(1, 1_000) | st.sampled_from(EDGES), st.data())
def test_both_believe_that_a_tree_only_grew_and_nothing_else(
    javascript: Javascript, tree: Tried, size: int, data: st.DataObject
) -> None:
    old = data.draw(st.integers(1, size) | st.sampled_from([each for each in EDGES if each <= size] or [1]))
    said, before, root = consistent(tree, old, size), coded(tree.root(old)), coded(tree.root(size))
    assert hub_believes_consistency(said, before, root)
    assert javascript.believes("consistency", said, before, root)
    wrong, other = corrupted(said, root, data)
    assert not hub_believes_consistency(wrong, before, other)
    assert not javascript.believes("consistency", wrong, before, other)
    forged = turned(before, data)
    assert not hub_believes_consistency(said, forged, root)
    assert not javascript.believes("consistency", said, forged, root)


def corrupted(said: Json, root: str, data: st.DataObject) -> tuple[Json, str]:
    """The same with one thing of it changed: a bit of a hash, a hash too many or too few, two swapped, another place."""
    ways = ["root", "more", "place"] + ["leaf"] * ("leaf" in said) + ["fewer", "bit", "cut"] * bool(said["proof"])
    proof: list[str] = said["proof"]
    at = data.draw(st.integers(0, max(len(proof) - 1, 0)))
    match data.draw(st.sampled_from(ways)):
        case "root":
            return said, turned(root, data)
        case "more":
            return {**said, "proof": [*proof[:at], coded(sha256(b"more").digest()), *proof[at:]]}, root
        case "leaf":
            return {**said, "leaf": turned(said["leaf"], data)}, root
        case "fewer":
            return {**said, "proof": proof[:at] + proof[at + 1 :]}, root
        case "bit":
            return {**said, "proof": [*proof[:at], turned(proof[at], data), *proof[at + 1 :]]}, root
        case "cut":
            return {**said, "proof": [*proof[:at], coded(b64decode(proof[at])[:-1]), *proof[at + 1 :]]}, root
    name = "index" if "index" in said else "old"
    return {**said, name: said["size"] + 1 - (name == "index")}, root


def turned(text: str, data: st.DataObject) -> str:
    """One bit of what is coded."""
    found = bytearray(b64decode(text))
    found[data.draw(st.integers(0, len(found) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    return coded(bytes(found))


# Signed ----------------------------------------------------------------------------------------------

HUB, WITNESS = (Ed25519PrivateKey.from_private_bytes(sha256(f"an example: {who}".encode()).digest()) for who in ("hub", "witness"))
ORIGIN = "oin:00000099000000010006/vig-hub/events"
OURS, THEIRS = str(notes.key_of(ORIGIN, HUB)), str(notes.key_of("witness.example.org", WITNESS, COSIGNATURE))


@settings(max_examples=400, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**53 - 1), st.binary(min_size=32, max_size=32), st.sampled_from(["", "extension ü\n"]), st.data())
def test_both_believe_a_checkpoint_and_none_that_was_changed(
    javascript: Javascript, size: int, root: bytes, more: str, data: st.DataObject
) -> None:
    said = Checkpoint(ORIGIN, size, root).text + more
    note = str(Note(said, (notes.signed(said, ORIGIN, HUB), notes.cosigned(said, "witness.example.org", WITNESS, 1_767_225_600))))
    found = javascript.ask("checkpoint", note, ORIGIN, [OURS], [THEIRS])
    assert found == {"size": size, "root": coded(root), "witnesses": ["witness.example.org"]}
    assert hub_believes_checkpoint(note, ORIGIN, [OURS], [THEIRS]) == ["witness.example.org"]
    wrong = changed(note, data)
    ours, theirs = (
        hub_believes_checkpoint(wrong, ORIGIN, [OURS], [THEIRS]),
        javascript.ask("checkpoint", wrong, ORIGIN, [OURS], [THEIRS]),
    )
    assert ours in (None, [])
    # who wrote a wrong line under a right one is passed over by the hub, and refused by the other
    assert theirs is None or ours == theirs["witnesses"] == []


def changed(text: str, data: st.DataObject) -> str:
    """One character is another, gone, or one too many."""
    at = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from("\nAaz019+/=\u2014 \x01") | st.characters(codec="utf-8"))
    match data.draw(st.sampled_from(("other", "gone", "more"))):
        case "gone":
            return text[:at] + text[at + 1 :]
        case "more":
            return text[:at] + other + text[at:]
    return text[:at] + (other if other != text[at] else "x" if text[at] != "x" else "y") + text[at + 1 :]


# The example -----------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def example() -> Json:
    """The numbers of the document: what is given, and what each reader has to find."""
    _, _, paper = PAPER.read_text().partition("## An example")
    given, inclusion, consistency = (json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", paper, re.M | re.S))
    numbers, note = re.findall(r"^```text\n(.*?)^```", paper, re.M | re.S)
    found = [re.split(r" {1,}(?=\S+$)", line) for line in numbers.splitlines()]
    return {"given": given, "inclusion": inclusion, "consistency": consistency, "note": note, "numbers": dict(found)}


def test_the_hub_finds_the_numbers_of_the_example(example: Json) -> None:
    made = [
        leaves.of_event(position, StoredEvent(UUID(stream), version, topic, state.encode()))
        for position, stream, version, topic, state in example["given"]["events"]
    ]
    first, second, third = (merkle.leaf_of(each) for each in made)
    two = merkle.parent_of(first, second)
    three = merkle.parent_of(two, third)
    reading = json.dumps(example["given"]["reading"], separators=(",", ":"), ensure_ascii=False).encode()
    assert list(example["numbers"].values()) == [
        made[1].hex(),
        second.hex(),
        two.hex(),
        three.hex(),
        merkle.leaf_of(reading).hex(),
        OURS,
        THEIRS,
    ]
    said = Checkpoint(ORIGIN, 3, three).text
    assert example["note"] == str(
        Note(said, (notes.signed(said, ORIGIN, HUB), notes.cosigned(said, "witness.example.org", WITNESS, 1_767_225_600)))
    )
    assert hub_believes_inclusion(example["inclusion"], coded(three))
    assert hub_believes_consistency(example["consistency"], coded(two), coded(three))
    assert hub_believes_receipt(example["given"]["receipt"], example["given"]["sent"].encode(), example["given"]["jwks"])


def test_javascript_finds_the_numbers_of_the_example(example: Json, javascript: Javascript) -> None:
    given, (second, hashed, two, three, reading, *keys) = example["given"], example["numbers"].values()
    made = [
        javascript.ask("leafOfEvent", position, stream, version, topic, coded(state.encode()))
        for position, stream, version, topic, state in given["events"]
    ]
    assert b64decode(made[1]).hex() == second
    assert b64decode(javascript.ask("leafHash", made[1])).hex() == hashed
    roots = javascript.ask("rootsOf", made, [2, 3])
    assert [b64decode(each).hex() for each in roots] == [two, three]
    assert b64decode(javascript.ask("leafHash", javascript.ask("leafOfReading", given["reading"]))).hex() == reading
    found = javascript.ask("checkpoint", example["note"], ORIGIN, keys[:1], keys[1:])
    assert found == {"size": 3, "root": roots[1], "witnesses": ["witness.example.org"]}
    assert javascript.believes("inclusion", example["inclusion"], roots[1])
    assert javascript.believes("consistency", example["consistency"], *roots)
    assert javascript.ask("receipt", given["receipt"], coded(given["sent"].encode()), given["jwks"])["position"] == 2


# A real hub ------------------------------------------------------------------------------------------


async def asked(hub: Running, path: str, role: str = "") -> Any:
    answer = await hub.ask_now("GET", path, role)
    assert answer.status_code == 200, answer.text
    return answer.json() if "json" in answer.headers["content-type"] else answer.text


@pytest.fixture
async def evidence(database: str, tmp_path: Path) -> Any:
    """What a partner, a witness and anybody else took home from a hub: messages with receipts and proofs, and the log."""
    memory = Memory.made(tmp_path / "witness.json", "witness.example.org")
    with running(tmp_path / "hub", witnesses=str(memory.key)) as hub:
        sent = [an_event(a_worry(people=[a_child(nth)], reference="één\u2028\t"), id=str(nth)) for nth in range(1, 6)]
        receipts = []
        for nth, body in enumerate(sent, 1):
            said = await hub.post(body)
            assert said.status_code == 201
            receipts.append(said.json())
            assert (await hub.ask(f"/v1/families/{hub.family_in(said)}")).status_code == 200
            if nth % 2:
                notarised(hub.hub)
                async with serving(hub) as url:
                    await to_thread(witnessed, url, memory)
        trees = {each["tree"]: each for each in (await asked(hub, "/v1/log"))["trees"]}
        proofs = [await asked(hub, f"/v1/signals/{one['message']}/proof", "partner") for one in receipts]
        yield {
            "hub": hub,
            "sent": sent,
            "receipts": receipts,
            "proofs": proofs,
            "trees": trees,
            "jwks": await asked(hub, "/v1/jwks"),
            "witness": str(memory.key),
            "checkpoints": {name: await asked(hub, f"/v1/log/{name}/checkpoint") for name in trees},
        }


def witnessed(url: str, memory: Memory) -> None:
    with Witness(url, memory, retries=ONCE) as witness:
        for name in witness.trees():
            witness.look(name)


def proof_of(evidence: Json, nth: int, **but: Any) -> list[Any]:
    """What the other verifier is given for the nth message."""
    log = evidence["trees"]["events"]
    keys = [one["key"] for one in log["keys"]]
    given = {"proof": evidence["proofs"][nth], "receipt": evidence["receipts"][nth], "sent": coded(evidence["sent"][nth])} | but
    return ["proof", given["proof"], given["receipt"], given["sent"], evidence["jwks"], log["origin"], keys, [evidence["witness"]]]


async def test_javascript_believes_the_receipts_of_a_real_hub_and_their_proofs(evidence: Json, javascript: Javascript) -> None:
    for nth, receipt in enumerate(evidence["receipts"]):
        found = javascript.ask(*proof_of(evidence, nth))
        assert not javascript.refused
        assert found["size"] >= receipt["position"]
        assert found["witnesses"] == ["witness.example.org"]


async def test_javascript_makes_the_leaves_of_a_real_hub_from_its_rows(evidence: Json, javascript: Javascript) -> None:
    hub = evidence["hub"].hub
    columns = event_store.EVENTS.c
    rows = select(columns.position, columns.stream_id, columns.version, columns.topic, columns.state).order_by(columns.position)
    with hub.stored.log.connect() as connection:
        made = [
            javascript.ask("leafOfEvent", row.position, str(UUID(str(row.stream_id))), row.version, row.topic, coded(row.state))
            for row in connection.execute(rows)
        ]
    with hub.stored.reads.connect() as connection:
        lines: dict[int, list[Any]] = {}
        for place, *line in connection.execute(text("SELECT * FROM lines ORDER BY place, nth")):
            lines.setdefault(place, []).append(line)
        readings = connection.execute(select(processing_log.READINGS).order_by(processing_log.READINGS.c.place)).all()
        read = [javascript.ask("leafOfReading", [*row, lines.get(row[0], [])]) for row in readings]
    for name, found in (("events", made), ("readings", read)):
        checkpoint = evidence["checkpoints"][name]
        tree = evidence["trees"][name]
        keys = [one["key"] for one in tree["keys"]]
        point = javascript.ask("checkpoint", checkpoint, tree["origin"], keys, [evidence["witness"]])
        assert point["witnesses"] == ["witness.example.org"]
        assert javascript.ask("rootsOf", found, [point["size"]]) == [point["root"]]
        before = point["size"] // 2
        (old_root,) = javascript.ask("rootsOf", found, [before])
        path = f"/v1/log/{name}"
        grew = await asked(evidence["hub"], f"{path}/consistency?old={before}&size={point['size']}")
        assert javascript.believes("consistency", grew, old_root, point["root"])
        stands = await asked(evidence["hub"], f"{path}/inclusion?index={before}&size={point['size']}")
        assert stands["leaf"] == javascript.ask("leafHash", found[before])
        assert javascript.believes("inclusion", stands, point["root"])


async def test_both_refuse_whatever_of_a_receipt_or_a_proof_was_changed(evidence: Json, javascript: Javascript) -> None:
    chance = random.Random(8)  # noqa: S311
    for _ in range(150):
        nth = chance.randrange(len(evidence["receipts"]))
        assert javascript.believes(*proof_of(evidence, nth))
        which = chance.choice(["proof", "receipt", "sent"])
        if which == "sent":
            body = bytearray(evidence["sent"][nth])
            body[chance.randrange(len(body))] ^= 1 << chance.randrange(8)
            assert not hub_believes_receipt(evidence["receipts"][nth], bytes(body), evidence["jwks"])
            assert not javascript.believes(*proof_of(evidence, nth, sent=coded(bytes(body))))
            continue
        wrong = disturbed(evidence[f"{which}s"][nth], chance)
        assert not javascript.believes(*proof_of(evidence, nth, **{which: wrong})), wrong
        if which == "receipt":
            assert not hub_believes_receipt(wrong, evidence["sent"][nth], evidence["jwks"])


async def test_javascript_refuses_the_proof_of_another_message(evidence: Json, javascript: Javascript) -> None:
    assert javascript.believes(*proof_of(evidence, 0))
    assert not javascript.believes(*proof_of(evidence, 0, proof=evidence["proofs"][1]))
    assert not javascript.believes(*proof_of(evidence, 0, receipt=evidence["receipts"][1], sent=coded(evidence["sent"][1])))


def disturbed(said: Json, chance: random.Random) -> Json:
    """One member says something else, or is gone, or there is one more."""
    name = chance.choice(list(said))
    match chance.choice(("other", "gone", "more")):
        case "gone":
            return {key: value for key, value in said.items() if key != name}
        case "more":
            return {**said, "more": 1}
    value = said[name]
    if isinstance(value, int):
        return {**said, name: value + 1}
    if isinstance(value, list):
        return {**said, name: [*value, value[0] if value else "x"]}
    at = chance.randrange(len(value))
    return {**said, name: value[:at] + ("A" if value[at] != "A" else "B") + value[at + 1 :]}
