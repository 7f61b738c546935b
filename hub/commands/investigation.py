"""The request for an investigation that a competent person decided on, written for the Child Protection Council."""

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any
from uuid import UUID

import typer

from hub.adapters import partners
from hub.adapters.registrations import Organisation
from hub.commands.noting import noted
from hub.commands.shared import the_hub
from hub.domain.disclosure import disclosed
from hub.domain.investigation import COUNCIL, PURPOSE, REQUEST, Requested, requested
from hub.domain.streams import stream_id
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.trajectory.planned import DUTCH_TIME
from hub.errors import NotAllowed, Unavailable
from hub.ports import Asked, Letter
from hub.projections import family as families
from hub.projections.family.answer import ANSWER
from hub.wiring import Hub

app = typer.Typer()
_SAID = ("familyName", "prefix", "givenNames", "born")


@app.command()
def investigation(
    family: Annotated[UUID, typer.Argument(help="the family, by the hub's own id")],
    decision: Annotated[UUID, typer.Argument(help="the decision on the lever council-investigation, as the family shows it")],
    to: Annotated[str, typer.Option(help="the Council, by the name of its registration")],
) -> None:
    """Write the request for an investigation (vtoDi01) that a competent person decided on; without that decision there is none.

    It holds names: pass it on at once, and keep no copy.
    """
    with the_hub() as hub:
        found, director = hub.register.read(
            lambda unit: (requested(known := unit.get(Trajectory, family), str(decision)), known.director)
        )
        council = _council(hub, to)
        concerned = {str(family): [*found.children, *found.parents]}
        with noted(hub, "request-investigation", "hub investigation", concerned, ("family", str(family))):
            message = written(hub, family, found, director, council)
    sys.stdout.buffer.write(message)


def written(hub: Hub, family: UUID, found: Requested, director: Director, council: Organisation) -> bytes:
    """The request in the Council's own standard, with what the disclosure matrix lets it know of these people."""
    words = {
        "request": found.request,
        "authority": found.authority,
        "decidedBy": found.decided_by,
        "organisation": director.organisation,
        "contact": director.contact,
        **_people(hub, family, found),
    }
    letter = Letter(stream_id("request", found.request), hub.clock.now(), hub.settings.oin, council.oin, words)
    (telling,) = [each for each in partners.found()[COUNCIL].tell if each.type == REQUEST]
    return telling.write(letter) or b""


def _people(hub: Hub, family: UUID, found: Requested) -> Mapping[str, Sequence[Mapping[str, str]]]:
    hub.views.catch_up()
    with hub.views.engine.connect() as connection:
        shown = families.ask(connection, Asked(str(family)))
    allowed = hub.disclosures.matrices.at(hub.clock.now().astimezone(DUTCH_TIME).date()).for_system(COUNCIL, [PURPOSE])
    told: Any = disclosed(shown, ANSWER, allowed, hub.disclosures.rules).answer
    by_id = {one["id"]: {name: one[name] for name in _SAID if name in one} for one in told.get("people", ())}
    if not by_id.keys() >= {*found.children, *found.parents}:
        raise Unavailable("What is shown of this family lags behind what was decided; try again.", code="not-shown-yet")
    return {"children": [by_id[id] for id in found.children], "parents": [by_id[id] for id in found.parents]}


def _council(hub: Hub, name: str) -> Organisation:
    """Raises: NotAllowed, where that is no Council that the hub may tell anything now."""
    council = hub.registrations.by_name(name)
    if council is None or council.kind != COUNCIL or not hub.registrations.is_sharing(council, hub.clock.now()):
        raise NotAllowed("There is no Child Protection Council of that name with which data may be shared now.", code="no-council")
    return council
