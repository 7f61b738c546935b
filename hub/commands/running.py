"""Running the hub, or the demo of it."""

import os
import signal
import socket
import sys
from collections.abc import Collection, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from threading import Event
from typing import Annotated

import typer

from hub.adapters.running_here import alone_in, refuse_running
from hub.commands.shared import Port, opened, say
from hub.errors import NotAllowed, Unavailable
from hub.settings import Settings
from hub.wiring import Part, Watched, application

app = typer.Typer()


WatchAt = Annotated[str, typer.Option("--watch", help="HOST:PORT where it says how it is; empty is HUB_WATCH")]
Host = Annotated[str, typer.Option(help="the address to listen on")]


@app.command(name="all")
def everything(host: Host = "127.0.0.1", port: Port = 8000, watch: WatchAt = "") -> None:
    """Run the whole hub in one process: the way in, the read models, the way out and the clock."""
    _serve(host, port, tuple(Part), watch)


@app.command()
def serve(host: Host = "127.0.0.1", port: Port = 8000, watch: WatchAt = "") -> None:
    """Run the way in over HTTP, and the pages; as many of these as you like, on PostgreSQL."""
    _serve(host, port, (Part.SERVE,), watch)


@app.command()
def relay(watch: WatchAt = "") -> None:
    """Run the read models, the way out and the clock; of as many as you like, one works and the others stand by."""
    _work(Part.RELAY, "passes on what happened", watch)


@app.command()
def consume(watch: WatchAt = "") -> None:
    """Take in what partners put on Kafka; as many of these as you like share the work."""
    if not os.environ.get("HUB_KAFKA_SERVERS"):
        raise NotAllowed("There is no Kafka to take anything from. Name its brokers with HUB_KAFKA_SERVERS.")
    _work(Part.CONSUME, "takes in what partners put on Kafka", watch)


def _serve(host: str, port: int, parts: Sequence[Part], watch: str) -> None:
    settings = _settings(parts, watch)
    if not settings.is_shared:
        refuse_running(settings.data_dir)
    _refuse_taken(host, port)
    with nullcontext() if settings.is_shared else alone_in(settings.data_dir):
        _serve_alone(settings, host, port, parts)


def _serve_alone(settings: Settings, host: str, port: int, parts: Sequence[Part]) -> None:
    from hub.api.server import server

    hub = opened(settings)
    watched = Watched(hub, parts[0].value if len(parts) == 1 else "all")
    where = "PostgreSQL" if hub.settings.is_shared else hub.settings.data_dir.absolute()
    say.print(f"The hub listens on http://{host}:{port}; its data is in {where}. Stop it with Ctrl+C.", soft_wrap=True)
    # the server passes the signal on when it is done; the rest of the hub has to finish after that
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _saying_how_it_is(watched, hub.settings.watch), hub.running(parts), suppress(KeyboardInterrupt):
        server(application(hub, watched), host, port, hub.settings.drain_seconds).run()


def _work(part: Part, words: str, watch: str) -> None:
    hub, stopping = opened(_settings((part,), watch)), Event()
    watched = Watched(hub, part.value)
    watched.stops_when(stopping.is_set)
    say.print(f"This process of the hub {words}. Stop it with Ctrl+C.", soft_wrap=True)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with _saying_how_it_is(watched, hub.settings.watch), suppress(KeyboardInterrupt), hub.running((part,)):
        try:
            stopping.wait()
        finally:
            stopping.set()


def _saying_how_it_is(watched: Watched, address: str) -> AbstractContextManager[str]:
    from hub.api.health import answering, for_the_watch

    return answering(address, for_the_watch(lambda: watched.standing().missing, watched.metrics))


def _settings(parts: Collection[Part], watch: str) -> Settings:
    settings = Settings.read({**os.environ, **({"HUB_WATCH": watch} if watch else {})})
    if not settings.is_shared and len(parts) < len(Part):
        raise NotAllowed("SQLite is for one process, `hub all`. For several, name a PostgreSQL database with HUB_DATABASE_URL.")
    return settings


def _refuse_taken(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        # the socket's own words go on with the address, in brackets
        words = f"The hub cannot listen on {host}:{port}: {str(error.strerror).partition(' (')[0]}."
        raise Unavailable(f"{words} Choose another port with --port, or another address with --host.") from None


@app.command()
def demo(
    once: Annotated[bool, typer.Option(help="check everything that is shown, then stop with 0 or 1")] = False,
    port: Port = 8000,
    pause: Annotated[int, typer.Option(min=0, max=60, help="wait so many seconds before each step, to watch it live")] = 0,
) -> None:
    """Play twelve weeks of one synthetic family through a hub of its own, and show what happens."""
    from hub.demo import play

    # its data goes away with it, however it is asked to end
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    raise typer.Exit(play(once=once, port=port, pause=pause))
