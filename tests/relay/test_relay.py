"""Followers of the log: in order, once, and on their own; what one takes and how far it came are one commit."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from threading import Event, Thread
from typing import Any
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Column, Connection, Engine, Integer, MetaData, Table, Text, func, insert, select
from sqlalchemy.exc import IntegrityError

from hub import projections, relay
from hub.domain.dates import PartialDate
from hub.domain.words import Axis, Level
from hub.errors import HubError
from hub.ports import Channel, Fact, Notice, Projection
from hub.relay import Relay, shown, told
from tests.given import COACH, DUTY, ELSEWHERE, NOON, Heart, a_heart, a_person, a_relay_to, a_signal
from tests.parts import databases

pytestmark = pytest.mark.usefixtures("database")

TABLES = MetaData()
SEEN = Table("seen", TABLES, Column("position", Integer, primary_key=True), Column("topic", Text, nullable=False))


def remember(facts: Sequence[Fact], connection: Connection) -> None:
    connection.execute(insert(SEEN), [{"position": fact.position, "topic": fact.event.TOPIC} for fact in facts])


MEMORY = Projection("memory", "Every fact", TABLES, remember)


@dataclass
class Fragile:
    """A projection that breaks on one kind of fact, after it has written, until it is mended."""

    breaks_on: str = "level-raised"
    is_mended: bool = False
    tables: MetaData = field(default_factory=MetaData)

    def __post_init__(self) -> None:
        self.rows = Table("fragile", self.tables, Column("position", Integer, primary_key=True))

    def apply(self, facts: Sequence[Fact], connection: Connection) -> None:
        for fact in facts:
            connection.execute(insert(self.rows), {"position": fact.position})
            if self.breaks_on == fact.event.TOPIC and not self.is_mended:
                raise LookupError("Noor Voorbeeld has no row")

    @property
    def projection(self) -> Projection:
        return Projection("fragile", "Breaks", self.tables, self.apply)


@pytest.fixture
def views(tmp_path: Path) -> Iterator[Engine]:
    opened = databases.opened(tmp_path / "views.db")
    yield opened
    opened.dispose()


def a_relay(heart: Heart, views: Engine, *followed: Projection | Channel, notices: Any = None) -> Relay:
    """A relay to these, opened."""
    followers = [shown(each) if isinstance(each, Projection) else told(each, notices or a_notice) for each in followed]
    made = a_relay_to(followers, heart, views)
    made.open()
    return made


def a_notice(fact: Fact) -> list[Notice]:
    """Every raised level is told."""
    if fact.event.TOPIC != "level-raised":
        return []
    return [Notice(UUID(fact.event.escalation), "escalation", fact.position, NOON, fact.stream_id, (), {})]


def seen(views: Engine) -> list[int]:
    with views.connect() as connection:
        return list(connection.execute(select(SEEN.c.position).order_by(SEEN.c.position)).scalars())


def standing(of: Relay, name: str) -> relay.Standing:
    return next(one for one in of.state() if one.follower == name)


# in order, once ---------------------------------------------------------------------------------------


def test_every_fact_is_passed_on_in_order(heart: Heart, views: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "BATCH", 3)
    heart.place(a_signal(), a_signal(concern="nuisance", reference="b"))
    made = a_relay(heart, views, MEMORY)
    made.catch_up()
    assert seen(views) == list(range(1, heart.log.last_position() + 1))
    assert standing(made, "memory") == relay.Standing("memory", heart.log.last_position(), 0, "")


def test_what_was_passed_on_is_not_passed_on_again(heart: Heart, views: Engine) -> None:
    heart.place(a_signal())
    a_relay(heart, views, MEMORY).catch_up()
    a_relay(heart, views, MEMORY).catch_up()
    assert seen(views) == list(range(1, heart.log.last_position() + 1))


def test_of_two_relays_at_the_same_place_only_one_passes_on(heart: Heart, views: Engine) -> None:
    heart.place(a_signal())
    one, other = a_relay(heart, views, MEMORY), a_relay(heart, views, MEMORY)
    threads = [Thread(target=each.catch_up) for each in (one, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen(views) == list(range(1, heart.log.last_position() + 1))
    assert standing(one, "memory").stopped_because == standing(other, "memory").stopped_because == ""


def test_a_relay_that_read_an_old_position_takes_nothing_twice(heart: Heart, views: Engine) -> None:
    heart.place(a_signal())
    late, first = a_relay(heart, views, MEMORY), a_relay(heart, views, MEMORY)
    groups = late._by_position()
    first.catch_up()
    assert [late._pass_on(position, group) for position, group in groups.items()] == [0]
    assert standing(late, "memory").stopped_because == ""
    assert seen(views) == list(range(1, heart.log.last_position() + 1))


def test_what_breaks_in_the_middle_leaves_neither_rows_nor_a_moved_position(heart: Heart, views: Engine) -> None:
    fragile = Fragile()
    made = a_relay(heart, views, fragile.projection)
    heart.place(a_signal())
    made.catch_up()
    with views.connect() as connection:
        assert connection.execute(select(func.count()).select_from(fragile.rows)).scalar_one() == 0
    assert standing(made, "fragile").position == 0


def test_when_the_commit_fails_nothing_was_passed_on(heart: Heart, views: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    heart.place(a_signal())
    made = a_relay(heart, views, MEMORY)
    with monkeypatch.context() as broken:

        def fails(*_: object) -> None:
            raise IntegrityError("commit", {}, Exception())

        broken.setattr(views.dialect, "do_commit", fails)
        with pytest.raises(IntegrityError):
            made.pass_on()
    assert (seen(views), standing(made, "memory").position) == ([], 0)
    made.catch_up()
    assert seen(views) == list(range(1, heart.log.last_position() + 1))


# each on its own --------------------------------------------------------------------------------------


def test_a_projection_that_breaks_is_stopped_and_named_while_the_others_go_on(heart: Heart, views: Engine) -> None:
    made = a_relay(heart, views, Fragile().projection, MEMORY)
    heart.place(a_signal())
    made.catch_up()
    heart.place(a_signal(concern="nuisance", reference="b"))
    made.catch_up()
    assert seen(views) == list(range(1, heart.log.last_position() + 1))
    assert standing(made, "fragile").lag == heart.log.last_position()
    assert standing(made, "fragile").stopped_because.startswith("LookupError")
    assert standing(made, "memory").stopped_because == ""


def test_why_it_stopped_names_nobody(heart: Heart, views: Engine) -> None:
    made = a_relay(heart, views, Fragile().projection)
    heart.place(a_signal())
    made.catch_up()
    assert "Noor" not in standing(made, "fragile").stopped_because


def test_a_mended_projection_goes_on_where_it_stopped(heart: Heart, views: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "RETRY", 0.0)
    fragile = Fragile()
    made = a_relay(heart, views, fragile.projection)
    heart.place(a_signal())
    made.pass_on()
    assert standing(made, "fragile").stopped_because
    fragile.is_mended = True
    made.catch_up()
    assert standing(made, "fragile") == relay.Standing("fragile", heart.log.last_position(), 0, "")


def test_a_new_projection_catches_up_without_keeping_the_others_behind(
    heart: Heart, views: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    heart.place(a_signal())
    a_relay(heart, views, MEMORY).catch_up()
    monkeypatch.setattr(relay, "BATCH", 1)
    made = a_relay(heart, views, MEMORY, Fragile(is_mended=True).projection)
    heart.place(a_signal(concern="isolation", reference="b"))
    made.pass_on()
    assert standing(made, "memory").lag < standing(made, "fragile").lag
    made.catch_up()
    assert [one.lag for one in made.state()] == [0, 0]


# channels ---------------------------------------------------------------------------------------------


@dataclass
class Heard:
    """A channel that keeps what it is told in its own table."""

    tables: MetaData = field(default_factory=MetaData)
    woken: list[list[int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.rows = Table("heard", self.tables, Column("position", Integer, primary_key=True))

    def accept(self, notices: Sequence[Notice], connection: Connection) -> None:
        connection.execute(insert(self.rows), [{"position": notice.position} for notice in notices])

    def in_queue(self, outbox: Engine) -> list[int]:
        with outbox.connect() as connection:
            return list(connection.execute(select(self.rows.c.position)).scalars())

    def channel(self, outbox: Engine) -> Channel:
        self.tables.create_all(outbox)
        return Channel("heard", self.accept, committed=lambda: self.woken.append(self.in_queue(outbox)))


def test_a_new_channel_starts_from_now(heart: Heart, views: Engine) -> None:
    heart.place(a_signal())
    before = heart.log.last_position()
    heard = Heard()
    made = a_relay(heart, views, heard.channel(views))
    heart.place(a_signal(concern="child-neglect", reference="b"))
    made.catch_up()
    assert heard.in_queue(views)
    assert min(heard.in_queue(views)) > before
    a_relay(heart, views, heard.channel(views)).catch_up()
    assert len(heard.in_queue(views)) == len(set(heard.in_queue(views)))


def test_a_channel_is_woken_when_what_it_took_can_be_read_by_others(heart: Heart, views: Engine) -> None:
    heard = Heard()
    made = a_relay(heart, views, heard.channel(views))
    heart.place(a_signal())
    made.catch_up()
    assert heard.woken == [heard.in_queue(views)] != [[]]


# by itself --------------------------------------------------------------------------------------------


def test_the_relay_follows_the_log_until_it_is_told_to_stop(heart: Heart, views: Engine) -> None:
    passed, stop = Event(), Event()
    heard = Heard()
    channel = heard.channel(views)
    made = a_relay(heart, views, Channel(channel.name, channel.accept, committed=passed.set))
    thread = Thread(target=made.run, args=(stop,))
    thread.start()
    heart.place(a_signal())
    assert passed.wait(30)
    stop.set()
    thread.join(30)
    assert not thread.is_alive()
    assert heard.in_queue(views)


def test_whoever_wrote_reads_it_though_nobody_passed_it_on_yet(heart: Heart, views: Engine) -> None:
    made = a_relay(heart, views, MEMORY)
    heart.place(a_signal())
    made.let_read(30)
    assert seen(views) == list(range(1, heart.log.last_position() + 1))


def test_whoever_wrote_does_not_wait_for_one_that_stopped(heart: Heart, views: Engine) -> None:
    made = a_relay(heart, views, Fragile().projection, MEMORY)
    heart.place(a_signal())
    made.let_read(3600)
    assert standing(made, "fragile").stopped_because
    assert seen(views) == list(range(1, heart.log.last_position() + 1))


def test_whoever_wrote_waits_for_what_another_process_leads(heart: Heart, views: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    reader, leader = a_relay(heart, views, MEMORY), a_relay(heart, views, MEMORY)
    monkeypatch.setattr(reader, "_leads", lambda _: False)
    heart.place(a_signal())
    thread = Thread(target=reader.let_read, args=(3600,))
    thread.start()
    assert seen(views) == []
    leader.catch_up()
    thread.join(30)
    assert not thread.is_alive()
    assert seen(views) == list(range(1, heart.log.last_position() + 1))


def test_the_relay_survives_a_database_in_trouble(heart: Heart, views: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "PATIENCE", 0.01)
    passed, stop, failed = Event(), Event(), Event()
    heard = Heard()
    channel = heard.channel(views)
    made = a_relay(heart, views, Channel(channel.name, channel.accept, committed=passed.set))
    sound = views.dialect.do_commit

    def fails_once(connection: Any) -> None:
        if not failed.is_set():
            failed.set()
            raise OSError("the disk is full")
        sound(connection)

    heart.place(a_signal())
    monkeypatch.setattr(views.dialect, "do_commit", fails_once)
    thread = Thread(target=made.run, args=(stop,))
    thread.start()
    assert passed.wait(30)
    stop.set()
    thread.join(30)
    assert failed.is_set()
    assert len(heard.in_queue(views)) == len(set(heard.in_queue(views))) > 0


# built anew -------------------------------------------------------------------------------------------


def rows_of(views: Engine, tables: MetaData) -> dict[str, list[dict[str, Any]]]:
    """All rows of a projection, in one order."""
    with views.connect() as connection:
        return {
            table.name: [dict(row) for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()]
            for table in tables.sorted_tables
        }


Step = Callable[[Heart, list[UUID]], None]


def hears(concern: str, partner: str, nth: int) -> Step:
    person = a_person(family_name=f"Gezin{'abc'[nth]}", address=type(ELSEWHERE)(postcode="4321BA", number=str(nth)))

    def step(heart: Heart, families: list[UUID]) -> None:
        reference = f"{heart.log.last_position()}"
        (placed,) = heart.place(a_signal(person, concern=concern, reference=reference), partner=partner)
        if placed.family and UUID(placed.family) not in families:
            families.append(UUID(placed.family))

    return step


def asks(nth: int) -> Step:
    person = a_person(family_name=f"Gezin{'abc'[nth]}", birth_date=PartialDate(""))

    def step(heart: Heart, _: list[UUID]) -> None:
        heart.place(a_signal(person, reference=str(heart.log.last_position())))

    return step


def decides(verb: Any, nth: int) -> Step:
    def step(heart: Heart, families: list[UUID]) -> None:
        if nth < len(families):
            heart.casework.decide(families[nth], verb, DUTY.who)

    return step


def merges(heart: Heart, families: list[UUID]) -> None:
    if len(families) > 1:
        heart.casework.merge(families[0], families[1], "the same", DUTY.who)


def separates(heart: Heart, families: list[UUID]) -> None:
    if len(families) > 1:
        heart.casework.separate(families[0], families[1], "not the same", DUTY.who)


VERBS = (
    lambda it, rules, on: it.refer("asked", rules, on),
    lambda it, _, on: it.assign_coach(COACH, on),
    lambda it, _, on: it.release_coach("room elsewhere", on),
    lambda it, rules, on: it.step_down(Axis.CARE, Level.NONE, "calm", rules, on),
    lambda it, rules, on: it.refuse_cooperation("no answer", rules, on),
    lambda it, _, on: it.unlink(min(it.signals, default=""), "not theirs", on),
    lambda it, _, on: it.end_early("moved", on),
    lambda it, _, on: it.acknowledge(min(it.escalations, default=""), on),
)
FAMILY = st.integers(0, 2)
STEPS = st.one_of(
    st.builds(
        hears,
        st.sampled_from(["upbringing", "child-neglect", "nuisance", "feedback-taken-up"]),
        st.sampled_from(["police", "school"]),
        FAMILY,
    ),
    st.builds(asks, FAMILY),
    st.builds(decides, st.sampled_from(VERBS), FAMILY),
    st.sampled_from([merges, separates]),
)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(st.tuples(STEPS, st.booleans()), min_size=4, max_size=20))
def test_rows_do_not_depend_on_how_the_facts_were_passed_on(
    steps: list[tuple[Step, bool]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    place = tmp_path_factory.mktemp("hub")
    everything = projections.found()
    live, late = (databases.opened(place / name) for name in ("live.db", "late.db"))
    with a_heart(place) as heart:
        step_by_step, families = a_relay(heart, live, *everything.values()), list[UUID]()
        for step, catches_up in steps:
            with suppress(HubError):
                step(heart, families)
            if catches_up:
                step_by_step.catch_up()
        step_by_step.catch_up()
        at_once = a_relay(heart, late, *everything.values())
        at_once.catch_up()
        before = {name: rows_of(live, each.tables) for name, each in everything.items()}
        assert before == {name: rows_of(late, each.tables) for name, each in everything.items()}
        for name in everything:
            step_by_step.rebuild(name)
        assert before == {name: rows_of(live, each.tables) for name, each in everything.items()}
        assert [one for one in (*step_by_step.state(), *at_once.state()) if one.lag or one.stopped_because] == []
    live.dispose()
    late.dispose()


def test_while_a_projection_is_built_anew_everybody_sees_the_old_rows(heart: Heart, views: Engine) -> None:
    heart.place(a_signal())
    made = a_relay(heart, views, MEMORY)
    made.catch_up()
    whole = seen(views)
    during: list[list[int]] = []
    made.rebuild("memory", lambda _done, _of: during.append(seen(views)))
    assert during
    assert all(rows == whole for rows in during)
    assert seen(views) == whole


def test_what_happens_while_a_projection_is_built_anew_is_not_lost(heart: Heart, views: Engine) -> None:
    heart.place(a_signal())
    made = a_relay(heart, views, MEMORY)
    made.catch_up()
    heart.place(a_signal(concern="nuisance", reference="b"))

    def meanwhile(done: int, of: int) -> None:
        if done == of == heart.log.last_position():
            made.catch_up()

    made.rebuild("memory", meanwhile)
    made.catch_up()
    assert seen(views) == list(range(1, heart.log.last_position() + 1))


def test_the_swap_does_not_take_back_what_was_passed_on_meanwhile(
    heart: Heart, views: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    heart.place(a_signal())
    made = a_relay(heart, views, MEMORY)
    swap = made._swap

    def later(*given: Any) -> None:
        heart.place(a_signal(concern="nuisance", reference="b"))
        made.catch_up()
        swap(*given)

    monkeypatch.setattr(made, "_swap", later)
    made.rebuild("memory")
    assert seen(views) == list(range(1, heart.log.last_position() + 1))
    assert standing(made, "memory").lag == 0


def test_a_stopped_projection_that_is_built_anew_goes_on(heart: Heart, views: Engine) -> None:
    fragile = Fragile()
    made = a_relay(heart, views, fragile.projection)
    heart.place(a_signal())
    made.catch_up()
    fragile.is_mended = True
    assert made.rebuild("fragile") == heart.log.last_position()
    assert standing(made, "fragile") == relay.Standing("fragile", heart.log.last_position(), 0, "")


def test_a_projection_that_cannot_be_built_anew_keeps_its_rows(heart: Heart, views: Engine) -> None:
    fragile = Fragile(is_mended=True)
    made = a_relay(heart, views, fragile.projection)
    heart.place(a_signal())
    made.catch_up()
    before = rows_of(views, fragile.tables)
    fragile.is_mended = False
    with pytest.raises(LookupError):
        made.rebuild("fragile")
    assert rows_of(views, fragile.tables) == before != {"fragile": []}
    assert standing(made, "fragile").lag == 0


def test_a_channel_cannot_be_built_anew(heart: Heart, views: Engine) -> None:
    with pytest.raises(KeyError):
        a_relay(heart, views, Heard().channel(views)).rebuild("heard")


def test_tables_of_another_shape_are_built_anew_at_the_start(heart: Heart, views: Engine) -> None:
    heart.place(a_signal())
    a_relay(heart, views, MEMORY).catch_up()
    wider = MetaData()
    table = Table("seen", wider, Column("position", Integer, primary_key=True), Column("version", Integer, nullable=False))

    def apply(facts: Sequence[Fact], connection: Connection) -> None:
        rows = [{"position": fact.position, "version": fact.event.originator_version} for fact in facts]
        connection.execute(insert(table), rows)

    a_relay(heart, views, Projection("memory", "Every fact", wider, apply)).catch_up()
    assert len(rows_of(views, wider)["seen"]) == heart.log.last_position()


def test_an_older_log_that_was_put_back_is_followed_from_its_beginning(
    heart: Heart, views: Engine, tmp_path_factory: pytest.TempPathFactory
) -> None:
    heart.place(a_signal(), a_signal(concern="nuisance", reference="b"))
    a_relay(heart, views, MEMORY).catch_up()
    with a_heart(tmp_path_factory.mktemp("older")) as older:
        older.place(a_signal())
        made = a_relay(older, views, MEMORY)
        made.catch_up()
        assert seen(views) == list(range(1, older.log.last_position() + 1))
        assert standing(made, "memory").lag == 0


def test_a_projection_built_anew_by_another_process_goes_on_here(
    heart: Heart, views: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "RETRY", 0.0)
    fragile = Fragile()
    here, there = a_relay(heart, views, fragile.projection), a_relay(heart, views, fragile.projection)
    heart.place(a_signal())
    here.catch_up()
    assert standing(here, "fragile").stopped_because
    fragile.is_mended = True
    there.rebuild("fragile")
    heart.place(a_signal(concern="nuisance", reference="b"))
    here.catch_up()
    assert standing(here, "fragile") == relay.Standing("fragile", heart.log.last_position(), 0, "")


def test_two_threads_that_pass_on_at_once_give_every_fact_once_and_in_order(heart: Heart, views: Engine) -> None:
    made = a_relay(heart, views, MEMORY)
    for _ in range(40):
        heart.place(a_signal(reference=str(uuid4())))
        threads = [Thread(target=made.catch_up) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert standing(made, "memory").stopped_because == ""
    assert seen(views) == list(range(1, heart.log.last_position() + 1))


@pytest.mark.parametrize("names", ["ab", "yz"])
def test_when_another_process_moved_a_follower_it_and_those_at_other_places_go_on(heart: Heart, views: Engine, names: str) -> None:
    heart.place(a_signal())
    a_relay(heart, views, MEMORY).catch_up()
    made = a_relay(heart, views, MEMORY, *(replace(MEMORY, name=name, tables=MetaData(), apply=_nothing) for name in names))
    assert len(made._by_position()) == 2
    heart.place(a_signal(reference="2"))
    a_relay(heart, views, MEMORY).catch_up()
    made.catch_up()
    heart.place(a_signal(reference="3"))
    made.catch_up()
    assert {(each.lag, each.stopped_because) for each in made.state()} == {(0, "")}
    assert seen(views) == list(range(1, heart.log.last_position() + 1))


def _nothing(_facts: Sequence[Fact], _connection: Connection) -> None:
    """A follower that keeps no rows."""
