"""A hub goes on where an earlier one stopped: on the files that one left, and on its rows in the other database."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from pathlib import Path
from threading import Event, Thread
from uuid import UUID

import pytest
from sqlalchemy import Engine

from hub import projections
from hub.adapters.channels.webhook import queue
from hub.adapters.database import engine
from hub.adapters.migrations import STORES, bring_up, revisions, stands_at
from hub.adapters.once import Once
from hub.adapters.sealed_row import SealedRow
from hub.domain.messages import Message
from hub.domain.processing import Wanted
from hub.domain.trajectory import Trajectory
from hub.errors import NotKnown, Unavailable
from hub.ports import Asked, SetClock
from hub.registry import Terms
from hub.settings import Settings
from hub.wiring import Hub
from hub.wiring.made import keks_given
from tests.adapters.earlier_hubs import HUBS, KEK, fill, restore, the_keys
from tests.adapters.registered import public
from tests.given import NOON, a_number
from tests.journeys.running import STRUCTURED, Sender, a_child, a_worry

LATER = NOON + timedelta(hours=2)
SCHOOL = Sender("any-partner", "any-partner", f"{99:08}{10002:012}")
SEALED, ELSEWHERE = "before_revisions", "on postgresql"


@pytest.fixture(params=[*HUBS, ELSEWHERE])
def settings(request: pytest.FixtureRequest, tmp_path: Path) -> Settings:
    """Those of a hub on what an earlier one left."""
    if request.param == ELSEWHERE:
        return on_postgresql(tmp_path, request.getfixturevalue("postgresql"))
    restore(request.param, tmp_path)
    return Settings(data_dir=tmp_path, mode="demo", kek=KEK)


def on_postgresql(place: Path, database: str) -> Settings:
    """The rows of the later of those hubs, in the tables that it would have had there."""
    for store in STORES:
        with opened(database, store) as one:
            fill(one, store, "0002" if store == "log" else "0001")
            forget_what_is_built_anew(one, store)
    settings = Settings(data_dir=place, mode="demo", kek=KEK, database_url=database)
    keks = keks_given(settings)
    assert keks is not None
    with opened(database, "log") as log:
        bring_up(log, "log")
        SealedRow(log, settings.hub_keys.name, keks).make(the_keys())
    return settings


def forget_what_is_built_anew(opened: Engine, store: str) -> None:
    """Rows of read models and indexes were not brought along, so nothing may say that they are there."""
    with opened.begin() as connection:
        if store == "log":
            connection.exec_driver_sql("DELETE FROM index_shapes")
        if store == "views":
            connection.exec_driver_sql("UPDATE positions SET shape = ''")


@contextmanager
def opened(url: str, store: str) -> Iterator[Engine]:
    made = engine(url, store)
    try:
        yield made
    finally:
        made.dispose()


@pytest.fixture
def hub(settings: Settings) -> Iterator[Hub]:
    """This hub on them, two hours later."""
    made = Hub.open(settings, SetClock(LATER))
    with closing(made):
        yield made


@pytest.fixture
def sealing(settings: Settings, hub: Hub) -> Hub:
    """The same, where the earlier hub had a vault and a front door."""
    if "message-8" not in messages(hub):
        pytest.skip("that hub had none")
    return hub


def messages(hub: Hub) -> dict[str, Message.Received]:
    decoded = (hub.mapper.to_domain_event(one) for _, one in hub.log.read(0, 1_000))
    return {event.event_id: event for event in decoded if isinstance(event, Message.Received)}


def family_of(hub: Hub, message: str) -> UUID:
    return UUID(messages(hub)[message].signals[0]["family"])


def test_every_store_stands_at_its_newest_revision(hub: Hub) -> None:
    for store in STORES:
        with getattr(hub.stored, store).connect() as connection:
            assert stands_at(connection) == revisions(store)[-1]


def test_a_family_is_as_it_was_and_as_it_was_before(hub: Hub) -> None:
    family = family_of(hub, "message-1")
    now, then = hub.history(family, None, None), hub.history(family, NOON, None)
    assert len(now["state"]["signals"]) == 4
    assert len(then["state"]["signals"]) == 1
    assert now["events"][: len(then["events"])] == then["events"]
    assert hub.register.read(lambda unit: unit.get(Trajectory, family)).version == len(now["events"])


def pass_on(hub: Hub) -> None:
    """Until every follower took everything, which whoever leads them does."""
    stop = Event()
    leading = Thread(target=hub.leading.run, args=(stop,))
    leading.start()
    while any(one.lag and not one.stopped_because for each in (hub.views, hub.outbox) for one in each.state()):
        hub.views.catch_up()
        hub.outbox.catch_up()
    stop.set()
    leading.join()


def test_who_was_known_is_known_again_and_what_is_said_goes_to_their_family(hub: Hub) -> None:
    before, last = family_of(hub, "message-1"), hub.log.last_position()
    # the earliest hub knew no covenants, grounds and purposes: somebody says so before its organisations go on
    hub.registry.change(SCHOOL.name, Terms(covenant="vig-2024", purposes=["early-help"], grounds=["jeugdwet-7-1-4-1"]), "operator")
    hub.registry.add_key(SCHOOL.name, public("PS256", SCHOOL.kid), "operator", LATER - timedelta(days=1), LATER + timedelta(days=1))
    body = SCHOOL.an_event(a_worry(a_child(1), concern="upbringing"), LATER, id="message-9")
    headers = {name.lower(): [text] for name, text in SCHOOL.signed(body, LATER).items()}
    (answer,) = hub.intake.receive({**headers, "content-type": [STRUCTURED]}, body)
    assert answer.result(60).value.outcome == "recorded"
    assert family_of(hub, "message-9") == before
    assert hub.log.last_position() > last


def test_read_models_show_the_family_and_ways_out_pass_over_nothing(hub: Hub) -> None:
    pass_on(hub)
    assert [one for each in (hub.views, hub.outbox) for one in each.state() if one.stopped_because] == []
    (view,) = (view for each in projections.found().values() for view in each.views if view.path == "families/{id}")
    with hub.stored.views.connect() as connection:
        assert view.ask(connection, Asked(str(family_of(hub, "message-1"))))


def test_what_waited_to_leave_waits_still(hub: Hub) -> None:
    with hub.stored.outbox.connect() as connection:
        (waiting,) = queue.listed(connection, {})
    assert (waiting["receiver"], waiting["state"], waiting["attempts"]) == ("police", "waiting", 1)
    assert [shown.notice["type"].rpartition(".")[0] for shown in hub.ways["feed"].out.after(0)][:3] == [
        "nl.vig.escalations.level-raised"
    ] * 3


def test_what_was_received_is_opened_as_it_came(hub: Hub) -> None:
    with hub.log.reading() as connection:
        posted = hub.received.fetch(connection, messages(hub)["message-1"].kept)
    assert a_number(1).encode() in posted.body


def test_who_was_erased_stays_erased(sealing: Hub) -> None:
    with sealing.log.reading() as connection, pytest.raises(NotKnown) as refused:
        sealing.received.fetch(connection, messages(sealing)["message-8"].kept)
    assert refused.value.code == "erased"


def test_who_looked_stands_in_the_log_of_what_was_read(sealing: Hub) -> None:
    lines, _ = sealing.processings.page(Wanted(family=str(family_of(sealing, "message-1"))), "", 10)
    assert {line.who.subject for line in lines} == {"somebody"}


def test_what_was_used_once_stays_used_and_what_was_asked_today_counts(sealing: Hub) -> None:
    assert Once(sealing.stored.door).is_taken("proof", "police", "an-id")
    with sealing.stored.limits.connect() as connection:
        assert connection.exec_driver_sql("SELECT organisation FROM taken").scalars().all() == ["any-partner"]


def test_an_earlier_hub_does_not_open_what_a_newer_one_made(settings: Settings) -> None:
    with opened(settings.reads_url, "reads") as reads:
        bring_up(reads, "reads")
        with reads.begin() as connection:
            connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(Unavailable, match="a newer hub made the tables of reads"):
        Hub.open(settings, SetClock(LATER))
