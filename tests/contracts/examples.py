"""The examples of every contract, as they lie on disk: a message that was given, and what then became of it."""

import json
from dataclasses import fields, is_dataclass
from enum import Enum, IntEnum
from pathlib import Path
from typing import Any, NamedTuple

from hub.adapters.contracts import contract_path
from hub.adapters.partners import found
from hub.domain.dates import PartialDate
from hub.domain.signals import Signal
from hub.errors import Unreadable
from hub.ports import MessageType, Partner

NOTHING = ("", None, {}, "unknown")


class Example(NamedTuple):
    partner: str
    message: MessageType
    given: Path
    then: Any

    @property
    def name(self) -> str:
        return f"{self.partner}/{self.given.parts[-3]}/{self.given.name.split('.')[0]}"

    @property
    def is_readable(self) -> bool:
        return "signals" in self.then

    def signals(self) -> tuple[Signal, ...]:
        return self.message.read(self.given.read_bytes(), self.then["signer"])


def contracts_of_their_own() -> list[tuple[Partner, MessageType]]:
    """Each contract once, with whose it is: others may send the same, for a purpose and on a basis of their own."""
    every = [(partner, message) for partner in found().values() for message in partner.messages]
    return [(partner, message) for partner, message in every if contract_path("partners", partner.name, message.folder).is_dir()]


def examples() -> list[Example]:
    return [
        Example(
            partner.name, message, given, json.loads(given.with_name(f"{given.name.split('.')[0]}.then.json").read_text("utf-8"))
        )
        for partner, message in contracts_of_their_own()
        for given in sorted(contract_path("partners", partner.name, message.folder, "examples").glob("*.given.*"))
    ]


def outcome(example: Example) -> dict[str, Any]:
    """What the adapter makes of it, in the form of a `then` file."""
    try:
        return {"signer": example.then["signer"], "signals": plain(example.signals())}
    except Unreadable as refusal:
        return {"signer": example.then["signer"], "unreadable": [{"where": v.where, "what": v.what} for v in refusal.violations]}


def plain(value: Any) -> Any:
    """In plain words, without what is empty or unknown."""
    if isinstance(value, PartialDate):
        return value.text
    if isinstance(value, Enum):
        return value.name.lower() if isinstance(value, IntEnum) else value.value
    if isinstance(value, tuple):
        return [plain(each) for each in value]
    if is_dataclass(value):
        said = {each.name: plain(getattr(value, each.name)) for each in fields(value)}
        return {name: word for name, word in said.items() if word not in NOTHING}
    return value
