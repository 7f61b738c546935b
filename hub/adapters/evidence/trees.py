"""Where the hashes of a tree are kept: in tiles, as C2SP tlog-tiles has them, so that a proof reads a handful of rows.

A tile holds up to 256 hashes of one level of every eight; what lies between is computed. Only whole nodes are kept, so a
tile that is full is never changed.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from itertools import repeat

from sqlalchemy import BigInteger, Column, Connection, Integer, LargeBinary, MetaData, Table, Text, delete, insert

from hub.adapters.database import quickly
from hub.adapters.evidence import merkle
from hub.adapters.evidence.merkle import Node

HEIGHT = 8
WIDTH = 1 << HEIGHT
_BYTES = 32
_LONG = BigInteger().with_variant(Integer, "sqlite")

TABLES = MetaData()
TILES = Table(
    "tiles",
    TABLES,
    Column("tree", Text, primary_key=True),
    Column("level", Integer, primary_key=True, autoincrement=False),
    Column("number", _LONG, primary_key=True, autoincrement=False),
    Column("hashes", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""`level` counts in steps of eight; `number` counts the tiles of that level from the left."""
_T = TILES.c
_TILE = "SELECT level, number, hashes FROM tiles WHERE tree = ? AND level = ? AND number = ?"
_LAST = "SELECT number, length(hashes) FROM tiles WHERE tree = ? AND level = 0 ORDER BY number DESC LIMIT 1"
_Place = tuple[int, int]


class Tree:
    """One tree in the store of that connection."""

    def __init__(self, name: str, connection: Connection) -> None:
        self._name, self._connection = name, connection
        self._known: dict[_Place, bytes] = {}

    def size(self) -> int:
        """How many leaves it has."""
        return sum(number * WIDTH + many // _BYTES for number, many in quickly(self._connection, _LAST, self._name))

    def grow(self, size: int, leaves: Sequence[bytes]) -> None:
        """Puts hashes of leaves after the `size` that there are."""
        level, more = 0, list(leaves)
        while more:
            more, size, level = self._put(level, size, more), size // WIDTH, level + 1

    def _put(self, level: int, count: int, hashes: Sequence[bytes]) -> list[bytes]:
        """Adds to a level that has so many, and gives what that adds to the level above."""
        first, began = divmod(count, WIDTH)
        before = self._tiles([(level, first)])[level, first] if began else b""
        joined = before + b"".join(hashes)
        size = WIDTH * _BYTES
        tiles = {first + place: joined[at : at + size] for place, at in enumerate(range(0, len(joined), size))}
        if began:
            self._connection.execute(delete(TILES).where(_T.tree == self._name, _T.level == level, _T.number == first))
        rows = [{"tree": self._name, "level": level, "number": number, "hashes": tile} for number, tile in tiles.items()]
        self._connection.execute(insert(TILES), rows)
        self._known |= {(level, number): tile for number, tile in tiles.items()}
        return [_over(tile)[HEIGHT] for tile in tiles.values() if len(tile) == size]

    def root(self, size: int) -> bytes:
        """The root of the tree when it had so many leaves."""
        return self.hashes([merkle.peaks(0, size)])[0]

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """The proof that a leaf is in it. Raises: ValueError."""
        return self.hashes(merkle.inclusion(index, size))

    def consistency(self, old: int, size: int) -> list[bytes]:
        """The proof that it begins with what it was. Raises: ValueError."""
        return self.hashes(merkle.consistency(old, size))

    def hashes(self, wanted: Sequence[Sequence[Node]]) -> list[bytes]:
        """One hash for each of these rows of nodes; all tiles that they are in are read at once."""
        places = {_tile_of(node) for nodes in wanted for node in nodes}
        tiles = self._tiles(places)
        over = {place: (_over_again if _is_of_many(place, tiles[place]) else _over)(tiles[place]) for place in places}
        return [merkle.joined([_hash(node, over) for node in nodes]) for nodes in wanted]

    def _tiles(self, places: Sequence[_Place] | set[_Place]) -> Mapping[_Place, bytes]:
        if missing := [place for place in places if place not in self._known]:
            # SQLite finds each by its key this way, and reads all tiles where it is asked for a list of pairs
            every = " UNION ALL ".join(repeat(_TILE, len(missing)))
            rows = quickly(self._connection, every, *(value for place in missing for value in (self._name, *place)))
            self._known |= {(level, number): bytes(hashes) for level, number, hashes in rows}
        return self._known


def _tile_of(node: Node) -> _Place:
    level, index = node
    return level // HEIGHT, index << level % HEIGHT >> HEIGHT


def _hash(node: Node, over: Mapping[_Place, Sequence[bytes]]) -> bytes:
    level, index = node
    begin = (index % (WIDTH >> level % HEIGHT)) * _BYTES
    return over[_tile_of(node)][level % HEIGHT][begin : begin + _BYTES]


def _is_of_many(place: _Place, tile: bytes) -> bool:
    """Whether proofs of many leaves need it: one that stands above others, or is the last."""
    return place[0] > 0 or len(tile) < WIDTH * _BYTES


def _over(tile: bytes) -> Sequence[bytes]:
    """The hashes of a tile, and of every level over them as far as it is whole."""
    levels = [tile]
    for _ in range(HEIGHT):
        below = levels[-1]
        pairs = range(0, len(below) - 2 * _BYTES + 1, 2 * _BYTES)
        levels.append(b"".join([merkle.parent_of(below[at : at + _BYTES], below[at + _BYTES : at + 2 * _BYTES]) for at in pairs]))
    return levels


_over_again = lru_cache(maxsize=128)(_over)
