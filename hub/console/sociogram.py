"""The sociogram of a family: who stands where in a picture, by rings, and which lines run between them.

The family is in the middle, its own network around it, and who stands there by profession around those (after Moreno, 1934).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import cos, hypot, pi, sin
from typing import Any

SIDE, RADIUS = 480, 17
"""Of the picture, a square, and of somebody in it, in units of their own."""
_RINGS = {"family": 58, "informal": 132, "formal": 208}
_ALONE = {"family": 0}
"""Whoever is alone on the inmost ring stands in the middle."""


@dataclass(frozen=True, slots=True)
class Node:
    """Somebody in the picture: the number that stands in it, and where."""

    id: str
    ring: str
    number: int
    x: float
    y: float


@dataclass(frozen=True, slots=True)
class Line:
    """What is between two of them, from the edge of one to that of the other, and where its middle is."""

    quality: str
    one: Node
    other: Node
    ends: tuple[float, float, float, float]
    middle: tuple[float, float]


@dataclass(frozen=True, slots=True)
class Sociogram:
    """A picture of a network at one moment."""

    nodes: Sequence[Node]
    lines: Sequence[Line]


def numbered(*networks: Mapping[str, Any]) -> Mapping[str, tuple[int, str]]:
    """The number and the ring of everybody in any of these networks, so that each has the same number in every picture."""
    rings: dict[str, str] = {}
    for network in networks:
        rings |= {one["person"]: "family" for one in network["people"]}
        rings |= {one["id"]: one.get("side", "informal") for one in network["network"]}
    in_order = sorted(rings, key=lambda id: list(_RINGS).index(rings[id]))
    return {id: (number, rings[id]) for number, id in enumerate(in_order, start=1)}


def drawn(network: Mapping[str, Any], numbers: Mapping[str, tuple[int, str]]) -> Sociogram:
    """The picture of a network; everybody keeps the place that goes with their number."""
    here = {one["person"] for one in network["people"]} | {one["id"] for one in network["network"]}
    nodes = {id: _node(id, numbers) for id in numbers if id in here}
    lines = [
        _line(tie["quality"], nodes[tie["one"]], nodes[tie["other"]])
        for tie in network["ties"]
        if tie["one"] in nodes and tie["other"] in nodes and tie.get("quality")
    ]
    return Sociogram(list(nodes.values()), lines)


def _node(id: str, numbers: Mapping[str, tuple[int, str]]) -> Node:
    number, ring = numbers[id]
    beside = [other for other, (_, its) in numbers.items() if its == ring]
    far = _ALONE.get(ring, _RINGS[ring]) if len(beside) == 1 else _RINGS[ring]
    # the rings begin at other places, so that nobody stands in a line with the middle and somebody else
    turn = 2 * pi * (beside.index(id) / len(beside) + list(_RINGS).index(ring) / 7) - pi / 2
    return Node(id, ring, number, round(SIDE / 2 + far * cos(turn), 1), round(SIDE / 2 + far * sin(turn), 1))


def _line(quality: str, one: Node, other: Node) -> Line:
    far = hypot(other.x - one.x, other.y - one.y)
    step = RADIUS / far if far else 0
    dx, dy = (other.x - one.x) * step, (other.y - one.y) * step
    ends = (one.x + dx, one.y + dy, other.x - dx, other.y - dy)
    middle = ((one.x + other.x) / 2, (one.y + other.y) / 2)
    rounded = tuple(round(value, 1) for value in ends)
    return Line(quality, one, other, rounded, (round(middle[0], 1), round(middle[1], 1)))  # type: ignore[arg-type]
