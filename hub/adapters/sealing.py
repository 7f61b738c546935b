"""What stands sealed in a stored event: the personal fields that its class names, together for each subject.

In the stored JSON the fields themselves stay, emptied: text becomes "", lists and objects keep their form. What they said
stands under `sealed`, one ciphertext for each subject ("" is the event's own stream): the JSON of path → value. So what is
sealed says itself where it belongs, and an event of an older version opens like one of today. Where the key is destroyed,
what reads back is the event with its emptied fields.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from functools import cache
from typing import Any, Protocol
from uuid import UUID

import msgspec
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent

KEY = "sealed"
_MARK = b'"sealed":{'
_decode = msgspec.json.Decoder(dict[str, Any]).decode
_encode = msgspec.json.Encoder().encode

State = dict[str, Any]
Path = tuple[str, ...]


class Vault(Protocol):
    """Seals and opens for a subject."""

    def seal(self, subject: UUID, data: bytes, bound: bytes) -> bytes | None: ...

    def open(self, subject: UUID, sealed: bytes, bound: bytes) -> bytes | None: ...


def says_any(event: object, fields: Mapping[str, str]) -> bool:
    """Whether there may be anything to seal: most signals, for one, say nothing of how a family was told."""
    said = vars(event)
    return any(_take(said, _steps(path)) for path in fields)


def seal(stored: StoredEvent, fields: Mapping[str, str], vault: Vault) -> StoredEvent:
    """The event with these fields (path → the field that names the subject, "" for its own stream) sealed."""
    state = _decode(stored.state)
    said: dict[str, State] = {}
    for path, subject in fields.items():
        value = _take(state, _steps(path))
        if value is not None and value != empty(value):
            said.setdefault(state[subject] if subject else "", {})[path] = value
            _put(state, _steps(path), empty(value))
    if not said:
        return stored
    sealed = {subject: _sealed(stored, subject, values, vault) for subject, values in said.items()}
    kept = {subject: text for subject, text in sealed.items() if text}
    return _with(stored, state | ({KEY: kept} if kept else {}))


def open_again(stored: StoredEvent, vault: Vault) -> StoredEvent:
    """The event as it was said; what was sealed for a subject whose key is destroyed stays empty.

    Raises:
        MapperDeserialisationError: what is sealed was changed, cut short, or stands in another event than it was said in.
    """
    if _MARK not in stored.state:
        return stored
    state = _decode(stored.state)
    sealed = state.pop(KEY, None)
    if not isinstance(sealed, dict):
        return stored
    for subject, text in sealed.items():
        for path, value in _opened(stored, subject, text, vault).items():
            _put(state, _steps(path), value)
    return _with(stored, state)


def empty(value: Any) -> Any:
    """The same form without the words."""
    if isinstance(value, str):
        return ""
    if isinstance(value, list):
        return [empty(each) for each in value]
    return {name: empty(each) for name, each in value.items()} if isinstance(value, dict) else value


def place(stored: StoredEvent) -> str:
    """Which event it is, in words for an error."""
    return f"'{stored.topic}' (stream {stored.originator_id}, version {stored.originator_version})"


def _sealed(stored: StoredEvent, subject: str, values: State, vault: Vault) -> str:
    sealed = vault.seal(_subject(stored, subject), _encode(values), _bound(stored, subject))
    return b64encode(sealed).decode() if sealed else ""


def _opened(stored: StoredEvent, subject: str, text: str, vault: Vault) -> State:
    try:
        opened = vault.open(_subject(stored, subject), b64decode(text, validate=True), _bound(stored, subject))
    except (ValueError, TypeError, AttributeError):
        # not `from` the error, which might quote
        raise MapperDeserialisationError(
            f"what is sealed in {place(stored)} does not open: it was changed, cut short or put there from elsewhere"
        ) from None
    return {} if opened is None else _decode(opened)


def _subject(stored: StoredEvent, subject: str) -> UUID:
    return UUID(subject or str(stored.originator_id))


def _bound(stored: StoredEvent, subject: str) -> bytes:
    """What a ciphertext is bound to: it opens nowhere else."""
    return f"{stored.topic}\x1f{stored.originator_id}\x1f{stored.originator_version}\x1f{subject}".encode()


def _with(stored: StoredEvent, state: State) -> StoredEvent:
    return StoredEvent(stored.originator_id, stored.originator_version, stored.topic, _encode(state))


# Paths ------------------------------------------------------------------------------------------------


@cache
def _steps(path: str) -> Path:
    """``goals[].specific`` → ``("goals", "[]", "specific")``."""
    return tuple(path.replace("[]", ".[]").split("."))


def _take(value: Any, steps: Path) -> Any:
    """What stands there (`None`: nothing); a list of what stands there, where the path goes through a list."""
    for place, step in enumerate(steps):
        if step == "[]":
            return [_take(each, steps[place + 1 :]) for each in value]
        value = value.get(step)
    return value


def _put(value: Any, steps: Path, new: Any) -> None:
    first, *rest = steps
    if first == "[]":
        for each, one in zip(value, new, strict=True):
            _put(each, tuple(rest), one)
    elif rest:
        _put(value[first], tuple(rest), new)
    else:
        value[first] = new
