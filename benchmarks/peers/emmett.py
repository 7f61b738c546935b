"""Emmett on PostgreSQL: its own store in a process of Node.js, driven over a pipe."""

import json
import subprocess
from collections.abc import Sequence
from typing import Any

from benchmarks.peers.npm import HERE
from tests.node.npm import NODE


class Emmett:
    """A stream for each append, with an event for each body; the rate is what its own process measured."""

    name = "Emmett"

    def __init__(self, url: str) -> None:
        command = [str(NODE), str(HERE / "emmett.js"), url]
        self._process = subprocess.Popen(command, cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._asked("prepare")

    def appends(self, bodies: Sequence[bytes], clients: int, in_one: int = 1) -> float:
        answer = self._asked("append", bodies=[json.loads(body) for body in bodies], clients=clients, inOne=in_one)
        return len(bodies) / float(answer["seconds"])

    def kept(self) -> list[bytes]:
        return [json.dumps(body).encode() for body in self._asked("read")["bodies"]]

    def _asked(self, way: str, **said: Any) -> dict[str, Any]:
        assert self._process.stdin and self._process.stdout
        self._process.stdin.write(json.dumps({"way": way, **said}).encode() + b"\n")
        self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise ChildProcessError(f"Emmett stopped with {self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        self._process.communicate()
