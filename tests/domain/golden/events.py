"""Every kind of event that can stand in the log, in every version, as it is stored."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages
from types import UnionType
from typing import Any, get_args, get_origin, get_type_hints
from uuid import UUID

from eventsourcing.persistence import StoredEvent

import hub.domain
from hub.adapters.mapper import mapper
from hub.domain.streams import Opening, Recorded

HERE = Path(__file__).parent
STREAM = UUID("00000000-0000-5000-8000-000000000001")
MOMENT = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
_BESIDE = {"originator_id", "originator_version"}
"""What the log holds in columns of their own."""


def event_classes() -> list[type[Recorded]]:
    """Every event of every aggregate, by topic."""
    for module in walk_packages(hub.domain.__path__, "hub.domain."):
        import_module(module.name)
    found = {each for each in _below(Recorded) if "TOPIC" in vars(each) and each.__module__.startswith("hub.")}
    return sorted(found, key=lambda each: each.TOPIC)


def version_of(event: type[Recorded]) -> int:
    """The version that is written today."""
    return int(getattr(event, "class_version", 1))


def fields_of(event: type[Recorded]) -> set[str]:
    """What the class says that it stores."""
    return {field.name for field in fields(event)} - _BESIDE


def golden(topic: str, version: int) -> Path:
    """Where that version lies."""
    return HERE / f"{topic}.v{version}.json"


def written(path: Path) -> dict[str, Any]:
    """What was stored of an event of that version."""
    said: dict[str, Any] = json.loads(path.read_text())
    return said


def read(topic: str, state: Mapping[str, Any]) -> Any:
    """The event as the hub reads it today."""
    return mapper().to_domain_event(StoredEvent(STREAM, 1, topic, json.dumps(state).encode()))


def stored(event: Any) -> dict[str, Any]:
    """What the hub stores of an event today."""
    said: dict[str, Any] = json.loads(mapper().to_stored_event(event).state)
    return said


def write_missing() -> list[Path]:
    """Writes an example of each event class whose present version has no file yet; changes none that is there."""
    missing = [(event, golden(event.TOPIC, version_of(event))) for event in event_classes()]
    missing = [(event, path) for event, path in missing if not path.exists()]
    for event, path in missing:
        path.write_text(json.dumps(stored(_example(event)), indent=2, ensure_ascii=False) + "\n")
    return [path for _, path in missing]


def _below(kind: type[Recorded]) -> Iterator[type[Recorded]]:
    for each in kind.__subclasses__():
        yield each
        yield from _below(each)


def _example(event: type[Recorded]) -> Recorded:
    hints = get_type_hints(event)
    said = {field.name: _some(field.name, hints[field.name]) for field in fields(event) if field.name not in _BESIDE}
    if issubclass(event, Opening):
        said["originator_topic"] = _aggregate(event).TOPIC
    return event(originator_id=STREAM, originator_version=1, **said)


def _aggregate(event: type[Recorded]) -> Any:
    return getattr(sys.modules[event.__module__], event.__qualname__.split(".")[0])


def _some(name: str, hint: Any) -> Any:
    """An example of that type; what is open is filled with a bit of everything."""
    if get_origin(hint) is UnionType:
        return _some(name, get_args(hint)[0])
    if get_origin(hint) is list:
        return [_some(name, get_args(hint)[0]), _some(f"other {name}", get_args(hint)[0])]
    if get_origin(hint) is dict:
        return {"one": _some(name, get_args(hint)[1]), "other": _some(name, get_args(hint)[1])}
    if hint in (object, Any):
        return [f"some {name}", 1, True, None, {"inside": "één"}]
    return {str: f"some {name}", int: 2, bool: True, float: 1.5, datetime: MOMENT}[hint]
