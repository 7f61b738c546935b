"""What the tests stand on: it is fetched whole or not at all, kept, and ended with the run."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from maven_artifact import Downloader

from tests.parts import store
from tests.parts.servers import a_free_port, listens, until
from tests.tools import ROOT

BODY = bytes(range(256)) * 4_000
ARCHIVE = store.Archive("org.example:thing:zip:1.0", sha256(BODY).hexdigest(), 1)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache directory of its own."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    return tmp_path / "vig-hub"


@contextmanager
def a_repository(body: bytes = BODY, breaks_off: int = 0) -> Iterator[tuple[Downloader, Sequence[int]]]:
    """A repository that has the file, and at first says only half of it so many times; with where each answer began."""
    began: list[int] = []

    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            start = int(self.headers["Range"].removeprefix("bytes=").removesuffix("-"))
            began.append(start)
            if start >= len(body):
                self.send_error(416)
                return
            rest = body[start:]
            self.send_response(206)
            self.send_header("Content-Length", str(len(rest)))
            self.end_headers()
            self.wfile.write(rest[: len(rest) // 2] if len(began) <= breaks_off else rest)

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Downloader(f"http://127.0.0.1:{server.server_address[1]}"), began
        server.shutdown()
        thread.join()


def test_what_is_fetched_is_there_while_it_is_needed(cache: Path) -> None:
    with a_repository() as (repository, _), store.fetched(ARCHIVE, repository) as file:
        assert file.read_bytes() == BODY
    assert not [*cache.iterdir()]


def test_a_fetch_that_broke_off_goes_on_where_it_was() -> None:
    with a_repository(breaks_off=2) as (repository, began), store.fetched(ARCHIVE, repository) as file:
        assert file.read_bytes() == BODY
        assert [began[0], sorted(began)] == [0, began]
        assert len(set(began)) == 3


def test_another_file_is_refused_and_not_kept(cache: Path) -> None:
    with (
        a_repository(BODY[::-1]) as (repository, _),
        pytest.raises(store.Missing, match=f"(?s)SHA-256.*{ARCHIVE.sha256}"),
        store.fetched(ARCHIVE, repository),
    ):
        pass
    assert not [*cache.iterdir()]


def test_who_gets_nowhere_reads_what_to_do(cache: Path) -> None:
    nowhere = Downloader(f"http://127.0.0.1:{a_free_port()}")
    with pytest.raises(store.Missing, match=f"(?s)make test.*lay it at {cache}"), store.fetched(ARCHIVE, nowhere):
        pass


def test_a_file_that_somebody_brought_is_taken() -> None:
    (store.place() / f"{ARCHIVE.sha256}.fetched").write_bytes(BODY)
    with store.fetched(ARCHIVE, Downloader(f"http://127.0.0.1:{a_free_port()}")) as file:
        assert file.read_bytes() == BODY


def test_what_is_kept_is_made_once_and_made_again_when_something_of_it_is_gone() -> None:
    made: list[Path] = []

    def make(into: Path) -> None:
        made.append(into)
        (into / "deep").mkdir()
        (into / "deep" / "file").write_text("all of it")

    kept = store.kept("thing", make)
    assert store.kept("thing", make) == kept
    assert len(made) == 1
    (kept / "deep" / "file").write_text("a part")
    assert (store.kept("thing", make) / "deep" / "file").read_text() == "all of it"
    assert len(made) == 2


def test_what_could_not_be_made_leaves_nothing(cache: Path) -> None:
    def make(into: Path) -> None:
        (into / "half").write_text("of it")
        raise RuntimeError("no more")

    with pytest.raises(RuntimeError, match="no more"):
        store.kept("thing", make)
    assert [path.name for path in cache.iterdir()] == ["thing.lock"]


RUN = """
import sys, time
from pathlib import Path
from tests.parts.servers import running
with running([sys.executable, "-m", "http.server", "--bind", "127.0.0.1", sys.argv[1]], lambda: True, Path(sys.argv[2])):
    print("up", flush=True)
    time.sleep(600)
"""


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGKILL])
def test_a_server_ends_with_the_run_however_that_ends(tmp_path: Path, how: int) -> None:
    port = a_free_port()
    command = [sys.executable, "-c", RUN, str(port), str(tmp_path / "log")]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": str(ROOT)}) as run:
        until(lambda: listens(port))
        run.send_signal(how)
    until(lambda: not listens(port))
