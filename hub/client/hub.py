"""A hub, as a partner's system talks to it: it signs, posts, asks, is told things, and believes no receipt unseen."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import httpx2

from hub.client.following import follow
from hub.client.line import ONCE, Line, Retries
from hub.client.notices import Notice, of_event
from hub.client.problems import Problem, problem_of
from hub.client.receipts import Receipt, Status
from hub.client.senders import Message, Sender
from hub.client.subscriptions import Subscription, Wish, subscription
from hub.client.tokens import Token, Tokens
from hub.client.verifying import Verifier

SIGNALS = "/v1/signals"
SUBSCRIPTIONS = "/v1/subscriptions"
FEED = "/v1/feed"
STREAM = "/v1/feed/stream"
NOTICES = "/v1/notices"
_PATIENCE = 30.0
"""Seconds without a word; a stream that is quiet says so more often than that."""


class Hub:
    """One hub for one sender; with `shows_token` every message is posted with an access token beside its signature.

    A message is recorded once, by its source and id, so the same one may be posted again whenever no answer came, or one
    that says later; each time it is signed anew. So is whatever else is the same when it is asked twice, and nothing else.
    """

    def __init__(
        self,
        url: str,
        sender: Sender,
        *,
        shows_token: bool = False,
        retries: Retries | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], None] = time.sleep,
        http: httpx2.Client | None = None,
    ) -> None:
        self.sender, self._shows_token, self._now = sender, shows_token, now
        http = http or httpx2.Client(timeout=_PATIENCE, follow_redirects=False)
        self._line = Line(url.rstrip("/"), http, retries or Retries(), sleep)
        self.verifier, self._tokens = Verifier(self._line.url, now=now), Tokens(sender, self._line.form, now)

    def __enter__(self) -> "Hub":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Hangs up."""
        self._line.http.close()

    # Sending ------------------------------------------------------------------------------------------

    def send(self, message: Message) -> Receipt:
        """Posts a message, and gives its receipt once that is verified: then the hub has it, for good.

        Raises:
            Problem: the hub said no, with the code of the reason and what to do about it.
            NoAnswer: none came; send the same message again later.
            NotByTheHub: the receipt does not hold.
        """
        status, said = self._posted(lambda: (message.body, self.sender.one(message, self._now())))
        return self.verifier.receipt(said, message.body, is_repeat=status == 200)

    def send_many(self, messages: Iterable[Message]) -> list[Receipt | Problem]:
        """Posts messages as one signed batch; gives for each, in their order, its receipt or why the hub refused it.

        Raises:
            Problem: the hub refused the batch as a whole.
            NoAnswer, NotByTheHub, TooLarge: as for one.
        """
        events = [self.sender.event(message) for message in messages]
        _, said = self._posted(lambda: self.sender.many(events, self._now()))
        return [self._of_many(one, event) for one, event in zip(said, events, strict=True)]

    def _of_many(self, one: Mapping[str, Any], event: bytes) -> Receipt | Problem:
        if "problem" in one:
            return problem_of(one["status"], one["problem"])
        return self.verifier.receipt(one["receipt"], event, is_repeat=one["status"] == 200)

    def _posted(self, write: Callable[[], tuple[bytes, dict[str, str]]]) -> tuple[int, Any]:
        def post() -> httpx2.Response:
            body, headers = write()
            shown = self._shown("POST", SIGNALS) if self._shows_token else {}
            return self._line.http.post(self._line.url + SIGNALS, content=body, headers={**headers, **shown})

        return self._line.answered(post)

    # Asking -------------------------------------------------------------------------------------------

    def status(self, message: str) -> Status:
        """What became of a message since, by the name that its receipt has for it; needs the scope signals:read.

        Raises:
            Problem, NoAnswer, NotByTheHub: as for sending; NotThere, where it is no message of this sender.
        """
        return self.verifier.status(self._asked("GET", f"{SIGNALS}/{message}"))

    def token(self, scope: str = "", *, is_bound: bool = True) -> Token:
        """An access token; bound to the key of the sender, it counts with proofs by that key alone.

        Raises:
            NoToken: the hub gives none.
            NoAnswer: nothing there gives tokens.
        """
        return self._tokens.get(scope, is_bound=is_bound)

    def _shown(self, method: str, path: str) -> dict[str, str]:
        return self.token().headers(self.sender, method, path, self._now())

    def _asked(self, method: str, path: str, said: Any = None, retries: Retries | None = None, **query: Any) -> Any:
        return self._line.answered(lambda: self._request(method, path, json=said, params=query), retries)[1]

    def _request(self, method: str, path: str, **more: Any) -> httpx2.Response:
        return self._line.http.request(method, self._line.url + path, headers=self._shown(method, path), **more)

    # Subscribing --------------------------------------------------------------------------------------

    def subscribe(self, wish: Wish) -> Subscription:
        """Asks to be told things, by a new subscription; needs the scope notices:read, as all that follows.

        Asked once: where no answer comes, `subscriptions` shows whether it is there.

        Raises:
            Problem: the hub says no; Wrong has every violation of the wish.
            NoAnswer: none came.
        """
        return subscription(self._asked("POST", SUBSCRIPTIONS, wish.said(), ONCE))

    def subscriptions(self) -> list[Subscription]:
        """Those of one's organisation that have not ended. Raises: Problem, NoAnswer."""
        return [subscription(one) for one in self._asked("GET", SUBSCRIPTIONS)["items"]]

    def subscription(self, id: str) -> Subscription:
        """One of them. Raises: NotThere, Problem, NoAnswer."""
        return subscription(self._asked("GET", _of(id)))

    def change(self, id: str, wish: Wish) -> Subscription:
        """Wants this from now on; a new address has to say first that it wants it. Raises: NotThere, Problem, NoAnswer."""
        return subscription(self._asked("PUT", _of(id), wish.said()))

    def pause(self, id: str) -> Subscription:
        """Is sent nothing for now; what comes waits. Raises: NotThere, Problem, NoAnswer."""
        return subscription(self._asked("POST", _of(id, "pauses")))

    def resume(self, id: str) -> Subscription:
        """Is sent things again, what waits first. Raises: NotThere, Problem, NoAnswer."""
        return subscription(self._asked("POST", _of(id, "resumptions")))

    def test(self, id: str) -> Subscription:
        """Is told something that says nothing, to see it arrive. Raises: NotThere, Problem, NoAnswer."""
        return subscription(self._asked("POST", _of(id, "tests")))

    def end(self, id: str) -> Subscription:
        """Is told nothing any more. Raises: NotThere, as for one that had ended; Problem, NoAnswer."""
        return subscription(self._asked("DELETE", _of(id), retries=ONCE))

    def renew_secret(self, id: str, overlap_hours: int = 24) -> str:
        """A secret (whsec_…) by which what is sent is signed too (HMAC); shown this once, so keep it. Asked once.

        The one before signs as well for those hours, so that a `Verifier` may have both meanwhile.

        Raises:
            NotThere: it is none of one's own.
            Problem, NoAnswer: as for sending.
        """
        return str(self._asked("POST", _of(id, "secrets"), {"overlapHours": overlap_hours}, ONCE)["secret"])

    def drop_secret(self, id: str) -> Subscription:
        """Has what is sent signed with the hub's keys only. Raises: NotThere, Problem, NoAnswer."""
        return subscription(self._asked("DELETE", _of(id, "secrets")))

    # Being told ---------------------------------------------------------------------------------------

    def feed(self, subscription: str, *, after: int = 0, since: datetime | None = None) -> Iterator[Notice]:
        """What that subscription was told after a cursor, or since a moment, to the end, in order. Raises: Problem, NoAnswer."""
        start = {"since": since.isoformat()} if since else {"after": after}
        while items := (page := self._asked("GET", FEED, subscription=subscription, **start))["items"]:
            yield from (of_event(item["event"]) for item in items)
            start = {"after": page["next"]}

    def follow(self, subscription: str, *, after: int = 0) -> Iterator[Notice]:
        """What that subscription was told after a cursor, and then what comes, for as long as one goes on.

        Where the line breaks it connects anew, and goes on from the last notice that it gave: none is lost, none comes twice.

        Raises:
            Problem: the hub refuses, for good.
            NoAnswer: what answers there is no hub.
        """
        return follow(lambda last: self._stream(subscription, last), after, self._line)

    def _stream(self, subscription: str, last: int) -> AbstractContextManager[httpx2.Response]:
        headers = {**self._shown("GET", STREAM), "Last-Event-ID": str(last)}
        return self._line.http.stream("GET", self._line.url + STREAM, params={"subscription": subscription}, headers=headers)

    def notice(self, id: str) -> Notice:
        """The whole of a notice that one was told, for which a lean one has a `dataref`. Raises: NotThere, Problem, NoAnswer."""
        return of_event(self._asked("GET", f"{NOTICES}/{id}"))

    def acknowledge(self, id: str, name: str, role: str, at: datetime | None = None) -> None:
        """Says that a person, by name, took notice of it, now or then; for an escalation that is one's own to lead, that counts.

        Raises:
            NotThere: one was told no such notice.
            Problem, NoAnswer: as for sending.
        """
        when = {"at": at.isoformat()} if at else {}
        self._asked("POST", f"{NOTICES}/{id}/acknowledgements", {"name": name, "role": role, **when})


def _of(id: str, *what: str) -> str:
    return "/".join((SUBSCRIPTIONS, id, *what))
