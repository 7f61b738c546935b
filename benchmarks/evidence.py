"""How long a proof takes in a log a hundred times as large, and how much longer verifying a hub takes than reading its rows."""

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from random import Random
from time import perf_counter

from benchmarks.load import post_all
from benchmarks.measuring import Result, Rounds
from benchmarks.running import Home, Served, a_directory, opened, served
from hub.adapters.evidence.leaves import Grown
from hub.adapters.evidence.notary import Notary
from hub.ports import SystemClock

TREE = "events"


@dataclass(frozen=True, slots=True)
class Size:
    """How much is measured: the leaves of the trees, and how many proofs in each of so many rounds."""

    leaves: tuple[int, int] = (10_000, 1_000_000)
    rounds: int = 9
    proofs: int = 300


FULL, QUICK, TINY = Size(), Size(rounds=5, proofs=100), Size((10, 300), 1, 2)


@dataclass(frozen=True, slots=True)
class Log:
    """A hub that keeps a tree of so many leaves, here and as a process of its own; `chance` says which leaf is asked for."""

    size: int
    notary: Notary
    served: Served
    chance: Random

    def asked(self, proofs: int) -> float:
        """Milliseconds for a proof over HTTP."""
        loaded = post_all(self.served.ports, [self._request() for _ in range(proofs)], 1)
        if not all(answer.startswith(b"HTTP/1.1 200") for answer in loaded.answers):
            raise AssertionError(f"not answered: {loaded.answers[0][:400]!r}")
        return loaded.seconds / proofs * 1e3

    def made(self, proofs: int) -> float:
        """Milliseconds for a proof past HTTP."""
        wanted = [self.chance.randrange(self.size) for _ in range(proofs)]
        began = perf_counter()
        for index in wanted:
            self.notary.inclusion(index, self.size)
        return (perf_counter() - began) / proofs * 1e3

    def _request(self) -> bytes:
        query = f"index={self.chance.randrange(self.size)}&size={self.size}"
        lines = (f"GET /v1/log/{TREE}/inclusion?{query} HTTP/1.1", f"host: 127.0.0.1:{self.served.port}")
        return "\r\n".join((*lines, "\r\n")).encode()


def evidence(size: Size) -> Result:
    """Measures it; the first round only warms up."""
    with a_directory("evidence") as place, ExitStack() as running:
        logs = [running.enter_context(_a_log(Home(place / str(leaves)), leaves)) for leaves in size.leaves]
        measures = {_over_http(log.size): partial(log.asked, size.proofs) for log in logs}
        measures |= {_past_http(log.size): partial(log.made, size.proofs) for log in logs}
        rounds = Rounds().run(size.rounds + 1, measures)
    return _result(rounds, size)


@contextmanager
def _a_log(home: Home, leaves: int) -> Iterator[Log]:
    with opened(home) as hub:
        kept = hub.notaries[TREE]
        notary = Notary(_numbers(leaves), kept.engine, kept.origin, hub.keys, SystemClock())
        while notary.grow():
            pass
        with served(home) as running:
            yield Log(leaves, notary, running, Random(leaves))  # noqa: S311


def _numbers(leaves: int) -> Grown:
    """Leaves that are their own positions: what they hold is nothing to a proof."""

    def read(after: int, limit: int) -> Sequence[bytes]:
        return [position.to_bytes(8) for position in range(after + 1, min(after + limit, leaves) + 1)]

    return Grown(TREE, read, lambda: leaves, lambda _: nullcontext())


def _over_http(size: int) -> str:
    return f"proof among {size:,} leaves, over HTTP"


def _past_http(size: int) -> str:
    return f"proof among {size:,} leaves, past HTTP"


def _result(rounds: Rounds, size: Size) -> Result:
    for each in rounds.measured.values():
        del each[0]
    few, many = size.leaves
    figures = [rounds.figure(name, "ms") for name in rounds.measured]
    ratios = [rounds.ratio(name(many), name(few), at_most=1.2) for name in (_over_http, _past_http)]
    conditions = [
        f"{size.rounds} rounds of {size.proofs} proofs, each of a leaf at random, after one that warms up; one after another",
        "a proof is the answer to `GET /v1/log/events/inclusion`: the hash of the leaf and its path to the root of the whole tree",
    ]
    return Result("evidence", "Proof that a leaf stands in the log", figures, ratios, conditions)
