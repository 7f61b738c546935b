"""Partners that go on whatever happens to the hub: what was not acknowledged is sent again, and what was now and then too."""

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from random import Random
from threading import Event, Thread
from typing import Any

import httpx2

from hub.adapters.outgoing_events import to_batch
from hub.domain.identifiers import is_test_number
from tests.journeys.running import BATCH, STRUCTURED, Sender, a_child, a_worry

AT_ONCE = 40
"""Children that are told of in the same minutes: few enough that many tell of the same one at once."""
CONCERNS = ("upbringing", "honour-violence", "domestic-violence", "child-neglect", "debts", "unknown-to-the-register")
"""The last one cannot be read: such a message goes to quarantine."""
TROUBLE = (httpx2.TransportError, httpx2.HTTPStatusError)
PAUSE = 0.02
"""Seconds before somebody tries again."""
PATIENCE = 10.0
"""Seconds that anybody outside the hub waits for one answer of it, before they ask another server."""
FINISH_WITHIN = 120.0


def real_time() -> datetime:
    """What the clock of an ordinary partner says."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Acknowledged:
    """A message that the hub answered for, and the receipt that it gave."""

    event: bytes
    receipt: Mapping[str, Any]

    @property
    def digest(self) -> str:
        return f"sha-256={sha256(self.event).hexdigest()}"


@dataclass
class Children:
    """Of whom everybody tells: now and then one more child, so that there is always something new."""

    told_of: set[int] = field(default_factory=set)
    asked: int = 0

    def one(self, random: Random) -> int:
        """The number of a child."""
        self.asked += 1
        nth = (self.asked // 10 + random.randrange(AT_ONCE)) % len(NUMBERS)
        self.told_of.add(nth)
        return nth


NUMBERS = [text for text in map(str, range(999_900_006, 999_999_991)) if is_test_number(text)]


@dataclass
class Writer:
    """Thinks of what an organisation has to tell."""

    sender: Sender
    random: Random
    children: Children
    now: Callable[[], datetime] = real_time
    made: set[str] = field(default_factory=set)
    """The ids of all that it thought of."""

    def an_event(self) -> bytes:
        """A message, which a tenth of the time is days old."""
        at = self.now() - (timedelta(days=self.random.randrange(1, 30)) if self.random.random() < 0.1 else timedelta(0))
        nth = self.children.one(self.random)
        # without a number and at another address it can only be a question who this is
        vague = {"bsn": None, "address": {"postcode": "4321BA", "number": "1", "town": "Elders"}}
        known = {"bsn": NUMBERS[nth], "address": {"postcode": "1234AB", "number": str(nth + 1), "town": "Voorbeeldstad"}}
        said = vague if self.random.random() < 0.1 else known
        person = a_child(0, familyName=f"Voorbeeld{NUMBERS[nth][4:]}", **said)
        concern, id = self.random.choice(CONCERNS), f"{self.random.getrandbits(64):x}"
        self.made.add(id)
        return self.sender.an_event(a_worry(person, concern=concern), at, id=id)


class Servers:
    """The same hub behind several addresses: who does not answer is left for the next one."""

    def __init__(self, urls: Sequence[str], first: int = 0, headers: Mapping[str, str] | None = None) -> None:
        self._clients = [httpx2.Client(base_url=url, timeout=PATIENCE, headers=dict(headers or {})) for url in urls]
        self._at = first
        self.troubles: Counter[str] = Counter()
        """What went wrong: an answer of the 500s by its number, a connection by its error."""

    def ask(self, method: str, path: str, at: int | None = None, **more: Any) -> httpx2.Response:
        """An answer of the server that answered last, or of the nth; below 500.

        Raises:
            httpx2.TransportError, httpx2.HTTPStatusError: the next time another is asked.
        """
        client = self._clients[(self._at if at is None else at) % len(self._clients)]
        try:
            answer = client.request(method, path, **more)
            if answer.status_code >= 500:
                answer.raise_for_status()
        except TROUBLE as error:
            code = str(error.response.status_code) if isinstance(error, httpx2.HTTPStatusError) else type(error).__name__
            self.troubles[code] += 1
            self._at += at is None
            raise
        return answer

    def insist(self, method: str, path: str, finish: Event, **more: Any) -> httpx2.Response | None:
        """The first answer below 500 of any of them, or nothing when it is time to finish."""
        while not finish.is_set():
            try:
                return self.ask(method, path, **more)
            except TROUBLE:
                time.sleep(PAUSE)
        return None

    def close(self) -> None:
        for client in self._clients:
            client.close()


@dataclass
class Worker:
    """Somebody who does something outside the hub until told to finish."""

    wrong: list[str] = field(default_factory=list, init=False)
    """What can never be right, whatever happened to the hub."""

    def __post_init__(self) -> None:
        self.finish = Event()
        self.thread = Thread(target=self._work, name=type(self).__name__, daemon=True)

    @property
    def troubles(self) -> Counter[str]:
        """What went wrong when it asked the hub for something, and was tried again."""
        raise NotImplementedError

    def _work(self) -> None:
        try:
            self._run()
        except Exception as error:
            self.wrong.append(f"{type(self).__name__} stumbled: {type(error).__name__}: {error}")
            raise

    def _run(self) -> None:
        raise NotImplementedError


@dataclass
class Load(Worker):
    """Posts signed signals, one by one and in batches, as one organisation, and not tidily.

    `untidy` is how often something is sent twice at once, kept for later, or sent again although it was acknowledged.
    """

    sender: Sender
    urls: Sequence[str]
    random: Random
    children: Children
    now: Callable[[], datetime] = real_time
    untidy: float = 0.2
    pause: float = 0.0
    """Seconds between what it posts."""
    acknowledged: list[Acknowledged] = field(default_factory=list)
    repeats: int = 0
    late: int = 0
    """Messages that were recorded although the first answer never came."""
    refused: int = 0
    """Times that a signature was too old or too young for the hub's clock; it was signed anew."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._writer = Writer(self.sender, self.random, self.children, self.now)
        self._drawer: list[bytes] = []
        self._servers = Servers(self.urls, self.random.randrange(len(self.urls)))
        self._at_once = ThreadPoolExecutor(2)

    @property
    def troubles(self) -> Counter[str]:
        return self._servers.troubles

    @property
    def made(self) -> set[str]:
        """The ids of all that it ever wanted to send."""
        return self._writer.made

    def _run(self) -> None:
        while not self.finish.is_set() and not self.wrong:
            self._insist(self._events())
            if self.acknowledged and self.random.random() < self.untidy:
                self._ask_again(self.random.choice(self.acknowledged))
            self.finish.wait(self.pause)
        # what was kept back is sent at last: much later than what came after it
        while self._drawer and not self.wrong:
            self._insist([self._drawer.pop()])
        self._servers.close()

    def _events(self) -> list[bytes]:
        events = [self._writer.an_event() for _ in range(self.random.choice((1, 1, 1, 12)))]
        if self.random.random() < self.untidy:
            self._drawer.append(events.pop())
        if self._drawer and self.random.random() < self.untidy / 2:
            events.append(self._drawer.pop(self.random.randrange(len(self._drawer))))
        self.random.shuffle(events)
        return events

    def _insist(self, events: Sequence[bytes]) -> None:
        """Sends until it is answered, also after the end of the load: who was not acknowledged does not know what became of it."""
        is_doubled = len(self.urls) > 1 and self.random.random() < self.untidy
        while events and not self.wrong:
            try:
                events = self._kept(events, self._posted_twice(events) if is_doubled else self._posted(events))
            except TROUBLE:
                time.sleep(PAUSE)
            except _NotNow:
                self.refused += 1
                time.sleep(PAUSE * 10)

    def _posted_twice(self, events: Sequence[bytes]) -> "Answers":
        """At two servers at once: whichever was first, the receipts are the same."""
        first, second = (each.result() for each in [self._at_once.submit(self._posted, events, at) for at in range(2)])
        for (was, receipt), (now, again) in zip(first, second, strict=True):
            if max(was, now) < 500 and receipt != again:
                self.wrong.append(f"one message at two servers at once was answered {was} {receipt} and {now} {again}")
        return first

    def _ask_again(self, known: Acknowledged) -> None:
        try:
            ((status, receipt),) = self._posted([known.event])
        except (*TROUBLE, _NotNow):
            return
        self.repeats += 1
        if (status, receipt) != (200, known.receipt):
            self.wrong.append(f"a repeat was answered {status} {receipt} instead of {known.receipt}")

    def _posted(self, events: Sequence[bytes], at: int | None = None) -> "Answers":
        body, media = (events[0], STRUCTURED) if len(events) == 1 else (to_batch(events), BATCH)
        headers = {**self.sender.signed(body, self.now()), "Content-Type": media}
        answer = self._servers.ask("POST", "/v1/signals", at, content=body, headers=headers)
        said = json.loads(answer.content)
        if answer.status_code in (401, 429) and said["code"] in _OF_TIME:
            raise _NotNow
        if media == STRUCTURED or answer.status_code != 200:
            return [(answer.status_code, said)] * len(events)
        return [(one["status"], one.get("receipt", one)) for one in said]

    def _kept(self, events: Sequence[bytes], answers: "Answers") -> list[bytes]:
        """Remembers the receipts, and gives what was not acknowledged and has to be sent again."""
        again = []
        for event, (status, receipt) in zip(events, answers, strict=True):
            if status in (200, 201):
                self.acknowledged.append(Acknowledged(event, receipt))
                self.late += status == 200
            elif status >= 500:
                self.troubles[f"{status} in a batch"] += 1
                again.append(event)
            else:
                self.wrong.append(f"answered {status}: {receipt}")
        return again


Answers = list[tuple[int, Mapping[str, Any]]]
"""For each message of a request its status, and the receipt or what was said instead."""


class _NotNow(Exception):
    """The hub's clock and the partner's are too far apart."""


_OF_TIME = ("signature-too-old", "signature-from-the-future", "too-many-failures")


@contextmanager
def working(*workers: Worker) -> Iterator[None]:
    """They work while the block lasts; then each finishes what it is at."""
    for worker in workers:
        worker.thread.start()
    try:
        yield
    finally:
        for worker in workers:
            worker.finish.set()
    for worker in workers:
        worker.thread.join(FINISH_WITHIN)
        assert not worker.thread.is_alive(), f"{type(worker).__name__} does not finish"
