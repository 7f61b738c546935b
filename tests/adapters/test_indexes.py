"""Indexes beside the log: a store of an older hub opens, and what it knew is found in the tables of today."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection

from hub.adapters import organisations_index, people_index
from hub.adapters.indexes import open_indexes
from hub.ports import Fact, Projection, SetClock
from hub.settings import Settings
from hub.wiring import Hub
from tests.adapters.registered import public
from tests.given import NOON, a_heart, a_person, a_signal
from tests.parts import databases

pytestmark = pytest.mark.usefixtures("database")

BEFORE = """
DELETE FROM index_shapes;
DROP TABLE registration_keys;
DROP TABLE registrations;
CREATE TABLE registrations (stream_id VARCHAR(36) PRIMARY KEY, name VARCHAR(80) NOT NULL UNIQUE, kind VARCHAR(80) NOT NULL);
INSERT INTO registrations VALUES ('00000000-0000-5000-8000-000000000001', 'a-stale-row', 'police');
"""
"""The tables of a hub that knew less, from before their shapes were kept."""


@contextmanager
def a_hub(place: Path) -> Iterator[Hub]:
    hub = Hub.open(Settings(data_dir=place, database_url=databases.url_of(place), mode="demo"), SetClock(NOON))
    try:
        yield hub
    finally:
        hub.close()


def do(place: Path, script: str) -> None:
    with databases.opened(place / "hub.db").begin() as connection:
        for statement in filter(str.strip, script.split(";")):
            connection.exec_driver_sql(statement)


def test_an_older_store_opens_and_everybody_in_it_is_found(tmp_path: Path) -> None:
    with a_hub(tmp_path) as hub:
        hub.registry.add("police", "police", f"{99:08}{10001:012}", "operator", callback="https://example.org/")
        hub.registry.add_key("police", public(), "operator")
        before = hub.registrations.all(), hub.registrations.keys_of("police")
    do(tmp_path, BEFORE)
    for _ in range(2):
        with a_hub(tmp_path) as hub:
            assert (hub.registrations.all(), hub.registrations.keys_of("police")) == before


def test_an_index_of_the_same_shape_is_left_as_it_is(tmp_path: Path) -> None:
    with a_hub(tmp_path) as hub:
        hub.registry.add("police", "police", f"{99:08}{10001:012}", "operator")
    do(tmp_path, "UPDATE registrations SET callback = 'https://mark.example'")
    with a_hub(tmp_path) as hub:
        assert [known.callback for known in hub.registrations.all()] == ["https://mark.example"]


def test_people_are_found_again_after_their_index_was_built_anew(tmp_path: Path) -> None:
    with a_heart(tmp_path) as heart:
        (first,) = heart.place(a_signal(a_person()))
        people_index.INDEX.tables.drop_all(heart.log.engine)
        open_indexes(heart.log, heart.register._mapper, [people_index.INDEX])
        (again,) = heart.place(a_signal(a_person(), reference="a-2"))
    assert first.family == again.family


def test_an_index_that_cannot_be_built_stays_as_it_was(tmp_path: Path) -> None:
    def refuse(facts: Sequence[Fact], connection: Connection) -> None:
        raise RuntimeError("no")

    broken = Projection("registrations", "", organisations_index.TABLES, refuse)
    with a_hub(tmp_path) as hub:
        hub.registry.add("police", "police", f"{99:08}{10001:012}", "operator")
        do(tmp_path, "DELETE FROM index_shapes")
        with pytest.raises(RuntimeError):
            open_indexes(hub.log, hub.mapper, [broken])
        hub.registrations.forget()
        assert [known.name for known in hub.registrations.all()] == ["police"]
