"""Reads the instruments from their files."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from itertools import combinations
from pathlib import Path
from typing import Any

from hub.adapters.contracts import refuse, valid
from hub.domain.instruments import Domain, Instrument, Instruments, MeasuredAt, Scale
from hub.domain.matrix import Words
from hub.domain.words import LifeArea
from hub.errors import Violation


def load_instruments(folder: Path) -> Instruments:
    """Every version in a folder, against the schema that lies there.

    Raises:
        Malformed: with every place where a file is not what that asks, or two versions of one instrument hold on the same day.
    """
    versions = [_read(path) for path in sorted(folder.glob("*.json")) if path.name != "schema.json"]
    refuse(folder, list(_overlaps(versions)))
    return Instruments(versions)


def _read(path: Path) -> Instrument:
    said = valid(path)
    refuse(path, list(_wrong(said, path.stem)))
    scales = {code: _scale(one) for code, one in said["scales"].items()}
    domains = [Domain(one["code"], _words(one), LifeArea(one["area"]), scales[one["scale"]]) for one in said["domains"]]
    return Instrument(
        said["code"],
        said["version"],
        words=_words(said),
        about=said["about"],
        source=said["source"],
        licence=said["licence"],
        valid_from=date.fromisoformat(said["valid_from"]),
        valid_until=date.fromisoformat(said["valid_until"]) if said["valid_until"] else None,
        moments=[moment for moment in MeasuredAt if moment in said["moments"]],
        domains={one.code: one for one in domains},
    )


def _wrong(said: Mapping[str, Any], name: str) -> Iterator[Violation]:
    """What a schema cannot say."""
    if f"{said['code']}-{said['version']}" != name:
        yield Violation("/code", "is not, with the version, the name of the file")
    if said["valid_until"] and said["valid_until"] < said["valid_from"]:
        yield Violation("/valid_until", "is before valid_from")
    for code, scale in said["scales"].items():
        scores = [step["score"] for step in scale["steps"]]
        if scores != sorted({*scores}) or (scores[0], scores[-1]) != (scale["lowest"], scale["highest"]):
            yield Violation(f"/scales/{code}/steps", "do not go up from the lowest to the highest")
    codes = [one["code"] for one in said["domains"]]
    yield from (Violation("/domains", f"{code} stands there twice") for code in sorted({*codes}) if codes.count(code) > 1)
    for place, one in enumerate(said["domains"]):
        if one["scale"] not in said["scales"]:
            yield Violation(f"/domains/{place}/scale", f"{one['scale']} is not known")


def _overlaps(versions: Sequence[Instrument]) -> Iterator[Violation]:
    for one, other in combinations(versions, 2):
        if one.code == other.code and (one.is_valid_on(other.valid_from) or other.is_valid_on(one.valid_from)):
            yield Violation(f"/{one.code}", f"{one.version} and {other.version} hold on the same day")


def _scale(said: Mapping[str, Any]) -> Scale:
    return Scale(said["lowest"], said["highest"], {step["score"]: _words(step) for step in said["steps"]})


def _words(said: Mapping[str, Any]) -> Words:
    return Words(said["nl"], said["en"])
