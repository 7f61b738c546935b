"""What partners want to be told: which kinds of notices there are, subscribing to them, and fetching what was told."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, Self
from uuid import UUID

import msgspec
from fastapi import Header, Query
from pydantic import Field, StrictBool, StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from hub.api import schemas
from hub.api.admission import Here, Hub, Known, shown_of
from hub.api.forms import Form
from hub.api.live import QUIET, Events, Position, event, further, is_welcome
from hub.api.operations import Operation
from hub.api.parts import Delivered, Parts, Subscribed
from hub.api.queries import Moment
from hub.api.visits import Visit, note
from hub.api.writing import Answer
from hub.domain import field_classes as of
from hub.domain.policy import Act
from hub.domain.subscriptions import ENDED, LONGEST_TYPE, Interest, Payload, Sink, Wish
from hub.domain.tellings import Way
from hub.domain.words import Axis, Direction
from hub.errors import Malformed, NotKnown, RuleBroken, Violation
from hub.ports import Shown

COUNTS_AS = 10
"""Of one's quota: how many messages one change of a subscription counts as, for each is kept for ever."""
Type = Annotated[str, StringConstraints(min_length=1, max_length=LONGEST_TYPE)]
Municipality = Annotated[str, StringConstraints(pattern=r"^[0-9]{4}$")]


class Filters(Form):
    """What is wanted; each narrows, and what is left out lets all through that the organisation may know."""

    types: list[Type] = Field([], max_length=50, description="types of notices, or how they begin with * after it")
    axes: list[Axis] = Field([], max_length=4, description="what is about one of these axes, or about none")
    level: int = Field(1, strict=True, ge=1, le=4, description="at least this level of an axis")
    directions: list[Direction] = Field([], max_length=3, description="what is about one of these levels of direction, or none")
    municipalities: list[Municipality] = Field([], max_length=400, description="CBS codes: families first seen there")
    own_signals_only: StrictBool = Field(False, description="only families about which you raised a signal yourself")


class NewSubscription(Form):
    """Where to be told, how much at once, and what: `callback` is the https address of a webhook."""

    sink: Sink
    callback: Annotated[str, StringConstraints(max_length=2_000)] = ""
    payload: Payload = Field(Payload.FULL, description="full, or lean: whom to call, and a dataref to fetch the rest by")
    filters: Filters = Field(default_factory=lambda: Filters.model_validate({}))


class Overlap(Form):
    """For how long what is sent is signed with the secret before, too."""

    overlap_hours: int = Field(24, strict=True, ge=0, le=168)


class Start(Form):
    """From where on: after a number, or from a moment; from the first where neither is said."""

    subscription: UUID = Field(description="one of your own")
    after: Position | None = Field(None, description="what comes after the notice of this number")
    since: Moment | None = Field(None, description="what was told then or later; any offset")

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        if self.after is not None and self.since is not None:
            raise PydanticCustomError("hub", "says both after and since; one of them is enough")
        return self


class Part(Start):
    """A part of what was told."""

    limit: int = Field(100, ge=1, le=500, description="how many")


def _wish(body: NewSubscription) -> Wish:
    said = body.filters
    filters = Interest(
        types=tuple(said.types),
        axes=tuple(map(str, said.axes)),
        level=said.level,
        directions=tuple(map(str, said.directions)),
        municipalities=tuple(said.municipalities),
        own=said.own_signals_only,
    )
    return Wish(body.sink, body.callback, body.payload, filters)


def _of(subscribed: Subscribed, hub: Hub, organisation: str) -> dict[str, Any]:
    wish, wanted = subscribed.wish, subscribed.wish.interest
    place = {"sink": wish.sink.value, "callback": wish.callback, "payload": wish.payload.value}
    topic = hub.topic(organisation, subscribed.key) if wish.sink is Sink.KAFKA else ""
    stands = {
        "state": subscribed.state,
        "because": subscribed.because,
        "perMinute": subscribed.per_minute,
        "hasSecret": bool(subscribed.secret),
    }
    filters = {
        "types": list(wanted.types),
        "axes": list(wanted.axes),
        "level": wanted.level,
        "directions": list(wanted.directions),
        "municipalities": list(wanted.municipalities),
        "ownSignalsOnly": wanted.own,
    }
    return {"id": subscribed.key, **place, "topic": topic, **stands, "filters": filters}


def _own(hub: Hub, caller: Known, id: UUID) -> Subscribed:
    for each in hub.subscriptions(caller.organisation):
        if each.key == str(id):
            return each
    raise NotKnown("There is no subscription by that id.")


# Subscribing ----------------------------------------------------------------------------------------


def _types(hub: Hub) -> Answer:
    return Answer({"items": [_type(type, contract) for type, contract in sorted(hub.leaving.notices.items())]})


def _type(type: str, contract: Any) -> dict[str, Any]:
    words = contract["words"]
    fields = {name: each.get("description", "") for name, each in contract["properties"].items()}
    titles = {"titleNl": words["dutch"]["title"], "titleEn": words["english"]["title"]}
    about = {"aboutNl": words["dutch"]["description"], "aboutEn": words["english"]["description"]}
    return {"type": type, **titles, **about, "fields": [{"name": name, "about": text} for name, text in fields.items()]}


def _list(hub: Hub, caller: Known) -> Answer:
    return Answer({"items": [_of(each, hub, caller.organisation) for each in hub.subscriptions(caller.organisation)]})


def _show(hub: Hub, caller: Known, id: UUID) -> Answer:
    return _shown(hub, caller, id)


def _shown(hub: Hub, caller: Known, id: UUID, status: int = 200, headers: Mapping[str, str] | None = None) -> Answer:
    return Answer(_of(_own(hub, caller, id), hub, caller.organisation), status, headers)


def _subscribe(hub: Hub, caller: Known, body: NewSubscription) -> Answer:
    hub.limits.take(caller.organisation, COUNTS_AS)
    _refuse_unknown(body.sink, hub)
    id = hub.subscribing.subscribe(caller.organisation, _wish(body), caller.subject)
    return _shown(hub, caller, id, 201, {"Location": f"/v1/subscriptions/{id}"})


def _change(hub: Hub, caller: Known, id: UUID, body: NewSubscription) -> Answer:
    hub.limits.take(caller.organisation, COUNTS_AS)
    _refuse_unknown(body.sink, hub)
    hub.subscribing.change(id, caller.organisation, _wish(body), caller.subject)
    return _shown(hub, caller, id)


def _refuse_unknown(sink: Sink, hub: Hub) -> None:
    if sink not in hub.sinks:
        where = f"is not one at which this hub tells anything: {', '.join(hub.sinks) or 'there is none'}"
        raise Malformed("This subscription cannot be.", [Violation("/sink", where)])


def _pause(hub: Hub, caller: Known, id: UUID) -> Answer:
    hub.limits.take(caller.organisation, COUNTS_AS)
    hub.subscribing.pause(id, caller.organisation, caller.subject)
    return _shown(hub, caller, id, 201)


def _resume(hub: Hub, caller: Known, id: UUID) -> Answer:
    hub.limits.take(caller.organisation, COUNTS_AS)
    hub.subscribing.resume(id, caller.organisation, caller.subject)
    return _shown(hub, caller, id, 201)


def _renew(hub: Hub, caller: Known, id: UUID, body: Overlap) -> Answer:
    hub.limits.take(caller.organisation, COUNTS_AS)
    secret = hub.subscribing.renew_secret(id, caller.organisation, timedelta(hours=body.overlap_hours), caller.subject)
    return Answer({"secret": secret}, 201, {"Cache-Control": "no-store"})


def _drop(hub: Hub, caller: Known, id: UUID) -> Answer:
    hub.limits.take(caller.organisation, COUNTS_AS)
    hub.subscribing.drop_secret(id, caller.organisation, caller.subject)
    return _shown(hub, caller, id)


def _test(hub: Hub, caller: Known, id: UUID) -> Answer:
    hub.limits.take(caller.organisation, COUNTS_AS)
    hub.subscribing.test(id, caller.organisation, caller.subject)
    return _shown(hub, caller, id, 202)


def _end(hub: Hub, caller: Known, id: UUID) -> Answer:
    hub.limits.take(caller.organisation, COUNTS_AS)
    ended = _own(hub, caller, id)
    hub.subscribing.end(id, caller.organisation, caller.subject)
    return Answer({**_of(ended, hub, caller.organisation), "state": ENDED})


# Fetching -------------------------------------------------------------------------------------------


class Notices(Response):
    """Notices as they were told, which went through the disclosure matrix when they were."""

    media_type = "application/json"


class Notice(Response):
    """One notice as it was told, as a CloudEvent in structured mode."""

    media_type = "application/cloudevents+json"


def _feed(hub: Hub, visit: Here, caller: Known, part: Annotated[Part, Query()]) -> Notices:
    receiver, after = _from(part, hub, caller)
    told = hub.mailbag.after(after, receiver, part.limit)
    note(visit, {}, hub)
    hub.tellings.fetched(caller.organisation, told)
    items = [{"sequence": one.position, "event": msgspec.Raw(one.event)} for one in told]
    return Notices(msgspec.json.encode({"items": items, "next": told[-1].position if told else after}))


def _from(start: Start, hub: Hub, caller: Known) -> tuple[str, int]:
    """Whose notices, and after which number."""
    subscribed = _own(hub, caller, start.subscription)
    if subscribed.wish.sink is Sink.KAFKA:
        raise RuleBroken("This subscription has its notices in its topic; read them again from there.", code="kept-in-its-topic")
    since = hub.mailbag.position(subscribed.key, start.since) if start.since else 0
    return subscribed.key, since if start.after is None else start.after


def _notice(hub: Hub, visit: Here, caller: Known, id: UUID) -> Notice:
    own = [caller.organisation, *(each.key for each in hub.subscriptions(caller.organisation))]
    told = hub.mailbag.whole(str(id), own)
    if told is None:
        raise NotKnown("You were told no notice by that id.")
    note(visit, {}, hub)
    hub.tellings.fetched(caller.organisation, [told], Way.DATAREF)
    return Notice(told.event)


async def _follow(
    request: Request,
    hub: Hub,
    caller: Known,
    start: Annotated[Start, Query()],
    last_event_id: Annotated[Position | None, Header(alias="Last-Event-ID")] = None,
) -> Response:
    receiver, after = await run_in_threadpool(_from, start, hub, caller)
    if request.method == "HEAD":
        return Response(media_type=Events.media_type)
    # whoever heard more than there is heard it of a hub that was restored to earlier: they hear what happened instead
    last = await run_in_threadpool(hub.mailbag.position, receiver)
    position = min(after if last_event_id is None else last_event_id, last)
    listener = _Listener(request.state.visit, shown_of(request, hub), hub, receiver)
    told = request.app.state.followers.told(caller, hub.mailbag.follow(position, receiver, QUIET), listener.heard)
    return Events(told, headers={"X-Accel-Buffering": "no"})


@dataclass(frozen=True, slots=True)
class _Listener:
    """A partner's system that follows what one of its subscriptions is told, for as long as there is that one."""

    visit: Visit
    shown: Shown
    hub: Parts
    receiver: str

    def heard(self, told: Sequence[Delivered]) -> Sequence[bytes] | None:
        """The events as they were told, noted and in the ledger before they are; nothing where it is not welcome any more."""
        if not is_welcome(self.visit, self.shown, self.hub) or not self._is_there():
            return None
        if told:
            note(further(self.visit), {}, self.hub)
            self.hub.tellings.fetched(self.visit.caller.organisation, told)
        return [event(one.position, one.type, one.event) for one in told]

    def _is_there(self) -> bool:
        return any(each.key == self.receiver for each in self.hub.subscriptions(self.visit.caller.organisation))


# What there is ---------------------------------------------------------------------------------------

_TEXT, _NUMBER = schemas.TEXT | of.OPERATION, {"type": "integer"} | of.OPERATION
_FILTERS = schemas.thing(
    types=schemas.many(_TEXT),
    axes=schemas.many(_TEXT),
    level=_NUMBER,
    directions=schemas.many(_TEXT),
    municipalities=schemas.many(_TEXT),
    ownSignalsOnly={"type": "boolean"} | of.OPERATION,
)
SUBSCRIPTION = schemas.thing(
    id=schemas.ID,
    sink=_TEXT,
    callback=_TEXT,
    payload=_TEXT,
    topic=_TEXT,
    state=_TEXT,
    because=_TEXT,
    perMinute=_NUMBER,
    hasSecret={"type": "boolean"} | of.OPERATION,
    filters=_FILTERS,
)
_FIELD = schemas.thing(name=_TEXT, about=_TEXT)
_EVENT_TYPE = schemas.thing(type=_TEXT, titleNl=_TEXT, titleEn=_TEXT, aboutNl=_TEXT, aboutEn=_TEXT, fields=schemas.many(_FIELD))
_EVENT = {"type": "object", "description": "a CloudEvent; GET /v1/event-types explains its data"} | of.OPERATION
_NUMBERED = schemas.thing(sequence=_NUMBER, event=_EVENT)


def _operation(method: str, path: str, name: str, title: str, do: Any, **more: Any) -> Operation:
    said = {"act": Act.SUBSCRIBE, "answer": SUBSCRIPTION, **more}
    return Operation(method, path, name, title, "subscriptions", do=do, **said)


_EACH = "/subscriptions/{id}"
_MAY_BE_NOT = {"refusals": (404, 409)}
# fmt: off
SUBSCRIPTIONS = (
    _operation("GET", "/event-types", "getEventTypes", "The kinds of notices there are, and what each field of them says", _types,
               answer=schemas.thing(items=schemas.many(_EVENT_TYPE))),
    _operation("GET", "/subscriptions", "getSubscriptions", "Your subscriptions", _list,
               answer=schemas.thing(items=schemas.many(SUBSCRIPTION))),
    _operation("POST", "/subscriptions", "postSubscription", "Subscribe: nothing is sent before your address says it wants it",
               _subscribe, form=NewSubscription, status=201, refusals=(409,)),
    _operation("GET", _EACH, "getSubscription", "One of your subscriptions", _show, refusals=(404,)),
    _operation("PUT", _EACH, "changeSubscription", "Want something else, or elsewhere", _change,
               form=NewSubscription, **_MAY_BE_NOT),
    _operation("DELETE", _EACH, "endSubscription", "End it; it is told nothing any more", _end, **_MAY_BE_NOT),
    _operation("POST", f"{_EACH}/pauses", "pauseSubscription", "Be sent nothing for now; what comes waits", _pause,
               status=201, **_MAY_BE_NOT),
    _operation("POST", f"{_EACH}/resumptions", "resumeSubscription", "Be sent things again, what waits first", _resume,
               status=201, **_MAY_BE_NOT),
    _operation("POST", f"{_EACH}/tests", "testSubscription", "Be sent a notice that says nothing, to see one arrive", _test,
               status=202, **_MAY_BE_NOT),
    _operation("POST", f"{_EACH}/secrets", "renewSecret", "Have what you are sent signed with a secret too (HMAC), shown this once",
               _renew, form=Overlap, status=201, answer=schemas.thing(secret=_TEXT), **_MAY_BE_NOT),
    _operation("DELETE", f"{_EACH}/secrets", "dropSecret", "Have it signed with the hub's keys only", _drop, **_MAY_BE_NOT),
    _operation("GET", "/feed", "getFeed", "What you were told, in order, exactly as the webhook has it", _feed,
               act=Act.READ_NOTICES, query=Part, kind=Notices, answer=schemas.thing(items=schemas.many(_NUMBERED), next=_NUMBER),
               **_MAY_BE_NOT),
    _operation("GET", "/feed/stream", "followFeed", "The same as it comes (server-sent events): Last-Event-ID goes on from there",
               _follow, act=Act.READ_NOTICES, query=Start, kind=Events, answer=schemas.TEXT, **_MAY_BE_NOT),
    _operation("GET", "/notices/{id}", "getNotice", "A notice that you were told, whole, as the dataref of a lean one says",
               _notice, act=Act.READ_NOTICES, kind=Notice, answer=_EVENT, refusals=(404,)),
)
# fmt: on
