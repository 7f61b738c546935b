"""A message as it was received: who signed it, what it was, and what became of it."""

from typing import Any, ClassVar
from uuid import UUID

from hub.domain.streams import Occasion, Opening, Recorded, Stream, stream_id
from hub.errors import RuleBroken, Violation

RECORDED, QUESTION, QUARANTINED = "recorded", "match-question", "quarantined"
CORRECTED, WITHDRAWN = "corrected", "withdrawn"
"""What becomes of a message that was recorded, waits or was in quarantine."""


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
    corrected_by: str
    withdrawn_by: str

    class Received(Opening):
        """A partner's signed message arrived, and this became of it.

        `event_id`, `source`, `type`, `logged` are the CloudEvents attributes; `digest` is of the event's bytes, `kept` of the
        whole body that they arrived in, which is what the signature covers. Each of `signals` says where it went. `corrects` and
        `withdraws` are the earlier message of the same organisation that this one is about, by the hub's own id, or empty.
        `typed_by` is the person of that organisation who typed it into the hub's own form, which the hub then signed; or empty.
        """

        TOPIC = "message-received"
        class_version: ClassVar[int] = 3
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
        corrects: str
        withdraws: str
        typed_by: str

        def apply(self, message: "Message") -> None:
            message.received = self
            message.outcome, message.reasons, message.signals = self.outcome, self.reasons, self.signals
            message.corrected_by = message.withdrawn_by = ""

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["corrects"] = state["withdraws"] = ""

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            state["typed_by"] = ""

    class ProcessedAgain(Recorded):
        """A message from quarantine was read again after a fix, and this became of it."""

        TOPIC = "message-processed-again"
        outcome: str
        reasons: list[dict[str, str]]
        signals: list[dict[str, Any]]

        def apply(self, message: "Message") -> None:
            message.outcome, message.reasons, message.signals = self.outcome, self.reasons, self.signals

    class Corrected(Recorded):
        """The organisation that sent it sent another in its place, which counts as soon as it can be read."""

        TOPIC = "message-corrected"
        message: str

        def apply(self, message: "Message") -> None:
            message.corrected_by = self.message

    class Withdrawn(Recorded):
        """The organisation that sent it takes it back."""

        TOPIC = "message-withdrawn"
        message: str

        def apply(self, message: "Message") -> None:
            message.withdrawn_by = self.message

    def correct(self, by: str, on: Occasion) -> None:
        """Another message of the same organisation comes in its place. Raises: RuleBroken."""
        self.must_stand()
        if self.withdrawn_by:
            raise RuleBroken(
                "The message that this one corrects was withdrawn; send what is right as a new message.",
                [Violation("corrects", f"names what message {self.withdrawn_by} withdrew")],
                code="withdrawn-already",
            )
        self.record(self.Corrected, on, message=by)

    def withdraw(self, by: str, on: Occasion) -> bool:
        """It is taken back; gives whether that is new. Raises: RuleBroken."""
        self.must_stand()
        if self.withdrawn_by:
            return False
        self.record(self.Withdrawn, on, message=by)
        return True

    def must_stand(self) -> None:
        """Raises: RuleBroken, where it took another message back, or another came in its place."""
        if self.received.withdraws:
            raise RuleBroken(
                "A withdrawal cannot be corrected or withdrawn; send what is right as a new message.", code="is-a-withdrawal"
            )
        if self.corrected_by:
            raise RuleBroken(
                "Another message came in the place of this one already: correct or withdraw that one.",
                [Violation("", f"message {self.corrected_by} corrected it")],
                code="corrected-already",
            )

    def process_again(self, outcome: str, reasons: list[dict[str, str]], signals: list[dict[str, Any]], on: Occasion) -> None:
        """What became of it now."""
        self.must_be_quarantined()
        self.record(self.ProcessedAgain, on, outcome=outcome, reasons=reasons, signals=signals)

    def must_be_quarantined(self) -> None:
        """Raises: RuleBroken, where this message was read already, or its sender corrected or withdrew it."""
        if self.corrected_by or self.withdrawn_by:
            raise RuleBroken("Its sender corrected or withdrew this message; there is nothing left to read.", code="taken-back")
        if self.outcome != QUARANTINED:
            raise RuleBroken("Only a message in quarantine can be processed again.", code="not-quarantined")
