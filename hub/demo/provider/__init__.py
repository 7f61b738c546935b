"""A provider of log-ins that exists only while the demo runs: OpenID Connect as the hub needs it, for people who do not exist."""

import socket
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from threading import Thread
from time import sleep

import uvicorn

from hub.demo.provider.granting import Provider
from hub.demo.provider.pages import application
from hub.demo.provider.people import PEOPLE, Application, Person
from hub.demo.provider.tokens import Seal, Tokens
from hub.ports import Clock

__all__ = ["Provider", "providing"]


@contextmanager
def serving(provider: Provider, at: socket.socket) -> Iterator[None]:
    """Lets the provider listen on a bound socket of this machine while the block lasts."""
    config = uvicorn.Config(application(provider), log_level="error", lifespan="off", access_log=False, server_header=False)
    server = uvicorn.Server(config)
    thread = Thread(target=server.run, args=([at],), name="demo-provider", daemon=True)
    thread.start()
    while not server.started and thread.is_alive():
        sleep(0.005)
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(10)
        at.close()


@contextmanager
def providing(clock: Clock, *applications: Application, people: Sequence[Person] = PEOPLE, port: int = 0) -> Iterator[Provider]:
    """A provider on a port of 127.0.0.1 (0: any that is free) while the block lasts."""
    at = socket.create_server(("127.0.0.1", port))
    issuer = f"http://127.0.0.1:{at.getsockname()[1]}"
    provider = Provider(Tokens(issuer, clock, Seal()), applications, people)
    with serving(provider, at):
        yield provider
