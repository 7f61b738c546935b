"""Who takes part, and on which terms."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any

import typer

from hub.commands.shared import OPERATOR, By, Name, Reason, Why, say, the_hub
from hub.commands.shown import terms_of
from hub.domain.trajectory.planned import DUTCH_TIME
from hub.registry import ASKED, Terms
from hub.wiring import Hub

app = typer.Typer(help="Who takes part, with which keys and on which terms. Every change is an event.", no_args_is_help=True)

Scopes = Annotated[list[str] | None, typer.Option("--scope", help="what its tokens may be for: signals:write, …")]
NeedsToken = Annotated[bool | None, typer.Option(help="whether it has to show an access token beside its signature")]
NeedsProof = Annotated[bool | None, typer.Option(help="whether its tokens count only with proof of their key (DPoP)")]
Certificate = Annotated[str | None, typer.Option(help="the SHA-256 thumbprint of its client certificate (x5t#S256)")]
PerMinute = Annotated[int | None, typer.Option(help="how many messages a minute; 0: as the settings say", min=0)]
PerDay = Annotated[int | None, typer.Option(help="how many messages a day; 0: as the settings say", min=0)]
Purposes = Annotated[list[str] | None, typer.Option("--purpose", help="a purpose of the register; may come more than once")]
Grounds = Annotated[list[str] | None, typer.Option("--ground", help="a legal basis of the register; may come more than once")]
Covenant = Annotated[str | None, typer.Option(help="under which covenant of the register it takes part")]
Until = Annotated[
    datetime | None,
    typer.Option("--covenant-until", formats=["%Y-%m-%d"], help="its last day, where that is before the covenant's"),
]


@app.command()
def add(
    name: Name,
    kind: Annotated[str, typer.Option(help="the kind of partner; `hub partner kinds` lists them")],
    oin: Annotated[str, typer.Option(help="its organisation number (20 digits)")],
    algorithm: Annotated[list[str], typer.Option(help="signature algorithms beside PS256: ES256, EdDSA")] = [],  # noqa: B006
    callback: Annotated[str, typer.Option(help="where it is told things (https)")] = "",
    scopes: Scopes = None,
    requires_token: NeedsToken = None,
    requires_dpop: NeedsProof = None,
    certificate: Certificate = None,
    per_minute: PerMinute = None,
    per_day: PerDay = None,
    purposes: Purposes = None,
    grounds: Grounds = None,
    covenant: Covenant = None,
    covenant_until: Until = None,
    reason: Why = ASKED,
    by: By = OPERATOR,
) -> None:
    """Register an organisation; what is not said is what the messages of its kind need, and is shown."""
    terms = _terms(locals())
    with the_hub(may_be_new=True) as hub:
        hub.registry.add(name, kind, oin, by, algorithms=algorithm, callback=callback, terms=terms, reason=reason)
        _tell_terms(hub, name)
        data = hub.settings.data_dir.absolute()
    say.print(f"{name} is registered in {data}. Give it a key: hub partner key {name} --jwk FILE", soft_wrap=True)


@app.command()
def change(
    name: Name,
    scopes: Scopes = None,
    requires_token: NeedsToken = None,
    requires_dpop: NeedsProof = None,
    certificate: Certificate = None,
    per_minute: PerMinute = None,
    per_day: PerDay = None,
    purposes: Purposes = None,
    grounds: Grounds = None,
    covenant: Covenant = None,
    covenant_until: Until = None,
    reason: Why = ASKED,
    by: By = OPERATOR,
) -> None:
    """Change on what terms an organisation takes part; what is not said stays as it is, and all is shown."""
    terms = _terms(locals())
    with the_hub() as hub:
        hub.registry.change(name, terms, by, reason)
        _tell_terms(hub, name)


def _terms(given: Mapping[str, Any]) -> Terms:
    """The terms among what was given to a command, by the names of its parameters."""
    said = {known.name: given[known.name] for known in fields(Terms)}
    return Terms(**said | {"covenant_until": _end_of(said["covenant_until"])})


def _end_of(day: date | None) -> datetime | None:
    """The first moment after that day, by Dutch time."""
    return None if day is None else datetime.combine(day + timedelta(days=1), time(), DUTCH_TIME).astimezone(UTC)


def _tell_terms(hub: Hub, name: str) -> None:
    for label, text in terms_of(hub, name):
        say.print(f"{label:>12}  {text}", soft_wrap=True, highlight=False, markup=False)


@app.command()
def contact(
    name: Name,
    email: Annotated[str, typer.Argument(help="where it is mailed when its address cannot be reached; empty is nowhere")],
    by: By = OPERATOR,
) -> None:
    """Change where an organisation is mailed when its address cannot be reached."""
    with the_hub() as hub:
        hub.registry.contact(name, email, by)


@app.command()
def callback(
    name: Name,
    url: Annotated[str, typer.Argument(help="where it is told things (https); empty is nowhere")],
    reason: Why = ASKED,
    by: By = OPERATOR,
) -> None:
    """Change where an organisation is told things."""
    with the_hub() as hub:
        hub.registry.call_back(name, url, by, reason)
    say.print(f"{name} is told things at {url}." if url else f"{name} is told nothing any more.", soft_wrap=True)


@app.command()
def suspend(name: Name, reason: Reason, by: By = OPERATOR) -> None:
    """Accept nothing of an organisation for the time being."""
    with the_hub() as hub:
        hub.registry.suspend(name, reason, by)
    say.print(f"{name} is suspended.")


@app.command()
def resume(name: Name, reason: Reason, by: By = OPERATOR) -> None:
    """Accept an organisation's messages again."""
    with the_hub() as hub:
        hub.registry.resume(name, reason, by)
    say.print(f"{name} takes part again.")


@app.command()
def remove(name: Name, reason: Reason, by: By = OPERATOR) -> None:
    """End an organisation's part for good: nothing is accepted or told any more; what it did stays known."""
    with the_hub() as hub:
        hub.registry.remove(name, reason, by)
    say.print(f"{name} takes part no longer. `hub partner show {name}` tells what it did.", soft_wrap=True)
