"""A notice as a CloudEvent of the NL GOV profile: with nothing sensitive in its attributes."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from hub.adapters.outgoing_events import to_structured
from hub.domain.subscriptions import Payload
from hub.ports import Notice

LEAN = ("family", "organisation", "contact")
"""What is said to whoever wants no more than whom to call."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the hub is to its receivers: its organisation's number, and where its API is found, without a slash at its end."""

    oin: str
    base_url: str

    def event(self, notice: Notice, sequence: int, payload: Payload = Payload.FULL) -> bytes:
        """The event in structured mode; `sequence` counts what this one receiver is sent, without gaps.

        Its `time` is about when the hub recorded the fact. A lean one says whom to call, and by `dataref` (a CloudEvents
        extension) where its receiver, and nobody else, fetches the rest.
        """
        is_lean = payload is Payload.LEAN
        rest = {"dataref": f"{self.base_url}/v1/notices/{notice.id}"} if is_lean else {}
        return to_structured(
            id=str(notice.id),
            source=f"urn:nld:oin:{self.oin}:systeem:vig-hub",
            type=notice.type,
            time=notice.recorded_at,
            data=_lean(notice.data) if is_lean else notice.data,
            # the extension compares sequences as texts
            extensions={"sequence": f"{sequence:012d}", **rest},
        )


def _lean(data: Mapping[str, Any]) -> Mapping[str, Any]:
    return {name: data[name] for name in LEAN if name in data}
