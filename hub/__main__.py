"""The command line: run the hub, take partners in, send a signal, look after it."""

import json
import os
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import httpx2
import structlog
import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table
from sqlalchemy.exc import NoResultFound

from hub.adapters import jws, received
from hub.adapters.partners import found as partner_kinds
from hub.adapters.signatures import PartnerSignatures, sign
from hub.domain.callers import Capacity
from hub.domain.messages import QUARANTINED, Message
from hub.domain.registrations import Registration
from hub.domain.streams import Occasion
from hub.errors import HubError, NotKnown, SignatureRefused, Unavailable
from hub.intake import Posted
from hub.ports import Envelope
from hub.settings import ELSEWHERE, Settings, unknown
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
say, aside = Console(), Console(stderr=True)

Name = Annotated[str, typer.Argument(help="the organisation, such as police-haaglanden")]
Reason = Annotated[str, typer.Option(help="why; it is recorded")]
By = Annotated[str, typer.Option(help="who decides this; it is recorded")]
Port = Annotated[int, typer.Option(help="the port to listen on", min=1, max=65535)]
OPERATOR = "operator"


@contextmanager
def the_hub(may_be_new: bool = False) -> Iterator[Hub]:
    """The hub in the data directory, which is named on standard error; closed when the block ends.

    Raises:
        NotKnown: there is no hub in that directory, and it may not be a new one.
    """
    settings = Settings.read(os.environ)
    place = settings.data_dir.absolute()
    if not may_be_new and not settings.has_hub:
        raise NotKnown(
            f"There is no hub in {place}. Go to where it runs, name its directory with HUB_DATA_DIR, or begin with `hub all`."
        )
    aside.print(f"The hub in {place}", style="dim", soft_wrap=True, highlight=False, markup=False)
    hub = _opened(settings)
    try:
        yield hub
    finally:
        hub.close()


def _opened(settings: Settings) -> Hub:
    try:
        return Hub.open(settings, environment=os.environ)
    except OSError as error:
        words = "HUB_DATA_DIR names another directory for its data, HUB_CONTRACTS_DIR another for the contracts."
        raise Unavailable(f"The hub cannot use {error.filename}: {error.strerror}. {words}") from None
    except ValueError as error:
        raise Unavailable(f"The hub cannot open: {error}. `hub settings` shows what it was given.") from None


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
    for name in unknown(os.environ):
        _advise(f"{name} is no setting of the hub and does nothing; `hub settings` lists them.")


def _advise(words: str) -> None:
    aside.print(words, style="yellow", soft_wrap=True, highlight=False, markup=False)


@app.command(name="all")
def everything(
    host: Annotated[str, typer.Option(help="the address to listen on")] = "127.0.0.1",
    port: Port = 8000,
) -> None:
    """Run the whole hub in one process: the way in, the read models, the way out and the clock."""
    from hub.api.server import server

    _refuse_taken(host, port)
    hub = _opened(Settings.read(os.environ))
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
    status, answer = _posted(to, body, {**attributes, **signed, "Content-Type": media})
    say.print_json(data=answer)
    if status >= 400:
        public = keys / f"{partner}.public.json"
        words = _WHAT_TO_DO.get(answer.get("code", "")) or _WHAT_ELSE.get(status) or "The hub could not do this; try again."
        _advise(words.format(partner=partner, public=public, media=media))
        raise typer.Exit(1)
    if answer["outcome"] == QUARANTINED:
        _advise("The hub keeps this message in quarantine, for it could not be read:")
        for reason in answer["reasons"]:
            _advise(f"  {reason['where']}: {reason['what']}")
        raise typer.Exit(2)


_NEW_KEY = "Make a new one with `hub keys`, and give it to the hub: hub partner key {partner} --jwk FILE"
_WHAT_TO_DO = {
    "key-unknown": "The hub does not know this key: hub partner key {partner} --jwk {public}",
    "key-not-yet-valid": "The hub trusts this key from a later moment on; `hub partner key` gives it another.",
    "key-expired": "This key is not valid any more. " + _NEW_KEY,
    "key-revoked": "This key is revoked. " + _NEW_KEY,
    "algorithm-refused": "The organisation is not registered with the algorithm of this key: a key with PS256 always will do.",
    "partner-suspended": "Nothing of this organisation is accepted for now; the operator ends that: hub partner resume {partner}",
    "sender-is-not-signer": "The OIN in the key file is not that of the registration: compare it with `hub partner list`.",
    "signature-too-old": "The signature is too old on arrival: check the clock of this machine and that of the hub.",
    "signature-from-the-future": "The signature is from the future: check the clock of this machine and that of the hub.",
    "id-reused": "This id was used for another message: use a new --id, or leave it out.",
    "unknown-type": "The organisation is not registered for this --type; `hub partner kinds` lists what each kind may send.",
    "wrong-media-type": "The hub does not read {media} for this --type: this command and the hub are not of one version.",
}
_WHAT_ELSE = {
    400: "The hub cannot read this as a message: see what is wrong above.",
    401: "The hub does not accept the signature: compare key and OIN with `hub partner list`.",
    404: "Nothing takes messages at that address: is it a hub? Name it with --to.",
    409: "Something else is recorded already: see above.",
    413: "The file is larger than the hub reads.",
    415: "The hub does not read {media} here.",
}


def _posted(to: str, body: bytes, headers: dict[str, str]) -> tuple[int, dict[str, Any]]:
    try:
        answer = httpx2.post(f"{to}/v1/signals", content=body, headers=headers)
        said: dict[str, Any] = answer.json()
    except (httpx2.TransportError, httpx2.InvalidURL):
        raise Unavailable(f"No hub answers at {to}. Start one with `hub all`, or name another with --to.") from None
    except ValueError:
        raise Unavailable(f"What answers at {to} is not a hub. Name another with --to.") from None
    return answer.status_code, said


def _sender(file: Path) -> dict[str, Any]:
    if not file.exists():
        raise typer.BadParameter(f"there is no {file}; make it with `hub keys`", param_hint="--partner")
    sender = _object_in(file, "--partner")
    if not {"kind", "oin", "key"} <= sender.keys() or sender["kind"] not in partner_kinds():
        raise typer.BadParameter(f"{file} is not as `hub keys` makes it; make it anew", param_hint="--partner")
    return sender


def _object_in(file: Path, option: str) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise typer.BadParameter(f"{file} does not hold a JSON object", param_hint=option)
    return found


@app.command()
def keys(
    name: Name,
    kind: Annotated[str, typer.Option(help="the kind of partner; `hub partner kinds` lists them")],
    oin: Annotated[str, typer.Option(help="its organisation number (20 digits)")],
    algorithm: Annotated[str, typer.Option(help="PS256, ES256 or EdDSA")] = "PS256",
    to: Annotated[Path, typer.Option(help="the directory to write to", exists=True, file_okay=False)] = Path(),
) -> None:
    """Make a partner a key pair: NAME.key.json stays with the partner, NAME.public.json goes to the hub."""
    if kind not in partner_kinds():
        raise typer.BadParameter(f"{kind!r} is not one of {', '.join(sorted(partner_kinds()))}", param_hint="--kind")
    # what no hub would register is refused before there is a key
    Registration.register(name, kind, oin, Occasion(datetime.now(UTC), OPERATOR), [algorithm])
    jwk = jws.new_jwk(algorithm, f"{name}-{uuid4().hex[:8]}")
    secret, public = to / f"{name}.key.json", to / f"{name}.public.json"
    try:
        with os.fdopen(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump({"name": name, "kind": kind, "oin": oin, "key": jwk}, file)
    except FileExistsError:
        raise typer.BadParameter(f"{secret} is there already; move it away first", param_hint="NAME") from None
    public.write_text(json.dumps(jws.public_half(jwk), indent=2))
    say.print(f"{secret} is private: keep it. Give {public} to the hub: hub partner key {name} --jwk {public}", soft_wrap=True)


@app.command()
def token(
    role: Annotated[Capacity, typer.Option(help="what somebody is to the hub")],
    subject: Annotated[str, typer.Option(help="who it is")],
    organisation: Annotated[str, typer.Option(help="for whom; for a partner's system the name of its registration")] = "",
    minutes: Annotated[int, typer.Option(help="how long it is valid", min=1, max=60)] = 60,
) -> None:
    """Print a short-lived token for a person or a partner's system (until there is a real front door)."""
    if not subject:
        raise typer.BadParameter("is empty: a token is always somebody's", param_hint="--subject")
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
    with the_hub() as hub:
        names = [standing.follower for standing in hub.views.state()]
        if name not in names:
            raise typer.BadParameter(f"{name!r} is not one of {', '.join(names)}", param_hint="NAME")
        with Progress(*columns, console=say) as progress:
            task = progress.add_task(name)
            count = hub.views.rebuild(name, lambda done, of: progress.update(task, completed=done, total=of))
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
    for name, words in ELSEWHERE.items():
        table.add_row(name, words, os.environ.get(name, ""))
    say.print(table)


@app.command()
def message(
    id: Annotated[UUID, typer.Argument(help="the message, as its receipt names it")],
    body: Annotated[bool, typer.Option(help="print the bytes that were received; they hold people's data")] = False,
) -> None:
    """Show a message that is kept, and verify its bytes and signature again with the key as it was valid then."""
    with the_hub() as hub:
        found, position = hub.register.read(lambda unit: ((kept := unit.get(Message, id)), unit.position_of(kept)))
        posted = _kept(hub, found.received)
        wrong = _wrong_with(hub, found.received, posted)
    where = aside if body else say
    for label, text in _described(found, position):
        where.print(f"{label:>9}  {text}", soft_wrap=True, highlight=False, markup=False)
    if body and posted is not None:
        sys.stdout.buffer.write(posted.body)
    if wrong:
        aside.print(f"NOT VERIFIED: {wrong}", style="bold red", soft_wrap=True, highlight=False, markup=False)
        raise typer.Exit(1)
    where.print("signature verified again with the key as it was valid then", style="green")


def _kept(hub: Hub, was: Message.Received) -> Posted | None:
    with hub.stored.log.connect() as connection, suppress(NoResultFound):
        return received.fetch(connection, was.kept)
    return None


def _wrong_with(hub: Hub, was: Message.Received, posted: Posted | None) -> str:
    """What is otherwise than when it was received; empty where all is well."""
    if posted is None:
        return "its bytes are not there"
    if Posted.of(posted.headers, posted.body, posted.covered).key != was.kept:
        return "its bytes or its signature were changed since they were kept"
    signature = posted.headers["payload-signature"][0]
    try:
        signer = PartnerSignatures(hub.registrations).verify_again(posted.body, posted.headers, signature, was.timestamp)
    except SignatureRefused as refused:
        return "; ".join((refused.detail, *map(str, refused.violations)))
    if (signer.partner, signer.oin, signer.kid, signer.algorithm) != (was.partner, was.oin, was.kid, was.algorithm):
        return "another organisation or key signed it than the log says"
    events = [event for event in hub.intake.open(posted.headers, posted.body) if isinstance(event, Envelope)]
    if not any(sha256(event.raw).hexdigest() == was.digest for event in events):
        return "the event of that digest is not among its bytes"
    return ""


def _described(found: Message, position: int) -> Iterator[tuple[str, str]]:
    was = found.received
    yield "message", str(found.id)
    yield "sender", f"{was.partner} ({was.kind}), OIN {was.oin}"
    yield "key", f"{was.kid}, {was.algorithm}"
    yield "event", f"{was.event_id} of {was.source}"
    yield "type", was.type
    yield "received", was.timestamp.astimezone(UTC).isoformat()
    yield "digest", f"sha-256={was.digest}"
    yield "position", str(position)
    yield "outcome", was.outcome if was.outcome == found.outcome else f"{was.outcome}, read again since: {found.outcome}"
    for reason in found.reasons:
        yield "because", f"{reason['where']}: {reason['what']}"


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
    with the_hub(may_be_new=True) as hub:
        hub.registry.add(name, kind, oin, by, algorithms=algorithm, callback=callback)
        data = hub.settings.data_dir.absolute()
    say.print(f"{name} is registered in {data}. Give it a key: hub partner key {name} --jwk FILE", soft_wrap=True)


@partner.command(name="key")
def partner_key(
    name: Name,
    jwk: Annotated[Path, typer.Option(help="the public key (a JWK with kid)", exists=True, dir_okay=False)],
    days: Annotated[int, typer.Option(help="how many days it is valid; 0 is no end")] = 0,
    by: By = OPERATOR,
) -> None:
    """Trust one more public key; keys may overlap, so that a partner changes them without a gap."""
    public = _object_in(jwk, "--jwk")
    if isinstance(public.get("key"), dict):
        raise typer.BadParameter(f"{jwk} is the private file; give {public.get('name', name)}.public.json", param_hint="--jwk")
    with the_hub() as hub:
        until = hub.clock.now() + timedelta(days=days) if days else None
        hub.registry.add_key(name, public, by, valid_until=until)
    say.print(f"{name} signs with {public.get('kid')} from now on.")


@partner.command(name="revoke")
def partner_revoke(name: Name, kid: Annotated[str, typer.Argument(help="the key")], reason: Reason, by: By = OPERATOR) -> None:
    """Trust a key no longer, at once."""
    with the_hub() as hub:
        hub.registry.revoke_key(name, kid, reason, by)
    say.print(f"{kid} is revoked.")


@partner.command(name="callback")
def partner_callback(
    name: Name, url: Annotated[str, typer.Argument(help="where it is told things (https); empty is nowhere")], by: By = OPERATOR
) -> None:
    """Change where an organisation is told things."""
    with the_hub() as hub:
        hub.registry.call_back(name, url, by)
    say.print(f"{name} is told things at {url}." if url else f"{name} is told nothing any more.", soft_wrap=True)


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
        aside.print(refused.detail, style="bold red", soft_wrap=True, highlight=False, markup=False)
        for violation in refused.violations:
            aside.print(f"  {violation}", soft_wrap=True, highlight=False, markup=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
