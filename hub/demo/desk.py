"""Where people work: they ask and decide through the hub's own interface, each with a short-lived token."""

from collections.abc import Callable, Mapping
from time import monotonic, sleep
from typing import Any

import httpx2

from hub.demo.cast import COORDINATOR, Staff


class Surprise(Exception):
    """The hub answered otherwise than the story needs to go on; says what was asked, and the answer."""


class Desk:
    """Asks and decides; `token` gives a token that is valid now. Where nobody is named, whoever `directs` the family asks."""

    def __init__(self, to: httpx2.Client, token: Callable[[Staff], str]) -> None:
        self._to, self._token = to, token
        self.directs = COORDINATOR

    def ask(self, path: str, by: Staff | None = None, **query: str) -> Any:
        """What the hub answers to somebody. Raises: Surprise."""
        return self._send("GET", path, by, params=query)

    def decide(self, path: str, body: Mapping[str, Any] | None, by: Staff | None = None) -> Any:
        """Posts a decision of somebody. Raises: Surprise."""
        return self._send("POST", path, by, json=body) if body is not None else self._send("POST", path, by)

    def ask_until(self, is_there: Callable[[Any], bool], path: str, by: Staff | None = None, **query: str) -> Any:
        """Asks a read model until it has caught up with what was just done. Raises: Surprise."""
        until = monotonic() + 10
        while not is_there(answer := self.ask(path, by, **query)):
            if monotonic() > until:
                raise Surprise(f"GET {path} does not show what was done")
            sleep(0.005)
        return answer

    def _send(self, method: str, path: str, by: Staff | None, **more: Any) -> Any:
        token = self._token(by or self.directs)
        answer = self._to.request(method, f"/v1{path}", headers={"Authorization": f"Bearer {token}"}, **more)
        if not answer.is_success:
            raise Surprise(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()
