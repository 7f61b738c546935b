"""The worker that mails: what is due, in its time, until a mail server has it or somebody has to look."""

from collections.abc import Iterator, Sequence
from threading import Event
from uuid import UUID

import structlog
from sqlalchemy import Connection

from hub.adapters.channels import Around
from hub.adapters.channels.mail import queue
from hub.adapters.channels.mail.post import Post, Refused
from hub.adapters.channels.mail.queue import OPERATOR, RECTIFIED, Item
from hub.adapters.channels.mail.words import written
from hub.adapters.database import looking
from hub.errors import HubError
from hub.ports import Channel, Notice

BELL = "mail"
POLL = 1.0
"""Seconds between looks when no bell rings."""
AWAY = frozenset({"unreachable", "timed-out", "tls-failed", "login-refused"})
ACKNOWLEDGED = "nl.vig.escalations.acknowledged.v1"
_log = structlog.get_logger()


class Mailing:
    """Mails staff of what is theirs, as they chose and as the roster says, and the operator of partners that cannot be reached."""

    def __init__(self, around: Around, post: Post, operator: str) -> None:
        self._around, self._post, self._operator = around, post, operator
        self._woken = Event()

    @property
    def channel(self) -> Channel:
        """The way in, for the relay."""
        return Channel("mail", self.accept, lambda: self._around.bells.heard(BELL))

    def accept(self, notices: Sequence[Notice], connection: Connection) -> None:
        """Queues whom these notices are mailed to, on the transaction of the caller."""
        for notice in notices:
            queue.queue(connection, [*self._items(notice), *_put_right(notice, connection)], self._around.clock.now())
            if notice.type == ACKNOWLEDGED:
                queue.answered(connection, str(notice.data["escalation"]))
        self._around.bells.ring(connection, BELL)

    def _items(self, notice: Notice) -> Iterator[Item]:
        answer_by = str(notice.data.get("acknowledgeBy", ""))
        for call in self._around.staff.calls(notice):
            recipient = str(call.contact or OPERATOR)
            if recipient != OPERATOR or self._operator:
                yield Item(recipient, call.kind, str(notice.id), call.about, answer_by, call.at, call.hour)

    def run(self, stop: Event) -> None:
        """Mails until told to stop."""
        with self._around.bells.hearing(BELL, lambda _: self._woken.set()):
            while not stop.is_set():
                self._woken.clear()
                try:
                    self.send_due()
                except Exception as error:  # the outbox or the log is away: what waits there is looked for again
                    _log.error("mail-waits", error=type(error).__name__)
                self._woken.wait(POLL)

    def send_due(self) -> None:
        """Mails all that is due now."""
        with looking(self._around.outbox) as connection:
            waiting = queue.due(connection, self._around.clock.now())
        for items in waiting:
            # a server that is away is waited for once, and not once for everybody
            if self._send(items) in AWAY:
                break

    def _send(self, items: Sequence[Item]) -> str:
        recipient, now = items[0].recipient, self._around.clock.now()
        to = self._operator if recipient == OPERATOR else self._around.staff.address(UUID(recipient))
        try:
            outcome = self._handed(items, to)
        except Refused as refused:
            outcome = refused.code
            with self._around.outbox.begin() as connection:
                if refused.is_final:
                    queue.dead(connection, items, outcome)
                else:
                    queue.later(connection, items, outcome, now)
        else:
            self._note(items)
            with self._around.outbox.begin() as connection:
                queue.delivered(connection, items, outcome)
        _log.info("mail-attempt", recipient=recipient, kind=items[0].kind, outcome=outcome)
        self._around.watch.attempted("mail", outcome)
        return outcome

    def _handed(self, items: Sequence[Item], to: str) -> str:
        if not to:
            raise Refused("no-address", is_final=True)
        now = self._around.clock.now()
        return self._post.send(written(items, self._post.sender, to, self._around.base_url, now))

    def _note(self, items: Sequence[Item]) -> None:
        """That somebody was mailed stands in the log; where it cannot be written now, the mail is not sent again for that."""
        for item in items:
            if item.recipient != OPERATOR:
                try:
                    self._around.staff.mailed(UUID(item.recipient), item.about, item.kind)
                except HubError as error:
                    _log.error("mail-not-noted", because=error.code)


def _put_right(notice: Notice, connection: Connection) -> Iterator[Item]:
    """Whoever was mailed of an escalation, or is yet to be, is mailed that it is otherwise, and never before that."""
    for recipient, daily, due_at in queue.mailed_of(connection, notice.says) if notice.rectifies else ():
        yield Item(recipient, RECTIFIED, str(notice.id), notice.says, "", max(notice.recorded_at, due_at), daily)
