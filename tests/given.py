"""What the tests start from: signals, people and moments that state only what matters, and a heart of real parts."""

import hmac
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from functools import cache, partial
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Engine

from hub.adapters import people_index
from hub.adapters.database import beside, locked
from hub.adapters.event_store import EventLog
from hub.adapters.hub_keys import HubKeys
from hub.adapters.kek import FromFile, Keks
from hub.adapters.mapper import PlainMapper, mapper
from hub.adapters.migrations import bring_up
from hub.adapters.sealed_file import SealedFile
from hub.adapters.vault import Vault
from hub.casework import Casework
from hub.domain.dates import PartialDate
from hub.domain.identifiers import is_test_number
from hub.domain.rules import Rules
from hub.domain.signals import Address, Informed, KnownSignal, NamedPerson, Signal
from hub.domain.streams import Occasion, Recorded, stream_id
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.trajectory.planned import Goal
from hub.domain.words import Axis, LifeArea, Phase, Role
from hub.errors import HubError
from hub.families import Families, Placed, Said
from hub.ports import Projection, SetClock
from hub.register import Register, Unit
from hub.relay import Follower, Relay
from tests.domain.known import CALENDAR, MATRIX, a_known_signal
from tests.parts import databases

STANDARDS = Path(__file__).resolve().parents[1].parent / "shared" / "standards"
"""The public standards that lie beside the repository on a machine that has them."""

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
"""A Monday."""
RULES = Rules(MATRIX, CALENDAR)
DUTY = Director("duty-officer", "example-town", "duty@example.org")
COACH = Director("coach", "vig", "coach@example.org")
OTHER = Director("other-director", "local-team", "other@example.org")

TOLD = Informed("spoken", PartialDate("2026-02-28"), "a teacher")
"""That the family was told before sharing; without it partners hear of nothing yet."""

HOME = Address(postcode="1234AB", number="12", street="Voorbeeldstraat", town="Voorbeeldstad", municipality="0000")
ELSEWHERE = Address(postcode="4321BA", number="5", street="Anderestraat", town="Voorbeeldstad", municipality="0000")


@cache
def a_number(nth: int = 0) -> str:
    """The nth person number of the range that is only for tests."""
    return next(islice((text for text in map(str, range(999_900_006, 999_999_991)) if is_test_number(text)), nth, None))


def an_occasion(**but: Any) -> Occasion:
    """Somebody tells the hub something at noon."""
    return Occasion(**{"at": NOON, "by": "police", "cause": "a-message", "basis": "a-ground"} | but)


def a_person(**but: Any) -> NamedPerson:
    """A child with all that a partner can know of it but a number."""
    said = {
        "family_name": "Voorbeeld",
        "given_names": "Noor",
        "birth_date": PartialDate("2016-04-05"),
        "address": HOME,
        "role": Role.CHILD,
    }
    return NamedPerson(**said | but)


def a_signal(*people: NamedPerson, **but: Any) -> Signal:
    """A worry about a child."""
    said = {"reference": "a-1", "concern": "upbringing", "happened": PartialDate("2026-03-01"), "people": people or (a_person(),)}
    return Signal(**said | {"informed": TOLD} | but)


def a_goal(goal: str = "school", **but: Any) -> Goal:
    """A goal with every letter of SMART."""
    said = {
        "area": LifeArea.WORK_AND_EDUCATION,
        "specific": "to school every day",
        "measurable": "no absence in four weeks",
        "achievable": "school picks up at home",
        "relevant": "absence began this",
        "start": date(2026, 3, 2),
        "due": date(2026, 6, 1),
        "owner": "parents",
    }
    return Goal(goal, **said | but)


# One family ---------------------------------------------------------------------------------------------


def a_family(*signals: KnownSignal | str, name: str = "a-family", on: Occasion | None = None) -> Trajectory:
    """A family about which these signals (or concerns, of which nothing else matters) were heard."""
    family = Trajectory.begin_with(stream_id("family", name), DUTY, "0000", on or an_occasion())
    for signal in signals:
        tell(family, a_known_signal(signal) if isinstance(signal, str) else signal, on)
    return family


def tell(family: Trajectory, signal: KnownSignal, on: Occasion | None = None, informed: Informed | None = TOLD) -> None:
    """A partner's signal about this family, with everybody it names."""
    on = on or an_occasion(by=signal.partner)
    for person in signal.people:
        family.join(person, Role.CHILD, PartialDate("2016-04-05"), on)
    family.hear(
        signal, message="a-message", reference=signal.id, matched=["bsn"], purpose="help", informed=informed, rules=RULES, on=on
    )


def hand_over(family: Trajectory, to: Director, on: Occasion) -> None:
    """Whoever directs offers direction to somebody, who accepts it."""
    handover = family.offer_handover(to, "they take over", RULES, replace(on, by=family.director.who))
    family.accept_handover(handover, replace(on, by=to.who))


def step_to(family: Trajectory, phase: Phase, on: Occasion) -> None:
    """The next phase, with direction in the hands that it asks for."""
    if phase is Phase.COACH_DIRECTS:
        hand_over(family, COACH, on)
    if phase is Phase.HANDED_BACK:
        hand_over(family, DUTY, on)
    family.enter(phase, "the next step", RULES, on)


Verb = Callable[[Trajectory, Occasion], Any]


@dataclass
class Story:
    """A family, what somebody just decided, and what came of it."""

    family: Trajectory
    events: list[Recorded] = field(default_factory=list)
    gave: Any = None
    refusal: HubError | None = None
    at: datetime = NOON

    def after(self, **passed: float) -> "Story":
        """Lets so much time go by."""
        self.at += timedelta(**passed)
        return self

    def when(self, verb: Verb, by: str = DUTY.who, basis: str = "") -> "Story":
        """Somebody decides something: by default the director of duty."""
        self.family.collect_events()
        self.gave, self.refusal = None, None
        try:
            self.gave = verb(self.family, Occasion(self.at, by, "", basis))
        except HubError as refusal:
            self.refusal = refusal
        self.events = list(self.family.collect_events())  # type: ignore[arg-type]
        return self

    def hears(self, *signals: KnownSignal | str) -> "Story":
        """Partners tell something more about this family."""
        self.family.collect_events()
        for signal in signals:
            known = a_known_signal(signal) if isinstance(signal, str) else signal
            tell(self.family, known, an_occasion(at=self.at, by=known.partner))
        self.refusal, self.events = None, list(self.family.collect_events())  # type: ignore[arg-type]
        return self

    def then(self, *events: type[Recorded]) -> "Story":
        """Exactly these facts came of it, in this order; none means silence."""
        assert self.refusal is None, self.refusal
        assert [type(event).__name__ for event in self.events] == [event.__name__ for event in events]
        return self

    def refused(self, code: str) -> "Story":
        """The rules forbid it, and nothing was recorded."""
        assert self.refusal is not None, "nothing was refused"
        assert (self.refusal.code, self.events) == (code, [])
        return self

    @property
    def last(self) -> Any:
        """The fact that came last."""
        return self.events[-1]


def given(*signals: KnownSignal | str) -> Story:
    """A family about which these signals were heard."""
    return Story(a_family(*signals))


def under_way(*signals: KnownSignal | str) -> Story:
    """A family that has just come to its start talk."""
    story = given(*signals)
    story.when(lambda family, on: family.refer("the school asked", RULES, on))
    story.when(lambda family, on: family.decide_referral(Phase.ELIGIBLE, "it fits", on))
    story.when(lambda family, on: family.enter(Phase.START_TALK, "they agreed", RULES, on))
    assert story.family.phase is Phase.START_TALK
    return story


def state_of(family: Trajectory) -> dict[str, Any]:
    """All that a trajectory is, but what still has to be written."""
    return {name: value for name, value in vars(family).items() if name != "_pending_events"}


def levels_of(family: Trajectory) -> dict[Axis, int]:
    """The levels as plain numbers."""
    return {axis: int(level) for axis, level in family.levels.items()}


# The heart -----------------------------------------------------------------------------------------------


def blind(text: str) -> str:
    """Hides a look-up key, as the hub does, with a key of the tests."""
    return hmac.new(b"only for tests", text.encode(), sha256).hexdigest()


def said(signal: Signal, partner: str = "police", id: str = "", purpose: str = "") -> Said:
    """A signal on its way to its family."""
    return Said(id or str(uuid4()), signal, "a-message", partner, purpose or "help")


@dataclass(frozen=True)
class Heart:
    """Register, families and casework on a real database, under a clock that stands still."""

    data: Path
    log: EventLog
    register: Register
    families: Families
    casework: Casework
    clock: SetClock
    vault: Vault

    @property
    def mapper(self) -> PlainMapper:
        """Between events and what is stored of them."""
        return mapper(self.vault)

    def place(self, *signals: Signal, partner: str = "police", purpose: str = "") -> list[Placed]:
        """Places the signals of one message, each after the one before."""

        def work(unit: Unit) -> list[Placed]:
            placed = []
            for signal in signals:
                placed.append(
                    self.families.place(
                        said(signal, partner, purpose=purpose), unit, Occasion(unit.at, partner, "a-message", "a-ground")
                    )
                )
                unit.keep()
            return placed

        return self.register.do(work).value

    def family(self, id: str | UUID) -> Trajectory:
        """A family as it is recorded."""
        return self.register.read(lambda unit: unit.get(Trajectory, UUID(str(id))))

    def events(self) -> list[Any]:
        """All that is recorded, in order."""
        return [self.mapper.to_domain_event(stored) for _, stored in self.log.read(0, 1_000_000)]


def a_vault(place: Path, opened: Engine) -> Vault:
    """The vault of the database of a directory, with its key-encryption key beside it."""
    bring_up(opened, "log")
    return Vault(opened, the_keks(place))


def the_keks(place: Path) -> Keks:
    """The key-encryption key of a directory."""
    place.mkdir(parents=True, exist_ok=True)
    return Keks(FromFile.made(place / "kek.json"))


def some_hub_keys(file: Path, at: datetime) -> HubKeys:
    """The hub's keys in a file, with their key-encryption key beside it."""
    return HubKeys.open(SealedFile(file, the_keks(file.parent)), at)


def a_relay_to(followers: Sequence[Follower], heart: Heart, engine: Engine) -> Relay:
    """What passes the log of a heart on to these, which keep their rows there."""
    bring_up(engine, "views")
    return Relay(heart.log, heart.mapper, engine, followers, beside=partial(beside, engine), alone=partial(locked, engine))


@contextmanager
def a_heart(place: Path, indexes: Sequence[Projection] = (people_index.INDEX,)) -> Iterator[Heart]:
    """The heart in a directory, stopped when the block ends."""
    opened = databases.opened(place / "hub.db")
    safe = a_vault(place, opened)
    for index in indexes:
        index.tables.create_all(opened)
    log, clock = EventLog(opened), SetClock(NOON)
    register = Register(log, mapper(safe), indexes, clock, safe)
    families = Families(
        people_index.find, people_index.families_answered, blind, lambda _: RULES, DUTY, people_index.families_that_had
    )
    yield Heart(place, log, register, families, Casework(register, families, lambda _: RULES), clock, safe)
    register.close()
    log.bells.close()
    opened.dispose()
