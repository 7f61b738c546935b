"""Examining the evidence: whether what stands in a tree's place is what was signed, and where it is not.

Everything is read once, in order, and hashed anew; no more of it is held than one tile of each level. What is wrong is told
with its place and goes on, so that one look tells all of it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, and_, not_, or_, select

from hub.adapters.database import reading
from hub.adapters.evidence import merkle
from hub.adapters.evidence.notary import AT_ONCE, CHECKPOINTS, COSIGNATURES, OFTEN, Notary
from hub.adapters.evidence.notes import Checkpoint, Key, Note
from hub.adapters.evidence.trees import HEIGHT, TILES, WIDTH

_BYTES = 32
_T, _C, _W = TILES.c, CHECKPOINTS.c, COSIGNATURES.c

Progress = Callable[[str, int, int], None]
"""What is done, how far it is, and how far it goes."""


@dataclass(frozen=True, slots=True)
class Wrong:
    """Something that is not what it was: where, and what is the matter with it."""

    where: str
    what: str


@dataclass(slots=True)
class Examined:
    """What was looked at: leaves, checkpoints and cosignatures; `unsigned` are leaves after the last checkpoint."""

    leaves: int = 0
    checkpoints: int = 0
    cosignatures: int = 0
    unsigned: int = 0


def examine(notary: Notary, done: Examined, progress: Progress) -> Iterator[Wrong]:
    """Everything that is wrong with one tree and what it is about; `done` counts what was looked at."""
    with reading(notary.engine) as connection:
        yield from _Rebuilt(notary, connection, done).compare(progress)


class _Rebuilt:
    """A tree that is made anew from its leaves, and compared with the tiles that are kept, tile by tile.

    `peaks` are the whole trees in what was hashed until here, the largest first; `open` are the hashes of the tile that is not
    full yet on each level, and `full` how many were there before it.
    """

    def __init__(self, notary: Notary, connection: Connection, done: Examined) -> None:
        self._notary, self._connection, self._done = notary, connection, done
        self._tree = notary.about.name
        self._peaks: list[bytes] = []
        self._open: list[list[bytes]] = [[]]
        self._full = [0]
        self._signed = _checkpoints(self._tree, connection)
        self._next = next(self._signed, None)
        self._keys = [Key.read(text) for text, _ in notary.signing_keys()]
        self._last, self._signed_at = 0, ""
        self.size = 0

    def compare(self, progress: Progress) -> Iterator[Wrong]:
        """Wherever the leaves, the tiles and what was signed are not of one tree."""
        kept = self._kept()
        while self.size < kept and (leaves := self._notary.about.read(self.size, min(AT_ONCE, kept - self.size))):
            for leaf in leaves:
                self._add(merkle.leaf_of(leaf))
                if len(self._open[0]) == WIDTH:
                    yield from self._tiles()
                if self._next is not None and self._next.size <= self.size:
                    yield from self._checkpoints()
            progress(f"hashing {self._tree}", self.size, kept)
        self._done.leaves += self.size
        for level, hashes in enumerate(self._open):
            if hashes:
                yield from self._tile(level, self._full[level], hashes)
        if self.size < kept:
            yield Wrong(f"{self._tree}, position {self.size + 1}", f"the last {kept - self.size} of {kept} are gone")
        yield from self._more_tiles()
        while self._next is not None:
            yield from self._checkpoint(self._next, b"")
        yield from self._more_cosignatures()
        self._done.unsigned += max(self.size - self._last, 0)

    def _kept(self) -> int:
        last = select(_T.number, _T.hashes).where(_T.tree == self._tree, _T.level == 0).order_by(_T.number.desc()).limit(1)
        row = self._connection.execute(last).one_or_none()
        return row.number * WIDTH + len(row.hashes) // _BYTES if row is not None else 0

    def _add(self, hash: bytes) -> None:
        self._open[0].append(hash)
        level, index = 0, self.size
        while index & 1:
            hash, index, level = merkle.parent_of(self._peaks.pop(), hash), index >> 1, level + 1
            if level % HEIGHT == 0:
                self._above(level // HEIGHT).append(hash)
        self._peaks.append(hash)
        self.size += 1

    def _above(self, level: int) -> list[bytes]:
        if level == len(self._open):
            self._open.append([])
            self._full.append(0)
        return self._open[level]

    def _tiles(self) -> Iterator[Wrong]:
        """Every tile that is full now."""
        for level, hashes in enumerate(self._open):
            if len(hashes) == WIDTH:
                yield from self._tile(level, self._full[level], hashes)
                self._open[level] = []
                self._full[level] += 1

    def _tile(self, level: int, number: int, hashes: list[bytes]) -> Iterator[Wrong]:
        here = (_T.tree == self._tree, _T.level == level, _T.number == number)
        kept = self._connection.execute(select(_T.hashes).where(*here)).scalar_one_or_none()
        if kept is None:
            yield Wrong(f"evidence: tiles, {self._tree}, level {level}, number {number}", "is gone")
        elif kept != b"".join(hashes):
            parts = [kept[at : at + _BYTES] for at in range(0, len(kept), _BYTES)]
            pairs = zip([*parts, *[b""] * len(hashes)], hashes, strict=False)
            first = next((at for at, (one, other) in enumerate(pairs) if one != other), len(hashes))
            if level == 0:
                yield Wrong(f"{self._tree}, position {number * WIDTH + first + 1}", "is not what it was when it entered the tree")
            else:
                yield Wrong(f"evidence: tiles, {self._tree}, level {level}, number {number}", f"hash {first} is not what it was")

    def _checkpoints(self) -> Iterator[Wrong]:
        """Those of this size, and those of none that it ever had."""
        while self._next is not None and self._next.size <= self.size:
            yield from self._checkpoint(self._next, merkle.joined(self._peaks) if self._next.size == self.size else b"")

    def _checkpoint(self, row: Row[Any], root: bytes) -> Iterator[Wrong]:
        self._next = next(self._signed, None)
        where = f"evidence: checkpoints, {self._tree}, size {row.size}"
        try:
            note = Note.read(row.note)
            said = Checkpoint.read(note.text)
        except ValueError:
            yield Wrong(where, "is no checkpoint")
            return
        if (said.origin, said.size) != (self._notary.origin, row.size):
            yield Wrong(where, "is that of another tree")
        if not any(note.by(key) for key in self._keys):
            yield Wrong(where, "is not signed by this hub")
        if said.root != root:
            yield Wrong(where, "says that there was something else than there is")
        yield from _timed(row.signed_at, self._signed_at, where)
        yield from _cosigned(self._notary, note.text, row.size, self._done, self._connection)
        self._done.checkpoints += 1
        self._last, self._signed_at = row.size, max(self._signed_at, row.signed_at)

    def _more_tiles(self) -> Iterator[Wrong]:
        """Tiles of which there are no leaves."""
        known = [full + bool(hashes) for full, hashes in zip(self._full, self._open, strict=True)]
        ours = or_(*(and_(_T.level == level, _T.number.between(0, many - 1)) for level, many in enumerate(known)))
        for level, number in self._connection.execute(select(_T.level, _T.number).where(_T.tree == self._tree, not_(ours))):
            yield Wrong(f"evidence: tiles, {self._tree}, level {level}, number {number}", "belongs to no leaves")

    def _more_cosignatures(self) -> Iterator[Wrong]:
        """Those under nothing that was signed."""
        under = select(_C.size).where(_C.tree == self._tree, _C.size == _W.size).exists()
        for size, witness in self._connection.execute(select(_W.size, _W.witness).where(_W.tree == self._tree, ~under)):
            yield Wrong(f"evidence: cosignatures, {self._tree}, size {size}, {witness}", "is under no checkpoint")


# What was signed -------------------------------------------------------------------------------------


def _checkpoints(tree: str, connection: Connection) -> Iterator[Row[Any]]:
    """Every checkpoint of a tree, by its size; a few at a time, for there is one for every minute in which there was news."""
    wanted = select(CHECKPOINTS).where(_C.tree == tree).order_by(_C.size).limit(AT_ONCE)
    rows = connection.execute(wanted).all()
    while rows:
        yield from rows
        rows = connection.execute(wanted.where(_C.size > rows[-1].size)).all()


def _timed(signed_at: str, before: str, where: str) -> Iterator[Wrong]:
    """Of what was signed later it is not said that it was earlier; a clock may be put right by as much as lies between two."""
    try:
        is_earlier = bool(before) and datetime.fromisoformat(signed_at) < datetime.fromisoformat(before) - OFTEN
    except (ValueError, TypeError):
        yield Wrong(where, "was signed at no moment")
    else:
        if is_earlier:
            yield Wrong(where, f"was signed at {signed_at}, and what came before it at {before}: the clock was set back")


def _cosigned(notary: Notary, text: str, size: int, done: Examined, connection: Connection) -> Iterator[Wrong]:
    here = select(COSIGNATURES).where(_W.tree == notary.about.name, _W.size == size)
    for row in connection.execute(here):
        # of whoever is a witness no more the key is not known
        if key := next((each for each in notary.witnesses if each.name == row.witness), None):
            try:
                is_theirs = Note.read(f"{text}\n{row.line}").by(key) is not None
            except ValueError:
                is_theirs = False
            if not is_theirs:
                yield Wrong(f"evidence: cosignatures, {notary.about.name}, size {size}, {row.witness}", "is not by that witness")
        done.cosignatures += 1
