"""The heart with its read models: every answer is held against the schema that its view promises."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from jsonschema_rs import Draft202012Validator

from hub import projections
from hub.domain.matrix import Matrix
from hub.domain.rules import Rules
from hub.domain.signals import Signal
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.words import Phase
from hub.ports import Asked, View
from hub.relay import Relay, shown
from tests.given import COACH, DUTY, Heart, a_goal, a_relay_to, a_signal, step_to
from tests.parts import databases

VIEWS = {view.path: view for projection in projections.found().values() for view in projection.views}
SCHEMAS = {path: Draft202012Validator(view.answer, validate_formats=True) for path, view in VIEWS.items()}


@dataclass(frozen=True)
class Shown:
    """What the hub shows of what its heart recorded."""

    heart: Heart
    relay: Relay

    def ask(self, path: str, key: Any = "", *, after: str = "", limit: int = 100, who: str = "", **filters: str) -> Any:
        """The answer of a view after all that was recorded, as its schema promises it; `None` where there is none."""
        self.relay.catch_up()
        assert [standing for standing in self.relay.state() if standing.stopped_because] == []
        return self.ask_now(path, key, after=after, limit=limit, who=who, **filters)

    def ask_now(self, path: str, key: Any = "", *, after: str = "", limit: int = 100, who: str = "", **filters: str) -> Any:
        """The answer of a view as it stands."""
        asked = Asked(str(key), filters, after, limit, who=who, at=self.heart.clock.now())
        with self.relay.engine.connect() as connection:
            answer = VIEWS[path].ask(connection, asked)
        if answer is not None:
            SCHEMAS[path].validate(answer)
        return answer

    def tell(self, *signals: Signal | str, partner: str = "police") -> UUID:
        """A partner's signals (or concerns); gives the family that they are about."""
        said = [a_signal(concern=signal) if isinstance(signal, str) else signal for signal in signals]
        placed = self.heart.place(*said, partner=partner)
        assert placed[0].family, "it became a question"
        return UUID(placed[0].family)

    def decide(self, family: UUID, verb: Any, by: str = DUTY.who, basis: str = "") -> Any:
        """Somebody decides: by default the director of duty."""
        return self.heart.casework.decide(family, verb, by, basis)[0]

    def under_way(self, *signals: Signal | str) -> UUID:
        """A family with a coach who directs, and a plan."""
        family = self.tell(*signals)
        self.decide(family, lambda it, rules, on: it.refer("the school asked", rules, on))
        self.decide(family, lambda it, _, on: it.decide_referral(Phase.ELIGIBLE, "it fits", on))
        self.decide(family, lambda it, rules, on: it.enter(Phase.START_TALK, "they agreed", rules, on))
        self.decide(family, lambda it, _, on: it.assign_coach(COACH, on))
        self.decide(family, lambda it, rules, on: it.adopt_plan([a_goal(), a_goal("debts")], "agreed at the table", rules, on))
        self.decide(family, lambda it, rules, on: it.enter(Phase.ANALYSIS_AND_PLAN, "they began", rules, on))
        self.decide(family, lambda it, _, on: step_to(it, Phase.COACH_DIRECTS, on))
        return family


@pytest.fixture
def hub(heart: Heart, tmp_path: Path) -> Iterator[Shown]:
    """The heart with all its read models, nothing passed on yet."""
    views = databases.opened(tmp_path / "views.db")
    relay = a_relay_to([shown(each) for each in projections.found().values()], heart, views)
    relay.open()
    yield Shown(heart, relay)
    views.dispose()


__all__ = ["VIEWS", "Matrix", "Occasion", "Rules", "Shown", "Trajectory", "View", "hub"]
