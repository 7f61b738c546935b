"""Synthetic families and the signals about them: always the same ones, and about nobody who lives."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from random import Random
from typing import Any

from hub.adapters import jws, outgoing_events
from hub.adapters.jades import sign

KIND, TYPE = "any-partner", "nl.vig.signalen.signaal.v1"
ALGORITHM = "PS256"
UNKNOWN_EVERY = 10
"""One signal in so many is about a family that the hub does not know."""
CONCERNS = (
    ("payment-arrears", 22),
    ("rent-arrears", 16),
    ("debt-collection", 10),
    ("nuisance", 12),
    ("school-absence", 12),
    ("upbringing", 8),
    ("worrying-situation", 8),
    ("isolation", 6),
    ("domestic-violence", 4),
    ("eviction-threatened", 2),
)
"""What signals are about, and how often of a hundred."""
DAYS = 120
"""How long ago the oldest signal happened."""


@dataclass(frozen=True, slots=True)
class Organisation:
    """A partner with a key of its own."""

    name: str
    oin: str
    jwk: dict[str, Any]

    @property
    def source(self) -> str:
        return f"urn:nld:oin:{self.oin}:systeem:bench"


def organisations(many: int = 3) -> list[Organisation]:
    """Partners with fresh keys."""
    names = [f"bench-{nth}" for nth in range(1, many + 1)]
    return [Organisation(name, f"000000990000000{nth}0000", jws.new_jwk(ALGORITHM, name)) for nth, name in enumerate(names, 1)]


def person(family: int) -> dict[str, Any]:
    """The child of the nth family: nobody else has that name, birth date or address."""
    return {
        "familyName": f"Proef{_letters(family)}",
        "givenNames": "Noor",
        "birthDate": f"{2009 + family % 11}-{1 + family % 12:02}-{1 + family % 28:02}",
        "address": {"postcode": f"{1000 + family % 9000}ZZ", "number": str(1 + family // 9000), "town": "Voorbeeldstad"},
        "role": "child",
    }


def signal(family: int, concern: str, happened: datetime, reference: str) -> dict[str, Any]:
    """A signal about one family, in the hub's own contract."""
    about = {"reference": reference, "concern": concern, "happened": happened.date().isoformat(), "people": [person(family)]}
    # without it partners hear of nothing
    return about | {"informed": {"how": "spoken"}}


class Population:
    """Families in a fixed order; those below `known` were heard of before, the rest never."""

    def __init__(self, known: int, seed: int = 1) -> None:
        self.known = known
        self._random, self._ids = Random(seed), count(1)  # noqa: S311
        self._order, self._unknown = self._shuffled(), count(known)

    def first(self) -> Iterator[dict[str, Any]]:
        """A first signal about every known family."""
        return (self.about(family) for family in range(self.known))

    def mixed(self, many: int) -> list[dict[str, Any]]:
        """So many signals: each known family in its turn, and one in ten about a family that is not known."""
        return [self.about(next(self._unknown if nth % UNKNOWN_EVERY == 0 else self._order)) for nth in range(1, many + 1)]

    def about(self, family: int, concern: str = "") -> dict[str, Any]:
        """A signal about that family."""
        codes, shares = zip(*CONCERNS, strict=True)
        chosen = concern or self._random.choices(codes, shares)[0]
        happened = datetime.now(UTC) - timedelta(days=self._random.randrange(DAYS))
        return signal(family, chosen, happened, f"B-{next(self._ids):06}")

    def _shuffled(self) -> Iterator[int]:
        families = list(range(self.known))
        while families:
            self._random.shuffle(families)
            yield from families


class Sender:
    """Writes events and signs them; organisations take turns."""

    def __init__(self, organisations: Sequence[Organisation], run: str) -> None:
        self._all, self._run, self._ids = organisations, run, count(1)
        self._keys = [jws.private_key(organisation.jwk) for organisation in organisations]

    def event(self, data: dict[str, Any], by: int) -> bytes:
        """One signal as a structured CloudEvent."""
        id = f"{self._run}-{next(self._ids):07}"
        return outgoing_events.to_structured(id, self._all[by].source, TYPE, datetime.now(UTC), data)

    def single(self, data: dict[str, Any], by: int | None = None) -> "Signed":
        """One signal, signed by itself."""
        by = next(self._ids) % len(self._all) if by is None else by
        return self._signed(self.event(data, by), "application/cloudevents+json", by, 1)

    def batch(self, many: Sequence[dict[str, Any]], by: int | None = None) -> "Signed":
        """Many signals under one signature."""
        by = next(self._ids) % len(self._all) if by is None else by
        body = outgoing_events.to_batch([self.event(data, by) for data in many])
        return self._signed(body, "application/cloudevents-batch+json", by, len(many))

    def _signed(self, body: bytes, media: str, by: int, signals: int) -> "Signed":
        headers = {"content-type": media}
        headers |= sign(body, headers, self._keys[by], self._all[by].jwk["kid"], datetime.now(UTC))
        return Signed({name.lower(): value for name, value in headers.items()}, body, signals)


@dataclass(frozen=True, slots=True)
class Signed:
    """A request as it will be posted, and how many signals it holds."""

    headers: dict[str, str]
    body: bytes
    signals: int

    @property
    def lists(self) -> dict[str, list[str]]:
        """The headers as the intake takes them."""
        return {name: [value] for name, value in self.headers.items()}

    def request(self, port: int) -> bytes:
        """The bytes on the wire."""
        headers = {"host": f"127.0.0.1:{port}", "content-length": str(len(self.body)), **self.headers}
        lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return b"POST /v1/signals HTTP/1.1\r\n" + lines.encode() + b"\r\n" + self.body


def _letters(number: int) -> str:
    """A number in letters, so that it is part of a name."""
    text = ""
    while True:
        number, digit = divmod(number, 26)
        text = chr(ord("a") + digit) + text
        if not number:
            return text
