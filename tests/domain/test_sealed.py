"""What an event says of people is sealed; what is left in the clear is codes, ids and moments, each of them decided on by name."""

from dataclasses import fields
from typing import Any, get_type_hints

import pytest

from hub.adapters.sealing import KEY, empty
from hub.domain.streams import Recorded
from tests.domain.golden.events import event_classes, golden, read, written

PLAIN: dict[str, str] = {
    # on every event
    "by": "who decided: a partner, a member of staff, or the hub",
    "cause": "an id",
    "basis": "a code of the register of legal bases",
    "originator_topic": "a code",
    # ids: of streams, of what is in them, and what partners call their own
    "signal": "an id",
    "signal_id": "an id",
    "message": "an id",
    "messages": "ids",
    "questions": "ids",
    "escalation": "an id",
    "escalations": "ids",
    "handover": "an id",
    "id": "an id",
    "person": "an id",
    "people": "ids",
    "signals": "ids, and where they went",
    "family": "an id",
    "families": "ids",
    "candidates": "ids",
    "other": "an id",
    "into": "an id",
    "one": "an id",
    "invited": "ids",
    "present": "ids",
    "resolution": "the number of what a meeting decided",
    "came_of": "an id, or a code that the plan gives",
    "rested": "ids",
    "evidence": "ids",
    "clock": "a term and an id",
    "about": "an id; where a person writes it, it is sealed",
    "goal": "a code that the plan gives",
    "reference": "a partner's own id of its report",
    "event_id": "a partner's own id of its message",
    "source": "a URN of a partner's system",
    "subscription": "an id, or the name of an organisation",
    "notice": "an id that only its receiver uses",
    "called": "an id that only its receiver uses",
    "kept": "a digest",
    "digest": "a digest",
    "kid": "the id of a key",
    "oin": "the number of an organisation",
    # codes of registers, contracts and matrices
    "type": "a code",
    "kind": "a code",
    "partner": "the name of an organisation",
    "reporter": "the name of an organisation",
    "typed_by": "a staff identity",
    "purpose": "a code",
    "outcome": "a code",
    "reasons": "places in a message and words of the hub; never what the message says",
    "algorithm": "a code",
    "concern": "a code",
    "areas": "codes",
    "side": "a code",
    "quality": "a code",
    "became": "a code",
    "instrument": "a code",
    "edition": "a version",
    "moment": "a code",
    "axis": "a code",
    "axes": "codes",
    "types": "codes",
    "directions": "codes",
    "sink": "a code",
    "way": "a code",
    "payload": "a code",
    "municipalities": "codes",
    "who": "a staff identity",
    "auditor": "a staff identity",
    "assignment": "an id",
    "begins": "a moment",
    "left_on": "a day",
    "taken_on": "a day",
    "permitted_on": "a day",
    "mail": "a code",
    "shift": "an id",
    "callback": "the address of an organisation's system",
    "secret": "the name of a secret, by which the hub makes it of its own; nothing of it",
    "because": "a code",
    "instead": "ids",
    "lost": "ids",
    "decisions": "ids",
    "corrects": "an id",
    "withdraws": "an id",
    "matched": "codes",
    "why": "codes",
    "role": "a code",
    "rule": "a code",
    "matrix": "a version",
    "leads": "a code",
    "levers": "codes",
    "lever": "a code",
    "authority": "a code",
    "tell": "codes",
    "term": "a code",
    "phase": "a code",
    "decision": "a code",
    "result": "a code",
    "act": "a code",
    "results": "criteria with ids of signals, and words of the matrix",
    "contra_indications": "codes with ids of signals",
    "level_from": "a code",
    "level_to": "a code",
    "municipality": "a code",
    "ground": "a code of the register of requests",
    "asks": "a code",
    "identity": "a code",
    "certificate": "what the hub signed of an erasure: ids, a code, moments and hashes",
    "category": "a code of the register of retention",
    "register": "a version",
    "version": "a version",
    "file": "the text of a matrix, which is of nobody",
    "valid_from": "a day",
    "valid_until": "a day",
    "ended": "counts by code",
    "until": "days by code, or a moment",
    # what is published, of all families together
    "title": "the title of a report",
    "page": "a report",
    # moments
    "since": "a day",
    "logged": "a moment",
    "received": "a day",
    "happened": "a day, or what is known of it: what terms and criteria count from",
    # staff, who answer for what they decide with their name
    "director": "a member of staff",
    "former": "a member of staff",
    "coach": "a member of staff",
    "organisation": "an organisation",
    "contact": "how partners reach a member of staff",
    "to": "a member of staff, or an id",
}
"""Fields that stay in the clear, and what they hold."""

ABOUT_ORGANISATIONS = "hub.domain.registrations"
"""Nothing in there is about people of families."""

EVENTS = [event for event in event_classes() if event.__module__ != ABOUT_ORGANISATIONS]
SEALED = [event for event in EVENTS if event.SEALED]


def by_topic(event: type[Recorded]) -> str:
    return event.TOPIC


def holds_words(hint: Any) -> bool:
    return any(part in str(hint) for part in ("str", "list", "dict", "Any", "object"))


@pytest.mark.parametrize("event", EVENTS, ids=by_topic)
def test_every_field_with_words_is_sealed_or_decided_on(event: type[Recorded]) -> None:
    hints = get_type_hints(event)
    words = {field.name for field in fields(event) if holds_words(hints[field.name])}
    sealed = {path.split("[")[0].split(".")[0] for path in event.SEALED}
    undecided = words - sealed - PLAIN.keys()
    assert not undecided, f"decide whether {sorted(undecided)} of {event.TOPIC} is sealed or holds codes, ids or moments only"


@pytest.mark.parametrize("event", SEALED, ids=by_topic)
def test_what_is_sealed_is_a_field_and_whose_it_is_a_stream(event: type[Recorded]) -> None:
    names = {field.name for field in fields(event)}
    assert {path.split("[")[0].split(".")[0] for path in event.SEALED} <= names
    assert {whose for whose in event.SEALED.values() if whose} <= names - {"originator_id"}


def test_no_event_has_a_field_that_is_named_as_what_is_sealed() -> None:
    assert not [event.TOPIC for event in event_classes() if KEY in {field.name for field in fields(event)}]


def test_a_free_text_is_sealed_wherever_it_stands() -> None:
    for event in EVENTS:
        for name in {"motivation", "words", "reason"} & {field.name for field in fields(event)}:
            assert name in event.SEALED, f"{name} of {event.TOPIC}"


@pytest.mark.parametrize("event", SEALED, ids=by_topic)
def test_an_emptied_event_has_the_form_that_it_had(event: type[Recorded]) -> None:
    example = written(golden(event.TOPIC, 1))
    for path in event.SEALED:
        name = path.split("[")[0].split(".")[0]
        example[name] = empty(example[name])
    assert read(event.TOPIC, example).TOPIC == event.TOPIC


def test_emptying_leaves_no_word_and_the_form() -> None:
    assert empty({"a": "Noor", "b": ["x", {"c": "y", "d": 3}], "e": None, "f": True}) == {
        "a": "",
        "b": ["", {"c": "", "d": 3}],
        "e": None,
        "f": True,
    }
