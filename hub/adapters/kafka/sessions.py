"""Work with Kafka that never ends by itself: begun again when it breaks, and ended when somebody says so."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from random import Random
from threading import Event
from time import monotonic
from typing import Any, TypeVar

import structlog

from hub.adapters.kafka.library import KafkaError

LOOK = 0.05
"""Seconds between looks whether it is to end."""
GRACE = 8.0
"""Seconds in which work that is to end may finish what it is at."""
CLOSE_WITHIN = 5.0
"""Seconds for a client to say goodbye."""
_GONE_AFTER = 0.05
"""Seconds after which a connection that was closed is gone: under TLS both sides say so first."""
FIRST_DELAY, LONGEST_DELAY = 0.2, 5.0
"""Seconds to wait before it is begun again: twice as long each time that it broke soon after it began."""
STEADY = 30.0
"""Seconds after which a session that breaks did not break soon."""

_ENDS = (Exception, asyncio.CancelledError)
"""What ends a session; the library lets out that it broke something off, too."""
_told = structlog.get_logger("hub.kafka")
_random = Random()  # noqa: S311 - spreads attempts; nobody gains by guessing it
Session = Callable[[Event], Awaitable[None]]
Client = TypeVar("Client")


def keep_at(what: str, session: Session, stop: Event) -> None:
    """Runs sessions, in a loop of their own, until told to stop; never raises."""
    failures = 0
    while not stop.is_set():
        began = monotonic()
        try:
            asyncio.run(_until(stop, session))
        except _ENDS as error:  # whatever it was: another session begins with what is kept, not with what was in memory
            failures = 1 if monotonic() - began > STEADY else failures + 1
            _told.warning("kafka-waits", what=what, because=code_of(error))
            stop.wait(delay(failures))


def delay(failures: int) -> float:
    """The seconds to wait after so many failures in a row."""
    return float(min(LONGEST_DELAY, FIRST_DELAY * 2 ** min(failures - 1, 10)) * _random.uniform(0.75, 1.25))


def code_of(error: BaseException) -> str:
    """What went wrong, in words that are nobody's data."""
    return type(error).__name__


async def _until(stop: Event, session: Session) -> None:
    asyncio.get_running_loop().set_exception_handler(_say_nothing_twice)
    work = asyncio.ensure_future(session(stop))
    while not work.done() and not stop.is_set():
        await asyncio.wait([work], timeout=LOOK)
    await asyncio.wait([work], timeout=GRACE)
    if not work.done():
        work.cancel()
        with suppress(asyncio.CancelledError):
            await work
        return
    work.result()


def _say_nothing_twice(loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """What broke a session off was told; the library holds it in many more futures, at which nobody looks."""
    if not isinstance(context.get("exception"), KafkaError):
        loop.default_exception_handler(context)


@asynccontextmanager
async def started(client: Client) -> AsyncIterator[Client]:
    """A client of aiokafka while the block lasts; it says goodbye, however that ends."""
    one: Any = client
    try:
        await one.start()
        yield client
    finally:
        await _say_goodbye(one)


async def _say_goodbye(one: Any) -> None:
    try:
        await asyncio.wait_for(one.close() if hasattr(one, "close") else one.stop(), CLOSE_WITHIN)
    except _ENDS:  # nobody is there to hear it: its connections are closed all the same
        with suppress(*_ENDS):
            await (one.client if hasattr(one, "client") else one._client).close()
    await asyncio.sleep(_GONE_AFTER)


async def pause(seconds: float, is_over: Callable[[], bool]) -> None:
    """Waits, but no longer than until it is over."""
    until = monotonic() + seconds
    while not is_over() and (left := until - monotonic()) > 0:
        await asyncio.sleep(min(LOOK, left))
