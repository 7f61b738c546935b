"""Least information: which classes a receiver may see for a purpose, and an answer without all the others."""

from collections.abc import Callable, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from hub.domain.callers import Capacity
from hub.domain.coarsening import GIVES_AWAY, GONE, Allowed, Coarse, Rules, coarse
from hub.domain.field_classes import CLASS, COARSENS, EVERYBODY, Coarsening, FieldClass

Schema = Mapping[str, Any]
Walk = Callable[[Any], Any]
WITHHELD = "withheld"
"""The member of an answer that names the classes that were left out."""


# Who may see what --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class DisclosureMatrix:
    """One version of what partners agreed: receiver × purpose → classes.

    `people` are by role, `systems` by kind of partner; the first purpose of a role is what it asks for by itself.
    `minimal` is what holds before anything more is allowed: that somebody is involved, and whom to contact.
    """

    version: str
    valid_from: date
    valid_until: date | None
    source: str
    minimal: Allowed
    people: Mapping[tuple[str, str], Allowed]
    systems: Mapping[tuple[str, str], Allowed]

    def for_person(self, role: Capacity, purpose: str = "") -> Allowed:
        """What somebody in this role sees for a purpose; what is not in the matrix is minimal."""
        own = next((named for of, named in self.people if of == role), "")
        return self.people.get((role, purpose or own), self.minimal)

    def for_system(self, kind: str, purposes: Iterable[str]) -> Allowed:
        """What the systems of this kind of partner get for all these purposes."""
        return self.minimal.union(*(self.systems.get((kind, purpose), frozenset()) for purpose in purposes))

    def is_valid_on(self, day: date) -> bool:
        """Whether this version is in force then."""
        return self.valid_from <= day and (self.valid_until is None or day <= self.valid_until)


# What is left of an answer -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Disclosed:
    """An answer without what its receiver may not see, and the classes that were left out.

    Those depend on the schema alone: naming only what was really there would tell that it was.
    """

    answer: Any
    withheld: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sieve:
    """What may be told of the answers of one schema to one kind of receiver, worked out beforehand."""

    withheld: tuple[str, ...]
    walk: Walk | None

    def __call__(self, answer: Any) -> Disclosed:
        """The answer without the rest; nothing at all is an empty object."""
        told = GONE if self.walk is None else self.walk(answer)
        return Disclosed({} if told is GONE else told, self.withheld)


def sieve(schema: Schema, allowed: Allowed, rules: Rules) -> Sieve:
    """The sieve for this schema; `rules` are those of every version of the intervention matrix.

    What the schema does not know, or gives no class, never leaves.
    """
    return Sieve(_withheld(schema, allowed), _walk(schema, "", allowed, coarse(allowed, rules)))


def disclosed(answer: Any, schema: Schema, allowed: Allowed, rules: Rules) -> Disclosed:
    """What may be told of an answer; for many answers of one schema keep its `sieve`."""
    return sieve(schema, allowed, rules)(answer)


def _withheld(schema: Schema, allowed: Allowed) -> tuple[str, ...]:
    found: set[str] = set()
    for _, leaf, kind in leaves(schema):
        if kind in allowed:
            found |= GIVES_AWAY.get(leaf.get(COARSENS, ""), frozenset()) - allowed
        elif kind:
            found.add(kind)
    return tuple(sorted(found))


def _walk(schema: Schema, inherited: str, allowed: Allowed, coarse: Coarse) -> Walk | None:
    kind = schema.get(CLASS, inherited)
    if "anyOf" in schema:
        (inner,) = _unless_null(schema)
        walk = _walk(inner, kind, allowed, coarse)
        return walk and _maybe(walk)
    if "properties" in schema:
        walks = {name: _walk(each, kind, allowed, coarse) for name, each in schema["properties"].items()}
        told = {name: walk for name, walk in walks.items() if walk is not None}
        return _object(told) if told else None
    if "items" in schema:
        walk = _walk(schema["items"], kind, allowed, coarse)
        return walk and _array(walk)
    if kind not in allowed:
        return None
    return _leaf(coarse[Coarsening(schema[COARSENS])]) if COARSENS in schema else _plain


def _unless_null(schema: Schema) -> list[Schema]:
    return [each for each in schema["anyOf"] if each.get("type") != "null"]


def _plain(said: Any) -> Any:
    return GONE if isinstance(said, Mapping | list | tuple) else said


def _leaf(coarse: Walk) -> Walk:
    return lambda said: coarse(said) if isinstance(said, str) else GONE


def _maybe(walk: Walk) -> Walk:
    return lambda said: None if said is None else walk(said)


def _object(walks: Mapping[str, Walk]) -> Walk:
    def walk(said: Any) -> Any:
        if not isinstance(said, Mapping):
            return GONE
        told = {name: each(said[name]) for name, each in walks.items() if name in said}
        return {name: value for name, value in told.items() if value is not GONE} if GONE in told.values() else told

    return walk


def _array(each: Walk) -> Walk:
    def walk(said: Any) -> Any:
        if not isinstance(said, list | tuple):
            return GONE
        return [told for told in map(each, said) if told is not GONE]

    return walk


# What schemas say of it --------------------------------------------------------------------------


def leaves(schema: Schema, where: str = "", inherited: str = "") -> Iterator[tuple[str, Schema, str]]:
    """Every leaf of a schema: its place, itself, and its class (empty where nothing gives it one)."""
    kind = schema.get(CLASS, inherited)
    if "anyOf" in schema:
        for each in _unless_null(schema):
            yield from leaves(each, where, kind)
    elif "properties" in schema:
        for name, each in schema["properties"].items():
            yield from leaves(each, f"{where}/{name}", kind)
    elif "items" in schema:
        yield from leaves(schema["items"], f"{where}/*", kind)
    else:
        yield where, schema, kind


def published(schema: Schema) -> Schema:
    """The schema as receivers get it: only what everybody sees is required, and `withheld` says what was left out."""
    optional = _optional(schema)
    if optional == schema or "properties" not in schema:
        return optional
    return {**optional, "properties": {**optional["properties"], WITHHELD: _NAMED}}


def heard(contract: Schema) -> Schema:
    """The contract of a notice as receivers get it: who hears of it at all may know its own class, and what everybody sees."""
    return _optional(contract, seen=EVERYBODY | {contract.get(CLASS, "")})


_NAMED: Schema = {
    "type": "array",
    "items": {"type": "string", "enum": sorted(FieldClass)},
    "description": "the classes of fields that the caller may not see, and that were left out or made coarse",
}


def _optional(schema: Schema, inherited: str = "", seen: Container[str] = EVERYBODY) -> dict[str, Any]:
    kind = schema.get(CLASS, inherited)
    found = dict(schema)
    if "anyOf" in schema:
        found["anyOf"] = [_optional(each, kind, seen) for each in schema["anyOf"]]
    if "items" in schema:
        found["items"] = _optional(schema["items"], kind, seen)
    if "properties" in schema:
        found["properties"] = {name: _optional(each, kind, seen) for name, each in schema["properties"].items()}
        required = {name: schema["properties"][name] for name in schema.get("required", ())}
        found["required"] = [name for name, each in required.items() if _is_always_there(each, kind, seen)]
    return found


def _is_always_there(schema: Schema, inherited: str, seen: Container[str]) -> bool:
    found = list(leaves(schema, inherited=inherited))
    # what is made coarse may be left out
    return not any(kind for *_, kind in found) or any(kind in seen and COARSENS not in leaf for _, leaf, kind in found)
