"""Reads the register of processing activities (GDPR, article 30) from its file."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
from jsonschema_rs import Draft202012Validator

from hub.domain.processing import Activity, Handling
from hub.errors import Fault, Malformed, Violation

_KEY = "processing_activities"


@dataclass(frozen=True, slots=True)
class Activities:
    """Every version of every activity."""

    versions: tuple[Activity, ...]

    def at(self, code: str, day: date) -> Activity:
        """The activity of that code, as valid on a day. Raises: Fault, where there is none."""
        return self._only(code, [each for each in self.versions if each.code == code and each.is_valid_on(day)])

    def of_operation(self, name: str, day: date) -> Activity:
        """What an operation of the interface does, as valid on a day. Raises: Fault, where the register does not know it."""
        return self._only(name, [each for each in self.versions if name in each.operations and each.is_valid_on(day)])

    def _only(self, name: str, found: Sequence[Activity]) -> Activity:
        if not found:
            raise Fault(f"The register of processing activities does not know {name}.", code="no-activity")
        return found[0]


def load_activities(path: Path) -> Activities:
    """The register in a file, against the schema and the registers of purposes and legal bases that lie beside it.

    Raises:
        Malformed: with every place where it is not what these ask, or where two versions are valid on the same day.
    """
    found = msgspec.json.decode(path.read_bytes())
    schema = msgspec.json.decode(path.with_suffix(".schema.json").read_bytes())
    errors = Draft202012Validator(schema, validate_formats=True).iter_errors(found)
    _refuse(path, [Violation("".join(f"/{step}" for step in error.instance_path), error.message) for error in errors])
    activities = tuple(map(_activity, found[_KEY]))
    _refuse(path, [*_unknown(activities, path.parent), *_twice(activities)])
    return Activities(activities)


def _activity(said: Mapping[str, Any]) -> Activity:
    own: dict[str, Any] = {name: said[name] for name in ("code", "nl", "en", "purpose", "legal_basis", "retention", "source")}
    own |= {name: msgspec.convert(said[name], date | None) for name in ("valid_from", "valid_until")}
    return Activity(handling=Handling(said["handling"]), operations=frozenset(said["operations"]), **own)


def _refuse(path: Path, violations: Sequence[Violation]) -> None:
    if violations:
        raise Malformed(f"{path.name} is not what its contract asks.", violations)


def _unknown(activities: Sequence[Activity], registers: Path) -> Iterator[Violation]:
    for field, name in (("purpose", "purposes"), ("legal_basis", "legal-bases")):
        entries = msgspec.json.decode((registers / f"{name}.json").read_bytes())[name.replace("-", "_")]
        known = {entry["code"] for entry in entries if entry["valid_from"]}
        for place, activity in enumerate(activities):
            if getattr(activity, field) not in known:
                yield Violation(f"/{_KEY}/{place}/{field}", "is not in its register, or not in force")


def _twice(activities: Sequence[Activity]) -> Iterator[Violation]:
    for one, other in combinations(activities, 2):
        last = min((each for each in (one.valid_until, other.valid_until) if each), default=date.max)
        if max(one.valid_from, other.valid_from) <= last:
            if one.code == other.code:
                yield Violation(f"/{_KEY}", f"{one.code} has two versions on the same day")
            for operation in sorted(one.operations & other.operations):
                yield Violation(f"/{_KEY}", f"{operation} stands with two activities")
