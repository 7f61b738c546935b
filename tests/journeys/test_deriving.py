"""Escalations derived anew, from the messages that partners signed and the matrix of then, are those that were recorded."""

import json
import os
import random
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import Connection, delete, select, update

from hub.adapters import event_store
from hub.adapters.contracts import contract_path
from hub.adapters.received import RECEIVED
from hub.derivation import Derived, Difference
from hub.domain.concerns import CONCERNS
from hub.domain.rules import Rules
from hub.domain.trajectory import Trajectory
from hub.domain.words import Axis, Level
from hub.errors import HubError
from hub.wiring.derived import derivation_of
from tests.api.running import Running, a_child, a_worry, an_event, running
from tests.journeys.test_verifying import as_administrator

EVENTS = event_store.EVENTS
WEIGHING = ("honour-violence", "upbringing", "aggression", "debts", "absence")
SAID = [concern for concern in WEIGHING if concern in CONCERNS]


@pytest.fixture
async def hub(database: str, tmp_path: Path) -> Any:
    """A hub with two families, of which levels rose."""
    with running(tmp_path) as opened:
        for nth, concern in enumerate(("honour-violence", "upbringing", "honour-violence"), start=1):
            opened.clock.set(opened.clock.now() + timedelta(days=3))
            said = await opened.post(an_event(a_worry(people=[a_child(1 + nth % 2)], concern=concern), id=str(nth)))
            assert said.status_code == 201
        yield opened


def families(hub: Running) -> list[UUID]:
    with hub.hub.stored.log.connect() as connection:
        opened = event_store.mentioning("", Trajectory.Opened.TOPIC, 0, connection)
    return [UUID(str(each.originator_id)) for each in opened]


def derived(hub: Running, tally: Derived | None = None, **but: Any) -> list[Difference]:
    """Where something does not follow."""
    derivation = replace(derivation_of(hub.hub), **but)
    return [each for family in families(hub) for each in derivation(family, tally or Derived())]


def raised(hub: Running) -> list[Trajectory.LevelRaised]:
    facts = (fact for family in families(hub) for fact in hub.hub.history.facts(family))
    return [fact for fact in facts if isinstance(fact, Trajectory.LevelRaised)]


def test_all_that_was_recorded_follows_from_what_partners_signed(hub: Running) -> None:
    tally = Derived()
    assert derived(hub, tally) == []
    assert (tally.families, tally.signals, tally.escalations, tally.erased) == (2, 3, len(raised(hub)), 0)
    assert tally.escalations >= 2


@pytest.mark.parametrize("seed", range(5))
async def test_all_follows_whatever_people_and_partners_did_in_between(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311
    with running(tmp_path) as hub:
        posted: list[str] = []
        for nth in range(40):
            hub.clock.set(hub.clock.now() + timedelta(days=chance.randrange(20), hours=1))
            await something_happens(hub, chance, nth, posted)
        tally = Derived()
        assert derived(hub, tally) == []
        assert tally.escalations == len(raised(hub)) > 0


async def something_happens(hub: Running, chance: random.Random, nth: int, posted: list[str]) -> None:
    """A partner says something, or a person decides something; what is not allowed is refused, and nothing changes."""
    known, casework = families(hub), hub.hub.casework
    match chance.randrange(10) if known else 0:
        case 0 | 1 | 2 | 3 | 4:
            people = [a_child(chance.randrange(1, 4)) for _ in range(chance.randrange(1, 3))]
            earlier = {chance.choice(("corrects", "withdraws")): chance.choice(posted)} if posted and chance.random() < 0.3 else {}
            worry = a_worry(people=people, concern=chance.choice(SAID))
            said = await hub.post(an_event(worry, id=str(nth), extensions=earlier))
            if said.status_code == 201 and "withdraws" not in earlier:
                posted.append(str(nth))
        case 5:
            _tried(casework.merge, chance.choice(known), chance.choice(known), "one household", "desk")
        case 6:
            _tried(casework.separate, chance.choice(known), chance.choice(known), "two after all", "desk")
        case 7:
            family = chance.choice(known)
            people = _now(hub, family).people
            _tried(casework.split, family, [chance.choice(list(people))] if people else [], "another household", "desk")
        case 8:
            family = chance.choice(known)
            signals = list(_now(hub, family).signals)
            if signals:
                _tried(casework.move_signal, chance.choice(signals), family, chance.choice(known), "about them", "desk")
        case 9:
            axis = chance.choice(list(Axis))
            verb = lambda family, rules, on: family.step_down(axis, Level.NONE, "it is calm", rules, on)  # noqa: E731
            _tried(casework.decide, chance.choice(known), verb, "desk")


def _tried(verb: Any, *said: Any) -> None:
    try:
        verb(*said)
    except HubError:
        return


def _now(hub: Running, family: UUID) -> Trajectory:
    return hub.hub.register.read(lambda unit: unit.get(Trajectory, family))


# Somebody changed something ------------------------------------------------------------------------------


@contextmanager
def forged(hub: Running, topic: str) -> Iterator[tuple[Connection, Any, Any]]:
    """Whoever owns the databases and the keys writes an event of the log anew: gives a way to, its row, and the event."""
    with as_administrator(hub.hub.stored.log) as connection:
        row = connection.execute(select(EVENTS).where(EVENTS.c.topic == topic).order_by(EVENTS.c.position)).mappings().first()
        assert row is not None
        (stored,) = [each for at, each in event_store.standing_at([row["position"]], connection)]
        yield connection, row, hub.hub.mapper.to_domain_event(stored)


@pytest.mark.parametrize(
    "but",
    [
        {"level_to": 4},
        {"level_to": 1},
        {"rule": "care-2-serious"},
        {"matrix": "2024-1"},
        {"signals": []},
        {"leads": "nobody"},
        {"tell": ["police"]},
        {"levers": []},
        {"contact": "other@example.org"},
        {"acknowledge_by": None},
    ],
    ids=lambda but: next(iter(but)) + str(next(iter(but.values()))),
)
def test_an_escalation_that_was_written_anew_is_found_and_named(hub: Running, but: dict[str, Any]) -> None:
    with forged(hub, Trajectory.LevelRaised.TOPIC) as (connection, row, event):
        stored = hub.hub.mapper.to_stored_event(replace(event, **but))
        connection.execute(update(EVENTS).where(EVENTS.c.position == row["position"]).values(state=stored.state))
    found = derived(hub)
    assert (found[0].family, found[0].version) == (event.originator_id, event.originator_version)
    assert found[0].recorded != found[0].derived


def test_an_escalation_that_was_taken_out_is_missed(hub: Running) -> None:
    with forged(hub, Trajectory.LevelRaised.TOPIC) as (connection, row, event):
        mine = EVENTS.c.stream_id == row["stream_id"]
        connection.execute(delete(EVENTS).where(mine, EVENTS.c.version >= row["version"]))
    found = derived(hub)
    assert [(each.version, each.what) for each in found] == [(event.originator_version - 1, "an axis should have risen after it")]
    assert b"level-raised" in found[0].derived


def test_a_signal_that_is_not_what_its_partner_signed_is_found(hub: Running) -> None:
    with forged(hub, Trajectory.SignalRecorded.TOPIC) as (connection, row, event):
        with hub.hub.vault.during(connection):
            stored = hub.hub.mapper.to_stored_event(replace(event, weight=1, concern="upbringing"))
        connection.execute(update(EVENTS).where(EVENTS.c.position == row["position"]).values(state=stored.state))
    assert "is not what was signed" in [each.what for each in derived(hub)]


def test_bytes_that_are_not_what_was_signed_are_derived_from_no_more(hub: Running) -> None:
    with as_administrator(hub.hub.stored.log) as connection:
        row = connection.execute(select(RECEIVED)).mappings().first()
        assert row is not None
        body = row["body"][:-1] + bytes([row["body"][-1] ^ 1])
        connection.execute(update(RECEIVED).where(RECEIVED.c.kept == row["kept"]).values(body=body))
    assert any("its bytes or its signature were changed" in each.what for each in derived(hub))


def test_another_matrix_than_that_of_then_gives_something_else(hub: Running) -> None:
    now = hub.hub.families.rules

    def laxer(moment: Any) -> Rules:
        rules = now(moment)
        return replace(rules, matrix=replace(rules.matrix, rules=tuple(rule for rule in rules.matrix.rules if rule.level < 3)))

    assert derived(hub, rules=laxer)


def test_a_message_that_named_somebody_who_was_erased_is_taken_from_the_record_and_counted(hub: Running) -> None:
    person = next(iter(_now(hub, families(hub)[0]).people))
    hub.hub.erase(UUID(person), "avg-17-1-b", "desk")
    tally = Derived()
    assert derived(hub, tally) == []
    assert tally.erased > 0


# On a terminal -------------------------------------------------------------------------------------------


def asked(place: Path, *said: object, contracts: Path | None = None) -> tuple[int, str]:
    """With what it ended, and all that it said."""
    command = [sys.executable, "-m", "hub", "audit", "derive", "--quiet", *map(str, said)]
    env = os.environ | {"HUB_DATA_DIR": str(place)} | ({"HUB_CONTRACTS_DIR": str(contracts)} if contracts else {})
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=False)
    return run.returncode, run.stdout + run.stderr


@pytest.fixture
async def place(tmp_path: Path) -> Path:
    """Where a hub keeps what it has, that was stopped after a family came to escalate."""
    place = tmp_path / "hub"
    place.mkdir()
    with running(place, database_url="") as opened:
        said = await opened.post(an_event(a_worry(people=[a_child(1)], concern="honour-violence")))
        assert said.status_code == 201
    return place


def test_where_all_follows_it_says_so_and_what_it_did_not_look_at(place: Path) -> None:
    code, said = asked(place)
    assert code == 0, said
    assert "families 1, signals 1, escalations that follow 1" in said
    assert "All that was recorded follows, byte for byte." in said
    assert "not decided anew: who was meant" in said


def test_a_matrix_file_that_was_changed_afterwards_is_found(place: Path, tmp_path: Path) -> None:
    contracts = shutil.copytree(contract_path(), tmp_path / "contracts")
    file = contracts / "intervention-matrix" / "2026-1.json"
    matrix = json.loads(file.read_bytes())
    matrix["rules"] = [rule for rule in matrix["rules"] if rule["id"] != "safety-3-acute"]
    file.write_text(json.dumps(matrix))
    code, said = asked(place, contracts=contracts)
    assert code == 1, said
    assert re.search(r"family [0-9a-f-]{36}, event \d+: does not follow", said)
    assert "safety-3-acute" in said
    assert "differ" in said


def test_a_family_that_there_is_not_is_refused(place: Path) -> None:
    code, said = asked(place, "00000000-0000-4000-8000-000000000000")
    assert code == 1
    assert "There is no family by that id." in said
