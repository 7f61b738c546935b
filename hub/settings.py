"""What the hub as a whole reads from its environment."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Annotated, Any, Self, get_args, get_type_hints

from hub.errors import Malformed, Violation

DEMO, PRODUCTION = "demo", "production"
ELSEWHERE = {
    "HUB_CONTRACTS_DIR": "where the contracts lie; empty is beside the code",
    "HUB_WEBHOOK": "off: partners are not told at their callbacks",
    "HUB_WEBHOOK_ALLOW": "ranges of addresses that may be called back although they are not public",
}
"""What the contracts and the channels read by themselves."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Every setting; each is an environment variable HUB_<NAME>."""

    data_dir: Annotated[Path, "where databases and the hub's keys are kept"] = Path("var")
    database_url: Annotated[str, "the event log; empty is an SQLite file in the data directory"] = ""
    mode: Annotated[str, "production, or demo: then only test person numbers are accepted"] = PRODUCTION
    oin: Annotated[str, "the hub's own organisation number (OIN)"] = "00000099000000000001"
    base_url: Annotated[str, "how partners reach this hub, for links in notices"] = "http://127.0.0.1:8000"
    duty_director: Annotated[str, "who directs a new family until somebody takes over"] = "duty-desk"
    duty_organisation: Annotated[str, "the organisation of the director on duty"] = "neighbourhood-team"
    duty_contact: Annotated[str, "how partners reach the director on duty"] = "duty desk"
    replay_seconds: Annotated[int, "how old a signature may be when it arrives"] = 300

    @classmethod
    def read(cls, environment: Mapping[str, str]) -> Self:
        """The settings of an environment.

        Raises:
            Malformed: with every setting that is wrong.
        """
        given = {known.name: environment[name] for known in fields(cls) if (name := f"HUB_{known.name.upper()}") in environment}
        wrong: list[Violation] = []
        read = {name: _read(name, text, wrong) for name, text in given.items()}
        if wrong:
            raise Malformed("The settings cannot be used.", wrong)
        return cls(**read)

    def explained(self) -> Iterator[tuple[str, str, str]]:
        """Every setting: its variable, what it is for, and what it is now."""
        for known in fields(self):
            _, words = get_args(get_type_hints(type(self), include_extras=True)[known.name])
            yield f"HUB_{known.name.upper()}", words, str(getattr(self, known.name))

    @property
    def has_hub(self) -> bool:
        """Whether a hub was opened here before."""
        return (self.data_dir / "hub-keys.json").exists()

    @property
    def is_demo(self) -> bool:
        return self.mode == DEMO

    @property
    def log_url(self) -> str:
        """The database of the event log, which must never lose anything."""
        return self.database_url or f"sqlite:///{self.data_dir / 'hub.db'}"

    @property
    def views_url(self) -> str:
        """The database of the read models, which can be rebuilt."""
        return f"sqlite:///{self.data_dir / 'views.db'}"

    @property
    def outbox_url(self) -> str:
        """The database of what waits to leave."""
        return f"sqlite:///{self.data_dir / 'outbox.db'}"


def unknown(environment: Mapping[str, str]) -> list[str]:
    """The variables HUB_… that nothing reads."""
    known = ELSEWHERE.keys() | {f"HUB_{each.name.upper()}" for each in fields(Settings)}
    return sorted(name for name in environment if name.startswith("HUB_") and name not in known)


def _read(name: str, text: str, wrong: list[Violation]) -> Any:
    try:
        if name == "mode" and text not in (DEMO, PRODUCTION):
            raise ValueError(f"is {DEMO} or {PRODUCTION}")
        if name == "oin" and not (len(text) == 20 and text.isdecimal()):
            raise ValueError("is 20 digits")
        if name == "replay_seconds" and not (text.isascii() and text.isdecimal()):
            raise ValueError("is a whole number of seconds")
        if name == "replay_seconds":
            return int(text)
        if name == "database_url" and text and not text.startswith("sqlite:///"):
            raise ValueError("is sqlite:///FILE, or empty for a file in the data directory")
        return Path(text) if name == "data_dir" else text
    except ValueError as error:
        wrong.append(Violation(f"HUB_{name.upper()}", str(error)))
        return None
