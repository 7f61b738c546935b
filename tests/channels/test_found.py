"""Which ways out are on: found by themselves, switched by their own settings."""

from pathlib import Path
from threading import Event, Thread

import pytest

from hub.adapters.channels import Around, found
from tests.channels.receiving import receiving
from tests.channels.telling import Telling, a_notice


@pytest.fixture
def around(tmp_path: Path) -> Around:
    return Telling(tmp_path).around()


def test_every_way_out_is_found(around: Around) -> None:
    assert set(found({}, around)) == {"feed", "webhook"}


def test_webhooks_can_be_switched_off_and_people_still_follow(around: Around) -> None:
    assert set(found({"HUB_WEBHOOK": "off"}, around)) == {"feed"}


def test_a_range_that_is_no_range_is_refused_at_the_start(around: Around) -> None:
    with pytest.raises(ValueError, match="not-a-range"):
        found({"HUB_WEBHOOK_ALLOW": "not-a-range"}, around)


@pytest.mark.parametrize(("allow", "outcome"), [("127.0.0.0/8", "http-200"), ("", "address-refused")])
def test_only_ranges_in_the_settings_are_called_beside_the_internet(tmp_path: Path, allow: str, outcome: str) -> None:
    hub, stop = Telling(tmp_path), Event()
    way = found({"HUB_WEBHOOK_ALLOW": allow}, hub.around())["webhook"]
    assert way.run is not None
    worker = Thread(target=way.run, args=(stop,))
    with receiving() as receiver:
        hub.register(receiver.url)
        hub.tell(a_notice())
        worker.start()
        while not hub.rows()[0]["attempts"]:
            stop.wait(0.01)
        stop.set()
        way.channel.committed()
        worker.join()
    assert hub.states()[0][1:] == (outcome, 1)
