"""The register of assumptions of a simulated neighbourhood as it stands in its file, with where each was found."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import msgspec

from hub.adapters.contracts import refuse, valid
from hub.domain.matrix import Words
from hub.domain.neighbourhood import Assumptions, Eye, Hazard, Life, Mix, Work
from hub.errors import Malformed, Violation

FILE = "neighbourhood-assumptions.json"
_ONCE = {"mix": ("code",), "hazards": ("area",), "eyes": ("partner", "concern", "area"), "life": ("code",), "work": ("code",)}
"""What tells the entries of each part apart."""
_SHARES = ("vulnerable_share", "brings_along", "serious_from")


@dataclass(frozen=True, slots=True)
class Entry:
    """One assumption as it is told: what it is, its values in words, where they were found, and what was assumed of it."""

    words: Words
    values: Words
    source: str
    assumed: Words


@dataclass(frozen=True, slots=True)
class Assumed:
    """Assumptions by the version of their register, and how each is told."""

    version: str
    taken: Assumptions
    entries: tuple[Entry, ...]

    def otherwise(self, said: Mapping[str, float]) -> Assumptions:
        """The same with people working otherwise. Raises: Malformed, where that is no assumption about work."""
        known = {each.name for each in fields(Work)}
        if unknown := [Violation(f"/{code}", f"may be {', '.join(sorted(known))}") for code in said if code not in known]:
            raise Malformed("Two ways of working differ in how people work alone.", unknown)
        return replace(self.taken, work=replace(self.taken.work, **said))


def load_assumptions(path: Path, writable: Collection[tuple[str, str]], schema: str | Path | None = None) -> Assumed:
    """The register in a file, against the schema that lies beside it or elsewhere; `writable` is which partners write of what.

    Raises:
        Malformed: with every place where it is not what the schema or itself asks.
    """
    said = valid(path, schema or f"{path.stem}.schema.json")
    refuse(path, list(_wrong(said, writable)))
    numbers = {part: {each["code"]: each["value"] for each in said[part]} for part in ("life", "work")}
    taken = Assumptions(
        msgspec.convert(said["mix"], tuple[Mix, ...]),
        msgspec.convert(said["hazards"], tuple[Hazard, ...]),
        msgspec.convert(said["eyes"], tuple[Eye, ...]),
        Life(**numbers["life"]),
        Work(**numbers["work"]),
    )
    return Assumed(said["version"], taken, tuple(_entry(each, part) for part in _ONCE for each in said[part]))


def _wrong(said: Mapping[str, Any], writable: Collection[tuple[str, str]]) -> Iterator[Violation]:
    """What a schema cannot say."""
    for part, keys in _ONCE.items():
        held = Counter(" ".join(each[key] for key in keys) for each in said[part])
        yield from (Violation(f"/{part}", f"{each} stands there twice") for each, many in held.items() if many > 1)
    for part, asked in {"life": fields(Life), "work": fields(Work)}.items():
        there = {each["code"] for each in said[part]}
        yield from (Violation(f"/{part}", f"{each.name} is missing") for each in asked if each.name not in there)
    for nth, eye in enumerate(said["eyes"]):
        if (eye["partner"], eye["concern"]) not in writable:
            yield Violation(f"/eyes/{nth}", f"{eye['partner']} writes no message about {eye['concern']} here")
    if not sum(each["percent"] for each in said["mix"]):
        yield Violation("/mix", "is about nobody")
    for each in said["life"]:
        if each["code"] in _SHARES and each["value"] > 1:
            yield Violation(f"/life/{each['code']}", "is more than 1")


def _entry(said: Mapping[str, Any], part: str) -> Entry:
    assumed = Words(said["assumed"]["nl"], said["assumed"]["en"]) if said["assumed"] else Words()
    return Entry(Words(said["nl"], said["en"]), _values(said, part), said["source"] or "", assumed)


def _values(said: Mapping[str, Any], part: str) -> Words:
    if part in ("life", "work"):
        return Words(f"{_dutch(said['value'])} {said['unit']['nl']}", f"{said['value']} {said['unit']['en']}")
    names = {
        "mix": (("percent", "% van de huishoudens", "% of households"),),
        "hazards": (("yearly", " per jaar op 1.000 huishoudens", " a year in 1,000 households"),),
        "eyes": (
            ("seen_from", " zwaar of meer", " grave or more"),
            ("weekly", " keer per week", " times a week"),
            ("delay", " dagen later gemeld", " days later told"),
            (
                "mistaken",
                " keer per jaar op 1.000 huishoudens zonder dat er iets is",
                " times a year in 1,000 households for nothing",
            ),
        ),
    }[part]
    dutch = ", ".join(f"{_dutch(said[name])}{nl}" for name, nl, _ in names)
    english = ", ".join(f"{said[name]}{en}" for name, _, en in names)
    who = f"{said['partner']}: " if part == "eyes" else ""
    return Words(who + dutch, who + english)


def _dutch(number: float) -> str:
    return f"{number}".replace(".", ",")
