"""What is shown of the ledger at any moment is what a replay of the log up to there says."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine

from hub.domain.tellings import Attempt, Person, Telling
from hub.errors import Malformed
from hub.ports import Asked, Fact
from hub.projections.tellings import PROJECTION, ask, ask_of_family
from tests.domain.test_tellings import ATTEMPTS, FIRST, a_telling
from tests.given import NOON, an_occasion

MINUTES = st.integers(-1, 8)


def a_ledger(attempts: Sequence[Attempt], persons: Sequence[tuple[int, int]]) -> tuple[Telling, list[Any]]:
    """A telling of these attempts, recorded one a minute, that persons took notice of: and its events."""
    telling = a_telling(attempts[0], on=an_occasion(at=minute(0)))
    for nth, attempt in enumerate(attempts[1:], start=1):
        telling.attempt(attempt, an_occasion(at=minute(nth)))
    began = attempts[0].began
    for nth, (at, recorded) in enumerate(persons):
        # nobody takes notice of what they were not told yet
        took, noted = max(minute(min(at, recorded)), began), max(minute(recorded), began)
        telling.acknowledge(Person("Tessa de Proef", f"duty officer {nth}", took), an_occasion(at=noted))
    return telling, list(telling.collect_events())


def minute(nth: int) -> datetime:
    return NOON + timedelta(minutes=nth)


def replayed(events: Sequence[Any], recorded: datetime, valid: datetime) -> Telling | None:
    telling: Telling | None = None
    for event in events:
        since = event.at if isinstance(event, Telling.Acknowledged) else event.ended
        if event.timestamp <= recorded and since <= valid and (telling is not None or isinstance(event, Telling.Attempted)):
            telling = event.mutate(telling) if telling is None else applied(event, telling)
    return telling


def applied(event: Any, telling: Telling) -> Telling:
    event.apply(telling)
    return telling


def shown(events: Sequence[Any], **filters: str) -> list[Any]:
    engine = create_engine("sqlite://")
    PROJECTION.tables.create_all(engine)
    with engine.begin() as connection:
        PROJECTION.apply([Fact(nth, event.originator_id, event) for nth, event in enumerate(events, start=1)], connection)
        said = ask(connection, Asked(filters=filters))["items"]
    engine.dispose()
    return list(said)


@given(
    st.lists(ATTEMPTS, min_size=1, max_size=5),
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), max_size=3),
    MINUTES,
    MINUTES,
)
def test_at_every_moment_on_both_axes_it_shows_what_a_replay_of_the_log_says(
    attempts: list[Attempt], persons: list[tuple[int, int]], recorded: int, valid: int
) -> None:
    _, events = a_ledger(attempts, persons)
    then = replayed(events, minute(recorded), minute(valid))
    items = shown(events, recordedAt=minute(recorded).isoformat(), validAt=minute(valid).isoformat())
    assert len(items) == (then is not None)
    for item in items:
        assert then is not None
        assert [(each["digest"], each["outcome"]) for each in item["attempts"]] == [
            (one.digest, one.outcome) for one in then.attempts
        ]
        assert [each["role"] for each in item["acknowledgements"]] == [one.role for one in then.persons]
        assert (item["takenAt"] is None) == (then.taken_at is None)


def test_a_partner_is_shown_its_own_and_no_id_or_place_that_is_the_hubs() -> None:
    _, events = a_ledger([FIRST], [])
    engine = create_engine("sqlite://")
    PROJECTION.tables.create_all(engine)
    with engine.begin() as connection:
        PROJECTION.apply([Fact(1, events[0].originator_id, events[0])], connection)
        for filters, count in (({}, 1), ({"family": "a-family"}, 1), ({"family": "the-family"}, 0), ({"fact": "8"}, 1)):
            items = ask(connection, Asked(filters=filters, organisation="police"))["items"]
            assert [(each["family"], each["fact"]) for each in items] == [("", 0)] * count
        assert ask(connection, Asked(organisation="veilig-thuis"))["items"] == []
    engine.dispose()


@pytest.mark.parametrize("text", ["then", "2026-03-02", "2026-03-02T12:00:00", "9999-12-31T23:59:59-14:00"])
def test_a_moment_that_cannot_be_read_is_refused(text: str) -> None:
    with pytest.raises(Malformed):
        shown([], validAt=text)


def test_of_a_family_it_says_who_was_told_what_and_who_took_notice() -> None:
    _, events = a_ledger([FIRST], [(1, 2)])
    engine = create_engine("sqlite://")
    PROJECTION.tables.create_all(engine)
    with engine.begin() as connection:
        PROJECTION.apply([Fact(nth, event.originator_id, event) for nth, event in enumerate(events, start=1)], connection)
        (one,) = ask_of_family(connection, Asked(events[0].family))["items"]
        others = ask_of_family(connection, Asked("another"))["items"]
    engine.dispose()
    assert (one["organisation"], one["type"]) == (events[0].organisation, events[0].type)
    assert [person["role"] for person in one["acknowledgements"]] == ["duty officer 0"]
    assert "subscription" not in one and "digest" not in one
    assert others == []
