"""What people who work here settle for themselves: how they are mailed, a calendar of their terms, who is on call; and who else
works here."""

from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Path, Request
from fastapi.routing import APIRoute
from pydantic import Field, StringConstraints
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from hub.api import schemas
from hub.api.admission import Hub, Known
from hub.api.descriptions import answered
from hub.api.forms import Form, Line
from hub.api.operations import Operation
from hub.api.queries import Moment
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.callers import Colleague
from hub.domain.contacting import Contact, Mail
from hub.domain.duty import Shift
from hub.domain.policy import POLICY, Act, Reach

Link = Annotated[str, Path(pattern=r"^[0-9a-f]{32}\.[A-Za-z0-9_-]{43}$")]


class Choice(Form):
    """Where and when to be mailed of what is yours; `hour` is that of a daily mail, by the Dutch clock."""

    email: Annotated[str, StringConstraints(max_length=300)] = ""
    mail: Mail
    hour: int = Field(8, strict=True, ge=0, le=23)


class NewShift(Form):
    """Somebody (a staff identity) who is on call; the lowest rank is called first."""

    who: Line
    begins: Moment
    ends: Moment
    rank: int = Field(1, strict=True, ge=1, le=9)


# One's own settings ---------------------------------------------------------------------------------


def _show(hub: Hub, caller: Known) -> Answer:
    return _shown(hub.contacting.of(caller.subject), hub.clock.now())


def _shown(known: Contact | None, now: datetime) -> Answer:
    until = known.calendar_until if known else None
    calendar = {"calendarUntil": _text(until) if until and until > now else None}
    if known is None:
        return Answer({"email": "", "mail": Mail.NEVER.value, "hour": 8, **calendar})
    return Answer({"email": known.email, "mail": known.mail.value, "hour": known.hour, **calendar})


def _choose(hub: Hub, caller: Known, body: Choice) -> Answer:
    hub.contacting.choose(caller, body.email, body.mail, body.hour)
    return _show(hub, caller)


def _open_calendar(hub: Hub, caller: Known) -> Answer:
    link = hub.contacting.open_calendar(caller)
    return Answer({"url": f"{hub.base_url}/v1/calendars/{link}"}, 201, {"Cache-Control": "no-store"})


def _close_calendar(hub: Hub, caller: Known) -> Answer:
    hub.contacting.close_calendar(caller)
    return _show(hub, caller)


# The roster -----------------------------------------------------------------------------------------


def _shifts(hub: Hub, caller: Known) -> Answer:
    return Answer({"items": [_shift(one) for one in hub.contacting.shifts(caller.organisation, hub.clock.now())]})


def _plan(hub: Hub, caller: Known, body: NewShift) -> Answer:
    id = hub.contacting.plan(caller.organisation, body.who, body.begins, body.ends, body.rank, caller.subject)
    return Answer(_shift(Shift(id, body.who, body.begins, body.ends, body.rank)), 201)


def _cancel(hub: Hub, caller: Known, id: UUID) -> Answer:
    hub.contacting.cancel(caller.organisation, str(id), caller.subject)
    return _shifts(hub, caller)


def _shift(one: Shift) -> dict[str, Any]:
    return {"id": one.id, "who": one.who, "begins": _text(one.begins), "ends": _text(one.ends), "rank": one.rank}


# Who else works here --------------------------------------------------------------------------------


def _colleagues(hub: Hub) -> Answer:
    directing = [one for one in hub.colleagues().values() if POLICY[Act.DIRECT, one.role] is not Reach.NOBODY]
    return Answer({"items": [_colleague(one) for one in directing]})


def _colleague(one: Colleague) -> dict[str, Any]:
    of = {"organisation": one.organisation, "organisationName": one.organisation_name}
    return {"who": one.subject, "name": one.name, "role": one.role.value, **of}


def _text(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


# The calendar ---------------------------------------------------------------------------------------


class Calendar(Response):
    """A calendar (RFC 5545)."""

    media_type = "text/calendar"


async def _calendar(request: Request, link: Link) -> Response:
    parts = request.app.state.parts
    return Calendar(await run_in_threadpool(parts.calendar, link), headers={"Cache-Control": "private, no-cache"})


def of_everybody() -> APIRoute:
    """The calendar behind a link: whoever has it has no token, for programs that show calendars have none."""
    return APIRoute(
        "/v1/calendars/{link}",
        _calendar,
        operation_id="getCalendar",
        summary="Your terms, for a program that shows calendars; the link is your secret",
        tags=["people"],
        response_class=Calendar,
        openapi_extra={"responses": answered(200, schemas.TEXT, Calendar.media_type, {400, 404, 500, 503})},
        methods=["GET"],
    )


# What there is ---------------------------------------------------------------------------------------

_TEXT, _NUMBER = schemas.TEXT | of.OPERATION, {"type": "integer"} | of.OPERATION
_MOMENT = schemas.MOMENT | of.OPERATION
_CONTACT = schemas.thing(email=_TEXT, mail=_TEXT, hour=_NUMBER, calendarUntil=schemas.maybe(_MOMENT))
_SHIFT = schemas.thing(id=schemas.ID, who=_TEXT, begins=_MOMENT, ends=_MOMENT, rank=_NUMBER)
_COLLEAGUE = (
    schemas.thing(who=schemas.TEXT, name=schemas.TEXT, role=schemas.TEXT, organisation=schemas.TEXT, organisationName=schemas.TEXT)
    | of.CONTACT
)
_SHIFTS = schemas.thing(items=schemas.many(_SHIFT))


def _operation(method: str, path: str, name: str, title: str, do: Any, act: Act, answer: Any, **more: Any) -> Operation:
    return Operation(method, path, name, title, "people", act, do, answer, **more)


# fmt: off
PEOPLE = (
    _operation("GET", "/me/contact", "getContact", "How you are mailed", _show, Act.CHOOSE_CONTACT, _CONTACT),
    _operation("PUT", "/me/contact", "chooseContact", "Be mailed at once, daily or never: a link and a clock, never a name",
               _choose, Act.CHOOSE_CONTACT, _CONTACT, form=Choice),
    _operation("POST", "/me/calendar", "openCalendar", "A link to a calendar of your terms, shown this once; any before it ends",
               _open_calendar, Act.CHOOSE_CONTACT, schemas.thing(url=_TEXT), status=201),
    _operation("DELETE", "/me/calendar", "closeCalendar", "End the link to your calendar", _close_calendar, Act.CHOOSE_CONTACT,
               _CONTACT),
    _operation("GET", "/duty-shifts", "getShifts", "Who is or will be on call for your organisation", _shifts, Act.SEE_DUTY,
               _SHIFTS),
    _operation("POST", "/duty-shifts", "planShift", "Put somebody on call", _plan, Act.PLAN_DUTY, _SHIFT, form=NewShift,
               status=201, refusals=(409,)),
    _operation("DELETE", "/duty-shifts/{id}", "cancelShift", "Take a shift away", _cancel, Act.PLAN_DUTY, _SHIFTS,
               refusals=(404,)),
    _operation("GET", "/colleagues", "getColleagues", "Who can direct a family: those who logged in here, by name and organisation",
               _colleagues, Act.SEE_COLLEAGUES, schemas.thing(items=schemas.many(_COLLEAGUE))),
)
# fmt: on
