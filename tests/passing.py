"""A hub of a test that leads its own followers, and waits for them before somebody looks."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from threading import Event, Thread

from hub.relay import Relay
from hub.wiring import Hub
from hub.wiring.made import FOLLOW
from tests.parts.servers import until


@contextmanager
def leading(hub: Hub) -> Iterator[None]:
    """While the block lasts, this process leads all followers of a hub that does not run by itself."""
    stop = Event()
    stands_by = Thread(target=hub.leading.run, args=(stop,), daemon=True)
    wanted = [FOLLOW + follower for relay in (hub.views, hub.outbox) for follower in relay.followers]
    stands_by.start()
    try:
        until(lambda: all(hub.leading.leads(each) for each in wanted))
        yield
    finally:
        stop.set()
        stands_by.join()


def passed_on(hub: Hub) -> None:
    """Waits until every read model and every way out has all that happened, or stopped."""
    for relay in (hub.views, hub.outbox):
        relay.catch_up()
        if hub.settings.is_shared:  # where to lead is for a moment not sure on a busy machine
            until(partial(_has_all, relay))


def notarised(hub: Hub) -> None:
    """Waits until everything is in the trees, and they are signed."""
    for notary in hub.notaries.values():
        while notary.grow():
            pass
        notary.sign()


def _has_all(relay: Relay) -> bool:
    relay.catch_up()
    return all(not one.lag or one.stopped_because for one in relay.state())
