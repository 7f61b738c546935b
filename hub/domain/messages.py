"""A message as it was received: who signed it, what it was, and what became of it."""

from typing import Any
from uuid import UUID

from hub.domain.streams import Occasion, Opening, Recorded, Stream, stream_id
from hub.errors import RuleBroken

RECORDED, QUESTION, QUARANTINED = "recorded", "match-question", "quarantined"


def bytes_of(kept: str) -> UUID:
    """Whose key the bytes that are kept under that key are sealed with: their own."""
    return stream_id("received", kept)


class Message(Stream):
    """One signed message of a partner; its bytes and signature are kept beside the log as received."""

    TOPIC = "message"

    received: "Message.Received"
    outcome: str
    reasons: list[dict[str, str]]
    signals: list[dict[str, str]]

    class Received(Opening):
        """A partner's signed message arrived, and this became of it.

        `event_id`, `source`, `type`, `logged` are the CloudEvents attributes; `digest` is of the event's bytes, `kept` of the
        whole body that they arrived in, which is what the signature covers. Each of `signals` says where it went.
        """

        TOPIC = "message-received"
        event_id: str
        source: str
        type: str
        logged: str
        partner: str
        kind: str
        oin: str
        kid: str
        algorithm: str
        digest: str
        kept: str
        purpose: str
        outcome: str
        reasons: list[dict[str, str]]
        signals: list[dict[str, Any]]

        def apply(self, message: "Message") -> None:
            message.received = self
            message.outcome, message.reasons, message.signals = self.outcome, self.reasons, self.signals

    class ProcessedAgain(Recorded):
        """A message from quarantine was read again after a fix, and this became of it."""

        TOPIC = "message-processed-again"
        outcome: str
        reasons: list[dict[str, str]]
        signals: list[dict[str, Any]]

        def apply(self, message: "Message") -> None:
            message.outcome, message.reasons, message.signals = self.outcome, self.reasons, self.signals

    def process_again(self, outcome: str, reasons: list[dict[str, str]], signals: list[dict[str, Any]], on: Occasion) -> None:
        """What became of it now."""
        self.must_be_quarantined()
        self.record(self.ProcessedAgain, on, outcome=outcome, reasons=reasons, signals=signals)

    def must_be_quarantined(self) -> None:
        """Raises: RuleBroken, where this message was read already."""
        if self.outcome != QUARANTINED:
            raise RuleBroken("Only a message in quarantine can be processed again.", code="not-quarantined")
