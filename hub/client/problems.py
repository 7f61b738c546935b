"""Every way in which the hub says no to a partner's system, as an error with its code, all that is wrong, and what to do."""

from collections.abc import Mapping
from typing import Any

from hub.client.advice import advice
from hub.errors import HubError, Violation


class Problem(HubError):
    """The hub answered with a problem document (RFC 9457); nothing of what was posted is recorded.

    `wait` is in how many seconds the hub asks to come again, where it says so.
    """

    def __init__(self, status: int, document: Mapping[str, Any], wait: float | None = None) -> None:
        wrong = [Violation(str(one.get("where", "")), str(one.get("what", ""))) for one in document.get("violations") or ()]
        super().__init__(str(document.get("detail", "")), wrong, code=str(document.get("code", "")))
        self.status, self.document, self.wait = status, dict(document), wait
        self.title, self.instance = str(document.get("title", "")), str(document.get("instance", ""))
        # what whoever did not catch it reads under the traceback
        for note in (*map(str, wrong), f"{self.code} ({status}): {self.what_to_do}"):
            self.add_note(note)

    @property
    def what_to_do(self) -> str:
        """What to do about it, in a sentence or two."""
        return advice(self.code, self.status)


class Wrong(Problem):
    """What was posted is not what its contract asks: mend it and send it again."""


class NotBelieved(Problem):
    """The signature, token or proof does not count; `code` says which and why."""


class NotAllowed(Problem):
    """It is known who sends, but there is no ground, covenant or scope for this."""


class NotThere(Problem):
    """Nothing there, or nothing that is yours."""


class IdReused(Problem):
    """The id was used for another message."""


class TooMany(Problem):
    """More, or more often, than was agreed: `wait` says when to come again."""


class InTrouble(Problem):
    """The hub cannot do this now, or something in it is broken."""


class NoToken(Problem):
    """The hub gives no access token (RFC 6749, section 5.2)."""


class NoAnswer(HubError):
    """No answer came, or not from a hub: whether a message was recorded is not known. The same message again is harmless."""

    code = "no-answer"


class NotByTheHub(HubError):
    """Something says that it is of the hub and is not: a receipt or a notice whose signature, digest or time does not hold."""

    code = "not-by-the-hub"


_KINDS: Mapping[int, type[Problem]] = {401: NotBelieved, 403: NotAllowed, 404: NotThere, 409: IdReused, 429: TooMany}


def problem_of(status: int, document: object, retry_after: str = "") -> Problem:
    """The error that an answer of this status is.

    Raises:
        NoAnswer: the answer is no problem document, so it is not a hub that gave it.
    """
    if not isinstance(document, dict) or "code" not in document:
        raise NoAnswer("What answers there is not a hub.", code="not-a-hub")
    wait = float(retry_after) if retry_after.isascii() and retry_after.isdigit() else None
    kind = _KINDS.get(status, InTrouble if status >= 500 else Wrong)
    return kind(status, document, wait)
