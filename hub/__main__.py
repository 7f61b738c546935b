"""The command line: run the hub, take partners in, send a signal, look after it."""

import json
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx2
import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from hub.adapters import jws
from hub.adapters.partners import found as partner_kinds
from hub.adapters.signatures import sign
from hub.domain.callers import Capacity
from hub.errors import HubError, Unavailable
from hub.settings import Settings
from hub.wiring import Hub, application, quarantined
from hub.wiring import openapi as document

app = typer.Typer(
    name="hub",
    help="One family, one plan, one director: the hub that agencies around a family post signed signals to.\n\n"
    "Start with `hub all`. Take a partner in with `hub partner add`, give it a key with `hub partner key`, "
    "and let it post with `hub send`. Settings are environment variables HUB_…; `hub settings` lists them.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_show_locals=False,
)
partner = typer.Typer(help="Who takes part, and with which keys. Every change is an event.", no_args_is_help=True)
quarantine = typer.Typer(
    help="Messages that were rightly signed but could not be read; nothing of them is lost.", no_args_is_help=True
)
app.add_typer(partner, name="partner")
app.add_typer(quarantine, name="quarantine")
say = Console()

Name = Annotated[str, typer.Argument(help="the organisation, such as police-haaglanden")]
Reason = Annotated[str, typer.Option(help="why; it is recorded")]
By = Annotated[str, typer.Option(help="who decides this; it is recorded")]
OPERATOR = "operator"


@contextmanager
def the_hub() -> Iterator[Hub]:
    """The hub as the environment says; closed when the block ends."""
    hub = Hub.open(Settings.read(os.environ), environment=os.environ)
    try:
        yield hub
    finally:
        hub.close()


@app.callback()
def prepare() -> None:
    """Logs go to standard error, a JSON object a line, so that what a command prints stays clean."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
        cache_logger_on_first_use=False,
    )


@app.command(name="all")
def everything(
    host: Annotated[str, typer.Option(help="the address to listen on")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="the port to listen on")] = 8000,
) -> None:
    """Run the whole hub in one process: the way in, the read models, the way out and the clock."""
    from hub.api.server import server

    hub = Hub.open(Settings.read(os.environ), environment=os.environ)
    say.print(f"The hub listens on http://{host}:{port}; its data is in {hub.settings.data_dir}. Stop it with Ctrl+C.")
    # the server passes the signal on when it is done; the rest of the hub has to finish after that
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with hub.running(), suppress(KeyboardInterrupt):
        server(application(hub), host, port).run()


@app.command()
def send(
    file: Annotated[Path, typer.Argument(help="the message in the partner's own format", exists=True, dir_okay=False)],
    partner: Annotated[str, typer.Option(help="who sends it: the name given to `hub keys`")],
    type: Annotated[str, typer.Option(help="the message type, such as nl.vig.meldingen.vt-melding.v1")],
    keys: Annotated[Path, typer.Option(help="where `hub keys` put the private key", file_okay=False)] = Path(),
    id: Annotated[str, typer.Option(help="the id of the event; the same id again gets the same receipt")] = "",
    to: Annotated[str, typer.Option(help="the hub")] = "http://127.0.0.1:8000",
) -> None:
    """Sign a file and post it; prints the receipt, or the problem and what to do about it."""
    sender = _sender(keys / f"{partner}.key.json")
    media = next((message.media for message in partner_kinds()[sender["kind"]].messages if message.type == type), None)
    if media is None:
        raise typer.BadParameter(f"{sender['kind']} has no messages of that type; see `hub partner kinds`", param_hint="--type")
    now = datetime.now(UTC)
    attributes = {
        "ce-specversion": "1.0",
        "ce-id": id or str(uuid4()),
        "ce-source": f"urn:nld:oin:{sender['oin']}:systeem:hub-send",
        "ce-type": type,
        "ce-time": now.isoformat(),
    }
    body = file.read_bytes()
    signed = sign(body, attributes, jws.private_key(sender["key"]), sender["key"]["kid"], now)
    try:
        answer = httpx2.post(f"{to}/v1/signals", content=body, headers={**attributes, **signed, "Content-Type": media})
    except httpx2.TransportError:
        raise Unavailable(f"No hub answers at {to}. Start one with `hub all`, or name another with --to.") from None
    say.print_json(answer.text)
    raise typer.Exit(0 if answer.is_success else 1)


def _sender(file: Path) -> dict[str, Any]:
    if not file.exists():
        raise typer.BadParameter(f"there is no {file}; make it with `hub keys`", param_hint="--partner")
    sender: dict[str, Any] = json.loads(file.read_text())
    return sender


@app.command()
def keys(
    name: Name,
    kind: Annotated[str, typer.Option(help="the kind of partner; `hub partner kinds` lists them")],
    oin: Annotated[str, typer.Option(help="its organisation number (20 digits)")],
    algorithm: Annotated[str, typer.Option(help="PS256, ES256 or EdDSA")] = "PS256",
    to: Annotated[Path, typer.Option(help="the directory to write to", file_okay=False)] = Path(),
) -> None:
    """Make a partner a key pair: NAME.key.json stays with the partner, NAME.public.json goes to the hub."""
    jwk = jws.new_jwk(algorithm, f"{name}-{uuid4().hex[:8]}")
    secret, public = to / f"{name}.key.json", to / f"{name}.public.json"
    try:
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"name": name, "kind": kind, "oin": oin, "key": jwk}, file)
    except FileExistsError:
        raise typer.BadParameter(f"{secret} is there already; move it away first", param_hint="NAME") from None
    public.write_text(json.dumps(jws.public_half(jwk), indent=2))
    say.print(f"{secret} is private: keep it. Give {public} to the hub: hub partner key {name} --jwk {public}")


@app.command()
def token(
    role: Annotated[Capacity, typer.Option(help="what somebody is to the hub")],
    subject: Annotated[str, typer.Option(help="who it is")],
    organisation: Annotated[str, typer.Option(help="for whom; for a partner's system the name of its registration")] = "",
    minutes: Annotated[int, typer.Option(help="how long it is valid, 60 at most")] = 60,
) -> None:
    """Print a short-lived token for a person or a partner's system (until there is a real front door)."""
    with the_hub() as hub:
        print(hub.tokens.issue(role, subject, organisation, hub.clock.now(), minutes))


@app.command()
def openapi() -> None:
    """Print the OpenAPI document."""
    print(json.dumps(document(), indent=2, ensure_ascii=False))


@app.command()
def rebuild(name: Annotated[str, typer.Argument(help="the read model; `hub status` lists them")]) -> None:
    """Build a read model anew beside the live one, and swap them in one transaction."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with the_hub() as hub, Progress(*columns, console=say) as progress:
        task = progress.add_task(name)
        try:
            count = hub.views.rebuild(name, lambda done, of: progress.update(task, completed=done, total=of))
        except KeyError:
            raise typer.BadParameter(f"there is no read model {name!r}") from None
    say.print(f"{name}: built anew from {count} events.")


@app.command()
def status() -> None:
    """Show how far everything that follows the log has come."""
    with the_hub() as hub:
        table = Table("follower", "position", "behind", "stopped because", title=f"log: {hub.log.last_position()} events")
        for standing in (*hub.views.state(), *hub.outbox.state()):
            table.add_row(standing.follower, str(standing.position), str(standing.lag), standing.stopped_because)
    say.print(table)


@app.command()
def settings() -> None:
    """List every setting, what it is for, and what it is now."""
    table = Table("variable", "what it is for", "now")
    for name, words, value in Settings.read(os.environ).explained():
        table.add_row(name, words, value)
    say.print(table)


@app.command()
def demo(
    once: Annotated[bool, typer.Option(help="check everything that is shown, then stop with 0 or 1")] = False,
    port: Annotated[int, typer.Option(help="the port to listen on")] = 8000,
) -> None:
    """Play twelve weeks of one synthetic family through a hub of its own, and show what happens."""
    from hub.demo import play

    raise typer.Exit(play(once=once, port=port))


@partner.command(name="add")
def partner_add(
    name: Name,
    kind: Annotated[str, typer.Option(help="the kind of partner; `hub partner kinds` lists them")],
    oin: Annotated[str, typer.Option(help="its organisation number (20 digits)")],
    algorithm: Annotated[list[str], typer.Option(help="signature algorithms beside PS256: ES256, EdDSA")] = [],  # noqa: B006
    callback: Annotated[str, typer.Option(help="where it is told things (https)")] = "",
    by: By = OPERATOR,
) -> None:
    """Register an organisation."""
    with the_hub() as hub:
        hub.registry.add(name, kind, oin, by, algorithms=algorithm, callback=callback)
    say.print(f"{name} is registered. Give it a key: hub partner key {name} --jwk FILE")


@partner.command(name="key")
def partner_key(
    name: Name,
    jwk: Annotated[Path, typer.Option(help="the public key (a JWK with kid)", exists=True)],
    days: Annotated[int, typer.Option(help="how many days it is valid; 0 is no end")] = 0,
    by: By = OPERATOR,
) -> None:
    """Trust one more public key; keys may overlap, so that a partner changes them without a gap."""
    with the_hub() as hub:
        public: dict[str, Any] = json.loads(jwk.read_text())
        until = hub.clock.now() + timedelta(days=days) if days else None
        hub.registry.add_key(name, public, by, valid_until=until)
    say.print(f"{name} signs with {public.get('kid')} from now on.")


@partner.command(name="revoke")
def partner_revoke(name: Name, kid: Annotated[str, typer.Argument(help="the key")], reason: Reason, by: By = OPERATOR) -> None:
    """Trust a key no longer, at once."""
    with the_hub() as hub:
        hub.registry.revoke_key(name, kid, reason, by)
    say.print(f"{kid} is revoked.")


@partner.command(name="suspend")
def partner_suspend(name: Name, reason: Reason, by: By = OPERATOR) -> None:
    """Accept nothing of an organisation for the time being."""
    with the_hub() as hub:
        hub.registry.suspend(name, reason, by)
    say.print(f"{name} is suspended.")


@partner.command(name="resume")
def partner_resume(name: Name, reason: Reason, by: By = OPERATOR) -> None:
    """Accept an organisation's messages again."""
    with the_hub() as hub:
        hub.registry.resume(name, reason, by)
    say.print(f"{name} takes part again.")


@partner.command(name="list")
def partner_list() -> None:
    """Show who takes part, and their keys."""
    with the_hub() as hub:
        table = Table("organisation", "kind", "OIN", "keys", "callback", "")
        for known in hub.registrations.all():
            kids = ", ".join(key.kid for key in hub.registrations.keys_of(known.name))
            table.add_row(known.name, known.kind, known.oin, kids, known.callback, "suspended" if known.is_suspended else "")
    say.print(table)


@partner.command(name="kinds")
def partner_kinds_() -> None:
    """Show the kinds of partners there are adapters for, and what each may send."""
    table = Table("kind", "message type", "content type", "what it is")
    for kind in partner_kinds().values():
        for message in kind.messages:
            table.add_row(kind.name, message.type, message.media, message.title)
    say.print(table)


@quarantine.command(name="list")
def quarantine_list() -> None:
    """Show what waits in quarantine, and why."""
    with the_hub() as hub:
        hub.views.catch_up()
        table = Table(
            Column("message", min_width=36), "partner", Column("type", overflow="fold"), Column("reasons", overflow="fold")
        )
        for item in quarantined(hub):
            reasons = "\n".join(f"{reason['where']}: {reason['what']}" for reason in item["reasons"])
            table.add_row(item["message"], item["partner"], item["type"], reasons)
    say.print(table)


@quarantine.command(name="again")
def quarantine_again(message: Annotated[UUID, typer.Argument(help="the message")], by: By = OPERATOR) -> None:
    """Read a message once more, after a fix."""
    with the_hub() as hub:
        again = hub.intake.process_again(message, by)
    say.print(f"{message}: {again.outcome}")


def main() -> None:
    """Runs a command; what the hub refuses is said in words, with everything that is wrong."""
    try:
        app()
    except HubError as refused:
        Console(stderr=True).print(
            f"[bold red]{refused.detail}[/]", *(f"  {violation}" for violation in refused.violations), sep="\n"
        )
        sys.exit(1)


if __name__ == "__main__":
    main()
