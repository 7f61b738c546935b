"""Reads the registers of legal bases, purposes and covenants from their files."""

from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from hub.adapters.contracts import contract_path, refuse, valid
from hub.domain.grounds import Covenant, Entry, Registers
from hub.errors import Violation


def registers() -> Registers:
    """Those of the contracts, read once."""
    return _read_once(contract_path("registers"))


def load_registers(directory: Path) -> Registers:
    """Those of a directory, against the schemas that lie beside them; a kind of partner may bring its own `covenant.json`.

    Raises:
        Malformed: with every place where a file is not what its schema, the other registers or its own codes ask.
    """
    bases, purposes = _entries(directory / "legal-bases.json"), _entries(directory / "purposes.json")
    files = {path.stem: path for path in sorted((directory / "covenants").glob("*.json")) if path.name != "schema.json"}
    files |= {path.parent.name: path for path in sorted((directory.parent / "partners").glob("*/covenant.json"))}
    schema = directory / "covenants" / "schema.json"
    covenants = {id: _covenant(path, id, schema, bases, purposes) for id, path in files.items()}
    return Registers(bases, purposes, covenants)


_read_once = cache(load_registers)


def _entries(path: Path) -> dict[str, Entry]:
    found = valid(path, f"{path.stem}.schema.json")[path.stem.replace("-", "_")]
    codes = [entry["code"] for entry in found]
    wrong = [Violation(f"/{code}", "stands there twice") for code in sorted(set(codes)) if codes.count(code) > 1]
    refuse(path, wrong + [Violation(f"/{entry['code']}", "ends before it begins") for entry in found if _is_upside_down(entry)])
    return {entry["code"]: _entry(entry) for entry in found}


def _entry(said: Mapping[str, Any]) -> Entry:
    return Entry(said["code"], said["nl"], said["en"], _day(said["valid_from"]), _day(said["valid_until"]))


def _covenant(path: Path, id: str, schema: Path, bases: Mapping[str, Entry], purposes: Mapping[str, Entry]) -> Covenant:
    said = valid(path, schema)
    refuse(path, list(_against(said, id, bases, purposes)))
    return Covenant(
        id=said["id"],
        nl=said["nl"],
        en=said["en"],
        parties=frozenset(said["parties"]),
        purposes=frozenset(said["purposes"]),
        grounds=frozenset(said["legal_bases"]),
        valid_from=date.fromisoformat(said["valid_from"]),
        valid_until=_day(said["valid_until"]),
    )


def _against(said: Mapping[str, Any], name: str, bases: Mapping[str, Entry], purposes: Mapping[str, Entry]) -> Iterator[Violation]:
    """What a schema cannot say."""
    if said["id"] != name:
        yield Violation("/id", "is not the name of the file, or of the folder of its kind of partner")
    yield from (Violation("/legal_bases", f"{code} is not known") for code in said["legal_bases"] if code not in bases)
    yield from (Violation("/purposes", f"{code} is not known") for code in said["purposes"] if code not in purposes)
    if _is_upside_down(said):
        yield Violation("/valid_until", "is before valid_from")


def _is_upside_down(said: Mapping[str, Any]) -> bool:
    return bool(said["valid_from"] and said["valid_until"] and said["valid_until"] < said["valid_from"])


def _day(said: str | None) -> date | None:
    return None if said is None else date.fromisoformat(said)
