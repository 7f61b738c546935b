"""A hub, as a partner's system talks to it: it signs, posts, tries again what is safe, and believes no answer unseen."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from types import TracebackType
from typing import Any

import httpx2

from hub.client.problems import NoAnswer, Problem, problem_of
from hub.client.receipts import Receipt, Status
from hub.client.senders import Message, Sender
from hub.client.tokens import Token, Tokens
from hub.client.verifying import Verifier

SIGNALS = "/v1/signals"
_PATIENCE = 30.0
_AGAIN = frozenset({408, 429, 500, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Retries:
    """How often the same is sent (`attempts`), the seconds before the second time, doubled each time, and the most."""

    attempts: int = 4
    first: float = 0.5
    most: float = 60.0

    def wait(self, attempt: int, asked: float | None) -> float:
        """Seconds after that attempt, or as many as the hub asked for."""
        return min(self.first * 2.0 ** (attempt - 1) if asked is None else asked, self.most)


ONCE = Retries(attempts=1)


class Hub:
    """One hub for one sender; with `shows_token` every message is posted with an access token beside its signature.

    A message is recorded once, by its source and id, so the same one may be posted again whenever no answer came, or one
    that says later; each time it is signed anew. Nothing else is tried again.
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
        self.sender, self._shows_token, self._retries = sender, shows_token, retries or Retries()
        self._now, self._sleep, self._url = now, sleep, url.rstrip("/")
        self._http = http or httpx2.Client(timeout=_PATIENCE, follow_redirects=False)
        self.verifier, self._tokens = Verifier(self._url, now=now), Tokens(sender, self._form, now)

    def __enter__(self) -> "Hub":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Hangs up."""
        self._http.close()

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
            return self._http.post(self._url + SIGNALS, content=body, headers={**headers, **shown})

        return self._answered(post)

    # Asking -------------------------------------------------------------------------------------------

    def status(self, message: str) -> Status:
        """What became of a message since, by the name that its receipt has for it; needs the scope signals:read.

        Raises:
            Problem, NoAnswer, NotByTheHub: as for sending; NotThere, where it is no message of this sender.
        """
        path = f"{SIGNALS}/{message}"
        _, said = self._answered(lambda: self._http.get(self._url + path, headers=self._shown("GET", path)))
        return self.verifier.status(said)

    def token(self, scope: str = "", *, is_bound: bool = True) -> Token:
        """An access token; bound to the key of the sender, it counts with proofs by that key alone.

        Raises:
            NoToken: the hub gives none.
            NoAnswer: nothing there gives tokens.
        """
        return self._tokens.get(scope, is_bound=is_bound)

    def _shown(self, method: str, path: str) -> dict[str, str]:
        return self.token().headers(self.sender, method, path, self._now())

    # Over HTTP ----------------------------------------------------------------------------------------

    def _answered(self, ask: Callable[[], httpx2.Response]) -> tuple[int, Any]:
        for attempt in range(1, self._retries.attempts + 1):
            is_last = attempt == self._retries.attempts
            try:
                return _said(ask())
            except Problem as problem:
                if is_last or problem.status not in _AGAIN or (problem.wait or 0) > self._retries.most:
                    raise
                wait = problem.wait
            except httpx2.TransportError:
                if is_last:
                    raise NoAnswer(f"No answer came from {self._url}.") from None
                wait = None
            except httpx2.InvalidURL:
                raise NoAnswer(f"{self._url} is no address.", code="not-a-hub") from None
            self._sleep(self._retries.wait(attempt, wait))
        raise AssertionError("there is a last attempt")

    def _form(self, method: str, path: str, headers: Mapping[str, str], form: Mapping[str, str] | None) -> tuple[int, Any]:
        try:
            answer = self._http.request(method, self._url + path, headers=dict(headers), data=dict(form) if form else None)
            return answer.status_code, answer.json()
        except (httpx2.TransportError, httpx2.InvalidURL):
            raise NoAnswer(f"No answer came from {self._url}.") from None
        except ValueError:
            return answer.status_code, None


def _said(answer: httpx2.Response) -> tuple[int, Any]:
    try:
        said = answer.json()
    except ValueError:
        said = None
    if answer.status_code in (200, 201) and isinstance(said, dict | list):
        return answer.status_code, said
    raise problem_of(answer.status_code, said, answer.headers.get("retry-after", ""))
