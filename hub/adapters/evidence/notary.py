"""The notary: lets a tree grow with what it is about, and signs what it was, at least once a minute while there is news."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Event
from typing import Any

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import BigInteger, Column, Engine, Integer, MetaData, Select, Table, Text, insert, select

from hub.adapters.database import locked, promised, reading
from hub.adapters.evidence import merkle, notes
from hub.adapters.evidence.leaves import Grown
from hub.adapters.evidence.notes import Checkpoint, Key, Note
from hub.adapters.evidence.trees import Tree
from hub.adapters.hub_keys import HubKey, HubKeys
from hub.errors import Fault, Malformed, NotKnown, Violation
from hub.ports import Clock

AT_ONCE = 4_096
"""Leaves in one transaction."""
OFTEN = timedelta(minutes=1)
"""How long news waits for a checkpoint at most."""
FOR_WITNESSES = timedelta(minutes=5)
"""What witnesses have to sign a checkpoint."""
PATIENCE = 1.0
"""Seconds between looks when nothing wakes the notary, and after trouble."""

TABLES = MetaData()
CHECKPOINTS = Table(
    "checkpoints",
    TABLES,
    Column("tree", Text, primary_key=True),
    Column("size", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("signed_at", Text, nullable=False),
    Column("note", Text, nullable=False),
    sqlite_with_rowid=False,
)
COSIGNATURES = Table(
    "cosignatures",
    TABLES,
    Column("tree", Text, primary_key=True),
    Column("size", BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=False),
    Column("witness", Text, primary_key=True),
    Column("line", Text, nullable=False),
    sqlite_with_rowid=False,
)
_C, _W = CHECKPOINTS.c, COSIGNATURES.c
_SAID = "the evidence cannot be read or written"
_told = structlog.get_logger("hub.evidence")


@dataclass(frozen=True, slots=True)
class Signed:
    """A checkpoint with its signatures: that of the hub, and those of the witnesses who saw it."""

    signed_at: datetime
    note: Note

    @property
    def checkpoint(self) -> Checkpoint:
        """What was signed."""
        return Checkpoint.read(self.note.text)

    @property
    def size(self) -> int:
        """How many leaves the tree had."""
        return self.checkpoint.size


class Notary:
    """Keeps one tree, and signs what it was with the key of the hub that was valid then.

    `origin` is the name of the tree and of the key to others; `witnesses` are the keys of those who may sign beside the hub.
    """

    def __init__(
        self,
        about: Grown,
        engine: Engine,
        origin: str,
        keys: HubKeys,
        clock: Clock,
        witnesses: Sequence[Key] = (),
    ) -> None:
        self.about, self.engine, self.origin, self.witnesses = about, engine, origin, witnesses
        self._keys, self._clock = keys, clock

    def run(self, stop: Event) -> None:
        """Lets the tree grow and signs it, until told to stop."""
        woken = Event()
        with self.about.waking(woken):
            while not stop.is_set():
                woken.clear()
                try:
                    if self.grow() < AT_ONCE:
                        self.sign_if_due()
                        woken.wait(PATIENCE)
                except Exception as error:
                    _told.error("notary-waits", tree=self.about.name, because=type(error).__name__)
                    stop.wait(PATIENCE)

    def grow(self) -> int:
        """Adds the next leaves, and gives how many."""
        with locked(self.engine) as connection:
            tree = Tree(self.about.name, connection)
            size = tree.size()
            leaves = [merkle.leaf_of(data) for data in self.about.read(size, AT_ONCE)]
            tree.grow(size, leaves)
        return len(leaves)

    def sign_if_due(self) -> None:
        """Signs the tree where it grew and the last signature is a minute old."""
        last = self.last()
        if last is None or self._clock.now() - last.signed_at >= OFTEN:
            self.sign()

    def sign(self) -> None:
        """Signs the tree as it is, once for every size; of an empty tree there is nothing to say."""
        now = self._clock.now()
        with promised(_SAID), locked(self.engine) as connection:
            tree = Tree(self.about.name, connection)
            size = tree.size()
            if size and not connection.execute(self._checkpoints().where(_C.size == size)).first():
                text = Checkpoint(self.origin, size, tree.root(size)).text
                note = Note(text, (notes.signed(text, self.origin, _private(self._keys.at(now))),))
                row = {"tree": self.about.name, "size": size, "signed_at": now.isoformat(), "note": str(note)}
                connection.execute(insert(CHECKPOINTS), row)

    def signing_keys(self) -> list[tuple[str, datetime]]:
        """The keys that sign it, as signed notes write them, and from when on each does."""
        return [(str(notes.key_of(self.origin, _private(key))), key.valid_from) for key in self._keys.all()]

    def checkpoint(self, size: int = 0) -> Signed:
        """What was signed of the tree when it had so many leaves; with 0 the last.

        Raises:
            NotKnown: nothing was signed of that size, or nothing at all yet.
        """
        found = self._signed(self._checkpoints().where(_C.size == size)) if size else self.last()
        if found is None:
            raise NotKnown("Nothing was signed of that size." if size else "Nothing was signed yet.")
        return found

    def witnessed(self, size: int) -> Signed | None:
        """The last up to that size that any witness signed too."""
        seen = select(_W.size).where(_W.tree == self.about.name, _W.size <= size).order_by(_W.size.desc()).limit(1)
        with promised(_SAID), reading(self.engine) as connection:
            found = connection.execute(seen).scalar_one_or_none()
        return self.checkpoint(found) if found else None

    def last(self) -> Signed | None:
        """The last that was signed of the tree; nothing where nothing was."""
        return self._signed(self._checkpoints().order_by(_C.size.desc()).limit(1))

    def size(self) -> int:
        """How many leaves the tree has."""
        with promised(_SAID), reading(self.engine) as connection:
            return Tree(self.about.name, connection).size()

    def covering(self, position: int) -> Signed:
        """The first that was signed of a tree with the leaf of that position in it.

        Raises:
            NotKnown: there is none yet; within a minute there is.
        """
        found = self._signed(self._checkpoints().where(_C.size >= position).order_by(_C.size).limit(1))
        if found is None:
            raise NotKnown("The log was not signed since: ask again in a minute.", code="not-signed-yet")
        return found

    def grown(self, position: int) -> Signed:
        """The first that was signed with the leaf of that position in it, which is done now where it was not. Raises: NotKnown."""
        try:
            return self.covering(position)
        except NotKnown:
            while self.grow() == AT_ONCE:
                pass
            self.sign()
            return self.covering(position)

    def root(self, size: int) -> bytes:
        """The root of the tree when it had so many leaves. Raises: NotKnown."""
        with self._tree(size) as tree:
            return tree.root(size)

    def inclusion(self, index: int, size: int) -> tuple[bytes, list[bytes]]:
        """The hash of a leaf, and the proof that it is in the tree of that size.

        Raises:
            NotKnown: there is no such tree, or no such leaf in it.
        """
        with self._tree(size) as tree:
            leaf, *proof = tree.hashes([[(0, index)], *merkle.inclusion(index, size)])
            return leaf, proof

    def consistency(self, old: int, size: int) -> list[bytes]:
        """The proof that the tree of that size begins with the one of the old size.

        Raises:
            NotKnown: there are no two such trees.
        """
        with self._tree(size) as tree:
            return tree.consistency(old, size)

    @contextmanager
    def _tree(self, size: int) -> Iterator[Tree]:
        try:
            with promised(_SAID), reading(self.engine) as connection:
                tree = Tree(self.about.name, connection)
                if size > tree.size():
                    raise ValueError("no tree of that size yet")
                yield tree
        except ValueError as error:
            raise NotKnown(f"There is {error}.") from error

    def cosign(self, size: int, said: str) -> list[str]:
        """Keeps what witnesses signed under a checkpoint, and gives their names; the same again changes nothing.

        Raises:
            NotKnown: nothing was signed of that size.
            Malformed: a line is no signature of a witness that this hub knows under this checkpoint.
        """
        text = self.checkpoint(size).note.text
        note = _read(text, said)
        names = [key.name for key in self.witnesses if note.by(key) is not None]
        if len(names) < len(note.signatures):
            raise _not_a_witness()
        rows = [{"tree": self.about.name, "size": size, "witness": each.name, "line": str(each)} for each in note.signatures]
        with promised(_SAID), locked(self.engine) as connection:
            here = select(_W.witness).where(_W.tree == self.about.name, _W.size == size)
            known = set(connection.execute(here).scalars())
            if fresh := [row for row in rows if row["witness"] not in known]:
                connection.execute(insert(COSIGNATURES), fresh)
        return names

    def lacks(self, needed: int) -> int:
        """How many witnesses did not sign the last checkpoint for which they had time, of as many as are needed."""
        before = (self._clock.now() - FOR_WITNESSES).isoformat()
        wanted = self._checkpoints().where(_C.signed_at <= before).order_by(_C.size.desc()).limit(1)
        found = self._signed(wanted) if needed else None
        return needed - sum(found.note.by(key) is not None for key in self.witnesses) if found is not None else 0

    def _checkpoints(self) -> Select[Any]:
        return select(CHECKPOINTS).where(_C.tree == self.about.name)

    def _signed(self, wanted: Select[Any]) -> Signed | None:
        with promised(_SAID), reading(self.engine) as connection:
            row = connection.execute(wanted).one_or_none()
            if row is None:
                return None
            here = select(_W.line).where(_W.tree == self.about.name, _W.size == row.size).order_by(_W.witness)
            lines = connection.execute(here).scalars().all()
        return Signed(datetime.fromisoformat(row.signed_at), Note.read(row.note + "".join(lines)))


def _private(key: HubKey) -> Ed25519PrivateKey:
    if not isinstance(key.private, Ed25519PrivateKey):
        raise Fault("the hub signs checkpoints with Ed25519 alone", code="other-key")
    return key.private


def _read(text: str, lines: str) -> Note:
    try:
        return Note.read(f"{text}\n{lines}")
    except ValueError:
        raise _not_a_witness() from None


def _not_a_witness() -> Malformed:
    return Malformed(
        "What was sent is not signed by witnesses of this hub.", [Violation("body", "is lines of witnesses under this checkpoint")]
    )
