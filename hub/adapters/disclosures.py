"""Reads the versions of the disclosure matrix, and minimises everything that leaves by the one in force."""

from collections import Counter
from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import msgspec

from hub.adapters.contracts import refuse, valid
from hub.adapters.matrices import validity
from hub.adapters.pseudonyms import Pseudonyms
from hub.adapters.registrations import Organisation, Registrations
from hub.domain.callers import Caller, Capacity
from hub.domain.coarsening import SENSITIVE, Allowed, Rules
from hub.domain.disclosure import WITHHELD, DisclosureMatrix, Schema, Sieve, sieve
from hub.domain.field_classes import CLASS, EVERYBODY, FREE, FieldClass
from hub.domain.trajectory.planned import DUTCH_TIME
from hub.errors import Malformed, Unavailable, Violation
from hub.ports import Clock, Notice

PSEUDONYM = "x-pseudonym"
"""The keyword of a notice's contract that names what an id is of: every receiver gets its own."""


# From files --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DisclosureMatrices:
    """Every version, the oldest first; their validity neither overlaps nor leaves a gap."""

    versions: tuple[DisclosureMatrix, ...]

    def at(self, day: date) -> DisclosureMatrix:
        """The version valid on a day. Raises: Unavailable, where none is."""
        for matrix in reversed(self.versions):
            if matrix.is_valid_on(day):
                return matrix
        raise Unavailable("No version of the disclosure matrix is valid now.", code="no-disclosure-matrix")


def load_disclosure_matrices(directory: Path, purposes: Container[str]) -> DisclosureMatrices:
    """Every version in a directory; `purposes` are the codes of the register of those.

    Raises:
        Malformed: with every place where a file is not what its schema, or the register of purposes, asks, or where
            validity overlaps or leaves a gap.
    """
    files = [path for path in sorted(directory.glob("*.json")) if path.name != "schema.json"]
    matrices = sorted((_matrix(path, purposes) for path in files), key=lambda matrix: matrix.valid_from)
    violations = list(validity(matrices)) if matrices else [Violation("", f"no matrix in {directory.name}")]
    if violations:
        raise Malformed("The versions of the disclosure matrix do not follow each other.", violations)
    return DisclosureMatrices(tuple(matrices))


def _matrix(path: Path, purposes: Container[str]) -> DisclosureMatrix:
    raw = valid(path)
    refuse(path, list(_meaning(raw, path.stem, purposes)))
    return DisclosureMatrix(
        version=raw["version"],
        valid_from=date.fromisoformat(raw["validFrom"]),
        valid_until=date.fromisoformat(raw["validUntil"]) if raw["validUntil"] else None,
        source=raw["source"],
        minimal=_classes(raw["minimal"]),
        people={(line["role"], line["purpose"]): _classes(line["classes"]) for line in raw["people"]},
        systems={(line["kind"], line["purpose"]): _classes(line["classes"]) for line in raw["systems"]},
    )


def _classes(names: Sequence[str]) -> Allowed:
    return frozenset(FieldClass(name) for name in names)


def _meaning(raw: Any, name: str, purposes: Container[str]) -> Iterator[Violation]:
    """What a schema cannot say: purposes that must exist, lines that may stand only once, and what holds for all."""
    if raw["version"] != name:
        yield Violation("/version", "is not the name of the file")
    for part, key in (("people", "role"), ("systems", "kind")):
        counted = Counter((line[key], line["purpose"]) for line in raw[part])
        yield from (Violation(f"/{part}", f"{' '.join(found)} stands there twice") for found, times in counted.items() if times > 1)
        for place, line in enumerate(raw[part]):
            if line["purpose"] not in purposes:
                yield Violation(f"/{part}/{place}/purpose", f"{line['purpose']} is not known")
            yield from _of_classes(_classes(line["classes"]), f"/{part}/{place}/classes")


def _of_classes(classes: Allowed, where: str) -> Iterator[Violation]:
    if not classes >= EVERYBODY:
        yield Violation(where, "withholds what everybody sees")
    if classes & FREE and not classes >= SENSITIVE:
        yield Violation(where, "gives words that people wrote without what those may hold")


def load_notice_schemas(directory: Path) -> dict[str, Schema]:
    """The contract of every notice, by its type."""
    return {path.stem: msgspec.json.decode(path.read_bytes()) for path in sorted(directory.glob("*.json"))}


# What leaves -------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Disclosures:
    """The one place through which answers and notices leave, by the matrix in force; `notices` are their contracts by type.

    `rules` are those of every version of the intervention matrix.
    """

    matrices: DisclosureMatrices
    rules: Rules
    notices: Mapping[str, Schema]
    registrations: Registrations
    pseudonyms: Pseudonyms
    clock: Clock
    _sieves: dict[tuple[int, Allowed], tuple[Schema, Sieve]] = field(default_factory=dict, repr=False)

    def answer(self, content: Any, schema: Schema, caller: Caller, purpose: str = "") -> Any:
        """An answer as this caller may see it, with the classes that were left out as its member `withheld`.

        `purpose` is a code of the register; by itself a role asks for its own.
        """
        told = self._sieve(schema, self._of_caller(caller, purpose))(content)
        return {**told.answer, WITHHELD: list(told.withheld)} if told.withheld and isinstance(told.answer, dict) else told.answer

    def to_person(self, notice: Mapping[str, Any], caller: Caller) -> Mapping[str, Any] | None:
        """A notice of the feed as this caller may see it; `None` where that it happened is too much already."""
        schema, allowed = self._contract(notice["type"]), self._of_caller(caller, "")
        if not _may_hear(schema, allowed):
            return None
        return {**notice, "data": self._sieve(schema, allowed)(notice["data"]).answer}

    def to_partner(self, notice: Notice, receiver: Organisation) -> Notice | None:
        """A notice as this organisation gets it: its own ids, times to the minute; `None` where that it happened is too much.

        What joins one partner's notices with another's would undo their own ids: so no id and no exact time is shared.
        """
        schema, allowed = self._contract(notice.type), self._of_system(receiver)
        if not _may_hear(schema, allowed):
            return None
        data = self._sieve(schema, allowed)(notice.data).answer
        return replace(
            notice,
            id=self.pseudonyms.of(receiver.name, "notice", str(notice.id)),
            recorded_at=notice.recorded_at.replace(second=0, microsecond=0),
            family=self.pseudonyms.of(receiver.name, "family", str(notice.family)),
            data={name: self._own(value, schema["properties"][name], receiver.name) for name, value in data.items()},
        )

    def _own(self, value: Any, schema: Schema, receiver: str) -> Any:
        if PSEUDONYM in schema:
            return str(self.pseudonyms.of(receiver, schema[PSEUDONYM], value))
        return _to_the_minute(value) if schema.get("format") == "date-time" else value

    def _contract(self, type: str) -> Schema:
        return self.notices.get(type, _UNKNOWN)

    def _of_caller(self, caller: Caller, purpose: str) -> Allowed:
        if caller.role is not Capacity.PARTNER:
            return self._matrix().for_person(caller.role, purpose)
        found = self.registrations.by_name(caller.organisation)
        return self._of_system(found) if found else self._matrix().minimal

    def _of_system(self, receiver: Organisation) -> Allowed:
        covenant = self.registrations.registers.covenants.get(receiver.covenant)
        shared = receiver.purposes & covenant.purposes if covenant else frozenset()
        return self._matrix().for_system(receiver.kind, shared)

    def _matrix(self) -> DisclosureMatrix:
        return self.matrices.at(self.clock.now().astimezone(DUTCH_TIME).date())

    def _sieve(self, schema: Schema, allowed: Allowed) -> Sieve:
        # the schema is kept beside its sieve, so that no other one can come to have its id
        _, made = self._sieves.get((id(schema), allowed)) or (schema, None)
        if made is None:
            made = sieve(schema, allowed, self.rules)
            self._sieves[id(schema), allowed] = schema, made
        return made


_UNKNOWN: Schema = {"properties": {}}
"""The contract of a type that has none: nobody hears of it."""


def _may_hear(schema: Schema, allowed: Allowed) -> bool:
    return schema.get(CLASS) in allowed


def _to_the_minute(text: str) -> str:
    return datetime.fromisoformat(text).replace(second=0, microsecond=0).isoformat().replace("+00:00", "Z")
