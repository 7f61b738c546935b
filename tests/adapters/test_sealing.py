"""What is sealed opens again as it was said, only there and only with its key; without the key the event is empty, and whole."""

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID, uuid4

import pytest
from eventsourcing.persistence import MapperDeserialisationError, StoredEvent
from hypothesis import given
from hypothesis import strategies as st

from hub.adapters.database import locked
from hub.adapters.mapper import PlainMapper, mapper
from hub.adapters.sealing import empty
from hub.adapters.vault import Vault
from hub.domain.people import Person
from hub.domain.streams import Recorded
from hub.domain.trajectory import Trajectory
from tests.domain.golden.events import event_classes, golden, version_of, written
from tests.given import a_vault
from tests.parts import databases

EVENTS = event_classes()
SEALED = [event for event in EVENTS if event.SEALED]
KNOWN = UUID("00000000-0000-5000-8000-0000000000aa")
words = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


def by_topic(event: type[Recorded]) -> str:
    return event.TOPIC


@contextmanager
def writing(vault: Vault) -> Iterator[None]:
    """While a transaction is open that keeps new keys."""
    with locked(vault._engine) as connection, vault.during(connection):
        yield


@pytest.fixture(scope="module")
def vault(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Vault]:
    place = tmp_path_factory.mktemp("vault")
    opened = databases.opened(place / "hub.db")
    yield a_vault(place, opened)
    opened.dispose()


def an_event(event: type[Recorded], state: dict[str, Any], stream: UUID | None = None, version: int = 1) -> Any:
    """An event of that state; whose it is are streams, as in life."""
    whose = {name: str(uuid4()) for name in set(event.SEALED.values()) if name}
    return mapper().to_domain_event(StoredEvent(stream or uuid4(), version, event.TOPIC, json.dumps(state | whose).encode()))


def an_example(event: type[Recorded]) -> Any:
    return an_event(event, example_of(event))


def example_of(event: type[Recorded]) -> dict[str, Any]:
    example = written(golden(event.TOPIC, version_of(event)))
    if event is Trajectory.SignalRecorded:
        example["informed"] = {"how": "spoken", "when": "2026-03-01", "by": "somebody", "reasonNot": ""}
    if event is Trajectory.PlanAdopted:
        goal = {name: f"some {name}" for name in ("goal", "area", "specific", "measurable", "achievable", "relevant", "owner")}
        example["goals"] = [goal, goal | {"specific": "another thing"}]
    if event is Trajectory.MeetingHeld:
        resolution = {name: f"some {name}" for name in ("id", "words", "owner", "due")}
        example["resolutions"] = [resolution, resolution | {"words": "another thing"}]
    if event is Trajectory.MeasurementTaken:
        example["scores"] = [{"domain": "some domain", "score": score} for score in ("1", "2")]
    return example


def stored(mapped: PlainMapper, vault: Vault, event: Any) -> StoredEvent:
    with writing(vault):
        return mapped.to_stored_event(event)


# There and back -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", SEALED, ids=by_topic)
def test_what_is_sealed_opens_as_it_was_said_and_stands_nowhere_in_the_clear(event: type[Recorded], vault: Vault) -> None:
    mapped, said = mapper(vault), an_example(event)
    kept = stored(mapped, vault, said)
    plain = json.loads(kept.state)
    assert mapped.to_domain_event(kept) == said
    assert vars(mapped.to_domain_event(kept)) == vars(said)
    assert plain.pop("sealed")
    for path in event.SEALED:
        name, _, inner = path.partition("[].")
        name = name.partition(".")[0]
        values = [goal[inner] for goal in plain[name]] if inner else plain[name]
        assert values == empty(values)


@given(st.sampled_from(SEALED), st.data())
def test_any_words_open_as_they_were_said(vault: Vault, event: type[Recorded], data: st.DataObject) -> None:
    example = example_of(event)
    state = filled(example, data)
    sealed = {path.split("[")[0].split(".")[0] for path in event.SEALED}
    kept = {name: (state if name in sealed else example)[name] for name in example}
    said = an_event(event, kept)
    mapped = mapper(vault)
    assert vars(mapped.to_domain_event(stored(mapped, vault, said))) == vars(said)


def filled(value: Any, data: st.DataObject) -> Any:
    """The same form with other words."""
    if isinstance(value, str):
        return data.draw(words)
    if isinstance(value, list):
        return [filled(each, data) for each in value]
    return {name: filled(each, data) for name, each in value.items()} if isinstance(value, dict) else value


@pytest.mark.parametrize("event", EVENTS, ids=by_topic)
def test_an_event_from_before_the_vault_still_reads(event: type[Recorded], vault: Vault) -> None:
    said = an_example(event)
    assert mapper(vault).to_domain_event(mapper().to_stored_event(said)) == said


def test_an_event_that_says_nothing_of_people_is_stored_as_plain_json(vault: Vault) -> None:
    said = an_example(Trajectory.ClockStarted)
    assert stored(mapper(vault), vault, said) == mapper().to_stored_event(said)


def test_an_event_whose_words_are_empty_needs_no_key(vault: Vault) -> None:
    said = an_event(Trajectory.PersonJoined, written(golden("person-joined", 1)) | {"born": ""})
    assert b"sealed" not in stored(mapper(vault), vault, said).state


def test_the_same_words_are_sealed_differently_each_time(vault: Vault) -> None:
    said = an_example(Person.Named)
    assert stored(mapper(vault), vault, said).state != stored(mapper(vault), vault, said).state


# Nowhere else ---------------------------------------------------------------------------------------------


def two_notes(vault: Vault) -> tuple[StoredEvent, StoredEvent]:
    """Two corrections of one family, one after the other."""
    family, example = uuid4(), written(golden("correction-noted", 1))
    first, second = (an_event(Trajectory.CorrectionNoted, example, family, version) for version in (2, 3))
    mapped = mapper(vault)
    return stored(mapped, vault, first), stored(mapped, vault, second)


def refused(vault: Vault, event: StoredEvent) -> None:
    with pytest.raises(MapperDeserialisationError, match="does not open: it was changed, cut short or put there from elsewhere"):
        mapper(vault).to_domain_event(event)


def changed(event: StoredEvent, **but: Any) -> StoredEvent:
    return replace(event, state=json.dumps(json.loads(event.state) | but, separators=(",", ":")).encode())


def test_a_ciphertext_opens_in_its_own_event_alone(vault: Vault) -> None:
    first, second = two_notes(vault)
    refused(vault, replace(first, state=second.state))
    refused(vault, replace(first, originator_version=7))
    refused(vault, replace(first, topic=Trajectory.TermMet.TOPIC))
    refused(vault, changed(first, sealed=json.loads(second.state)["sealed"]))


def test_a_ciphertext_opens_for_its_own_subject_alone(vault: Vault) -> None:
    joined = an_event(Trajectory.PersonJoined, written(golden("person-joined", 1)))
    kept = stored(mapper(vault), vault, joined)
    (text,) = json.loads(kept.state)["sealed"].values()
    with writing(vault):
        assert vault.seal(kept.originator_id, b"so that this stream has a key", b"")
    refused(vault, changed(kept, sealed={"": text}))


def test_a_ciphertext_that_was_cut_short_or_changed_is_refused(vault: Vault) -> None:
    first, _ = two_notes(vault)
    (text,) = json.loads(first.state)["sealed"].values()
    raw = b64decode(text)
    for other in (raw[:-1], raw[:20], raw[:5], b"", bytes([raw[0] ^ 1]) + raw[1:], raw[:-1] + bytes([raw[-1] ^ 1])):
        refused(vault, changed(first, sealed={"": b64encode(other).decode()}))
    for nonsense in ("%", "ééé", 7, None, {"": text}):
        refused(vault, changed(first, sealed={"": nonsense}))
    refused(vault, changed(first, sealed={"nobody": text}))


def test_a_refusal_quotes_nothing(vault: Vault) -> None:
    first, _ = two_notes(vault)
    with pytest.raises(MapperDeserialisationError) as refusal:
        mapper(vault).to_domain_event(changed(first, sealed={"": "Voorbeeld"}))
    assert "Voorbeeld" not in str(refusal.value)
    assert refusal.value.__cause__ is None


# Without the key -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("event", SEALED, ids=by_topic)
def test_without_its_key_an_event_reads_back_empty_and_in_the_same_form(event: type[Recorded], vault: Vault) -> None:
    mapped, said = mapper(vault), an_example(event)
    kept = stored(mapped, vault, said)
    whose = {UUID(getattr(said, name)) if name else said.originator_id for name in event.SEALED.values()}
    with locked(vault._engine) as connection, vault.during(connection):
        vault.destroy(whose, connection)
    vault.look()
    plain = {name: value for name, value in json.loads(kept.state).items() if name != "sealed"}
    emptied = mapper().to_domain_event(replace(kept, state=json.dumps(plain).encode()))
    assert vars(mapped.to_domain_event(kept)) == vars(emptied) != vars(said)


def test_nothing_is_kept_any_more_of_whom_the_key_was_destroyed(vault: Vault) -> None:
    mapped, said = mapper(vault), an_example(Person.Named)
    with locked(vault._engine) as connection, vault.during(connection):
        vault.destroy([said.originator_id], connection)
        kept = mapped.to_stored_event(said)
    assert b"sealed" not in kept.state
    assert getattr(mapped.to_domain_event(kept), "bsn") == ""  # noqa: B009
