"""What is to be measured: from the start until a year after closing, each moment until it was measured with something."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from hub.adapters.contracts import contracts
from hub.adapters.instruments import load_instruments
from hub.domain.instruments import MeasuredAt, Score
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.words import Phase
from tests.given import NOON, step_to
from tests.projections.conftest import Shown

pytestmark = pytest.mark.usefixtures("database")
SAFETY = load_instruments(contracts() / "instruments").find("safety", NOON.date())
REST = (Phase.HANDED_BACK, Phase.WINDING_DOWN, Phase.AFTERCARE, Phase.CLOSED)


def waiting(hub: Shown) -> dict[UUID, list[str]]:
    return {UUID(one["family"]): [each["moment"] for each in one["moments"]] for one in hub.ask("measuring")["items"]}


def measure(hub: Shown, family: UUID, moment: MeasuredAt) -> Any:
    def verb(it: Trajectory, _: Any, on: Occasion) -> str:
        return it.measure(SAFETY, moment, on.at.date(), "somebody", [Score("safe-now", 4)], "", on)

    return hub.decide(family, verb, by=hub.heart.family(family).director.who)


def closed(hub: Shown) -> UUID:
    """A family whose trajectory was closed after aftercare."""
    family = hub.under_way("debt-collection")
    for phase in REST:
        hub.decide(family, lambda it, _, on, phase=phase: step_to(it, phase, on))
    return family


def later(hub: Shown, at: datetime) -> None:
    hub.heart.clock.set(at)


def test_a_family_is_to_be_measured_from_its_start_talk_on_until_it_is(hub: Shown) -> None:
    family = hub.tell("debt-collection")
    assert waiting(hub) == {}
    family = hub.under_way("debt-collection")
    assert waiting(hub) == {family: ["start"]}
    id = measure(hub, family, MeasuredAt.START)
    assert waiting(hub) == {}
    by = hub.heart.family(family).director.who
    hub.decide(family, lambda it, _, on: it.withdraw_measurement(id, "of another family", on), by=by)
    assert waiting(hub) == {family: ["start"]}


def test_after_closing_it_is_asked_for_at_closing_and_six_and_twelve_months_later(hub: Shown) -> None:
    family = closed(hub)
    assert waiting(hub) == {family: ["closing"]}
    measure(hub, family, MeasuredAt.CLOSING)
    assert waiting(hub) == {}
    later(hub, datetime.combine(date(2026, 9, 2), NOON.timetz()) - timedelta(days=1))
    assert waiting(hub) == {}
    later(hub, datetime.combine(date(2026, 9, 2), NOON.timetz()))
    assert waiting(hub) == {family: ["six-months"]}
    measure(hub, family, MeasuredAt.SIX_MONTHS)
    assert waiting(hub) == {}
    later(hub, datetime.combine(date(2027, 3, 2), NOON.timetz()))
    assert waiting(hub) == {family: ["twelve-months"]}
    later(hub, datetime.combine(date(2027, 7, 2), NOON.timetz()))
    assert waiting(hub) == {}, "nobody measures that any more"


def test_a_trajectory_that_ended_otherwise_or_goes_on_elsewhere_is_not_asked_for(hub: Shown) -> None:
    family = hub.under_way("debt-collection")
    by = hub.heart.family(family).director.who
    hub.decide(family, lambda it, _, on: it.end_early("they moved", on), by=by)
    assert waiting(hub) == {}
    hub.decide(family, lambda it, _, on: it.reopen("they came back", on), by=by)
    assert waiting(hub) == {}
