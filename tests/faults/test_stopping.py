"""Told to stop, the hub finishes what it answers for, lets its followers go, and is gone."""

from pathlib import Path
from threading import Event, Thread

import httpx2

from hub.domain.callers import Capacity
from tests.journeys.running import Process


def test_a_hub_that_is_told_to_stop_stops_although_somebody_follows_it(tmp_path: Path) -> None:
    process = Process(tmp_path)
    hub = process.open()
    token = hub.tokens.issue(Capacity.COORDINATOR, "somebody", "", hub.clock.now())
    hub.close()
    process.start()
    follows, ended = Event(), Event()

    def follow() -> None:
        with httpx2.stream("GET", f"{process.url}/v1/escalations/stream", headers={"Authorization": f"Bearer {token}"}) as stream:
            for _ in stream.iter_lines():
                follows.set()
        ended.set()

    follower = Thread(target=follow, daemon=True)
    follower.start()
    try:
        assert follows.wait(30)
        assert process.end() == 0
        assert ended.wait(30)
    finally:
        if process.running is not None:
            process.kill()
