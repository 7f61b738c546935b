"""Merkle trees as certificate transparency has them (RFC 6962, section 2.1): roots, and proofs about them.

Every function here works on coordinates: a node `(level, index)` is the root of the `2 ** level` leaves from
`index << level` on, and is the same in every tree that has all of these leaves. So nothing here knows where hashes are kept:
the functions that make proofs say which nodes they are of, and `joined` makes one hash of those.
"""

from collections.abc import Iterator, Sequence
from hashlib import sha256

Node = tuple[int, int]
"""Level, from the leaves up, and index in that level, both from 0."""
EMPTY = sha256().digest()
"""The root of a tree without leaves."""


def leaf_of(data: bytes) -> bytes:
    """The hash of a leaf with those data, 32 bytes as all hashes here."""
    return sha256(b"\x00" + data).digest()


def parent_of(left: bytes, right: bytes) -> bytes:
    """The hash of the node over these two."""
    return sha256(b"\x01" + left + right).digest()


def joined(peaks: Sequence[bytes]) -> bytes:
    """The one hash over whole trees that stand side by side, each smaller than the one before it."""
    if not peaks:
        return EMPTY
    right = peaks[-1]
    for left in reversed(peaks[:-1]):
        right = parent_of(left, right)
    return right


def peaks(begin: int, end: int) -> list[Node]:
    """The whole trees that the leaves from `begin` up to `end` are made of, largest first."""
    found = []
    while begin < end:
        level = (end - begin).bit_length() - 1
        found.append((level, begin >> level))
        begin += 1 << level
    return found


def inclusion(index: int, size: int) -> list[list[Node]]:
    """What proves that a leaf is in the tree of that size: for each hash of the proof, from the leaf up, the nodes it is made of.

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError("no leaf of this tree")
    return [peaks(begin, end) for begin, end in _beside(index, 0, size)][::-1]


def _beside(index: int, begin: int, end: int) -> Iterator[tuple[int, int]]:
    """The halves of the tree in which the leaf is not, from the root down."""
    while end - begin > 1:
        half = begin + _half(end - begin)
        if index < half:
            yield half, end
            end = half
        else:
            yield begin, half
            begin = half


def _half(size: int) -> int:
    """How many leaves are on the left: the largest power of two below the size."""
    return 1 << ((size - 1).bit_length() - 1)


def consistency(old: int, size: int) -> list[list[Node]]:
    """What proves that a tree of that size begins with the tree of the old size: the nodes of each hash of the proof.

    Raises:
        ValueError: the old tree is not the smaller one, or has no leaves.
    """
    if not 0 < old <= size:
        raise ValueError("no tree that this one could begin with")
    return [peaks(begin, end) for begin, end in _between(old, size)]


def _between(old: int, size: int) -> list[tuple[int, int]]:
    begin, end, is_known = 0, size, True
    found: list[tuple[int, int]] = []
    while old < end:
        half = begin + _half(end - begin)
        if old <= half:
            found.append((half, end))
            end = half
        else:
            found.append((begin, half))
            begin, is_known = half, False
    # where all of the way went left, what is reached is the old tree itself, of which the root is known
    return ([] if is_known else [(begin, end)]) + found[::-1]


# Whoever has a proof needs no more than these -----------------------------------------------------


def root_with(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The root of the tree in which this leaf stands there, if the proof is right (RFC 9162, section 2.1.3.2).

    Raises:
        ValueError: it is no proof for this place in a tree of this size, whatever the hashes are.
    """
    if not 0 <= index < size:
        raise ValueError("no leaf of this tree")
    place, last, found = index, size - 1, leaf
    for other in proof:
        if last == 0:
            raise ValueError("the proof is too long")
        if place & 1 or place == last:
            found = parent_of(other, found)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            found = parent_of(found, other)
        place, last = place >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return found


def roots_with(old: int, size: int, proof: Sequence[bytes], old_root: bytes) -> tuple[bytes, bytes]:
    """The roots of the old tree and of this one that the proof joins (RFC 9162, section 2.1.4.2).

    Raises:
        ValueError: it is no proof for trees of these sizes, whatever the hashes are.
    """
    if not 0 < old <= size:
        raise ValueError("no tree that this one could begin with")
    if old == size:
        if proof:
            raise ValueError("the proof is too long")
        return old_root, old_root
    rest = list(proof)
    if not old & (old - 1):
        rest.insert(0, old_root)
    if not rest:
        raise ValueError("the proof is too short")
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    first = second = rest[0]
    for other in rest[1:]:
        if last == 0:
            raise ValueError("the proof is too long")
        if place & 1 or place == last:
            first, second = parent_of(other, first), parent_of(other, second)
            while place and not place & 1:
                place, last = place >> 1, last >> 1
        else:
            second = parent_of(second, other)
        place, last = place >> 1, last >> 1
    if last:
        raise ValueError("the proof is too short")
    return first, second
