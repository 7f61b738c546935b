"""A notice as a CloudEvent of the NL GOV profile: lean, with nothing sensitive in its attributes."""

from dataclasses import dataclass

from hub.adapters.outgoing_events import to_structured
from hub.ports import Notice


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the hub is to its receivers: its organisation's number."""

    oin: str

    def event(self, notice: Notice, sequence: int) -> bytes:
        """The event in structured mode; `sequence` counts what this one receiver is sent, without gaps.

        Its `time` is about when the hub recorded the fact. It names no place where more can be seen: that would have to
        name the family by an id that all know.
        """
        return to_structured(
            id=str(notice.id),
            source=f"urn:nld:oin:{self.oin}:systeem:vig-hub",
            type=notice.type,
            time=notice.recorded_at,
            data=notice.data,
            # the extension compares sequences as texts
            extensions={"sequence": f"{sequence:012d}"},
        )
