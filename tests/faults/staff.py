"""People at the hub who go on whatever happens to it: one takes notice, some hand direction over, one follows along."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from random import Random
from typing import Any

import httpx2

from hub.domain.callers import Capacity
from tests import issuer
from tests.faults.load import PAUSE, TROUBLE, Servers, Worker
from tests.journeys.running import Following

TEAM = "neighbourhood-team"
DIRECTORS = ("duty-desk", "anna", "bram")


def token(who: str, at: datetime) -> dict[str, str]:
    """The header of a coordinator of the team on duty, for as long as anything lasts here."""
    return issuer.bearer(Capacity.COORDINATOR, who, TEAM, at - timedelta(hours=3), minutes=3_000)


@dataclass
class Desk(Worker):
    """Somebody who takes notice of every escalation that is open, as long as the load lasts."""

    urls: Sequence[str]
    token: Mapping[str, str]
    pause: float = 0.05
    acknowledged: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__post_init__()
        self._servers = Servers(self.urls, headers=self.token)

    @property
    def troubles(self) -> Counter[str]:
        return self._servers.troubles

    def _run(self) -> None:
        while not self.finish.wait(self.pause):
            listed = self._servers.insist("GET", "/v1/escalations", self.finish, params={"state": "open", "limit": "1"})
            for one in listed.raise_for_status().json()["items"] if listed is not None else ():
                self._acknowledge(one)
        self._servers.close()

    def _acknowledge(self, one: Mapping[str, Any]) -> None:
        said = self._servers.insist("POST", f"/v1/families/{one['family']}/escalations/{one['id']}/acknowledgements", self.finish)
        if said is None:
            return
        if said.status_code == 201:
            self.acknowledged.append(one["id"])
        else:
            # not even a second time, where the first answer never came: that is silence
            self.wrong.append(f"answered {said.status_code}: {said.text}")


@dataclass
class Directors(Worker):
    """Colleagues who hand families over to each other, two at a time, each at another server: only one of them can."""

    urls: Sequence[str]
    now: Callable[[], datetime]
    random: Random
    families: Callable[[], Sequence[str]]
    """The families that one has heard of so far."""
    pause: float = 0.1
    accepted: list[str] = field(default_factory=list)
    """Handovers whose acceptance was answered with yes."""
    contested: int = 0
    """Offers that two made at once."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._as = {who: Servers(self.urls, headers=token(who, self.now())) for who in DIRECTORS}
        self._at_once = ThreadPoolExecutor(2)

    @property
    def troubles(self) -> Counter[str]:
        return sum((servers.troubles for servers in self._as.values()), Counter())

    def _run(self) -> None:
        while not self.finish.wait(self.pause):
            if families := self.families():
                with suppress(*TROUBLE):
                    self._hand_over(self.random.choice(families))
        for servers in self._as.values():
            servers.close()

    def _hand_over(self, family: str) -> None:
        found = self._as[DIRECTORS[0]].ask("GET", f"/v1/families/{family}")
        if found.status_code != 200:
            return
        known = found.json()
        if known["handover"] is None:
            others = [who for who in DIRECTORS if who != known["director"]["who"]]
            self._both(lambda at: self._offer(family, known["director"]["who"], others[at], at))
            self.contested += 1
        else:
            self._both(lambda at: self._accept(family, known["handover"], at))

    def _both(self, do: Callable[[int], None]) -> None:
        tried: list[Future[None]] = [self._at_once.submit(do, at) for at in range(2)]
        for one in tried:
            with suppress(*TROUBLE):
                one.result()

    def _offer(self, family: str, director: str, to: str, at: int) -> None:
        said = {"to": to, "organisation": TEAM, "contact": "desk", "motivation": "holidays"}
        answer = self._as[director].ask("POST", f"/v1/families/{family}/handovers", at, json=said)
        self._expect(answer, 201, 403, 404, 409)

    def _accept(self, family: str, offered: Mapping[str, Any], at: int) -> None:
        said = {"accepted": True, "motivation": "welcome"}
        path = f"/v1/families/{family}/handovers/{offered['id']}/answers"
        answer = self._as[offered["to"]].ask("POST", path, at, json=said)
        self._expect(answer, 201, 403, 404, 409)
        if answer.status_code == 201:
            self.accepted.append(offered["id"])

    def _expect(self, answer: httpx2.Response, *statuses: int) -> None:
        if answer.status_code not in statuses:
            self.wrong.append(f"a director was answered {answer.status_code}: {answer.text}")


class FollowingAny(Following):
    """Somebody who follows the live feed at whichever server is there."""

    def __init__(self, urls: Sequence[str], token: Mapping[str, str]) -> None:
        super().__init__(urls[0], token)
        self._urls = urls

    def _run(self) -> None:
        while not self._finish.is_set():
            self.url = self._urls[(self._urls.index(self.url) + 1) % len(self._urls)]
            with httpx2.Client(base_url=self.url, timeout=httpx2.Timeout(5, read=2)) as client:
                try:
                    self._follow(client)
                except TROUBLE:
                    self._finish.wait(PAUSE)
