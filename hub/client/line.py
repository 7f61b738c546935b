"""The way to a hub over HTTP: what is safe is asked again, and every answer that is no is an error."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from hub.client.problems import NoAnswer, Problem, problem_of

_WELL = frozenset({200, 201, 202})
_LATER = frozenset({408, 429, 500, 502, 503, 504})
_DOUBLED = 30
"""How often a wait is doubled: the most is reached long before."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often the same is sent (`attempts`), the seconds before the second time, doubled each time, and the most."""

    attempts: int = 4
    first: float = 0.5
    most: float = 60.0

    def wait(self, attempt: int, asked: float | None) -> float:
        """Seconds after that attempt, or as many as the hub asked for."""
        return min(self.first * 2.0 ** min(attempt - 1, _DOUBLED) if asked is None else asked, self.most)


ONCE = Retries(attempts=1)


@dataclass(frozen=True, slots=True)
class Line:
    """The way to the hub at an address without a slash at its end; `sleep` waits so many seconds."""

    url: str
    http: httpx2.Client
    retries: Retries
    sleep: Callable[[float], None]

    def answered(self, ask: Callable[[], httpx2.Response], retries: Retries | None = None) -> tuple[int, Any]:
        """The status and the JSON of an answer that is well; asked again where none came, or one that says later.

        Raises:
            Problem: the hub said no.
            NoAnswer: none came, or not from a hub.
        """
        retries = retries or self.retries
        for attempt in range(1, retries.attempts + 1):
            is_last = attempt == retries.attempts
            try:
                with self.open():
                    return _said(ask())
            except Problem as problem:
                if is_last or not is_later(problem) or (problem.wait or 0) > retries.most:
                    raise
                wait = problem.wait
            except NoAnswer as silence:
                if is_last or not is_silence(silence):
                    raise
                wait = None
            self.sleep(retries.wait(attempt, wait))
        raise AssertionError("there is a last attempt")

    def form(self, method: str, path: str, headers: Mapping[str, str], form: Mapping[str, str] | None) -> tuple[int, Any]:
        """The status and the JSON of whatever answer, asked once, for what speaks OAuth.

        Raises:
            NoAnswer: none came.
        """
        with self.open():
            answer = self.http.request(method, self.url + path, headers=dict(headers), data=dict(form) if form else None)
        return answer.status_code, _json(answer)

    @contextmanager
    def open(self) -> Iterator[None]:
        """What goes wrong with the line in this block is that no answer came.

        Raises:
            NoAnswer: it broke, or there is no such address (not-a-hub).
        """
        try:
            yield
        except httpx2.TransportError:
            raise NoAnswer(f"No answer came from {self.url}.") from None
        except httpx2.InvalidURL:
            raise NoAnswer(f"{self.url} is no address.", code="not-a-hub") from None


def is_later(problem: Problem) -> bool:
    """Whether the same may go well at another moment."""
    return problem.status in _LATER


def is_silence(error: NoAnswer) -> bool:
    """Whether none came at all, rather than one by something that is no hub."""
    return error.code == NoAnswer.code


def refusal(answer: httpx2.Response) -> Problem:
    """The error that an answer is, whose body was read.

    Raises:
        NoAnswer: it is not a hub that gave it.
    """
    return problem_of(answer.status_code, _json(answer), answer.headers.get("retry-after", ""))


def _said(answer: httpx2.Response) -> tuple[int, Any]:
    said = _json(answer)
    if answer.status_code in _WELL and isinstance(said, dict | list):
        return answer.status_code, said
    raise refusal(answer)


def _json(answer: httpx2.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None
