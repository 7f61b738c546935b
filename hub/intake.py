"""The way in, in five sentences: verify, read, translate, match, record."""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from hashlib import sha256
from typing import Any, Self
from uuid import UUID

import structlog
from sqlalchemy import Connection

from hub.domain.grounds import day_of
from hub.domain.messages import CORRECTED, QUARANTINED, QUESTION, RECORDED, WITHDRAWN, Message, bytes_of
from hub.domain.questions import MatchQuestion
from hub.domain.signals import Signal
from hub.domain.streams import Occasion, stream_id
from hub.errors import (
    HubError,
    IdReused,
    NotAllowed,
    NotKnown,
    SignatureRefused,
    UnknownType,
    Unreadable,
    Violation,
    WrongMediaType,
)
from hub.families import Families, Placed, Said
from hub.ports import Clock, Ending, Envelope, MessageType, Partner, Signatures, Signer
from hub.register import Done, Register, Unit

Headers = Mapping[str, Sequence[str]]
ALONE = frozenset({"any-partner", "under-secrecy"})
"""The kinds of whoever is of no kind of their own: each organisation counts by itself."""
_FAULT = Violation("", "could not be read because of a fault in the hub; its operator has to mend that")
_ATTRIBUTES = {"ce-id", "ce-source", "ce-type"}
_told = structlog.get_logger("hub.intake")


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the hub answers for: that it has this message, where it stands in the log, and what became of it."""

    message: str
    id: str
    source: str
    type: str
    digest: str
    position: int
    recorded_at: datetime
    outcome: str
    reasons: tuple[Mapping[str, str], ...]
    signals: tuple[Mapping[str, Any], ...]
    is_repeat: bool = False
    corrects: str = ""
    withdraws: str = ""
    """The message that this one corrects or withdraws, as its own receipt names it."""
    ending: Ending | None = None
    """When the contract ends, where its sender was to be told so by then."""


@dataclass(frozen=True, slots=True)
class Became:
    """What became of a message, as it is now."""

    outcome: str
    reasons: Sequence[Mapping[str, str]]
    signals: Sequence[Mapping[str, Any]]
    corrected_by: str = ""
    withdrawn_by: str = ""


@dataclass(frozen=True, slots=True)
class Posted:
    """The bytes and headers as they came: what an auditor verifies again years later.

    `key` is under which they are kept: the same bytes with the same signature are kept once; `covered` are the headers
    that the signature stands for.
    """

    headers: Headers
    body: bytes
    key: str
    covered: frozenset[str]

    @classmethod
    def of(cls, headers: Headers, body: bytes, covered: frozenset[str]) -> Self:
        signature = b"\n".join(text.encode() for text in headers["payload-signature"])
        return cls(headers, body, sha256(signature + b"\n" + body).hexdigest(), covered)


@dataclass(frozen=True, slots=True)
class _Opened:
    """One event of what was posted, with its signer and its contract; `digest` is of the event's own bytes."""

    id: UUID
    digest: str
    envelope: Envelope
    signer: Signer
    type: MessageType
    posted: Posted

    @property
    def earlier(self) -> UUID | None:
        """The message that it corrects or withdraws, which its sender sent from the same source."""
        event = self.envelope
        return stream_id("message", event.source, said) if (said := event.corrects or event.withdraws) else None


@dataclass(frozen=True, slots=True)
class Intake:
    """The way in.

    `partners` are the kinds of partners by name, `open` splits what was posted into events (CloudEvents), `keep` and
    `kept` store and fetch bytes as received, `refuse_numbers` names person numbers that cannot be accepted,
    `refuse_groundless` refuses what an organisation (by name) has no ground to share now.
    """

    register: Register
    families: Families
    signatures: Signatures
    partners: Mapping[str, Partner]
    open: Callable[[Headers, bytes], Sequence[Envelope | HubError]]
    keep: Callable[[Connection, Posted], None]
    kept: Callable[[Connection, str], Posted]
    refuse_numbers: Callable[[Sequence[Signal]], Sequence[Violation]]
    refuse_groundless: Callable[[str, MessageType], None]
    clock: Clock

    def receive(self, headers: Headers, body: bytes) -> list["Future[Done[Receipt]] | HubError"]:
        """Takes in what a partner posted: for each event a receipt to come, or why it is refused.

        Raises:
            Refused: where nothing of it can be accepted.
        """
        signer = self.signatures.verify(body, headers, self.clock.now())
        return [take_in() for take_in in self.opened(signer, headers, body)]

    def opened(self, signer: Signer, headers: Headers, body: bytes) -> list[Callable[[], "Future[Done[Receipt]] | HubError"]]:
        """The events of what this partner signed, each to be taken in when its turn comes.

        Raises:
            Refused: where nothing of it can be read.
        """
        posted = Posted.of(headers, body, signer.covered)
        return [partial(self._receive, event, signer, posted) for event in self.open(headers, body)]

    def _receive(self, event: Envelope | HubError, signer: Signer, posted: Posted) -> "Future[Done[Receipt]] | HubError":
        if isinstance(event, HubError):
            return event
        try:
            type = self._admitted(event, signer)
        except HubError as refused:
            return refused
        id, digest = stream_id("message", event.source, event.id), _digest(event)
        opened = _Opened(id, digest, event, signer, type, posted)
        signals, reasons = ((), ()) if event.withdraws else self._translated(type, event.data, signer.oin)
        ahead = {id, bytes_of(posted.key), *self.families.ahead(signals), *filter(None, [opened.earlier])}
        return self.register.submit(lambda unit: self._recorded(opened, signals, reasons, unit), ahead)

    def _admitted(self, event: Envelope, signer: Signer) -> MessageType:
        """The contract of an event whose sender signed it and may send it."""
        if event.oin != signer.oin:
            raise SignatureRefused("The source names another organisation than the one that signed.", code="sender-is-not-signer")
        if event.is_binary and not signer.covered >= _must_be_covered(event):
            words = "In binary mode the signature must cover ce-id, ce-source and ce-type too, and ce-corrects or ce-withdraws."
            raise SignatureRefused(words, code="attributes-not-signed")
        found = self._contract(signer.kind, event.type)
        if event.type not in signer.may_send:
            raise UnknownType("This partner is not registered for messages of this type.")
        if event.withdraws:  # nothing is shared by it, so it needs no ground; and it is due when the ground is gone
            return found
        if found.ending and day_of(self.clock.now()) > found.ending.last_day:
            instead = f" Send {found.ending.instead} instead." if found.ending.instead else ""
            raise UnknownType(f"Messages of this type were taken in until {found.ending.last_day}.{instead}", code="type-ended")
        if event.media != found.media:
            raise WrongMediaType(f"Messages of this type come as {found.media}.")
        self._refuse_groundless(signer.partner, found)
        return found

    def _refuse_groundless(self, partner: str, type: MessageType) -> None:
        """Before anything of it is read: what has no ground leaves a line in the log, and nothing else."""
        try:
            self.refuse_groundless(partner, type)
        except NotAllowed as refused:
            _told.warning("refused-without-ground", partner=partner, type=type.type, because=refused.code)
            raise

    def wrong_with(self, data: bytes, type: str, signer: Signer) -> Sequence[Violation]:
        """Every reason why a message could not be read, for who can mend it before it is sent; a fault of ours is none of them.

        Raises:
            UnknownType: there is no contract for it.
            NotAllowed: the organisation has no ground to share it now.
        """
        contract = self._contract(signer.kind, type)
        self._refuse_groundless(signer.partner, contract)
        _, reasons = self._translated(contract, data, signer.oin)
        return () if reasons == (_FAULT,) else reasons

    def _translated(self, type: MessageType, data: bytes, oin: str) -> tuple[Sequence[Signal], Sequence[Violation]]:
        """The signals in a message, or every reason why it cannot be read."""
        try:
            signals = type.read(data, oin)
        except Unreadable as unreadable:
            return (), unreadable.violations or (Violation("", unreadable.detail),)
        except Exception as error:
            # a fault of ours must not lose a partner's message: it waits in quarantine until it is mended
            _told.error("adapter-failed", type=type.type, because=error.__class__.__name__)
            return (), (_FAULT,)
        return signals, self.refuse_numbers(signals)

    def _recorded(self, opened: _Opened, signals: Sequence[Signal], reasons: Sequence[Violation], unit: Unit) -> Receipt:
        known = unit.find(Message, opened.id)
        if known is not None:
            return self._again(known, opened, unit)
        on = Occasion(unit.at, opened.signer.partner, str(opened.id), opened.type.legal_basis)
        earlier = self._earlier(opened, unit, on)
        placed = [] if reasons else self._placed(signals, opened.id, opened.type, opened.signer.kind, unit, on, unit.at, earlier)
        message = unit.add(_received(opened, placed, reasons, on))
        unit.keep()
        self.keep(unit.connection, opened.posted)
        return self._receipt(message, unit.position_of(message))

    def _earlier(self, opened: _Opened, unit: Unit, on: Occasion) -> Message | None:
        """What a message corrects; what it withdraws is withdrawn here.

        Raises:
            NotKnown: this organisation sent no such message from this source, whoever else did.
            RuleBroken: it was corrected or withdrawn already.
        """
        if opened.earlier is None:
            return None
        found = unit.find(Message, opened.earlier)
        if found is None or found.received.partner != opened.signer.partner:
            where = "corrects" if opened.envelope.corrects else "withdraws"
            wrong = Violation(where, "is not the id of a message that was received from this organisation and this source")
            words = "There is no such message of yours. Where it is still on its way, send this again after its receipt."
            raise NotKnown(words, [wrong], code="earlier-not-known")
        if opened.envelope.corrects:
            found.correct(str(opened.id), on)
            return found
        if found.withdraw(str(opened.id), on):
            self.families.withdraw(_signals_of(found, unit), str(opened.id), unit, on)
        return None

    def _placed(
        self,
        signals: Sequence[Signal],
        message: UUID,
        type: MessageType,
        kind: str,
        unit: Unit,
        on: Occasion,
        since: datetime,
        earlier: Message | None,
    ) -> list[Placed]:
        """Records the signals of a message, those of the one that it corrects making room for them."""
        if earlier is None:
            return self._each_placed(signals, message, type, kind, unit, on, since, ())
        ids = [str(stream_id("signal", str(message), str(place))) for place in range(len(signals))]
        old = _signals_of(earlier, unit)
        corrected = self.families.correct(old, str(message), ids, unit, on)
        unit.keep()
        placed = self._each_placed(signals, message, type, kind, unit, on, _first_heard(earlier, unit), old)
        self.families.settle(corrected, placed, str(message), on)
        return placed

    def _each_placed(
        self,
        signals: Sequence[Signal],
        message: UUID,
        type: MessageType,
        kind: str,
        unit: Unit,
        on: Occasion,
        since: datetime,
        instead_of: Sequence[str],
    ) -> list[Placed]:
        """Matches and records each signal of a message; the next one finds what the one before it opened."""
        placed = []
        for place, said in enumerate(_said(signals, message, kind, on.by, type.purpose)):
            if place:
                unit.keep()
            placed.append(self.families.place(replace(said, since=since, instead_of=tuple(instead_of)), unit, on))
        return placed

    def said_in(self, message: UUID) -> list[Said]:
        """The signals in a message, translated anew out of what was received.

        Raises:
            NotKnown: there is no such message, or it is unreadable for it named somebody who was erased.
            Unreadable: it cannot be read now.
        """

        def look(unit: Unit) -> tuple[Message.Received, bytes]:
            received = unit.get(Message, message).received
            return received, self._kept(received, unit)

        was, data = self.register.read(look)
        signals, reasons = self._translated(self._contract(was.kind, was.type), data, was.oin)
        if reasons:
            raise Unreadable("What was received cannot be read any more.", reasons)
        return _said(signals, message, was.kind, was.partner, was.purpose)

    def _again(self, known: Message, opened: _Opened, unit: Unit) -> Receipt:
        # in binary mode the type stands outside the bytes of the digest; two organisations may share a number
        was, now = known.received, opened
        before = (was.digest, was.type, was.partner, was.corrects, was.withdraws)
        if before != (now.digest, now.envelope.type, now.signer.partner, *_about(now)):
            raise IdReused("This id was used before for another message; nothing was recorded.")
        return self._receipt(known, unit.position_of(known), is_repeat=True)

    def status(self, message: UUID, partner: str, typed_by: str = "") -> tuple[Receipt, Became]:
        """The receipt of a message and what became of it since, for the partner that sent it, or for who of it typed it.

        Raises:
            NotKnown: there is none by that id, or another partner or person sent it.
        """

        def look(unit: Unit) -> tuple[Receipt, Became]:
            found = unit.get(Message, message)
            if found.received.partner != partner or typed_by not in ("", found.received.typed_by):
                raise NotKnown("There is nothing by that id.")
            return self._receipt(found, unit.position_of(found)), _became(found, unit)

        return self.register.read(look)

    def process_again(self, message: UUID, by: str) -> Message:
        """Reads a message from quarantine once more, after a fix, as if it came in now.

        Raises:
            NotKnown: there is no such message.
            RuleBroken: it is not in quarantine.
            NotAllowed: its sender has no ground to share it any more.
        """

        def work(unit: Unit) -> Message:
            found = unit.get(Message, message)
            found.must_be_quarantined()
            received = found.received
            type = self._contract(received.kind, received.type)
            self._refuse_groundless(received.partner, type)
            signals, reasons = self._translated(type, self._kept(received, unit), received.oin)
            said = Occasion(unit.at, received.partner, str(found.id), received.basis)
            heard = received.timestamp
            earlier = unit.get(Message, UUID(received.corrects)) if received.corrects else None
            placed = [] if reasons else self._placed(signals, found.id, type, received.kind, unit, said, heard, earlier)
            found.process_again(_outcome(placed, reasons), _plain(reasons), [_went(one) for one in placed], replace(said, by=by))
            return found

        return self.register.do(work).value

    def _receipt(self, message: Message, position: int, is_repeat: bool = False) -> Receipt:
        received = message.received
        kind = self.partners.get(received.kind)
        ending = next((each.ending for each in kind.messages if each.type == received.type), None) if kind else None
        # by the day that it came, so that the receipt of a message is always the same
        is_told = ending is not None and day_of(received.timestamp) >= ending.told_from
        return Receipt(
            message=str(message.id),
            id=received.event_id,
            source=received.source,
            type=received.type,
            digest=received.digest,
            position=position,
            recorded_at=received.timestamp,
            outcome=received.outcome,
            reasons=tuple(received.reasons),
            signals=tuple(received.signals),
            is_repeat=is_repeat,
            corrects=received.corrects,
            withdraws=received.withdraws,
            ending=ending if is_told else None,
        )

    def _contract(self, kind: str, type: str) -> MessageType:
        """Raises: UnknownType."""
        partner = self.partners.get(kind)
        found = next((known for known in partner.messages if known.type == type), None) if partner else None
        if found is None:
            raise UnknownType("There is no contract with this partner for messages of this type.")
        return found

    def _kept(self, received: Message.Received, unit: Unit) -> bytes:
        """The partner's own message out of what was kept; not by its id, which another system may use in the same batch."""
        posted = self.kept(unit.connection, received.kept)
        events = (event for event in self.open(posted.headers, posted.body) if isinstance(event, Envelope))
        return next(event.data for event in events if _digest(event) == received.digest)


def _said(signals: Sequence[Signal], message: UUID, kind: str, sender: str, purpose: str) -> list[Said]:
    ids = (str(stream_id("signal", str(message), str(place))) for place in range(len(signals)))
    partner = sender if kind in ALONE else kind
    return [Said(id, signal, str(message), partner, purpose) for id, signal in zip(ids, signals, strict=True)]


def _digest(event: Envelope) -> str:
    return sha256(event.raw).hexdigest()


def _must_be_covered(event: Envelope) -> set[str]:
    said = {"ce-corrects": event.corrects, "ce-withdraws": event.withdraws}
    return _ATTRIBUTES | {name for name, text in said.items() if text}


def _about(opened: _Opened) -> tuple[str, str]:
    """What a message corrects, and what it withdraws."""
    earlier = str(opened.earlier or "")
    return (earlier, "") if opened.envelope.corrects else ("", earlier)


def _signals_of(message: Message, unit: Unit) -> list[str]:
    """The signals that a message stands for: its own, or where it could not be read yet those of the one it corrects."""
    own = [str(went["signal"]) for went in message.signals]
    waits = message.outcome == QUARANTINED and message.received.corrects
    return [*own, *_signals_of(unit.get(Message, UUID(message.received.corrects)), unit)] if waits else own


def _first_heard(message: Message, unit: Unit) -> datetime:
    """When the hub first heard of what a chain of corrections is about."""
    corrects = message.received.corrects
    return _first_heard(unit.get(Message, UUID(corrects)), unit) if corrects else message.received.timestamp


def _received(opened: _Opened, placed: Sequence[Placed], reasons: Sequence[Violation], on: Occasion) -> Message:
    return Message.open(
        Message.Received,
        opened.id,
        on,
        event_id=opened.envelope.id,
        source=opened.envelope.source,
        type=opened.envelope.type,
        logged=_logged(opened).isoformat(),
        partner=opened.signer.partner,
        kind=opened.signer.kind,
        oin=opened.signer.oin,
        kid=opened.signer.kid,
        algorithm=opened.signer.algorithm,
        digest=opened.digest,
        kept=opened.posted.key,
        purpose=opened.type.purpose,
        outcome=_outcome(placed, reasons),
        reasons=_plain(reasons),
        signals=[_went(one) for one in placed],
        corrects=_about(opened)[0],
        withdraws=_about(opened)[1],
        typed_by=opened.signer.typed_by,
    )


def _logged(opened: _Opened) -> datetime:
    """The sender's own moment: what the envelope says, unless that was left outside the signature."""
    is_signed = not opened.envelope.is_binary or "ce-time" in opened.signer.covered
    return opened.envelope.time if is_signed else opened.signer.signed_at


def _outcome(placed: Sequence[Placed], reasons: Sequence[Violation]) -> str:
    if reasons:
        return QUARANTINED
    return QUESTION if any(one.question for one in placed) else RECORDED


def _plain(reasons: Sequence[Violation]) -> list[dict[str, str]]:
    return [{"where": reason.where, "what": reason.what} for reason in reasons]


def _went(placed: Placed) -> dict[str, Any]:
    return {"signal": placed.signal, "family": placed.family, "question": placed.question, "matched": list(placed.matched)}


def _became(message: Message, unit: Unit) -> Became:
    signals = [_now(went, unit) for went in message.signals]
    taken_back = _taken_back(message, unit)
    if taken_back:
        signals = [{**went, "taken_back": taken_back} for went in signals]
    waits = any(went["question"] for went in signals)
    outcome = taken_back or (message.outcome if message.outcome == QUARANTINED else QUESTION if waits else RECORDED)
    return Became(outcome, message.reasons, signals, message.corrected_by, message.withdrawn_by)


def _taken_back(message: Message, unit: Unit) -> str:
    """How a message was taken back, if it was; a correction that could not be read yet changes nothing."""
    if message.withdrawn_by:
        return WITHDRAWN
    if not message.corrected_by:
        return ""
    other = unit.get(Message, UUID(message.corrected_by))
    return CORRECTED if other.outcome != QUARANTINED else _taken_back(other, unit)


def _now(went: Mapping[str, Any], unit: Unit) -> Mapping[str, Any]:
    """Where a signal is now: what waited in a question may have been answered since."""
    question = unit.find(MatchQuestion, UUID(went["question"])) if went["question"] else None
    return {**went, "family": question.family, "question": ""} if question and question.family else went
