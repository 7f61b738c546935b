"""What the hub is measured beside: stores that keep bytes durably and know nothing of what they keep."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from threading import Barrier
from time import perf_counter
from typing import Protocol

CLIENTS = (1, 4, 16)
MOST = max(CLIENTS)
IN_BATCH = 100


class Peer(Protocol):
    """A store that appends the same bytes, by so many clients at once."""

    @property
    def name(self) -> str: ...

    def appends(self, bodies: Sequence[bytes], clients: int, in_one: int = 1) -> float:
        """Bodies a second, so many in one durable append; each client appends again when its last append was answered."""

    def kept(self) -> list[bytes]:
        """Every body that was appended so far, in no special order."""

    def close(self) -> None: ...


def chunks(bodies: Sequence[bytes], in_one: int) -> list[list[bytes]]:
    """The bodies, so many at a time."""
    return list(map(list, _chunked(iter(bodies), in_one)))


def _chunked(bodies: Iterator[bytes], in_one: int) -> Iterator[list[bytes]]:
    while some := list(islice(bodies, in_one)):
        yield some


def together(clients: int, work: Callable[[int], None]) -> float:
    """Seconds from when every client is ready until the last of them is done; each knows which of them it is."""
    ready = Barrier(clients + 1)

    def one(nth: int) -> None:
        ready.wait()
        work(nth)

    with ThreadPoolExecutor(clients) as pool:
        running = [pool.submit(one, nth) for nth in range(clients)]
        ready.wait()
        began = perf_counter()
        for each in running:
            each.result()
        return perf_counter() - began
