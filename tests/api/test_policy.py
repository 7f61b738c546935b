"""Who may do what: every route, by every role, in every position to a family; exactly this table, and nothing beside it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest

from hub.adapters.channels.webhook.mailbag import Mailbag
from hub.api.admission import Guarded
from hub.domain.callers import Capacity
from hub.domain.publications import Kind
from hub.domain.requests import Asks
from hub.domain.subscriptions import Wish
from hub.domain.trajectory import Trajectory
from hub.registry import Terms
from tests.api.running import Running, a_child, a_worry, an_event, running
from tests.api.test_decisions import WHY
from tests.given import NOON
from tests.passing import notarised, passed_on

TABLE = """
                                                           coordinator team-lead administrative auditor data-protection-officer operator partner        reporter
GET  /v1/families/{id}                                     o           o         o              o       -                       -        -        -
GET  /v1/families/{id}/standing                            o           o         o              o       -                       -        -        -
GET  /v1/families/{id}/plans                               o           o         o              o       -                       -        -        -
GET  /v1/families/{id}/voices                              o           o         o              o       -                       -        -        -
GET  /v1/families/{id}/measurements                        o           o         o              o       -                       -        -        -
GET  /v1/families/{id}/network                             o           o         o              o       -                       -        -        -
GET  /v1/families/{id}/referral                            o           o         o              o       -                       -        -        -
GET  /v1/families/{id}/timeline                            o           o         o              o       -                       -        -        -
GET  /v1/families/{id}/tellings                            o           o         o              o       -                       -        -        -
GET  /v1/families/{id}/history                             o           o         o              o       oxc                     -        -        -
GET  /v1/families/{id}/history/differences                 o           o         o              o       oxc                     -        -        -
GET  /v1/families/{id}/history/{version}/causes            o           o         o              o       oxc                     -        -        -
GET  /v1/families/{id}/knowledge                           -           -         -              o       oxc                     -        -        -
POST /v1/families/{id}/file                                -           -         -              o       -                       -        -        -
GET  /v1/families/{id}/processing-log                      -           -         -              oxc     oxc                     -        -        -
GET  /v1/caseload                                          oxc         oxc       oxc            -       -                       -        -        -
GET  /v1/today                                             oxc         oxc       oxc            -       -                       -        -        -
GET  /v1/measuring                                         oxc         oxc       oxc            -       -                       -        -        -
GET  /v1/clocks                                            oxc         oxc       oxc            -       -                       -        -        -
GET  /v1/funnel                                            oxc         oxc       oxc            -       -                       -        -        -
GET  /v1/radar                                             oxc         oxc       oxc            -       -                       -        -        -
GET  /v1/insight/early-path                                oxc         oxc       oxc            oxc     oxc                     -        -        -
GET  /v1/insight/waiting                                   oxc         oxc       oxc            oxc     oxc                     -        -        -
GET  /v1/insight/signals                                   oxc         oxc       oxc            oxc     oxc                     -        -        -
GET  /v1/insight/goals                                     oxc         oxc       oxc            oxc     oxc                     -        -        -
GET  /v1/insight/caseload                                  oxc         oxc       oxc            oxc     oxc                     -        -        -
GET  /v1/publications                                      oxc         oxc       oxc            oxc     oxc                     -        -        -
GET  /v1/publications/{id}                                 oxc         oxc       oxc            oxc     oxc                     -        -        -
GET  /v1/broken-glass                                      oxc         oxc       oxc            oxc     oxc                     -        -        -
GET  /v1/escalations                                       oxc         oxc       oxc            oxc     -                       -        -        -
GET  /v1/escalations/{id}                                  o           o         o              o       -                       -        -        -
GET  /v1/escalations/stream                                oxc         oxc       oxc            -       oxc                     oxc      -        -
GET  /v1/match-questions                                   oc          oc        -              oxc     -                       -        -        -
GET  /v1/match-questions/{id}                              oc          oc        -              oxc     -                       -        -        -
GET  /v1/quarantine                                        -           -         -              -       -                       oxc      -        -
GET  /v1/organisations                                     -           -         -              -       -                       oxc      -        -
GET  /v1/deliveries                                        -           -         -              -       -                       oxc      -        -
GET  /v1/followers                                         -           -         -              -       -                       oxc      -        -
POST /v1/deliveries/{delivery}/redrives                    -           -         -              -       -                       -        -        -
GET  /v1/processing-log                                    -           -         -              oxc     oxc                     -        -        -
GET  /v1/signals/{id}                                      -           -         -              -       -                       -        o        -
GET  /v1/signals/{id}/proof                                -           -         -              -       -                       -        o        -
GET  /v1/event-types                                       -           -         -              -       -                       -        oxc        -
GET  /v1/subscriptions                                     -           -         -              -       -                       -        oxc        -
POST /v1/subscriptions                                     -           -         -              -       -                       -        oxc        -
GET  /v1/subscriptions/{id}                                -           -         -              -       -                       -        o        -
PUT  /v1/subscriptions/{id}                                -           -         -              -       -                       -        oxc        -
POST /v1/subscriptions/{id}/pauses                         -           -         -              -       -                       -        o        -
POST /v1/subscriptions/{id}/resumptions                    -           -         -              -       -                       -        o        -
POST /v1/subscriptions/{id}/secrets                        -           -         -              -       -                       -        o        -
POST /v1/subscriptions/{id}/tests                          -           -         -              -       -                       -        o        -
GET  /v1/feed                                              -           -         -              -       -                       -        oxc        -
GET  /v1/feed/stream                                       -           -         -              -       -                       -        oxc        -
GET  /v1/notices/{id}                                      -           -         -              -       -                       -        o        -
POST /v1/notices/{id}/acknowledgements                     -           -         -              -       -                       -        oxc        -
GET  /v1/tellings                                          -           -         -              oxc     -                       -        oxc        -
GET  /v1/me/contact                                        oxc         oxc       oxc            oxc     oxc                     oxc      -        -
PUT  /v1/me/contact                                        oxc         oxc       oxc            oxc     oxc                     oxc      -        -
POST /v1/me/calendar                                       oxc         oxc       oxc            oxc     oxc                     oxc      -        -
DELETE /v1/me/calendar                                     oxc         oxc       oxc            oxc     oxc                     oxc      -        -
GET  /v1/duty-shifts                                       oxc         oxc       oxc            -       -                       oxc      -        -
POST /v1/duty-shifts                                       -           oxc       -              -       -                       oxc      -        -
GET  /v1/colleagues                                        oxc         oxc       oxc            oxc     oxc                     -        -        -
POST /v1/processing-log/_search                            -           -         -              oxc     oxc                     -        -        -
POST /v1/families/_search                                  oxc         oxc       oxc            -       -                       -        -        -
POST /v1/families/{id}/glass-breakings                     oxc         oxc       oxc            -       -                       -        -        -
GET  /v1/families/{id}/glass-breakings                     o           o         o              o       oxc                     -        -        -
GET  /v1/families/{id}/retention                           o           o         o              oxc     oxc                     -        -        -
POST /v1/families/{id}/retention-holds                     -           -         -              -       oxc                     -        -        -
POST /v1/families/{id}/retention-releases                  -           -         -              -       oxc                     -        -        -
GET  /v1/assignments                                       oxc         oxc       oxc            oxc     oxc                     -        -        -
POST /v1/families/{id}/assignments                         -           -         -              -       oxc                     -        -        -
POST /v1/families/{id}/assignments/{assignment}/endings    -           -         -              -       oxc                     -        -        -
POST /v1/families/{id}/handovers                           o           o         o              -       -                       -        -        -
POST /v1/families/{id}/handovers/{handover}/answers        o           o         o              -       -                       -        -        -
POST /v1/families/{id}/coaches                             o           o         -              -       -                       -        -        -
POST /v1/families/{id}/coach-releases                      o           o         -              -       -                       -        -        -
POST /v1/families/{id}/plans                               o           o         o              -       -                       -        -        -
POST /v1/families/{id}/network                             o           o         o              -       -                       -        -        -
POST /v1/families/{id}/network/{member}/changes            o           o         o              -       -                       -        -        -
POST /v1/families/{id}/network/{member}/departures         o           o         o              -       -                       -        -        -
POST /v1/families/{id}/ties                                o           o         o              -       -                       -        -        -
POST /v1/families/{id}/meetings                            o           o         o              -       -                       -        -        -
POST /v1/families/{id}/meetings/{meeting}/minutes           o           o         o              -       -                       -        -        -
POST /v1/families/{id}/meetings/{meeting}/cancellations    o           o         o              -       -                       -        -        -
POST /v1/families/{id}/meetings/{meeting}/resolutions/{resolution}/outcomes o           o         o              -       -                       -        -        -
POST /v1/families/{id}/goals/{goal}/progress               o           o         o              -       -                       -        -        -
POST /v1/families/{id}/goals/{goal}/results                o           o         o              -       -                       -        -        -
POST /v1/families/{id}/measurements                        o           o         o              -       -                       -        -        -
POST /v1/families/{id}/measurements/{measurement}/withdrawals o           o         o              -       -                       -        -        -
POST /v1/families/{id}/goals/{goal}/voices                 o           o         o              -       -                       -        -        -
POST /v1/families/{id}/goals/{goal}/tellings               o           o         o              -       -                       -        -        -
POST /v1/families/{id}/goals/{goal}/keepings-back          o           o         o              -       -                       -        -        -
POST /v1/families/{id}/levers                              o           o         o              -       -                       -        -        -
POST /v1/families/{id}/lever-refusals                      o           o         o              -       -                       -        -        -
POST /v1/families/{id}/levers/{lever}/reconsiderations     o           o         o              -       -                       -        -        -
POST /v1/families/{id}/levers/{lever}/endings              o           o         o              -       -                       -        -        -
POST /v1/families/{id}/referrals                           o           o         o              -       -                       -        -        -
POST /v1/families/{id}/referral-decisions                  o           o         -              -       -                       -        -        -
POST /v1/families/{id}/phases                              o           o         o              -       -                       -        -        -
POST /v1/families/{id}/extensions                          o           o         o              -       -                       -        -        -
POST /v1/families/{id}/early-endings                       o           o         o              -       -                       -        -        -
POST /v1/families/{id}/compulsions                         -           o         o              -       -                       -        -        -
POST /v1/families/{id}/reopenings                          o           o         o              -       -                       -        -        -
POST /v1/families/{id}/steps-down                          o           o         o              -       -                       -        -        -
POST /v1/families/{id}/direction-steps-down                o           o         o              -       -                       -        -        -
POST /v1/families/{id}/terms-met                           o           o         o              -       -                       -        -        -
POST /v1/families/{id}/cooperation-refusals                o           o         o              -       -                       -        -        -
POST /v1/families/{id}/family-informations                 o           o         o              -       -                       -        -        -
POST /v1/families/{id}/corrections                         o           o         o              -       -                       -        -        -
POST /v1/families/{id}/escalations/{escalation}/acknowledgements o     o         o              -       -                       -        -        -
POST /v1/families/{id}/merges                              o           o         -              -       -                       -        -        -
POST /v1/families/{id}/separations                         o           o         -              -       -                       -        -        -
POST /v1/families/{id}/splits                              o           o         -              -       -                       -        -        -
POST /v1/families/{id}/signals/{signal}/moves              o           o         -              -       -                       -        -        -
GET  /v1/match-questions/{id}/comparison                   oc          oc        -              -       -                       -        -        -
POST /v1/match-questions/{id}/answers                      oc          oc        -              -       -                       -        -        -
POST /v1/match-questions/{id}/inquiries                    oc          oc        -              -       -                       -        -        -
POST /v1/match-questions/{id}/retractions                  oc          oc        -              -       -                       -        -        -
DELETE /v1/duty-shifts/{id}                                -           -         -              -       -                       -        -        -
DELETE /v1/subscriptions/{id}/secrets                      -           -         -              -       -                       -        o        -
DELETE /v1/subscriptions/{id}                              -           -         -              -       -                       -        o        -
POST /v1/messages/{id}/processings                         -           -         -              -       -                       oxc      -        -
GET  /v1/retention                                         oxc         oxc       oxc            oxc     oxc                     -        -        -
GET  /v1/person-requests                                   -           -         -              oxc     oxc                     -        -        -
POST /v1/person-requests                                   oxc         oxc       oxc            -       oxc                     -        -        -
GET  /v1/person-requests/{id}                              -           -         -              oxc     oxc                     -        -        -
POST /v1/person-requests/{id}/identity-checks              -           -         -              -       oxc                     -        -        -
POST /v1/person-requests/{id}/extensions                   -           -         -              -       oxc                     -        -        -
POST /v1/person-requests/{id}/decisions                    -           -         -              -       oxc                     -        -        -
POST /v1/person-requests/{id}/executions                   -           -         -              -       oxc                     -        -        -
GET  /v1/request-grounds                                   -           -         -              oxc     oxc                     -        -        -
POST /v1/persons/_search                                   -           -         -              -       oxc                     -        -        -
POST /v1/persons/{id}/restriction-liftings                 -           -         -              -       oxc                     -        -        -
POST /v1/families/{id}/network/{member}/erasures           -           -         -              -       oxc                     -        -        -
POST /v1/persons/{id}/statements                           -           -         -              -       oxc                     -        -        -
GET  /v1/persons/{id}/file                                 -           -         -              -       oxc                     -        -        -
GET  /v1/persons/{id}/readable-file                        -           -         -              -       oxc                     -        -        -
GET  /v1/persons/{id}/erasure-certificate                  -           -         -              oxc     oxc                     -        -        -
GET  /v1/evidence                                          -           -         -              oxc     oxc                     oxc      -        -
POST /v1/reports                                           -           -         -              -       -                       -        -        oxc
GET  /v1/reports                                           -           -         -              -       -                       -        -        oxc
GET  /v1/reports/{id}                                      -           -         -              -       -                       -        -        o
"""  # noqa: E501
"""Who is let in: `o` to a family of their own (for auditors: that they are assigned to; for partners and reporters: to their own
message), `x` to that of others, `c` to one that their team had and that is closed. Nobody is let in of an organisation of which
the covenant ended."""
BODILESS = ("/me/calendar", "/pauses", "/redrives", "/resumptions", "/tests")
NOT_LET_IN = {401, 403, 404}


def expected() -> dict[tuple[str, str], dict[Capacity, str]]:
    """The table, by method and path."""
    head, *rows = (line.split() for line in TABLE.strip().splitlines())
    return {(row[0], row[1]): dict(zip(map(Capacity, head), row[2:], strict=True)) for row in rows}


@dataclass(frozen=True)
class Town:
    """A hub with a family that somebody directs, one that is closed, and one thing of each kind that can be asked for."""

    hub: Running
    open: dict[str, str]
    closed: dict[str, str]

    def caller(self, role: Capacity, position: str) -> dict[str, str]:
        """The header of somebody in that role and position."""
        if role is Capacity.PARTNER:
            return self.hub.token(role, organisation={"o": "youth-work", "x": "police", "c": "police", "e": "ended"}[position])
        if role is Capacity.REPORTER:
            of = {"o": "youth-work", "x": "elsewhere", "c": "youth-work", "e": "ended"}[position]
            return self.hub.token(role, "a.reporter" if position == "o" else "colleague", of)
        who = {"o": ("duty-desk", ""), "x": ("stranger", "elsewhere"), "c": ("colleague", ""), "e": ("duty-desk", "ended")}
        return self.hub.token(role, *who[position])

    async def is_let_in(self, method: str, path: str, role: Capacity, position: str) -> bool:
        """Whether they get further than the door; a form that nobody fills in is read by who may send one."""
        ids = self.closed if position == "c" else self.open
        escalation = "/escalations/{id}"
        filled = path.replace(escalation, escalation.replace("id", "escalation")).replace("{id}", ids[_kind(path)])
        filled = filled.replace("{delivery}", "1")
        for name in ("handover", "goal", "lever", "signal", "escalation", "assignment"):
            filled = filled.replace(f"{{{name}}}", ids[name])
        sent: dict[str, Any] = {"json": {}} if method in ("POST", "PUT") and not path.endswith(BODILESS) else {}
        if method == "GET" and path.endswith("/stream"):
            method = "HEAD"
        said = await self.hub.ask_now(method, filled, "", headers=self.caller(role, position), **sent)
        assert said.status_code not in (405, 415, 500, 503), said.text
        return said.status_code not in NOT_LET_IN


def _kind(path: str) -> str:
    return next((kind for kind in _KINDS if kind in path), "family")


_KINDS = (
    *("match-questions", "messages", "signals/{id}", "subscriptions", "notices", "reports"),
    *("person-requests", "erasure-certificate", "persons", "publications"),
)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(Path(tmp_path_factory.mktemp("policy"))) as hub:
        yield hub


async def a_town(hub: Running) -> Town:
    """A family with an escalation, a closed one, a match question, a message in quarantine, and a covenant that ended."""
    family, escalation = await hub.an_escalation()
    said = await hub.post(an_event(a_worry(people=[a_child(9)], concern="honour-violence"), id="closed"))
    closed = hub.family_in(said)
    assert (await hub.tell(f"/v1/families/{closed}/early-endings", WHY)).status_code == 201
    namesake = {"familyName": "Voorbeeld", "givenNames": "Noor", "birthDate": "2016-04-05", "role": "child"}
    asked = (await hub.post(an_event(a_worry(people=[namesake]), id="asked"))).json()
    unread = (await hub.post(an_event({"nothing": "of the contract"}, id="unread"))).json()
    assert (asked["outcome"], unread["outcome"]) == ("match-question", "quarantined")
    (question,) = (await hub.ask("/v1/match-questions")).json()["items"]
    own = (await hub.post(an_event(a_worry(concern="honour-violence")))).json()["message"]
    some = str(uuid4())
    typed = {**hub.token("reporter", "a.reporter", "youth-work"), "Idempotency-Key": some}
    reported = (await hub.ask_now("POST", "/v1/reports", "", headers=typed, json=a_worry())).json()["message"]
    subscription, notice = _a_notice(hub)
    person, erased = await _people(hub, family)
    ids = {
        "persons": str(person),
        "person-requests": str(hub.hub.requests.note(person, Asks.INSPECTION, NOON.date(), "", "officer")),
        "erasure-certificate": str(erased),
        "subscriptions": subscription,
        "notices": notice,
        "publications": str(hub.hub.publishing.publish(Kind.EVALUATION, "A report", "<title>A report</title>", "operator")),
        "match-questions": question["id"],
        "messages": unread["message"],
        "signals/{id}": own,
        "reports": reported,
        "escalation": escalation,
        **dict.fromkeys(("handover", "goal", "lever", "signal"), some),
        "assignment": hub.assign(family),
    }
    end = hub.clock.now() - timedelta(days=1)
    hub.hub.registry.add("ended", "any-partner", "00000099000000000077", "operator", terms=Terms(covenant_until=end))
    passed_on(hub.hub)
    notarised(hub.hub)
    unacknowledged = {**ids, "family": str(closed), "escalation": await _raised(hub, closed)}
    return Town(hub, {**ids, "family": str(family)}, unacknowledged)


async def _people(hub: Running, family: UUID) -> tuple[UUID, UUID]:
    """Somebody of a family, and somebody else who was erased."""
    other = await hub.a_family_of(a_child(8), id="erased")
    (person,), (erased,) = (_members(hub, each) for each in (family, other))
    hub.hub.erase(erased, "avg-17-1-d", "officer")
    return person, erased


def _members(hub: Running, family: UUID) -> list[UUID]:
    return hub.hub.register.read(lambda unit: [UUID(person) for person in unit.get(Trajectory, family).people])


def _a_notice(hub: Running) -> tuple[str, str]:
    """A subscription of a partner, and what it was told by it."""
    id = hub.hub.subscribing.subscribe("youth-work", Wish(), "youth-work")
    hub.hub.subscribing.test(id, "youth-work", "youth-work")
    passed_on(hub.hub)
    (told,) = Mailbag(hub.hub.stored.outbox, hub.hub.bells).after(0, str(id))
    return str(id), json.loads(told.event)["id"]


async def _raised(hub: Running, family: UUID) -> str:
    return next(event.escalation for event in hub.hub.history.facts(family) if isinstance(event, Trajectory.LevelRaised))


def test_the_table_has_every_route_and_no_other(place: Running) -> None:
    there = {
        (method, route.path) for route in place.app.routes if isinstance(route, Guarded) for method in route.methods - {"HEAD"}
    }
    assert set(expected()) == there


async def test_everybody_is_let_in_exactly_where_the_table_says_so(place: Running) -> None:
    town = await a_town(place)
    wrong = []
    for (method, path), cells in expected().items():
        for role, cell in cells.items():
            let_in = "".join([at for at in "oxce" if await town.is_let_in(method, path, role, at)])
            if let_in != cell.strip("-"):
                wrong.append((method, path, role.value, let_in or "-", f"the table says {cell}"))
    assert wrong == [], "\n".join(map(str, wrong))
