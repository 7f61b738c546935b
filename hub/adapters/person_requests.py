"""Reads the register of requests of people about their own data from its file."""

from collections import Counter
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from hub.adapters.contracts import refuse, valid
from hub.domain.dates import Calendar
from hub.domain.matrix import Words
from hub.domain.requests import Asks, Decision, Ground, RequestRules
from hub.errors import Violation


def load_request_rules(path: Path, calendar: Calendar) -> RequestRules:
    """The register in a file, against the schema that lies beside it.

    Raises:
        Malformed: with every place where it is not what that asks, or where a code stands twice.
    """
    said = valid(path, f"{path.stem}.schema.json")
    for part in ("terms", "identity", "grounds"):
        counted = Counter(entry["code"] for entry in said[part])
        refuse(path, [Violation(f"/{part}", f"{code} stands there twice") for code, times in counted.items() if times > 1])
    terms = {term["code"]: term for term in said["terms"]}
    refuse(path, [Violation("/terms", f"there is no {wanted}") for wanted in ("answer", "extension") if wanted not in terms])
    return RequestRules(
        months=terms["answer"]["months"],
        extension=terms["extension"]["months"],
        source=terms["answer"]["article"],
        identity={entry["code"]: _words(entry) for entry in said["identity"]},
        grounds={entry["code"]: _ground(entry) for entry in said["grounds"]},
        calendar=calendar,
    )


def _ground(said: Mapping[str, Any]) -> Ground:
    until = said["valid_until"]
    return Ground(
        said["code"],
        _words(said),
        article=said["article"],
        decision=Decision(said["decision"]),
        asks=frozenset(map(Asks, said["asks"])),
        assumed=said["assumed"],
        valid_from=date.fromisoformat(said["valid_from"]),
        valid_until=date.fromisoformat(until) if until else None,
    )


def _words(said: Mapping[str, Any]) -> Words:
    return Words(said["nl"], said["en"])
