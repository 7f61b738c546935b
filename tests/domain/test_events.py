"""What stands in the log can be read for ever: every version of every event has an example that is read again."""

from typing import Any

import pytest
from eventsourcing.utils import resolve_topic

from hub.domain.streams import Opening, Recorded
from tests.domain.golden.events import HERE, event_classes, fields_of, golden, read, stored, version_of, written

FILES = sorted(HERE.glob("*.v*.json"))
EVENTS = event_classes()
HOW = "run `python -m tests.domain.golden` and commit what it writes"


def by_topic(event: type[Recorded]) -> str:
    return event.TOPIC


@pytest.mark.parametrize("event", EVENTS, ids=by_topic)
def test_every_version_of_every_event_has_an_example(event: type[Recorded]) -> None:
    missing = [version for version in range(1, version_of(event) + 1) if not golden(event.TOPIC, version).exists()]
    assert not missing, f"{event.TOPIC} has no example of version {missing}: {HOW}"


@pytest.mark.parametrize("event", EVENTS, ids=by_topic)
def test_what_is_stored_has_the_fields_that_the_event_has(event: type[Recorded]) -> None:
    example = set(written(golden(event.TOPIC, version_of(event)))) - {"class_version"}
    assert fields_of(event) == example, "fields changed: raise class_version, write an upcast, and " + HOW


@pytest.mark.parametrize("event", EVENTS, ids=by_topic)
def test_the_present_version_is_stored_as_its_example(event: type[Recorded]) -> None:
    example = written(golden(event.TOPIC, version_of(event)))
    assert stored(read(event.TOPIC, example)) == example


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_example_is_read_in_the_words_of_today(file: Any) -> None:
    topic, _, version = file.stem.rpartition(".v")
    example = written(file)
    event = read(topic, example)
    assert topic == type(event).TOPIC
    assert example.get("class_version", 1) == int(version)
    assert fields_of(type(event)) <= set(vars(event))
    assert read(topic, stored(event)) == event


def test_no_example_is_of_an_event_that_nobody_knows() -> None:
    known = {f"{event.TOPIC}.v{version}" for event in EVENTS for version in range(1, version_of(event) + 1)}
    assert {file.stem for file in FILES} == known


def test_no_two_events_share_a_topic() -> None:
    topics = [event.TOPIC for event in EVENTS]
    assert len(set(topics)) == len(topics)
    assert all(topic == topic.lower() and ":" not in topic and " " not in topic for topic in topics)


def test_a_topic_finds_its_event_wherever_it_lives() -> None:
    assert all(resolve_topic(event.TOPIC) is event for event in EVENTS)


@pytest.mark.parametrize("event", EVENTS, ids=by_topic)
def test_every_event_says_in_a_sentence_what_happened(event: type[Recorded]) -> None:
    sentence = (event.__doc__ or "").strip().partition("\n")[0]
    assert sentence[:1].isupper()
    assert sentence.endswith((".", ","))
    assert event.__name__ not in sentence


@pytest.mark.parametrize("event", [event for event in EVENTS if issubclass(event, Opening)], ids=by_topic)
def test_a_first_event_names_its_stream_by_a_topic_of_its_own(event: type[Recorded]) -> None:
    aggregate = resolve_topic(written(golden(event.TOPIC, 1))["originator_topic"])
    assert vars(aggregate)["TOPIC"] == written(golden(event.TOPIC, 1))["originator_topic"]
    assert event in vars(aggregate).values()


def test_a_field_that_is_not_plain_is_not_stored() -> None:
    event = next(event for event in EVENTS if event.TOPIC == "clock-started")
    example = written(golden(event.TOPIC, 1))
    with pytest.raises(Exception, match="due of 'clock-started'"):
        read(event.TOPIC, example | {"due": "soon"})
