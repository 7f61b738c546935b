"""Running the hub, or the demo of it."""

import os
import signal
import socket
import sys
from contextlib import suppress
from typing import Annotated

import typer

from hub.commands.shared import Port, opened, say
from hub.errors import Unavailable
from hub.settings import Settings
from hub.wiring import application

app = typer.Typer()


@app.command(name="all")
def everything(
    host: Annotated[str, typer.Option(help="the address to listen on")] = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Run the whole hub in one process: the way in, the read models, the way out and the clock."""
    from hub.api.server import server

    _refuse_taken(host, port)
    hub = opened(Settings.read(os.environ))
    data = hub.settings.data_dir.absolute()
    say.print(f"The hub listens on http://{host}:{port}; its data is in {data}. Stop it with Ctrl+C.", soft_wrap=True)
    # the server passes the signal on when it is done; the rest of the hub has to finish after that
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with hub.running(), suppress(KeyboardInterrupt):
        server(application(hub), host, port).run()


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
) -> None:
    """Play twelve weeks of one synthetic family through a hub of its own, and show what happens."""
    from hub.demo import play

    # its data goes away with it, however it is asked to end
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    raise typer.Exit(play(once=once, port=port))
