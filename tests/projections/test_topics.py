"""Read models are given the events that change them, and no others: what they say they take is what they take."""

import pytest
from sqlalchemy import create_engine, event
from sqlalchemy.exc import SQLAlchemyError

from hub import projections
from hub.domain.streams import Recorded
from hub.ports import Fact, Projection
from tests.domain.golden.events import event_classes, golden, read, version_of, written

PROJECTIONS = projections.found()
EVENTS = {each.TOPIC: each for each in event_classes()}


def touched(projection: Projection, kind: type[Recorded]) -> list[str]:
    """What a read model asks of its tables when it is given such an event."""
    said: list[str] = []
    engine = create_engine("sqlite://")
    projection.tables.create_all(engine)
    event.listen(engine, "before_cursor_execute", lambda *given: said.append(given[2]))
    example = read(kind.TOPIC, written(golden(kind.TOPIC, version_of(kind))))
    with engine.connect() as connection:
        try:
            projection.apply([Fact(1, example.originator_id, example)], connection)
        except (LookupError, SQLAlchemyError) as error:  # an event that nothing came before
            said.append(repr(error))
    engine.dispose()
    return said


@pytest.mark.parametrize("topic", EVENTS)
@pytest.mark.parametrize("name", PROJECTIONS)
def test_a_read_model_leaves_alone_what_it_does_not_take(name: str, topic: str) -> None:
    projection = PROJECTIONS[name]
    assert projection.topics is not None
    if topic not in projection.topics:
        assert touched(projection, EVENTS[topic]) == []


@pytest.mark.parametrize("name", PROJECTIONS)
def test_a_read_model_takes_only_events_that_there_are(name: str) -> None:
    topics = PROJECTIONS[name].topics
    assert topics
    assert topics <= EVENTS.keys()
