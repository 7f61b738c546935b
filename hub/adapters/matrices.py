"""Reads the versions of the intervention matrix, and the holidays, from their files."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any, Protocol

import msgspec

from hub.adapters.contracts import refuse, valid
from hub.domain.concerns import CONCERNS
from hub.domain.dates import Calendar
from hub.domain.matrix import Cell, ContraIndication, Criterion, Lever, Matrix, Rule, StagnationRule, Term
from hub.domain.words import Weight
from hub.errors import Malformed, NotKnown, Unavailable, Violation

_MARKS = {mark for concern in CONCERNS.values() for mark in concern.marks}
_ONCE = {
    "rules": ("id",),
    "stagnation": ("on", "held"),
    "cells": ("axis", "level"),
    "levers": ("lever",),
    "terms": ("name",),
    "criteria": ("id",),
    "contraIndications": ("id",),
}
"""What tells the entries of each part of a matrix apart."""


class Version(Protocol):
    """A version of something that was agreed, in force from a day until and with another."""

    @property
    def version(self) -> str: ...

    @property
    def valid_from(self) -> date: ...

    @property
    def valid_until(self) -> date | None: ...


@dataclass(frozen=True, slots=True)
class Matrices:
    """Every version of the matrix, the oldest first; their validity neither overlaps nor leaves a gap."""

    versions: tuple[Matrix, ...]

    def at(self, day: date) -> Matrix:
        """The version valid on a day. Raises: Unavailable, where none is."""
        for matrix in self.versions:
            if matrix.is_valid_on(day):
                return matrix
        raise Unavailable(f"No version of the intervention matrix is valid on {day}.", code="no-matrix")

    def version(self, name: str) -> Matrix:
        """The version of that name. Raises: NotKnown."""
        for matrix in self.versions:
            if matrix.version == name:
                return matrix
        raise NotKnown("There is no such version of the intervention matrix.")


def load_matrices(directory: Path) -> Matrices:
    """Every version in a directory, against the schema that lies beside them.

    Raises:
        Malformed: with every place where a file is not what the schema, the register of concerns or its own names ask,
            or where validity overlaps or leaves a gap.
    """
    files = [path for path in sorted(directory.glob("*.json")) if path.name != "schema.json"]
    matrices = sorted((load_matrix(path) for path in files), key=lambda matrix: matrix.valid_from)
    violations = list(validity(matrices)) if matrices else [Violation("", f"no matrix in {directory.name}")]
    if violations:
        raise Malformed("The versions of the intervention matrix do not follow each other.", violations)
    return Matrices(tuple(matrices))


def load_calendar(path: Path) -> Calendar:
    """The Dutch working days, by the holidays in a file. Raises: Malformed."""
    found = valid(path)
    return Calendar(frozenset(date.fromisoformat(holiday["day"]) for holiday in found["holidays"]))


def load_matrix(path: Path, schema: str | Path = "schema.json") -> Matrix:
    """The version in a file, against a schema that lies beside it or elsewhere.

    Raises:
        Malformed: with every place where it is not what the schema, the register of concerns or its own names ask.
    """
    raw = valid(path, schema)
    refuse(path, list(_meaning(raw, path.stem)))
    found = _in_python(raw)
    levers = {lever["lever"]: lever for lever in found["levers"]}
    for cell in found["cells"]:
        cell["levers"] = [levers[code] for code in cell.get("levers", ())]
    cells = msgspec.convert(found["cells"], tuple[Cell, ...])
    return Matrix(
        version=found["version"],
        valid_from=msgspec.convert(found["valid_from"], date),
        valid_until=msgspec.convert(found["valid_until"], date | None),
        source=found["source"],
        rules=msgspec.convert(found["rules"], tuple[Rule, ...]),
        stagnation=msgspec.convert(found["stagnation"], tuple[StagnationRule, ...]),
        cells={(cell.axis, cell.level): cell for cell in cells},
        terms={term.name: term for term in msgspec.convert(found["terms"], tuple[Term, ...])},
        levers={lever.lever: lever for lever in msgspec.convert(found["levers"], tuple[Lever, ...])},
        criteria=msgspec.convert(found["criteria"], tuple[Criterion, ...]),
        contra_indications=msgspec.convert(found["contra_indications"], tuple[ContraIndication, ...]),
        silent=frozenset(found["silent"]),
    )


def _in_python(value: Any) -> Any:
    """Keys in snake case, and weights as numbers rather than words."""
    if isinstance(value, list):
        return [_in_python(item) for item in value]
    if not isinstance(value, dict):
        return value
    plain = {re.sub("[A-Z]", lambda letter: "_" + letter[0].lower(), key): _in_python(item) for key, item in value.items()}
    if weight := plain.get("weight_at_least"):
        plain["weight_at_least"] = Weight[weight.upper()]
    return plain


def _meaning(raw: Any, name: str) -> Iterator[Violation]:
    """What a schema cannot say: names that must exist, or may stand only once."""
    if raw["version"] != name:
        yield Violation("/version", "is not the name of the file")
    terms, levers = {term["name"] for term in raw["terms"]}, {lever["lever"] for lever in raw["levers"]}
    known = {"concerns": CONCERNS, "silent": CONCERNS, "marks": _MARKS, "levers": levers}
    known |= {"acknowledge": terms, "starts": terms, "term": terms, "reconsider": terms}
    for where, key, value in _texts(raw, "", ""):
        if key in known and value not in known[key]:
            yield Violation(where, f"{value} is not known")
    for part, keys in _ONCE.items():
        counted = Counter(tuple(str(item[key]) for key in keys) for item in raw[part])
        yield from (Violation(f"/{part}", f"{' '.join(found)} stands there twice") for found, times in counted.items() if times > 1)


def _texts(value: Any, where: str, key: str) -> Iterator[tuple[str, str, str]]:
    """Every text with its pointer and the name of the field that it, or its list, is in."""
    if isinstance(value, str):
        yield where, key, value
    elif isinstance(value, dict):
        for name, item in value.items():
            yield from _texts(item, f"{where}/{name}", name)
    elif isinstance(value, list):
        for place, item in enumerate(value):
            yield from _texts(item, f"{where}/{place}", key)


def validity(matrices: Sequence[Version]) -> Iterator[Violation]:
    """Where versions, the oldest first, overlap or leave days without one."""
    for matrix in matrices:
        if matrix.valid_until and matrix.valid_until < matrix.valid_from:
            yield Violation(matrix.version, "ends before it begins")
    for earlier, later in pairwise(matrices):
        if earlier.valid_until is None or earlier.valid_until >= later.valid_from:
            yield Violation(later.version, f"begins while {earlier.version} is still valid")
        elif earlier.valid_until + timedelta(days=1) != later.valid_from:
            yield Violation(later.version, f"leaves days without a matrix after {earlier.version}")
