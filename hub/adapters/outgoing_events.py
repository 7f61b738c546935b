"""CloudEvents as the hub, and `hub.client`, write them: NL GOV profile, attributes inside or in headers."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from hub.adapters import rfc3339
from hub.errors import TooLarge

MOST_BYTES = 65_536
"""Of one event (CloudEvents 1.0, size limits; NL GOV profile)."""
_PRINTABLE = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"%')


def to_structured(
    id: str,
    source: str,
    type: str,
    time: datetime,
    data: Any,
    media: str = "application/json",
    extensions: Mapping[str, str | int | bool] | None = None,
) -> bytes:
    """The event as JSON; `data` is a plain value, or the bytes of a message of that media type.

    Raises:
        TooLarge: over 64 KB.
    """
    attributes = {"specversion": "1.0", "id": id, "source": source, "type": type, "time": rfc3339.written(time)}
    said = {**attributes, **(extensions or {}), "datacontenttype": media, "data": _data(data, media)}
    event = msgspec.json.encode(said)
    if len(event) > MOST_BYTES:
        raise TooLarge(f"the event is larger than {MOST_BYTES} bytes")
    return event


def to_batch(events: Sequence[bytes]) -> bytes:
    """Structured events as one batch."""
    return b"[" + b",".join(events) + b"]"


def to_headers(
    id: str, source: str, type: str, time: datetime, media: str, extensions: Mapping[str, str] | None = None
) -> dict[str, str]:
    """The attributes as headers of a message whose body is the data (binary mode, HTTP binding 3.1.3.2)."""
    attributes = {"specversion": "1.0", "id": id, "source": source, "type": type, "time": rfc3339.written(time)}
    named = {f"ce-{name}": in_a_header(value) for name, value in {**attributes, **(extensions or {})}.items()}
    return {**named, "content-type": media}


def is_json(media: str) -> bool:
    """That data of this media type is JSON."""
    return media.endswith(("/json", "+json"))


def in_a_header(text: str) -> str:
    """The value of an attribute as a header of HTTP carries it."""
    return quote(text, safe=_PRINTABLE)


def _data(data: Any, media: str) -> Any:
    if not isinstance(data, bytes):
        return data
    return msgspec.Raw(data) if is_json(media) else data.decode()
