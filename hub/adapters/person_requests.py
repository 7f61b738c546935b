"""Reads the register of requests of people about their own data from its file."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from hub.adapters.contracts import refuse, valid
from hub.domain.dates import Calendar
from hub.domain.matrix import Term, Unit, Words
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
    answer, extension = (_terms(said["terms"], what) for what in ("answer", "extension"))
    refuse(path, list(_wrong(answer, extension)))
    return RequestRules(
        answer,
        extension,
        identity={entry["code"]: _words(entry) for entry in said["identity"]},
        grounds={entry["code"]: _ground(entry) for entry in said["grounds"]},
        calendar=calendar,
    )


def _terms(said: Sequence[Mapping[str, Any]], what: str) -> Mapping[Asks, Term]:
    """The terms of that kind, by what is asked."""
    return {Asks(asks): _term(one) for one in said if one["what"] == what for asks in one["asks"]}


def _term(said: Mapping[str, Any]) -> Term:
    valid_from = date.fromisoformat(said["valid_from"])
    return Term(said["code"], said["amount"], Unit(said["unit"]), said["article"], valid_from, _words(said), is_statutory=True)


def _wrong(answer: Mapping[Asks, Term], extension: Mapping[Asks, Term]) -> Iterator[Violation]:
    """What a schema cannot say: everything that is asked has both terms, counted in the same unit."""
    for asks in Asks:
        if asks not in answer or asks not in extension:
            yield Violation("/terms", f"there is no answer or no extension for {asks}")
        elif answer[asks].unit is not extension[asks].unit:
            yield Violation("/terms", f"the answer and the extension for {asks} are counted in different units")


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
