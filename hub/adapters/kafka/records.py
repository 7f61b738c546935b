"""Records of Kafka, and the same message as it comes over HTTP: one signature, and one way in, for both."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from hub.adapters.kafka.library import Record
from hub.adapters.outgoing_events import in_a_header

Headers = dict[str, list[str]]
RecordHeaders = Sequence[tuple[str, bytes]]
OURS = "hub-"
"""How the names of headers begin that the hub adds."""
_BY_THE_BROKER = 1
"""The kind of a timestamp that the broker set when it took the record (LogAppendTime)."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """The places, from `first` to `offset`, of records sent together that cannot even be taken apart."""

    topic: str
    partition: int
    first: int
    offset: int
    timestamp: int = 0
    timestamp_type: int = 0
    key: bytes | None = None
    value: bytes | None = None
    headers: Sequence[tuple[str, bytes | None]] = ()


def headers_of(record: Record) -> Headers:
    """The headers of a record by the names, and with the values, that they have over HTTP.

    Attributes of the event (CloudEvents, Kafka binding 3.2.3) stand there as `ce_id` in plain UTF-8; over HTTP as `ce-id`,
    with what is no printable ASCII written with percent signs, and that is what is signed.
    """
    headers: Headers = {}
    for name, value in record.headers:
        known, text = name.lower(), (value or b"").decode("latin-1")
        if known.startswith("ce_"):
            known, text = f"ce-{known[3:]}", _attribute(value or b"")
        headers.setdefault(known, []).append(text)
    return headers


def _attribute(value: bytes) -> str:
    try:
        return in_a_header(value.decode())
    except UnicodeDecodeError:
        # not text at all: as it is it breaks the rule of every attribute, and that is said
        return value.decode("latin-1")


def to_record(headers: Mapping[str, str]) -> RecordHeaders:
    """Headers as a record carries them, by the same names in lower case."""
    return [(name.lower(), text.encode()) for name, text in headers.items()]


def taken_at(record: Record, now: datetime) -> datetime:
    """When the broker took the record, where its topic says that of every record; else now. Never later than now."""
    if record.timestamp_type != _BY_THE_BROKER:
        return now
    return min(now, datetime.fromtimestamp(record.timestamp / 1_000, UTC))


def place_of(record: Record) -> str:
    """Where a record stands: topic, partition and offset, or the first and last offset of those that were sent together."""
    first = record.first if isinstance(record, Unreadable) else record.offset
    where = str(first) if first == record.offset else f"{first}-{record.offset}"
    return f"{record.topic}/{record.partition}/{where}"
