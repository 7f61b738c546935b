"""Whatever a partner sends, its adapter gives signals or every reason why not: nothing else can come out."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.concerns import CONCERNS
from hub.domain.signals import Signal
from hub.errors import Unreadable
from hub.ports import MessageType
from tests.contracts.examples import contracts_of_their_own, examples

EXAMPLES = examples()
TYPES = [message for _, message in contracts_of_their_own()]
each_type = pytest.mark.parametrize("message", TYPES, ids=[message.type for message in TYPES])
OIN = "00000099000000010001"

PLAIN = st.text(max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | PLAIN,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(PLAIN, inner, max_size=3),
    max_leaves=6,
)


def read(message: MessageType, data: bytes) -> tuple[Signal, ...]:
    """The signals, or none; anything but signals and `Unreadable` goes through."""
    try:
        signals = message.read(data, OIN)
    except Unreadable as refused:
        assert refused.violations
        return ()
    assert all(signal.reference and signal.concern in CONCERNS for signal in signals)
    return signals


@each_type
@given(data=st.binary(max_size=300))
def test_any_bytes_give_signals_or_reasons(message: MessageType, data: bytes) -> None:
    assert read(message, data) == ()


@each_type
@given(value=VALUES)
def test_any_json_gives_signals_or_reasons(message: MessageType, value: Any) -> None:
    assert read(message, json.dumps(value).encode()) == ()


@each_type
@given(data=st.data())
def test_a_message_with_anything_anywhere_in_it_gives_signals_or_reasons(message: MessageType, data: st.DataObject) -> None:
    example = data.draw(st.sampled_from([each for each in EXAMPLES if each.message is message]))
    change = _json_changed if message.media == "application/json" else _xml_changed
    read(message, change(example.given, data))


def _json_changed(path: Path, data: st.DataObject) -> bytes:
    """One place of the document, however deep, becomes something else or disappears."""
    document = json.loads(path.read_text("utf-8"))
    here = document
    while True:
        key = data.draw(st.sampled_from(sorted(here)) if isinstance(here, dict) else st.integers(0, len(here) - 1))
        if not isinstance(here[key], dict | list) or not here[key] or data.draw(st.booleans()):
            break
        here = here[key]
    if data.draw(st.booleans()):
        here[key] = data.draw(VALUES)
    else:
        del here[key]
    return json.dumps(document).encode()


def _xml_changed(path: Path, data: st.DataObject) -> bytes:
    """Some text of the message becomes another, an element becomes another's, or lines disappear."""
    lines = path.read_text("utf-8").splitlines()
    at = data.draw(st.integers(0, len(lines) - 1))
    others = st.sampled_from(lines) | PLAIN | st.just("")
    lines[at : at + data.draw(st.integers(0, 3))] = data.draw(st.lists(others, max_size=2))
    return "\n".join(lines).encode("utf-8", "replace")


@each_type
def test_bodies_that_are_no_document_at_all_are_refused(message: MessageType) -> None:
    for data in (b"", b"\x00", b"null", b"[]", b"{}", b"<a/>", b"\xff\xfe", b"[" * 10_000, b"<a>" * 10_000, b'"\\ud800"'):
        with pytest.raises(Unreadable):
            message.read(data, OIN)


@each_type
def test_the_same_bytes_always_give_the_same_signals(message: MessageType) -> None:
    for example in (each for each in EXAMPLES if each.message is message and each.is_readable):
        assert example.signals() == example.signals()


@pytest.mark.parametrize("name", ["𠮷野", "محمد", "שרה", "Zoë"])
def test_every_name_in_the_world_reaches_the_signal_as_it_was_given(name: str) -> None:
    tried = 0
    for example in (each for each in EXAMPLES if each.is_readable and b"Proefstra" in each.given.read_bytes()):
        renamed = example.given.read_text("utf-8").replace("Proefstra", name).encode()
        people = [person for signal in example.message.read(renamed, example.then["signer"]) for person in signal.people]
        tried += len(people)
        assert {person.family_name for person in people} <= {name, "Testdam"}
    assert tried
