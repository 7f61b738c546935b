"""A covenant that is not in force stops the telling too, also of what waits already; once it is renewed, the telling goes on."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from tests.adapters.registered import occasion, with_covenant
from tests.channels.receiving import receiving
from tests.channels.telling import NOW, Telling, a_notice

pytestmark = pytest.mark.usefixtures("database")

DAY = timedelta(days=1)


@pytest.fixture
def hub(tmp_path: Path) -> Iterator[Telling]:
    telling = Telling(tmp_path)
    yield telling
    telling.close()


def ends(hub: Telling, after: timedelta) -> None:
    """The covenant of the police ends then."""
    hub.book.save(with_covenant(hub.organisation("police"), until=NOW + after))


def test_nothing_is_queued_for_whom_no_covenant_is_in_force(hub: Telling) -> None:
    hub.register("https://example.org/police")
    hub.register("https://example.org/housing", "housing", "housing-corporation")
    ends(hub, DAY)
    hub.clock.set(NOW + DAY)
    hub.tell(a_notice())
    assert [row["receiver"] for row in hub.rows()] == ["housing"]


def test_what_waits_when_the_covenant_ends_is_told_once_it_is_renewed(hub: Telling) -> None:
    with receiving() as receiver:
        hub.register(receiver.url)
        ends(hub, DAY)
        hub.tell(a_notice())
        hub.deliver(after=DAY)
        assert (len(receiver.got), [row["state"] for row in hub.rows()]) == (0, ["waiting"])
        ends(hub, 365 * DAY)
        hub.deliver()
        assert (len(receiver.got), [row["state"] for row in hub.rows()]) == (1, ["delivered"])


def test_to_whoever_is_removed_nothing_is_told_any_more(hub: Telling) -> None:
    with receiving() as receiver:
        police = hub.register(receiver.url)
        hub.tell(a_notice(1))
        police.remove("it stopped", occasion())
        hub.book.save(police)
        hub.tell(a_notice(2))
        hub.deliver()
    assert (len(receiver.got), [row["state"] for row in hub.rows()]) == (0, ["retired"])
