"""Whether a process lives and can do its work, for whoever starts, balances and stops processes; aside, also what it counted."""

import socket
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from time import sleep
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from hub.api.application import bare
from hub.api.front import Front
from hub.api.problems import MEDIA, Problem
from hub.api.server import server
from hub.errors import Unavailable
from hub.ports import Missing

READY, DEGRADED, NOT_READY = "ready", "degraded", "not-ready"
LIVE_AT, READY_AT, METRICS_AT = "/health/live", "/health/ready", "/metrics"
_METRICS = "text/plain; version=0.0.4; charset=utf-8"
_NOT_READY = Problem(503, "Not ready", "This process cannot do its work now; `missing` says what it lacks.", NOT_READY).document()
_A_MOMENT = 0.01
_WITHIN = 10.0
"""Seconds that the last answers may take."""

Lacking = Callable[[], Sequence[Missing]]


def state_of(missing: Sequence[Missing]) -> str:
    """In one word, how a process is that lacks this."""
    return NOT_READY if any(one.hinders for one in missing) else DEGRADED if missing else READY


def for_everybody(lacking: Lacking) -> list[Route]:
    """On the main port: no more than what is missing, in codes."""
    return [Route(LIVE_AT, _live, methods=["GET"]), Route(READY_AT, _ready(lacking, in_full=False), methods=["GET"])]


def for_the_watch(lacking: Lacking, metrics: Callable[[], bytes]) -> Front:
    """On an address of its own: the same, with where things stopped and why, and the metrics."""

    def collected(_: Request) -> Response:
        return Response(metrics(), headers={"content-type": _METRICS})

    routes = [
        Route(LIVE_AT, _live, methods=["GET"]),
        Route(READY_AT, _ready(lacking, in_full=True), methods=["GET"]),
        Route(METRICS_AT, collected, methods=["GET"]),
    ]
    return Front(routes, bare(), lambda: None)


async def _live(_: Request) -> Response:
    return JSONResponse({"state": "live"})


def _ready(lacking: Lacking, *, in_full: bool) -> Callable[[Request], Response]:
    def ready(_: Request) -> Response:
        missing = lacking()
        said: dict[str, Any] = {"state": state_of(missing), "missing": [one.code for one in missing]}
        if in_full:
            said["more"] = {one.code: dict(one.more) for one in missing if one.more}
        return JSONResponse({**_NOT_READY, **said}, 503, media_type=MEDIA) if said["state"] == NOT_READY else JSONResponse(said)

    return ready


@contextmanager
def answering(address: str, front: Front) -> Iterator[str]:
    """Answers there (HOST:PORT) while the block lasts, in a thread of its own; nowhere where there is no address.

    Raises:
        Unavailable: nobody can listen there.
    """
    if not address:
        yield ""
        return
    listening = _listening(address)
    served = server(front, *listening.getsockname()[:2])
    thread = Thread(target=served.run, args=([listening],), name="watch", daemon=True)
    thread.start()
    try:
        while thread.is_alive() and not served.started:
            sleep(_A_MOMENT)
        yield f"http://{address}"
    finally:
        served.should_exit = True
        thread.join(_WITHIN)
        listening.close()


def _listening(address: str) -> socket.socket:
    host, _, port = address.rpartition(":")
    try:
        return socket.create_server((host.strip("[]"), int(port)), family=socket.AF_INET6 if ":" in host else socket.AF_INET)
    except OSError as error:
        words = str(error.strerror).partition(" (")[0]
        raise Unavailable(f"The hub cannot say how it is on {address}: {words}. Choose another with --watch.") from None
