"""Events as plain JSON: what is said reads back as it was said, and nothing else is kept."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from eventsourcing.domain import BaseAggregate
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.mapper import mapper
from hub.domain.streams import Occasion, Opening, Recorded, Stream

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
MAPPER = mapper()


class Notebook(Stream):
    """A stream of nothing but notes."""

    TOPIC = "test-notebook"

    class Opened(Opening):
        TOPIC = "test-notebook-opened"

    class Noted(Recorded):
        TOPIC = "test-notebook-noted"
        text: str
        read_at: datetime | None
        reminders: list[datetime]
        said: dict[str, Any]
        plain: Any

    class Shelved(Recorded):
        """First said `note`, then `text`; since version 3 also when it is due, a week after it was recorded."""

        TOPIC = "test-notebook-shelved"
        class_version: ClassVar[int] = 3
        text: str
        due: datetime

        @staticmethod
        def upcast_v1_v2(state: dict[str, Any]) -> None:
            state["text"] = state.pop("note")

        @staticmethod
        def upcast_v2_v3(state: dict[str, Any]) -> None:
            state["due"] = datetime.fromisoformat(state["timestamp"]) + timedelta(days=7)


def noted(**but: Any) -> Notebook.Noted:
    said: dict[str, Any] = {"text": "", "read_at": None, "reminders": [], "said": {}, "plain": None}
    common: dict[str, Any] = {
        "originator_id": uuid4(),
        "originator_version": 2,
        "timestamp": NOON,
        "by": "",
        "cause": "",
        "basis": "",
    }
    return Notebook.Noted(**common | said | but)


def shelved(state: bytes) -> Notebook.Shelved:
    event = MAPPER.to_domain_event(StoredEvent(uuid4(), 4, "test-notebook-shelved", state))
    assert isinstance(event, Notebook.Shelved)
    return event


moments = st.datetimes(timezones=st.just(UTC))
text = st.text(st.characters(exclude_categories=["Cs"]))
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**64 - 1) | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner) | st.dictionaries(text, inner),
)


@given(text, st.none() | moments, st.lists(moments), st.dictionaries(text, plain), plain, moments)
def test_what_is_said_reads_back_as_it_was_said(
    words: str, read_at: datetime | None, reminders: list[datetime], said: dict[str, Any], anything: Any, at: datetime
) -> None:
    event = noted(text=words, read_at=read_at, reminders=reminders, said=said, plain=anything, timestamp=at)
    back = MAPPER.to_domain_event(MAPPER.to_stored_event(event))
    assert back == event
    assert vars(back) == vars(event)


def test_what_is_stored_is_plain_json_without_what_the_log_holds_already() -> None:
    stored = MAPPER.to_stored_event(noted(text="één", read_at=NOON, reminders=[NOON], said={"a": [1, True]}, by="police"))
    assert stored.state == (
        b'{"timestamp":"2026-03-02T12:00:00Z","by":"police","cause":"","basis":"","text":"'
        + "één".encode()
        + b'","read_at":"2026-03-02T12:00:00Z","reminders":["2026-03-02T12:00:00Z"],"said":{"a":[1,true]},"plain":null}'
    )
    assert (stored.topic, stored.originator_version) == ("test-notebook-noted", 2)


def test_text_that_looks_like_a_moment_stays_text() -> None:
    event = noted(text="2026-03-02T12:00:00Z", said={"at": "2026-03-02T12:00:00Z"})
    assert MAPPER.to_domain_event(MAPPER.to_stored_event(event)) == event


UNPLAIN: dict[str, dict[str, Any]] = {
    "a tuple": {"plain": (1, 2)},
    "a number as key": {"plain": {1: ""}},
    "a set": {"plain": {"a"}},
    "an id": {"plain": UUID(int=1)},
    "bytes": {"plain": b"bytes"},
    "a moment that nobody announced": {"plain": NOON},
    "a moment inside": {"said": {"at": [NOON]}},
    "not a number": {"plain": float("nan")},
    "an object": {"plain": object()},
    "a moment without a zone": {"read_at": NOON.replace(tzinfo=None)},
    "a moment of another zone": {"read_at": NOON.astimezone(timezone(timedelta(hours=1)))},
    "text for a moment": {"read_at": "yesterday"},
    "text among moments": {"reminders": ["yesterday"]},
    "no moment where there must be one": {"timestamp": None},
}


@pytest.mark.parametrize("unplain", UNPLAIN.values(), ids=UNPLAIN)
def test_what_would_not_read_back_is_refused_before_it_is_kept(unplain: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        MAPPER.to_stored_event(noted(**unplain))


def test_a_refusal_names_the_field_and_never_what_it_says() -> None:
    for unplain in ({"plain": ("Voorbeeld",)}, {"read_at": "Voorbeeld"}, {"reminders": ["Voorbeeld"]}):
        with pytest.raises(TypeError, match=next(iter(unplain))) as refusal:
            MAPPER.to_stored_event(noted(**unplain))
        assert "Voorbeeld" not in str(refusal.value)
        assert "Voorbeeld" not in str(refusal.value.__cause__)


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises((TypeError, UnicodeEncodeError)):
        MAPPER.to_stored_event(noted(text="\ud800"))


def test_an_old_event_is_read_in_the_words_of_today() -> None:
    said = {"timestamp": "2026-03-02T12:00:00Z", "by": "", "cause": "", "basis": ""}
    first = shelved(json.dumps(said | {"note": "a letter"}).encode())
    second = shelved(json.dumps(said | {"text": "a letter", "class_version": 2}).encode())
    third = shelved(json.dumps(said | {"text": "a letter", "due": "2026-03-20T00:00:00Z", "class_version": 3}).encode())
    assert (first.text, first.due) == (second.text, second.due) == ("a letter", NOON + timedelta(days=7))
    assert third.due == datetime(2026, 3, 20, tzinfo=UTC)
    assert "class_version" not in vars(first)


def test_an_event_is_stored_with_its_version_once_there_was_another() -> None:
    event = Notebook.Shelved(uuid4(), 3, NOON, by="", cause="", basis="", text="a letter", due=NOON)
    stored = MAPPER.to_stored_event(event)
    assert json.loads(stored.state)["class_version"] == 3
    assert MAPPER.to_domain_event(stored) == event


@pytest.mark.parametrize(
    "topic", ["test-never-heard-of", "hub.domain.words:Nothing", "", "test-notebook", "hub.domain.words", "os:getcwd"]
)
def test_an_unknown_topic_is_said_to_be_so(topic: str) -> None:
    stream: UUID = uuid4()
    with pytest.raises(MapperDeserialisationError, match=f"no event class has the topic of '{topic}'") as refusal:
        MAPPER.to_domain_event(StoredEvent(stream, 7, topic, b"{}"))
    assert f"stream {stream}, version 7" in str(refusal.value)


@pytest.mark.parametrize(
    "state", [b"", b"{", b'{"timestamp": 1}', b'{"timestamp": "soon", "reminders": []}', b"{}", b"[]", b"\xff"]
)
def test_a_state_that_cannot_be_read_is_said_to_be_so(state: bytes) -> None:
    with pytest.raises(MapperDeserialisationError, match="test-notebook-noted"):
        MAPPER.to_domain_event(StoredEvent(uuid4(), 2, "test-notebook-noted", state))


def test_a_whole_stream_is_rebuilt_from_what_was_stored() -> None:
    on = Occasion(NOON, "police")
    notebook = Notebook.open(Notebook.Opened, uuid4(), on)
    notebook.record(Notebook.Shelved, on, text="a letter", due=NOON)
    events = list(notebook.collect_events())
    stored = [MAPPER.to_stored_event(event) for event in events]
    assert [event.topic for event in stored] == ["test-notebook-opened", "test-notebook-shelved"]
    rebuilt: BaseAggregate[UUID] | None = None
    for event in map(MAPPER.to_domain_event, stored):
        rebuilt = event.mutate(rebuilt)
    assert rebuilt is not None
    assert (rebuilt.id, rebuilt.version, rebuilt.modified_on) == (notebook.id, 2, NOON)
