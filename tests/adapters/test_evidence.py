"""Trees over what may not be changed: their roots and proofs are those of the standard, and nobody else's are believed."""

import random
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from hub.adapters.evidence import merkle, notes
from hub.adapters.evidence.notes import COSIGNATURE, Checkpoint, Key, Note
from hub.adapters.evidence.trees import TILES, WIDTH, Tree
from hub.adapters.migrations import bring_up
from tests.parts import databases

# The standard ----------------------------------------------------------------------------------------

LEAVES = [
    bytes.fromhex(each)
    for each in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
"""Those of the test vectors of certificate transparency, and the roots of its trees of 1 to 8 of them."""
ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def plainly(leaves: Sequence[bytes]) -> bytes:
    """The root as RFC 6962 defines it, word for word."""
    if not leaves:
        return sha256().digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    left = 1
    while left * 2 < len(leaves):
        left *= 2
    return sha256(b"\x01" + plainly(leaves[:left]) + plainly(leaves[left:])).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_those_that_are_published(size: int, store: Engine) -> None:
    with a_tree(store, LEAVES) as tree:
        assert tree.root(size).hex() == ROOTS[size - 1] == plainly(LEAVES[:size]).hex()


def test_the_root_of_nothing_is_the_hash_of_nothing(store: Engine) -> None:
    with a_tree(store, []) as tree:
        assert tree.size() == 0
        assert tree.root(0) == plainly([])


# Kept in tiles ---------------------------------------------------------------------------------------


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Engine]:
    opened = databases.opened(tmp_path / "evidence.db")
    bring_up(opened, "evidence")
    yield opened
    opened.dispose()


@contextmanager
def a_tree(store: Engine, leaves: Sequence[bytes], at_once: Sequence[int] = (1_000,)) -> Iterator[Tree]:
    """A tree of these leaves, which came so many at a time."""
    done = 0
    for many in at_once * (len(leaves) + 1):
        if done == len(leaves):
            break
        with store.begin() as connection:
            tree = Tree("events", connection)
            assert tree.size() == done
            tree.grow(done, [merkle.leaf_of(each) for each in leaves[done : done + many]])
        done = min(done + many, len(leaves))
    with store.connect() as connection:
        yield Tree("events", connection)


@pytest.mark.parametrize("at_once", [(1,), (255, 1, 1), (256,), (257, 3), (700,)])
def test_however_leaves_come_the_tree_is_the_same(at_once: Sequence[int], store: Engine) -> None:
    leaves = [nth.to_bytes(4) for nth in range(3 * WIDTH + 5)]
    with a_tree(store, leaves, at_once) as tree:
        assert tree.size() == len(leaves)
        assert [tree.root(size) for size in (1, 255, 256, 257, 512, len(leaves))] == [
            plainly(leaves[:size]) for size in (1, 255, 256, 257, 512, len(leaves))
        ]


def test_trees_of_two_names_are_two_trees(store: Engine) -> None:
    with a_tree(store, LEAVES), store.connect() as connection:
        assert Tree("readings", connection).size() == 0


def test_every_leaf_of_a_tree_over_three_levels_is_proved_in_it(store: Engine) -> None:
    leaves = [nth.to_bytes(4) for nth in range(WIDTH * WIDTH + 300)]
    with a_tree(store, leaves, (20_000,)) as tree:
        root = tree.root(len(leaves))
        assert root == plainly(leaves)
        for index in (0, 1, 255, 256, 65_535, 65_536, len(leaves) - 1):
            proof = tree.inclusion(index, len(leaves))
            assert merkle.root_with(merkle.leaf_of(leaves[index]), index, len(leaves), proof) == root
        for old in (1, 256, 300, 65_535, 65_536, 65_537):
            assert merkle.roots_with(old, len(leaves), tree.consistency(old, len(leaves)), tree.root(old)) == (tree.root(old), root)


def test_a_bit_that_somebody_turned_in_a_tile_shows(store: Engine) -> None:
    with a_tree(store, LEAVES) as tree:
        before = tree.root(8)
    with store.begin() as connection:
        tile = connection.execute(TILES.select()).one().hashes
        connection.execute(update(TILES).values(hashes=bytes([tile[0] ^ 1]) + tile[1:]))
        assert Tree("events", connection).root(8) != before


# What proofs say -------------------------------------------------------------------------------------

SIZES = st.integers(1, 130)


def nodes(leaves: Sequence[bytes], wanted: Sequence[Sequence[merkle.Node]]) -> list[bytes]:
    return [merkle.joined([plainly(leaves[i << level : (i + 1) << level]) for level, i in some]) for some in wanted]


@settings(max_examples=200)
@given(SIZES, st.data())
def test_a_leaf_is_proved_where_it_stands_and_nowhere_else(size: int, data: st.DataObject) -> None:
    index, other = data.draw(st.integers(0, size - 1)), data.draw(st.integers(0, size - 1))
    leaves = [nth.to_bytes(2) for nth in range(size)]
    proof, root = nodes(leaves, merkle.inclusion(index, size)), plainly(leaves)
    assert merkle.root_with(merkle.leaf_of(leaves[index]), index, size, proof) == root
    if other != index:
        assert not proves(merkle.leaf_of(leaves[other]), index, size, proof, root)
        assert not proves(merkle.leaf_of(leaves[index]), other, size, proof, root)
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        wrong = [*proof[:place], bytes(32), *proof[place + 1 :]]
        assert not proves(merkle.leaf_of(leaves[index]), index, size, wrong, root)
    assert not proves(merkle.leaf_of(leaves[index]), index, size, [*proof, bytes(32)], root)
    assert not proves(merkle.leaf_of(leaves[index]), index, size, proof[:-1], root) or not proof


def proves(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    try:
        return merkle.root_with(leaf, index, size, proof) == root
    except ValueError:
        return False


@settings(max_examples=200)
@given(SIZES, st.data())
def test_a_tree_is_proved_to_begin_with_what_it_was_and_with_nothing_else(size: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, size))
    leaves = [nth.to_bytes(2) for nth in range(size)]
    proof = nodes(leaves, merkle.consistency(old, size))
    before, now = plainly(leaves[:old]), plainly(leaves)
    assert merkle.roots_with(old, size, proof, before) == (before, now)
    forged = plainly([b"forged", *leaves[1:old]])
    if old < size:
        assert not joins(old, size, proof, forged, now)
        assert not joins(old, size, [*proof, bytes(32)], before, now)
        assert not joins(old, size, proof[:-1], before, now)


def joins(old: int, size: int, proof: Sequence[bytes], before: bytes, now: bytes) -> bool:
    try:
        return merkle.roots_with(old, size, proof, before) == (before, now)
    except ValueError:
        return False


def test_what_is_no_place_and_no_tree_is_refused() -> None:
    for index, size in ((-1, 3), (3, 3), (0, 0)):
        with pytest.raises(ValueError, match="no leaf"):
            merkle.inclusion(index, size)
    for old, size in ((0, 3), (4, 3)):
        with pytest.raises(ValueError, match="no tree"):
            merkle.consistency(old, size)


# Signed notes ----------------------------------------------------------------------------------------

HUB, WITNESS = (
    Ed25519PrivateKey.from_private_bytes(sha256(name).digest()) for name in (b"only for tests: hub", b"only for tests: witness")
)
POINT = Checkpoint("hub.example/log", 8, bytes.fromhex(ROOTS[7]))


def test_a_checkpoint_travels_as_text_that_others_read() -> None:
    note = Note(POINT.text, (notes.signed(POINT.text, POINT.origin, HUB),))
    said = str(note)
    assert said.startswith(f"hub.example/log\n8\n{b64encode(POINT.root).decode()}\n\n\u2014 hub.example/log ")
    assert Note.read(said) == note
    assert Checkpoint.read(Note.read(said).text) == POINT


THEIRS = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
THEY_SIGNED = (
    "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n"
    "\u2014 PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)
"""The example with which the format was published (golang.org/x/mod/sumdb/note)."""


def test_a_note_that_others_signed_is_read_as_they_do() -> None:
    key = Key.read(THEIRS)
    assert str(key) == THEIRS
    assert Note.read(THEY_SIGNED).by(key) is not None
    assert Note.read(THEY_SIGNED.replace("answer", "answre")).by(key) is None


def test_a_key_under_the_number_of_another_is_refused() -> None:
    with pytest.raises(ValueError, match="number"):
        Key.read(THEIRS.replace("c74f20a3", "c74f20a4"))


def test_whoever_signed_is_known_by_name_number_and_signature() -> None:
    note = Note(
        POINT.text, (notes.signed(POINT.text, POINT.origin, HUB), notes.cosigned(POINT.text, "w.example", WITNESS, 1_700_000_000))
    )
    hub, witness = notes.key_of(POINT.origin, HUB), notes.key_of("w.example", WITNESS, COSIGNATURE)
    seen = note.by(witness)
    assert note.by(hub)
    assert seen is not None
    assert notes.seen_at(seen) == 1_700_000_000
    assert note.by(notes.key_of("w.example", WITNESS)) is None
    assert note.by(notes.key_of("another.example", HUB)) is None
    changed = Note(POINT.text.replace("\n8\n", "\n9\n"), note.signatures)
    assert (changed.by(hub), changed.by(witness)) == (None, None)


@given(st.data())
def test_a_note_with_any_bit_turned_is_not_signed(data: st.DataObject) -> None:
    note = Note(POINT.text, (notes.signed(POINT.text, POINT.origin, HUB), notes.cosigned(POINT.text, "w.example", WITNESS, 5)))
    keys = notes.key_of(POINT.origin, HUB), notes.key_of("w.example", WITNESS, COSIGNATURE)
    said = bytearray(str(note).encode())
    said[data.draw(st.integers(0, len(said) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    try:
        read = Note.read(said.decode())
    except ValueError:
        return
    assert not all(read.by(key) for key in keys)


def test_keys_are_written_and_read() -> None:
    for kind in (notes.SIGNATURE, COSIGNATURE):
        key = notes.key_of("w.example", WITNESS, kind)
        assert Key.read(str(key)) == key


@pytest.mark.parametrize(
    "text",
    ["", "a", "a\n\n", "a\n\nb\n", "a\n\n\u2014 b\n", "a\n\n\u2014 b !!\n", "a\n\n\u2014 b AAAA\n", "a\x00\n\n\u2014 b AAAAAAAA\n"],
)
def test_what_is_no_note_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not"):
        Note.read(text)


@pytest.mark.parametrize("text", ["", "a\n", "a\n01\nAAAA\n", "a\n-1\nAAAA\n", "\n1\nAAAA\n", "a\n1\nAAAA\n", "a\n1\n!\n"])
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not"):
        Checkpoint.read(text)


def test_random_trees_of_random_steps_are_those_of_the_standard(store: Engine) -> None:
    chance = random.Random(7)  # noqa: S311
    leaves = [chance.randbytes(chance.randrange(40)) for _ in range(2_000)]
    with a_tree(store, leaves, [chance.randrange(1, 400) for _ in range(50)]) as tree:
        for size in chance.sample(range(1, 2_001), 20):
            assert tree.root(size) == plainly(leaves[:size])
