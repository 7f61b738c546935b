"""A record on its way in: as far as it goes at once, and what is still to come of it."""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.exc import TimeoutError as NoConnection

from hub.adapters.kafka.library import Record
from hub.adapters.kafka.records import Headers, Unreadable, headers_of, taken_at
from hub.adapters.kafka.topics import Topics
from hub.adapters.kafka.unpacking import MOST
from hub.adapters.limits import Limits
from hub.errors import Malformed, NotAllowed, SignatureRefused, TooLarge, TooMany, Unavailable
from hub.intake import Intake
from hub.ports import Clock, Signer

MOST_BYTES = MOST
"""Of one record."""
PATIENCE = 1.0
"""Seconds before what could not be kept is tried again."""
LONGEST_WAIT = 30.0
"""Seconds that nobody waits at once for a quota: the registration may say something else by then."""
_UNREADABLE = (
    f"What was sent together cannot be taken apart from here on: it is compressed wrongly, has more than {MOST_BYTES} bytes when "
    "it is unpacked, or the name of a header is not UTF-8. Send it again."
)
NOT_NOW = (Unavailable, TooMany, NoConnection)


@dataclass(frozen=True, slots=True)
class Begun:
    """A record that was taken in as far as that goes at once: for each event a receipt to come, or why it is refused.

    `is_batch` where its events have places.
    """

    record: Record
    coming: Sequence[Future[Any] | Exception]
    is_batch: bool = False


@dataclass(slots=True)
class Handful:
    """Records of one partition that were begun together, in their order; `wait` seconds before the next one can be begun."""

    begun: list[Begun] = field(default_factory=list)
    wait: float = 0.0

    def futures(self) -> list[Future[Any]]:
        """What is still to come, in order."""
        return [one for begun in self.begun for one in begun.coming if isinstance(one, Future)]


@dataclass(frozen=True, slots=True)
class TakingIn:
    """Takes records in as HTTP takes messages in: the same signature, the same limits, the same way.

    `admit` refuses a signer whose registration asks for more than a signature, which no record can show.
    """

    intake: Intake
    admit: Callable[[Signer], None]
    limits: Limits
    topics: Topics
    clock: Clock

    def begin(self, records: Sequence[Record], is_over: Callable[[], bool]) -> Handful:
        """Begins as many of these records as can be begun now; where one cannot, those after it wait with it."""
        handful = Handful()
        for record in records:
            if is_over():
                break
            begun = self._begun(record)
            if isinstance(begun, float):
                handful.wait = begun
                break
            handful.begun.append(begun)
        keep_order(handful.futures())
        return handful

    def _begun(self, record: Record) -> Begun | float:
        try:
            return self._opened(record)
        except NOT_NOW as not_now:
            return min(not_now.wait, LONGEST_WAIT) if isinstance(not_now, TooMany) else PATIENCE
        except Exception as refused:
            return Begun(record, [refused])

    def _opened(self, record: Record) -> Begun:
        if isinstance(record, Unreadable):
            raise Malformed(_UNREADABLE, code="record-unreadable")
        headers, body = headers_of(record), record.value or b""
        if len(body) > MOST_BYTES:
            raise TooLarge(f"The record is larger than {MOST_BYTES} bytes.")
        signer = self._signer(record, headers, body)
        if signer.partner != self.topics.partner_of(record.topic):
            raise NotAllowed("This topic is another partner's than the one that signed.", code="topic-of-another")
        self.admit(signer)
        events = self.intake.opened(signer, headers, body)
        self.limits.take(signer.partner, max(1, len(events)))
        return Begun(record, [take_in() for take_in in events], is_batch=len(events) != 1)

    def _signer(self, record: Record, headers: Headers, body: bytes) -> Signer:
        """Who signed it, as it was when the broker took it: it may have waited for hours while the hub was away."""
        now = self.clock.now()
        at = taken_at(record, now)
        try:
            return self.intake.signatures.verify(body, headers, at)
        except SignatureRefused as refused:
            # a broker whose clock is behind ours makes what was signed a moment ago come from the future
            if refused.code != "signature-from-the-future" or at == now:
                raise
            return self.intake.signatures.verify(body, headers, now)


def is_not_now(error: BaseException | None) -> bool:
    """Whether nothing is wrong with what was sent: it is tried again."""
    return isinstance(error, NOT_NOW)


def keep_order(futures: Sequence[Future[Any]]) -> None:
    """Where one of them cannot be kept now, those behind it that have not begun do not overtake it."""

    def look(done: Future[Any]) -> None:
        if not done.cancelled() and (error := done.exception()) is not None and is_not_now(error):
            for behind in futures:
                behind.cancel()

    for future in futures:
        future.add_done_callback(look)
