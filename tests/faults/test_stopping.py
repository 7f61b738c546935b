"""Stopped while it starts, the hub starts again; told to stop, it lets its followers go and is gone."""

import sys
import time
from datetime import UTC, datetime
from pathlib import Path
from random import Random, SystemRandom
from threading import Event, Thread

import httpx2

from hub.domain.callers import Capacity
from tests import issuer
from tests.api.running import said_by_hub
from tests.journeys.running import Process, Sender

STARTS = 3
LATEST = 0.15
"""Seconds after a first start made its directory at which it is killed at the latest."""


def test_a_hub_that_is_told_to_stop_stops_although_somebody_follows_it(tmp_path: Path) -> None:
    process = Process(tmp_path)
    process.open().close()
    shown = issuer.bearer(Capacity.COORDINATOR, "somebody", "neighbourhood-team", datetime.now(UTC))
    process.start()
    follows, ended = Event(), Event()

    def follow() -> None:
        with httpx2.stream("GET", f"{process.url}/v1/escalations/stream", headers=shown) as stream:
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


def test_a_hub_that_was_killed_in_its_very_first_start_starts_again_as_if_nothing_was_there(tmp_path: Path) -> None:
    seed = SystemRandom().getrandbits(32)
    random = Random(seed)  # noqa: S311
    made = []
    for nth in range(STARTS):
        process = Process(tmp_path / str(nth))
        process.launch()
        while not process.data.exists():
            assert process.running is not None and process.running.poll() is None
            time.sleep(0.001)
        time.sleep(random.uniform(0, LATEST))
        process.kill()
        made.append(len(list(process.data.glob("*"))))
        hub = process.open()
        now = hub.clock.now()
        assert hub.log.last_position() == 0
        Sender("youth-work", "any-partner", f"{99:08}{1:012}").register(hub, now)
        assert hub.log.last_position() > 0
        hub.views.catch_up()
        hub.outbox.catch_up()
        assert {(standing.lag, standing.stopped_because) for standing in (*hub.views.state(), *hub.outbox.state())} == {(0, "")}
        assert said_by_hub(hub.keys.sign(b"{}", now), hub.keys.public_jwks()) == {}
        hub.close()
    print(f"\nfirst starts killed with seed {seed}: files made by then {made}", file=sys.__stdout__)
