"""What the hub is measured beside really keeps what it is given."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from benchmarks.peers import Peer
from benchmarks.peers.bare import Bare
from benchmarks.peers.emmett import Emmett
from benchmarks.peers.message_db import MessageDb
from benchmarks.peers.npm import is_installed
from benchmarks.peers.stock import Stock
from benchmarks.peers.umadb import UmaDb
from benchmarks.postgresql import Server, a_server

from_npm = pytest.mark.skipif(not is_installed(), reason="`make bench` fetches it from npm; the tests do not")
BODIES = [json.dumps({"signal": nth, "said": "é" * nth}, ensure_ascii=False).encode() for nth in range(50)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    with a_server(tmp_path_factory.mktemp("server")) as server:
        yield server


PEERS: dict[str, Callable[[Server, Path], Peer]] = {
    "bare": lambda server, _: Bare(server.database()),
    "stock": lambda server, _: Stock(server.database()),
    "umadb": lambda _, place: UmaDb(place),
    "message-db": lambda server, _: MessageDb(server.database()),
    "emmett": lambda server, _: Emmett(server.database()),
}


@pytest.mark.parametrize("name", [*list(PEERS)[:3], *(pytest.param(name, marks=from_npm) for name in list(PEERS)[3:])])
def test_a_peer_keeps_every_body_once(name: str, server: Server, tmp_path: Path):
    with closing(PEERS[name](server, tmp_path)) as peer:
        assert peer.appends(BODIES[:10], 1) > 0
        assert peer.appends(BODIES[10:26], 16) > 0
        assert peer.appends(BODIES[26:], 4, 7) > 0
        assert Counter(map(_said, peer.kept())) == Counter(map(_said, BODIES))


def _said(body: bytes) -> str:
    """The same for the same content, however it is spaced."""
    return json.dumps(json.loads(body), sort_keys=True)


def test_the_server_waits_for_the_disk(server: Server):
    assert server.settings()["fsync"] == "on"
