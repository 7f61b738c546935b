"""A hub is backed up while it works and restored elsewhere: all that it answered for is there, and it goes on from there."""

import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from random import Random, SystemRandom
from threading import Event, Thread
from typing import Any
from zipfile import ZipFile

import pytest
import structlog
from sqlalchemy import Connection, Table, insert, inspect, make_url, select
from typer.testing import CliRunner

from hub import notices, projections, relay
from hub.__main__ import app
from hub.adapters import backup
from hub.adapters.backup import Manifest
from hub.adapters.channels.feed import FEED
from hub.adapters.channels.kafka.queue import TELLINGS
from hub.adapters.channels.mail import queue as mails
from hub.adapters.channels.mail.queue import Item
from hub.adapters.channels.webhook.queue import DELIVERIES
from hub.adapters.evidence.notary import COSIGNATURES
from hub.adapters.kek import FromFile, Keks
from hub.adapters.migrations import STORES, VERSION
from hub.adapters.once import Once
from hub.domain.messages import Message
from hub.domain.subscriptions import Payload, Wish
from hub.errors import HubError, RuleBroken
from hub.ports import Fact
from hub.relay import Relay
from hub.settings import Settings
from hub.wiring import INDEXES, Hub, kept
from hub.wiring.hub import READ_MODELS
from hub.wiring.stored import has_hub
from tests.faults.load import Children, Load, working
from tests.given import NOON
from tests.journeys.running import Process, Sender, a_child, a_worry, serving
from tests.parts import databases
from tests.parts import postgresql as postgresqls
from tests.parts.shared import Run
from tests.passing import notarised

NOWHERE = "http://127.0.0.1:1/hook"
AROUND = {"HUB_WEBHOOK_ALLOW": "127.0.0.0/8"}
A_TELLING = {
    "receiver": "police",
    "sequence": 1,
    "position": 1,
    "notice": "one",
    "family": "one",
    "event": b"{}",
    "accepted_at": "2026-03-02T12:00:00.000000+00:00",
    "is_told": True,
}
CONCERNS = ("honour-violence", "domestic-violence", "debts", "unknown-to-the-register", "child-neglect")


def quiet(what: str, done: int, of: int) -> None:
    """Whoever does not want to know how far it is."""


def rows(tables: Sequence[Table], connection: Connection) -> dict[str, list[tuple[Any, ...]]]:
    return {table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr) for table in tables}


def kept_rows(hub: Hub) -> dict[str, Any]:
    """Everything that a backup has to hold."""
    found = {}
    for store in kept.kept_of(hub):
        with store.engine.connect() as connection:
            found[store.name] = rows(store.tables, connection)
    return found


def built_rows(hub: Hub) -> dict[str, Any]:
    """Everything that is built anew: the indexes and the read models."""
    _catch_up(hub.views)
    found = {}
    for projection in (*INDEXES, *projections.found().values()):
        opened = hub.stored.log if projection in INDEXES else hub.stored.views
        with opened.connect() as connection:
            found[projection.name] = rows(projection.tables.sorted_tables, connection)
    return found


def _catch_up(relay: Relay) -> None:
    def is_there() -> bool:
        relay.catch_up()
        return all(standing.lag == 0 for standing in relay.state())

    until(is_there)


def until(holds: Callable[[], bool], timeout: float = 90.0) -> None:
    end = time.monotonic() + timeout
    while not holds():
        assert time.monotonic() < end, "it does not come to that"
        time.sleep(0.01)


@contextmanager
def a_hub(settings: Settings) -> Iterator[Hub]:
    """A hub in this process, which leads all that it is asked to do."""
    hub, stop = Hub.open(settings, environment=AROUND), Event()
    leading = Thread(target=hub.leading.run, args=(stop,), daemon=True)
    leading.start()
    try:
        yield hub
    finally:
        stop.set()
        leading.join()
        hub.close()


def a_hub_that_worked(data: Path) -> None:
    """A hub that has something in every table."""
    with serving(data, police=NOWHERE, veilig_thuis=NOWHERE) as served:
        sender = served.partners["any-partner"]
        served.hub.subscribing.subscribe("police", Wish(payload=Payload.LEAN), "police")
        for nth, concern in enumerate(CONCERNS):
            assert served.post(sender, sender.an_event(a_worry(a_child(nth), concern=concern), NOON)).status_code < 300
        assert served.ask("/v1/radar").status_code == 200
        Once(served.hub.stored.door).take("proof", "police", "an-id", NOON + timedelta(days=1), NOON)
        notarised(served.hub)
        with served.hub.stored.evidence.begin() as connection:
            connection.execute(insert(COSIGNATURES), {"tree": "events", "size": 1, "witness": "w.example.org", "line": "a line"})
        with served.hub.stored.outbox.begin() as connection:
            connection.execute(insert(relay.STOPPED), {"follower": "nobody", "position": 0, "because": "a test"})
            connection.execute(insert(TELLINGS), A_TELLING)
            mails.queue(connection, [Item("operator", "callback-given-up", "a-notice", "police", "", NOON, None)], NOON)


Places = Callable[[str, str, Path], Settings]


@pytest.fixture
def places(tmp_path: Path, the_run: Run) -> Iterator[Places]:
    """Empty places for hubs: by name, on either kind of database, under the key-encryption key in a file."""
    with ExitStack() as made:

        def a_place(name: str, kind: str, kek: Path) -> Settings:
            is_file = kind == databases.SQLITE
            url = "" if is_file else made.enter_context(postgresqls.fresh(postgresqls.at_hand(the_run)))
            return Settings(data_dir=tmp_path / name, database_url=url, mode="demo", kek_file=str(kek))

        yield a_place


def restore(settings: Settings, file: Path, progress: backup.Progress = quiet) -> None:
    keks = Keks(FromFile(Path(settings.kek_file)))
    with backup.reading(file, keks) as found:
        kept.restore(settings, found, keks, progress)


@dataclass(frozen=True)
class Known:
    """A backup of a hub that has something in every table, and what was in them."""

    file: Path
    manifest: Manifest
    kept: Mapping[str, Any]
    built: Mapping[str, Any]
    kek: Path


@pytest.fixture(scope="module")
def known(database_of_module: str, tmp_path_factory: pytest.TempPathFactory) -> Known:
    place = tmp_path_factory.mktemp("known")
    data, file = place / "data", place / "backup.zip"
    a_hub_that_worked(data)
    with a_hub(Settings(data_dir=data, database_url=databases.url_of(data), mode="demo")) as hub:
        built = built_rows(hub)
        manifest = kept.back_up(hub, file, quiet)
        return Known(file, manifest, kept_rows(hub), built, data / "kek.json")


# What is in it -----------------------------------------------------------------------------------------


def test_everything_in_a_hub_is_kept_or_left_out_for_a_reason(database: str, tmp_path: Path) -> None:
    with a_hub(Settings(data_dir=tmp_path, database_url=databases.url_of(tmp_path), mode="demo")) as hub:
        there = {f"{name}.{table}" for name in STORES for table in inspect(getattr(hub.stored, name)).get_table_names()}
    told = {f"{name}.{table}" for name, each in kept.KEPT.items() for tables in each for table in tables.tables}
    left_out = {name for name in there if {name.partition(".")[0], name} & kept.LEFT_OUT.keys()}
    built = {f"log.{table}" for index in INDEXES for table in index.tables.tables}
    assert not told & left_out
    assert there - {f"{name}.{VERSION}" for name in STORES} == told | (left_out - {f"views.{VERSION}"}) | built


def test_there_is_something_in_every_table_here(known: Known) -> None:
    assert [(store, table) for store, tables in known.kept.items() for table, found in tables.items() if not found] == []


def test_anybody_can_look_into_it_with_ordinary_tools(known: Known) -> None:
    with ZipFile(known.file) as opened:
        assert opened.testzip() is None
        lines = [json.loads(line) for line in opened.read("log/events.jsonl").splitlines()]
    assert [line[0] for line in lines] == list(range(1, known.manifest.last_position + 1))


def test_the_key_encryption_key_is_not_in_it_but_said_by_its_id(known: Known) -> None:
    (key,) = json.loads(known.kek.read_text())
    with ZipFile(known.file) as opened:
        content = b"".join(opened.read(name) for name in opened.namelist())
    assert key.encode() not in content + known.file.read_bytes()
    assert known.manifest.keks == (Keks(FromFile(known.kek)).present().id,)


# There and back ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", databases.KINDS)
def test_every_row_comes_back_whatever_database_it_came_from(known: Known, kind: str, places: Places) -> None:
    settings = places("restored", kind, known.kek)
    restore(settings, known.file)
    with a_hub(settings) as hub:
        assert kept_rows(hub) == known.kept
        assert built_rows(hub) == known.built


def test_what_moved_to_postgresql_and_back_is_what_it_was(places: Places, tmp_path: Path) -> None:
    a_hub_that_worked(tmp_path / "first")
    found, settings = [], Settings(data_dir=tmp_path / "first", mode="demo")
    for nth, kind in enumerate((databases.POSTGRESQL, databases.SQLITE)):
        with a_hub(settings) as hub:
            manifest = kept.back_up(hub, tmp_path / f"{nth}.zip", quiet)
            found.append((manifest.last_position, manifest.stores, kept_rows(hub), built_rows(hub)))
        settings = places(str(nth), kind, tmp_path / "first" / "kek.json")
        restore(settings, tmp_path / f"{nth}.zip")
    with a_hub(settings) as hub:
        manifest = kept.back_up(hub, tmp_path / "last.zip", quiet)
        found.append((manifest.last_position, manifest.stores, kept_rows(hub), built_rows(hub)))
    assert found[0] == found[1] == found[2]


@pytest.mark.parametrize("kind", databases.KINDS)
def test_what_comes_after_is_numbered_on(known: Known, kind: str, places: Places) -> None:
    settings = places("restored", kind, known.kek)
    restore(settings, known.file)
    with a_hub(settings) as hub, hub.stored.outbox.begin() as connection:
        *_, last = connection.execute(select(DELIVERIES).order_by(DELIVERIES.c.id)).mappings()
        row = {**last, "notice": "another", "sequence": last["sequence"] + 100}
        del row["id"]
        (added,) = connection.execute(insert(DELIVERIES).values(row)).inserted_primary_key
        assert added > last["id"]


def test_where_there_is_a_hub_nothing_is_restored(known: Known, database: str, tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url=databases.url_of(tmp_path), mode="demo", kek_file=str(known.kek))
    with a_hub(settings) as hub:
        before = kept_rows(hub)
        with pytest.raises(RuleBroken, match="There is a hub"):
            restore(settings, known.file)
        assert kept_rows(hub) == before


@pytest.mark.parametrize("share", [0.0, 0.3, 0.6, 0.99])
def test_one_that_is_broken_off_leaves_nothing_and_can_be_done_again(
    known: Known, database_of_module: str, share: float, places: Places
) -> None:
    kind = database_of_module
    settings, moments = places("restored", kind, known.kek), 0

    def counting(what: str, done: int, of: int) -> None:
        nonlocal moments
        moments += 1

    restore(places("counted", kind, known.kek), known.file, counting)
    left = 1 + int(moments * share)

    def breaking_off(what: str, done: int, of: int) -> None:
        nonlocal left
        left -= 1
        if left == 0 and what != "reading the file":
            raise KeyboardInterrupt
        left = max(left, 1)

    with pytest.raises(KeyboardInterrupt):
        restore(settings, known.file, breaking_off)
    assert not any(settings.data_dir.glob("*"))
    restore(settings, known.file)
    with a_hub(settings) as hub:
        assert kept_rows(hub) == known.kept


# While it works ----------------------------------------------------------------------------------------

SENDERS = tuple(Sender(f"youth-work-{nth}", "any-partner", f"{99:08}{nth:012}", "EdDSA") for nth in (1, 2))
BEFORE, AFTER = 120, 60
"""Messages that are acknowledged before the backup begins, and after it is made."""
KILLS = 3


def command(process: Process, *said: str) -> "subprocess.CompletedProcess[str]":
    """What the command line says of the hub of that process."""
    return _ran(process.environment, said)


def told_by(settings: Settings, *said: str) -> "subprocess.CompletedProcess[str]":
    """What the command line says under these settings."""
    return _ran(environment_of(settings), said)


def _ran(environment: Mapping[str, str], said: Sequence[str]) -> "subprocess.CompletedProcess[str]":
    around = {**os.environ, **environment, "COLUMNS": "200"}
    return subprocess.run([sys.executable, "-m", "hub", *said], env=around, capture_output=True, text=True, timeout=120)


def environment_of(settings: Settings) -> dict[str, str]:
    return {
        "HUB_DATA_DIR": str(settings.data_dir),
        "HUB_DATABASE_URL": settings.database_url,
        "HUB_KEK_FILE": settings.kek_file,
        "HUB_MODE": settings.mode,
    }


@contextmanager
def launched(settings: Settings, *said: str) -> "Iterator[subprocess.Popen[bytes]]":
    """A command that runs, and is waited for at the end."""
    around = {**os.environ, **environment_of(settings)}
    with subprocess.Popen([sys.executable, "-m", "hub", *said], env=around, stderr=subprocess.DEVNULL) as running:
        yield running


def time_of(settings: Settings, file: Path) -> float:
    """Seconds that a restore takes here and now."""
    began = time.monotonic()
    assert told_by(settings, "restore", str(file)).returncode == 0
    return time.monotonic() - began


def settings_of(process: Process) -> Settings:
    return Settings.read(process.environment)


def some_loads(process: Process, seed: int) -> list[Load]:
    children = Children()
    return [Load(sender, [process.url], Random(f"{seed}{sender.name}"), children) for sender in SENDERS]  # noqa: S311


def acknowledged(loads: Sequence[Load]) -> list[tuple[str, str]]:
    assert [wrong for load in loads for wrong in load.wrong] == []
    return [(one.receipt["source"], one.receipt["id"]) for load in loads for one in list(load.acknowledged)]


def facts_of(hub: Hub) -> list[Fact]:
    decoded = ((at, hub.mapper.to_domain_event(stored)) for at, stored in hub.log.read(0, 1_000_000))
    return [Fact(at, event.originator_id, event) for at, event in decoded]


def recorded(facts: Sequence[Fact]) -> Counter[tuple[str, str]]:
    return Counter((fact.event.source, fact.event.event_id) for fact in facts if isinstance(fact.event, Message.Received))


def told(hub: Hub) -> tuple[list[int], dict[str, list[tuple[int, str]]]]:
    """The positions on the feed, and for each receiver what it was told, in the order in which it was numbered."""
    by_receiver: dict[str, list[tuple[int, str]]] = {}
    with hub.stored.outbox.connect() as connection:
        for row in connection.execute(select(DELIVERIES).order_by(DELIVERIES.c.sequence)):
            by_receiver.setdefault(row.receiver, []).append((row.sequence, row.notice))
        return list(connection.execute(select(FEED.c.position).order_by(FEED.c.position)).scalars()), by_receiver


def meant_to_be_told(hub: Hub, facts: Sequence[Fact], name: str) -> list[str]:
    organisation = hub.registrations.by_name(name)
    assert organisation is not None
    shown = (hub.disclosures.to_partner(notice, organisation) for fact in facts for notice in notices.notices(fact))
    return [str(notice.id) for notice in shown if notice is not None and organisation.kind in notice.tell]


def test_a_hub_that_is_lost_goes_on_elsewhere_from_a_backup_that_was_made_under_load(database: str, tmp_path: Path) -> None:
    first, second, file = Process(tmp_path / "first"), Process(tmp_path / "second"), tmp_path / "backup.zip"
    hub = first.open()
    for sender in (*SENDERS, Sender("police", "police", f"{99:08}{9:012}", callback=NOWHERE)):
        sender.register(hub, hub.clock.now())
    hub.close()
    first.start()
    loads = some_loads(first, 1)
    with working(*loads):
        until(lambda: len(acknowledged(loads)) >= BEFORE)
        before = acknowledged(loads)
        made = command(first, "backup", str(file))
        assert made.returncode == 0, made.stderr
        so_far = len(acknowledged(loads))
        until(lambda: len(acknowledged(loads)) >= so_far + AFTER)
    first.kill()

    second.data.mkdir()
    shutil.copy(first.data / "kek.json", second.data / "kek.json")
    put = command(second, "restore", str(file))
    assert put.returncode == 0, put.stderr
    with a_hub(settings_of(first)) as lost, a_hub(settings_of(second)) as hub:
        facts = facts_of(hub)
        assert set(before) <= recorded(facts).keys()
        assert hub.log.read(0, 1_000_000) == lost.log.read(0, len(facts)) and hub.log.last_position() == len(facts)
        assert len(facts) < lost.log.last_position()
        assert [standing.follower for standing in hub.outbox.state() if standing.position > len(facts)] == []
    assert re.search(rf"{len(facts)} events", put.stdout)

    second.start()
    again = some_loads(second, 2)
    for new, old in zip(again, loads, strict=True):  # who was answered by the hub that is lost sends again
        new._drawer.extend(one.event for one in old.acknowledged)
    with working(*again):
        until(lambda: len(acknowledged(again)) >= AFTER)
    assert second.end() == 0
    with a_hub(settings_of(second)) as hub:
        _catch_up(hub.outbox)
        facts = facts_of(hub)
        assert set(recorded(facts).values()) == {1}
        assert {*acknowledged(loads), *acknowledged(again)} <= recorded(facts).keys()
        on_the_feed, by_receiver = told(hub)
        assert on_the_feed == [notice.position for fact in facts for notice in notices.notices(fact)]
        assert [sequence for sequence, _ in by_receiver["police"]] == list(range(1, len(by_receiver["police"]) + 1))
        assert [notice for _, notice in by_receiver["police"]] == meant_to_be_told(hub, facts, "police")
        followed = built_rows(hub)
        for standing in hub.views.state():
            hub.views.rebuild(standing.follower)
        assert built_rows(hub) == followed


def test_a_restore_that_is_killed_at_any_moment_leaves_all_or_nothing(
    known: Known, database_of_module: str, places: Places
) -> None:
    kind = database_of_module
    settings, seed = places("restored", kind, known.kek), SystemRandom().getrandbits(32)
    chance, there = Random(seed), False  # noqa: S311
    usual = time_of(places("usual", kind, known.kek), known.file)
    for _ in range(KILLS):
        with launched(settings, "restore", str(known.file)) as restoring:
            time.sleep(chance.uniform(usual / 2, usual))
            restoring.kill()
        there = has_hub(settings) and not (settings.data_dir / backup.UNFINISHED).exists()
        if there:
            break
    if not there:
        assert told_by(settings, "restore", str(known.file)).returncode == 0
    with a_hub(settings) as hub:
        assert kept_rows(hub) == known.kept, f"seed {seed}"


def test_nobody_takes_what_a_killed_restore_left_for_a_hub(known: Known, places: Places) -> None:
    settings = places("restored", databases.SQLITE, known.kek)
    with launched(settings, "restore", str(known.file)) as restoring:
        until(lambda: (settings.data_dir / backup.UNFINISHED).exists() or restoring.poll() is not None)
        restoring.kill()
    assert (settings.data_dir / backup.UNFINISHED).exists()
    began = told_by(settings, "all")
    assert (began.returncode, "A restore was broken off" in began.stderr) == (1, True)
    assert told_by(settings, "restore", str(known.file)).returncode == 0
    with a_hub(settings) as hub:
        assert kept_rows(hub) == known.kept


# What the command line says ----------------------------------------------------------------------------


def typed(settings: Settings, *said: str) -> tuple[str, HubError | None]:
    """What a command printed in this process, and how the hub refused, if it did."""
    ran = CliRunner().invoke(app, said, env={**environment_of(settings), "COLUMNS": "200"})
    structlog.reset_defaults()  # what was captured is closed
    assert ran.exception is None or isinstance(ran.exception, HubError | SystemExit), ran.exception
    return ran.output, ran.exception if isinstance(ran.exception, HubError) else None


def test_it_says_what_it_holds_and_which_key_to_keep(known: Known, places: Places, tmp_path: Path) -> None:
    settings = places("restored", databases.SQLITE, known.kek)
    restore(settings, known.file)
    said, _ = typed(settings, "backup", str(tmp_path / "another.zip"))
    assert f"{known.manifest.last_position} events" in said
    assert f"only with the key-encryption key {known.manifest.keks[0]}, which is not in it" in said
    before = (tmp_path / "another.zip").read_bytes()
    assert "is there already" in typed(settings, "backup", str(tmp_path / "another.zip"))[0]
    assert (tmp_path / "another.zip").read_bytes() == before


def test_checking_a_backup_restores_nothing(known: Known, places: Places) -> None:
    settings = places("nowhere", databases.SQLITE, known.kek)
    said, refused = typed(settings, "restore", "--check", str(known.file))
    assert ("is whole" in said, refused) == (True, None)
    assert not settings.data_dir.exists()


def changed_in(settings: Settings, statement: str) -> str:
    """The id of the first row of a table, of which one bit of what is sealed was turned."""
    opened = sqlite3.connect(str(make_url(settings.log_url).database))
    table, key, sealed = statement.split()
    with closing(opened), opened:
        rows = opened.execute(f"SELECT {key}, {sealed} FROM {table} WHERE {sealed} IS NOT NULL")  # noqa: S608
        # without the key of its read models no hub opens at all
        id, before = next(row for row in rows if row[0] != READ_MODELS.hex)
        after = before[:-1] + bytes([before[-1] ^ 1])
        opened.execute(f"UPDATE {table} SET {sealed} = ? WHERE {key} = ?", (after, id))  # noqa: S608
    return str(id)


def status_of(settings: Settings, *said: str) -> tuple[int, str]:
    ran = told_by(settings, *said)
    return ran.returncode, ran.stdout + ran.stderr


def restored(settings: Settings, known: Known) -> Settings:
    restore(settings, known.file)
    Hub.open(settings, environment=AROUND).close()
    return settings


def test_it_says_how_much_was_opened_and_verified_again(known: Known, places: Places) -> None:
    messages = sum(1 for row in known.kept["log"]["events"] if "message-received" in row)
    for said in (["--check"], []):
        told, refused = typed(places(f"of{said}", databases.SQLITE, known.kek), "restore", *said, str(known.file))
        assert refused is None and f"{known.manifest.last_position} events open, {messages} messages verified." in told
        assert messages and "NOT VERIFIED" not in told


def test_a_key_of_the_vault_that_was_damaged_is_said_at_the_backup_and_by_a_check(
    known: Known, places: Places, tmp_path: Path
) -> None:
    settings = restored(places("restored", databases.SQLITE, known.kek), known)
    subject = changed_in(settings, "vault_keys subject wrapped")
    status, said = status_of(settings, "backup", str(tmp_path / "damaged.zip"))
    assert (status, f"log: vault_keys, subject {subject}" in said) == (3, True), said
    elsewhere = places("elsewhere", databases.SQLITE, known.kek)
    for more in (["--check"], []):
        _, refused = typed(elsewhere, "restore", *more, str(tmp_path / "damaged.zip"))
        assert refused is not None and f"does not open: log: vault_keys, subject {subject}" in refused.detail


def test_a_message_that_was_damaged_is_found_by_a_check_and_by_a_restore(known: Known, places: Places, tmp_path: Path) -> None:
    settings = restored(places("restored", databases.SQLITE, known.kek), known)
    kept_by = changed_in(settings, "received kept body")
    assert status_of(settings, "backup", str(tmp_path / "damaged.zip"))[0] == 0
    elsewhere = places("elsewhere", databases.SQLITE, known.kek)
    for more in (["--check"], []):
        _, refused = typed(elsewhere, "restore", *more, str(tmp_path / "damaged.zip"))
        assert refused is not None and f"does not open: log: received, kept {kept_by}" in refused.detail


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="there is no directory here that nobody may write")
def test_a_directory_that_may_not_be_written_is_said_in_words(known: Known, places: Places) -> None:
    settings = restored(places("restored", databases.SQLITE, known.kek), known)
    _, refused = typed(settings, "backup", "/proc/a-backup")
    assert refused is not None and "cannot be written in /proc" in refused.detail


@pytest.mark.parametrize("command", [["all"], ["backup", "a-backup"], ["restore", "a-backup"]])
def test_data_of_another_user_are_said_in_words(command: list[str], tmp_path: Path) -> None:
    (tmp_path / "a-backup").touch()
    theirs = tmp_path / "theirs"
    theirs.mkdir(mode=0o000)
    before = os.geteuid()
    if before == 0:
        os.seteuid(65534)
    try:
        _, refused = typed(Settings(data_dir=theirs / "data"), *command)
    finally:
        os.seteuid(before)
        theirs.chmod(0o700)
    assert refused is not None and "cannot use" in refused.detail


def test_without_a_key_or_with_another_one_nothing_is_written(known: Known, places: Places, tmp_path: Path) -> None:
    FromFile.made(tmp_path / "another.json")
    without = replace(places("without", databases.SQLITE, known.kek), kek_file="")
    another = places("another", databases.SQLITE, tmp_path / "another.json")
    for settings, words in ((without, "has to be there first"), (another, "was not given")):
        _, refused = typed(settings, "restore", str(known.file))
        assert refused is not None and words in refused.detail and refused.code == "no-kek"
        assert not settings.data_dir.exists()


def test_one_that_was_changed_is_refused_before_anything_is_written(known: Known, places: Places, tmp_path: Path) -> None:
    changed = bytearray(known.file.read_bytes())
    changed[len(changed) // 2] ^= 1
    (tmp_path / "changed.zip").write_bytes(changed)
    settings = places("restored", databases.SQLITE, known.kek)
    _, refused = typed(settings, "restore", str(tmp_path / "changed.zip"))
    assert refused is not None and refused.code == "not-a-backup"
    assert not settings.data_dir.exists()


@pytest.mark.parametrize("command", ["backup", "restore"])
def test_help_says_that_the_key_is_kept_elsewhere(command: str, tmp_path: Path) -> None:
    assert "key-encryption key" in " ".join(typed(Settings(data_dir=tmp_path), command, "--help")[0].split())
