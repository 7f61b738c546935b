"""A journey of people with known names over real HTTP: whatever the hub says of itself on the way, nobody is in it.

What is searched is what it prints and logs, every address and header that it makes, every refusal, what partners are told,
what it notes and stores beside what is sealed, what its command line shows, its health and metrics, and its traces.
"""

import html
import json
import os
import re
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus, unquote_to_bytes, urlencode

import httpx2
import pytest

from hub.adapters import outgoing_events
from hub.domain.callers import Capacity
from tests import issuer
from tests.channels.receiving import Answer, Receiver, Sent, receiving, status
from tests.console.browsing import ATTEMPT, SESSION, a_door, changed
from tests.journeys.collecting import collecting
from tests.journeys.running import ANY_TYPE, BATCH, STRUCTURED, Process, Sender, a_worry, heard, the_partners
from tests.journeys.test_nothing_in_the_clear import (
    BORN,
    BROTHER,
    FAMILY_NAME,
    FREE,
    GIVEN_NAMES,
    NUMBER,
    OTHER_BORN,
    OTHER_NUMBER,
    POSTCODE,
    PREFIX,
    STREET,
    TOWN,
    WHO,
    exact,
    folded,
)
from tests.parts.servers import a_free_port
from tests.tools import ROOT

ABROAD = "Çağlayangül Ødegård"
"""A name that every encoding writes in a way of its own."""
WORDS = [*WHO, *FREE.values(), ABROAD, *(day.replace("-", "") for day in (BORN, OTHER_BORN))]
DUTY = ("duty-desk", "neighbourhood-team")
PATIENCE = 60.0
"""Seconds: what a busy machine may need, not what the hub does."""


# Searching ---------------------------------------------------------------------------------------------

FOLDED = {form: word for word in WORDS for form in folded(word)}
EXACT = {form: word for word in WORDS for form in exact(word)}


def words_in(content: bytes) -> set[str]:
    """The words that stand in these bytes, in whatever encoding."""
    found = set()
    for text in _readings(content):
        lower = text.decode("utf-8", "replace").lower().encode()
        found |= {word for form, word in FOLDED.items() if form in lower or form in text.lower()}
        found |= {word for form, word in EXACT.items() if form in text}
    return found


def _readings(content: bytes) -> Iterator[bytes]:
    """The bytes as they are, and as somebody reads them who undoes percent signs, escapes of JSON, entities or base64url."""
    text = content.decode("utf-8", "replace")
    yield content
    yield unquote_to_bytes(content.replace(b"+", b" "))
    yield content.translate(bytes.maketrans(b"-_", b"+/"))
    yield html.unescape(text).encode()
    yield re.sub(r"\\u([0-9a-fA-F]{4})", lambda match: chr(int(match[1], 16)), text).encode("utf-8", "replace")


@pytest.mark.parametrize("word", [NUMBER, GIVEN_NAMES, FREE["motivation"], ABROAD])
def test_the_search_finds_a_word_in_every_encoding(word: str) -> None:
    written = [
        *(word.encode(), word.upper().encode(), word.encode().hex().upper().encode()),
        *(quote(word).encode(), quote_plus(word).encode(), "".join(f"%{each:02x}" for each in word.encode()).encode()),
        *(json.dumps({"x": word}).encode(), "".join(f"\\u{ord(each):04x}" for each in word).encode()),
        *(word.encode("ascii", "xmlcharrefreplace"), "".join(f"&#x{ord(each):x};" for each in word).encode()),
        *(b64encode(b"x" * before + word.encode()).replace(b"+", b"-").replace(b"/", b"_") for before in range(3)),
    ]
    for form in written:
        assert word in words_in(b"before " + form + b" after"), form
    assert words_in(b"somebody else") == set()


# The journey -------------------------------------------------------------------------------------------


@dataclass
class Hubbub:
    """A hub as a process of its own with its partners, everything that one does to it, and everything that it lets out."""

    process: "Printing"
    partners: Mapping[str, Sender]
    client: httpx2.Client
    out: list[tuple[str, bytes]] = field(default_factory=list)
    """Where it came from, and what it was."""
    statuses: list[int] = field(default_factory=list)

    def send(self, method: str, path: str, *, may_see: bool = False, **more: Any) -> httpx2.Response:
        """A request; of its answer all is kept, except for what somebody sees who may."""
        said = self.client.request(method, path, **more)
        where = f"{method} {len(self.statuses)} {said.status_code}"
        self.statuses.append(said.status_code)
        self.out.append((f"{where} headers", b"\r\n".join(name + b": " + value for name, value in said.headers.raw)))
        if not (may_see and said.is_success):
            self.out.append((f"{where} body", said.content))
        return said

    def post(self, body: bytes, media: str = STRUCTURED, by: str = "any-partner", **but: str) -> httpx2.Response:
        """A signed message, with headers that are otherwise than they ought to be."""
        sender = self.partners[by]
        return self.send("POST", "/v1/signals", content=body, headers={**sender.signed(body, now()), "content-type": media, **but})

    def tell(self, data: Any, **but: Any) -> httpx2.Response:
        """An event in the hub's own contract."""
        return self.post(self.partners["any-partner"].an_event(data, now(), **but))

    def ask(self, method: str, path: str, role: Capacity = Capacity.COORDINATOR, who: tuple[str, str] = DUTY, **more: Any) -> Any:
        """What people ask and decide."""
        headers = {**issuer.bearer(role, *who, now()), **more.pop("headers", {})}
        return self.send(method, f"/v1{path}", headers=headers, **more)

    def run(self, *arguments: str) -> str:
        """A command of the operator, of which everything that it prints is kept."""
        environment = {**os.environ, **self.process.environment, "COLUMNS": "500"}
        ran = subprocess.run([sys.executable, "-m", "hub", *arguments], env=environment, cwd=ROOT, capture_output=True, check=False)
        self.out += [(f"hub {arguments[0]}, on standard output", ran.stdout), (f"hub {arguments[0]}, aside", ran.stderr)]
        assert ran.returncode == 0, ran.stderr
        return ran.stdout.decode()


def now() -> datetime:
    return datetime.now(UTC)


def until(found: Callable[[], Any]) -> Any:
    """What is there when it is there."""
    ends = time.monotonic() + PATIENCE
    while not (there := found()):
        assert time.monotonic() < ends, "it does not come"
        time.sleep(0.05)
    return there


@contextmanager
def a_hub(place: Path, collector: str = "", **callbacks: str) -> Iterator[Hubbub]:
    """A hub that runs while the block lasts; what it printed is kept when it has stopped."""
    process, partners = Printing(place / "data", place=place, collector=collector), the_partners(**callbacks)
    with closing(process.open()) as hub:
        for partner in partners.values():
            partner.register(hub, now())
    process.start()
    try:
        with httpx2.Client(base_url=process.url, timeout=PATIENCE) as client:
            hubbub = Hubbub(process, partners, client)
            yield hubbub
    finally:
        process.end()
    hubbub.out += [(name, (place / name).read_bytes()) for name in (STDOUT, STDERR)]


STDOUT, STDERR = "what the hub printed", "what the hub logged"


@dataclass
class Printing(Process):
    """The same process, of which both outputs go to files; it says how it is, and its steps to a collector."""

    place: Path = Path()
    collector: str = ""
    watch: str = field(default_factory=lambda: f"127.0.0.1:{a_free_port()}")

    @property
    def environment(self) -> dict[str, str]:
        return {**super().environment, "HUB_WATCH": self.watch, "HUB_TRACES_ENDPOINT": self.collector}

    def launch(self) -> None:
        command = [sys.executable, "-m", "hub", "all", "--port", str(self.port)]
        with (self.place / STDOUT).open("ab") as out, (self.place / STDERR).open("ab") as aside:
            self.running = subprocess.Popen(command, env={**os.environ, **self.environment}, stdout=out, stderr=aside)


CHILD = {
    "bsn": NUMBER,
    "familyName": FAMILY_NAME,
    "prefix": PREFIX,
    "givenNames": GIVEN_NAMES,
    "birthDate": BORN,
    "address": {"postcode": POSTCODE, "number": "17", "street": STREET, "town": TOWN},
    "role": "child",
}
PARENT = {**CHILD, "bsn": OTHER_NUMBER, "familyName": ABROAD, "givenNames": BROTHER, "birthDate": OTHER_BORN, "role": "parent"}
ELSEWHERE = {"postcode": "1234AB", "number": "3", "street": STREET, "town": TOWN}
NAMESAKE = {name: said for name, said in CHILD.items() if name != "bsn"} | {"address": ELSEWHERE}
WHY = {"motivation": FREE["motivation"]}
GOAL = {
    **{name: FREE[name] for name in ("specific", "measurable", "achievable", "relevant", "owner")},
    "goal": "school",
    "area": "04",
    "start": "2026-03-02",
    "due": "2036-06-01",
}


# What is done ------------------------------------------------------------------------------------------


def answered(sent: Sent) -> Answer:
    """A receiver whose answers name people, whatever they say."""
    said = f"{FAMILY_NAME} {NUMBER}".encode()
    return status(
        302 if sent.event["type"].endswith("plan-adopted.v1") else 200, said, Location=f"/{FAMILY_NAME}", X_Who=FAMILY_NAME
    )


def accepted(hub: Hubbub) -> str:
    """A signal about a child and a parent, twice; and one in a batch with others that are wrong."""
    informed = {"how": "spoken", "when": "2026-02-27", "by": FREE["informed"]}
    worry = a_worry(CHILD, PARENT, concern="honour-violence", informed=informed)
    body = hub.partners["any-partner"].an_event(worry, now())
    first, again = hub.post(body), hub.post(body)
    assert (first.status_code, again.status_code, first.json()["outcome"]) == (201, 200, "recorded"), first.text
    other = hub.partners["any-partner"].an_event(worry | {"reference": "a-2"}, now())
    in_batch = hub.post(outgoing_events.to_batch([other, b'{"specversion": "1.0", "%s": 1}' % FAMILY_NAME.encode()]), BATCH)
    assert [one["status"] for one in in_batch.json()] == [201, 400], in_batch.text
    return str(first.json()["message"])


def waiting(hub: Hubbub) -> str:
    """A signal about somebody who may be the same child."""
    said = hub.tell(a_worry(NAMESAKE))
    assert said.json()["outcome"] == "match-question", said.text
    return str(said.json()["message"])


def quarantined(hub: Hubbub) -> str:
    """Messages that are rightly signed and cannot be read, with people in every place where they do not belong."""
    wrong = [
        a_worry(CHILD | {FREE["quarantined"]: FREE["quarantined"]}),
        a_worry(CHILD | {"birthDate": FAMILY_NAME, "role": FAMILY_NAME, "bsn": FAMILY_NAME}),
        a_worry(CHILD | {"familyName": {FAMILY_NAME: ABROAD}, "address": STREET}),
        a_worry(CHILD, concern=FAMILY_NAME, happened=FAMILY_NAME, reference=[FAMILY_NAME]),
        a_worry(CHILD) | {FAMILY_NAME: 1, ABROAD: 2, f"/{NUMBER}~1": 3},
        {"people": FAMILY_NAME},
        [FAMILY_NAME],
        FAMILY_NAME,
    ]
    told = [hub.tell(data) for data in wrong]
    assert {said.json()["outcome"] for said in told} == {"quarantined"}
    xml = f"<{FAMILY_NAME} naam='{GIVEN_NAMES}'><bsn>{NUMBER}</bsn>&{BROTHER};</{FAMILY_NAME}".encode()
    for by, type, media in (
        ("police", "nl.vig.meldingen.vt-melding.v1", "application/xml"),
        ("any-partner", ANY_TYPE, "application/json"),
    ):
        sender = hub.partners[by]
        attributes = outgoing_events.to_headers("e-1", sender.source, type, now(), media)
        headers = sender.signed(xml, now(), attributes) | attributes
        hub.send("POST", "/v1/signals", content=xml, headers=headers)
    return str(told[0].json()["message"])


def refused_of_partners(hub: Hubbub) -> None:
    """What is signed wrongly, or is no event of the partner at all."""
    sender = hub.partners["any-partner"]
    body, event = sender.an_event(a_worry(CHILD), now()), json.loads(sender.an_event(a_worry(CHILD), now()))
    signed = sender.signed(body, now())
    forged = [
        {},
        {"Payload-Signature": FAMILY_NAME, "Digest": signed["Digest"]},
        {"Payload-Signature": signed["Payload-Signature"], "Digest": f"SHA-256={FAMILY_NAME}"},
        {**signed, "Digest": f"{FAMILY_NAME}={NUMBER}"},
        hub.partners["police"].signed(body, now()),
        sender.signed(b"another " + body, now()),
        sender.signed(body, now() - timedelta(days=2)),
        {**signed, "Payload-Signature": _jws({"alg": FAMILY_NAME, "kid": NUMBER, FAMILY_NAME: ABROAD})},
        {**signed, "Payload-Signature": _jws({"alg": "PS256", "kid": sender.kid, "crit": [FAMILY_NAME], FAMILY_NAME: ABROAD})},
        {**signed, "Authorization": f"Bearer {FAMILY_NAME}"},
    ]
    for headers in forged:
        said = hub.send("POST", "/v1/signals", content=body, headers={"content-type": STRUCTURED, **headers})
        assert said.status_code in (400, 401), said.text
    hub.post(body)
    crooked = [
        event | {FAMILY_NAME.lower(): ABROAD},
        event | {"id": "x" * 300 + FAMILY_NAME},
        event | {"source": f"urn:nld:oin:{FAMILY_NAME}"},
        event | {"type": f"nl.vig.{FAMILY_NAME}"},
        event | {"time": FAMILY_NAME},
        event | {"specversion": FAMILY_NAME},
        event | {"dataschema": f"https://{FAMILY_NAME}.example/{NUMBER}"},
        event | {"datacontenttype": f"text/{FAMILY_NAME}"},
        event | {"traceparent": FAMILY_NAME, "subject": {FAMILY_NAME: 1}},
        event | {"data": a_worry(PARENT)},
        {FAMILY_NAME: NUMBER},
    ]
    told = [hub.post(json.dumps(one).encode()) for one in crooked]
    told += [hub.post(f'{{"{FAMILY_NAME}": "{NUMBER}'.encode()), hub.post(json.dumps(FAMILY_NAME).encode(), BATCH)]
    assert {said.status_code for said in told} <= {201, 400, 409}, [said.text for said in told]
    assert hub.post(body, f"text/{FAMILY_NAME}").status_code == 415
    assert hub.post(b"[" + body.ljust(70_000) + b"]").status_code == 413


def _jws(header: Mapping[str, Any]) -> str:
    return f"{b64encode(json.dumps(header).encode()).decode().rstrip('=')}..{b64encode(FAMILY_NAME.encode()).decode()}"


def refused_of_systems(hub: Hubbub) -> None:
    """Tokens that are not given, and others that are not believed."""
    forms = [
        {"grant_type": FAMILY_NAME},
        {"grant_type": "client_credentials", "client_id": FAMILY_NAME, "client_assertion": NUMBER, FAMILY_NAME: ABROAD},
        {"grant_type": "client_credentials", "client_assertion_type": FAMILY_NAME, "client_assertion": _jws({"kid": FAMILY_NAME})},
        {"grant_type": "client_credentials", "scope": FAMILY_NAME, "client_id": "any-partner", "client_secret": FAMILY_NAME},
        {"token": FAMILY_NAME, "token_type_hint": ABROAD},
    ]
    for path in ("token", "introspect", "revoke"):
        for form in forms:
            assert hub.send("POST", f"/oauth/{path}", data=form).status_code in (400, 401)
    shown = [
        {"Authorization": f"Bearer {FAMILY_NAME}"},
        {"Authorization": f"Bearer {_jws({'alg': FAMILY_NAME, 'kid': NUMBER})}"},
        {"Authorization": f"{FAMILY_NAME} {NUMBER}"},
        {"Authorization": f"DPoP {FAMILY_NAME}", "DPoP": _jws({"jwk": FAMILY_NAME})},
        {"Cookie": f"__Host-hub-session={FAMILY_NAME}; {FAMILY_NAME}={NUMBER}", "X-CSRF-Token": FAMILY_NAME},
        issuer.bearer(FAMILY_NAME, FAMILY_NAME, FAMILY_NAME, now()),
        issuer.bearer("coordinator", f"{FAMILY_NAME}\n", "", now()),
    ]
    for headers in shown:
        assert hub.send("GET", "/v1/clocks", headers=headers).status_code in (401, 403)


def found(hub: Hubbub) -> str:
    """The family of the child, looked for by people; and searches that are none."""
    by_name = {name: CHILD[name] for name in ("familyName", "givenNames", "birthDate")}
    for body in ({"bsn": NUMBER}, by_name, {"bsn": OTHER_NUMBER}, by_name | {"familyName": ABROAD}):
        assert hub.ask("POST", "/families/_search", json=body).status_code == 200
    wrong: list[Any] = [
        {FAMILY_NAME: 1},
        {"bsn": FAMILY_NAME},
        {"bsn": {FAMILY_NAME: ABROAD}},
        by_name | {"birthDate": FAMILY_NAME, ABROAD: NUMBER},
        {"familyName": FAMILY_NAME},
        [FAMILY_NAME],
        FAMILY_NAME,
    ]
    for body in wrong:
        assert hub.ask("POST", "/families/_search", json=body).status_code == 400
    for role in (Capacity.AUDITOR, Capacity.DATA_PROTECTION_OFFICER):
        assert hub.ask("POST", "/processing-log/_search", role, json=by_name).status_code == 200
    (one,) = hub.ask("POST", "/families/_search", json={"bsn": NUMBER}).json()["items"]
    return str(one["family"])


def decided(hub: Hubbub, family: str) -> None:
    """What people write about a family, which those see who may; and what they may not write."""

    def decide(path: str, body: Any, status: int = 201, **more: Any) -> Any:
        said = hub.ask("POST", f"/families/{family}/{path}", json=body, **more)
        assert said.status_code == status, (path, said.text)
        return said.json()

    decide("referrals", WHY)
    decide("referral-decisions", WHY | {"decision": "eligible"})
    for phase in ("start-talk", "analysis-and-plan"):
        decide("phases", WHY | {"phase": phase})
    decide("plans", WHY | {"goals": [GOAL]})
    decide("goals/school/progress", {"words": FREE["progress"]})
    decide("goals/school/results", {"result": "partly", "words": FREE["result"]})
    decide("corrections", {"about": FREE["term"], "words": FREE["correction"]})
    decide("cooperation-refusals", WHY)
    decide("glass-breakings", WHY, who=("stranger", "elsewhere"))
    decide("goals/school/progress", {"words": FREE["progress"], FAMILY_NAME: 1}, 400)
    decide("plans", WHY | {"goals": [GOAL | {"area": FAMILY_NAME, "due": ABROAD, FAMILY_NAME: 2}]}, 400)
    decide("plans", {"motivation": {FAMILY_NAME: 1}, "goals": FAMILY_NAME}, 400)
    decide("phases", WHY | {"phase": FAMILY_NAME}, 400)
    decide("levers", WHY | {"lever": FAMILY_NAME, "ground": ABROAD}, 400)
    decide("levers", WHY | {"lever": FAMILY_NAME, "ground": "a-ground"}, 404)
    decide("levers", WHY | {"lever": FAMILY_NAME, "ground": ABROAD, "escalations": [FAMILY_NAME]}, 400)
    decide("terms-met", {"clock": FAMILY_NAME, "words": FREE["term"]}, 404)
    decide("phases", WHY | {"phase": "coach-directs"}, 412, headers={"If-Match": '"1"'})
    decide("phases", WHY | {"phase": "coach-directs"}, 400, headers={"If-Match": FAMILY_NAME})
    decide("referrals", WHY, 409)
    seen = until(lambda: _seen(hub, f"/families/{family}"))
    assert all(word in seen for word in (FAMILY_NAME, GIVEN_NAMES, BROTHER, ABROAD, BORN, STREET, FREE["specific"]))
    assert FREE["motivation"] in hub.ask("GET", f"/families/{family}/history", may_see=True).text
    assert hub.ask("GET", f"/families/{family}", who=("stranger", "elsewhere"), may_see=True).status_code == 200


def _seen(hub: Hubbub, path: str) -> str:
    """What the director sees there, once what was decided is in it."""
    said = hub.ask("GET", path, may_see=True)
    return str(said.text) if FREE["result"] in said.text or FREE["specific"] in said.text else ""


def refused_of_people(hub: Hubbub, family: str) -> None:
    """Names where ids, cursors and conditions belong; and whoever may not see, or does not exist."""
    name = quote(ABROAD)
    for path in (f"families/{name}", f"families/{FAMILY_NAME}", f"escalations/{name}", f"match-questions/{name}"):
        assert hub.ask("GET", f"/{path}").status_code == 400
    for path in (f"handovers/{name}/answers", f"levers/{name}/endings", f"escalations/{FAMILY_NAME}/acknowledgements"):
        assert hub.ask("POST", f"/families/{family}/{path}", json=WHY).status_code == 400
    assert hub.ask("POST", f"/families/{family}/goals/{FAMILY_NAME}/progress", json={"words": FREE["progress"]}).status_code == 404
    assert hub.ask("POST", f"/families/{family}/goals/{name}/progress", json={"words": FREE["progress"]}).status_code == 400
    queries = [
        {FAMILY_NAME: ABROAD},
        {"familyName": FAMILY_NAME},
        {"after": FAMILY_NAME},
        {"limit": NUMBER},
        {"coach": FAMILY_NAME},
    ]
    for query in queries:
        assert hub.ask("GET", "/caseload", params=query).status_code in (200, 400)
    for query in ({"recordedAt": FAMILY_NAME}, {"validAt": ABROAD}, {FAMILY_NAME: ""}):
        assert hub.ask("GET", f"/families/{family}/history", params=query).status_code == 400
    assert hub.ask("GET", "/escalations/stream", headers={"Last-Event-ID": FAMILY_NAME}).status_code == 400
    for role, who in ((Capacity.OPERATOR, DUTY), (Capacity.COORDINATOR, ("other", "elsewhere"))):
        for path in (f"/families/{family}", f"/families/{family}/history", f"/families/{family}/timeline"):
            assert hub.ask("GET", path, role, who).status_code in (403, 404)
    headers = {"content-type": f"text/{FAMILY_NAME}", "accept": FAMILY_NAME}
    assert hub.ask("POST", f"/families/{family}/referrals", content=FAMILY_NAME.encode(), headers=headers).status_code == 415


def said_of_itself(hub: Hubbub, watch: str) -> None:
    """What it says at its watch address, also to whoever asks for people there."""
    for path in ("/health/live", "/health/ready", "/metrics", f"/metrics?{FAMILY_NAME}={NUMBER}", f"/{FAMILY_NAME}"):
        said = httpx2.get(f"http://{watch}{path}", headers={"traceparent": FAMILY_NAME, "User-Agent": FAMILY_NAME})
        hub.out.append((f"{path} {said.status_code}", repr(said.headers.raw).encode() + said.content))
    (metrics,) = (content for where, content in hub.out if where == "/metrics 200")
    for counted in (b"hub_messages_accepted_total{", b"hub_messages_refused_total{", b"hub_escalations_total{"):
        assert counted in metrics


def nowhere(hub: Hubbub) -> None:
    """Addresses, methods and headers that mean nothing, with people in them."""
    around = {
        "User-Agent": ABROAD.encode(),
        "X-Forwarded-For": FAMILY_NAME,
        "Referer": f"https://{FAMILY_NAME}.example/",
        "Origin": FAMILY_NAME,
    }
    around |= {"traceparent": FAMILY_NAME, "tracestate": f"x={NUMBER}", "baggage": f"who={FAMILY_NAME}", FAMILY_NAME: "1"}
    for path in (
        f"/v1/{FAMILY_NAME}",
        f"/{quote(ABROAD)}",
        f"/v1/families/{FAMILY_NAME}/x",
        f"/v1/clocks?{urlencode({ABROAD: NUMBER})}",
    ):
        hub.send("GET", path, headers=around)
    hub.send("PATCH", "/v1/clocks", headers=around, content=FAMILY_NAME.encode())
    hub.send("GET", f"/v1/{FAMILY_NAME * 900}")
    hub.send("GET", "/v1/clocks", headers={"x": FAMILY_NAME * 3000})
    for path in (
        "/login",
        f"/login?{urlencode({'to': '//' + FAMILY_NAME})}",
        f"/login/callback?error={FAMILY_NAME}&state={NUMBER}",
    ):
        hub.send("GET", path, headers=around)
    hub.send("POST", "/logout", data={"csrf": FAMILY_NAME})
    hub.send("POST", "/logout/back-channel", data={"logout_token": FAMILY_NAME})
    hub.send("GET", f"/?left={FAMILY_NAME}", headers={"Cookie": f"__Host-hub-session={FAMILY_NAME}"})


def watched(hub: Hubbub, family: str) -> None:
    """What those read who watch over it: every line of the processing log, what waits, and the notices' own attributes."""
    officer, after = Capacity.DATA_PROTECTION_OFFICER, ""
    for path in ("/processing-log", f"/families/{family}/processing-log"):
        lines = hub.ask("GET", path, officer, params={"limit": "500"}).json()
        assert lines["items"]
        while after := lines["next"]:
            lines = hub.ask("GET", path, officer, params={"limit": "500", "after": after}).json()
    until(lambda: hub.ask("GET", "/quarantine", Capacity.OPERATOR).json()["items"])
    for path in ("/escalations", "/clocks", "/funnel", "/radar", "/caseload", "/match-questions"):
        assert hub.ask("GET", path).status_code == 200
    for role in (Capacity.COORDINATOR, officer):
        for notice in heard_by(hub, role):
            hub.out.append((f"a notice to {role}", json.dumps(notice).encode()))


def shown_to_operators(hub: Hubbub, messages: Sequence[str]) -> None:
    """What the command line shows."""
    for arguments in (("status",), ("settings",), ("quarantine", "list"), ("partner", "list"), ("partner", "show", "any-partner")):
        assert hub.run(*arguments)
    for message in messages:
        assert "verified again" in hub.run("message", message)
    hub.run("quarantine", "again", messages[-1])


def heard_by(hub: Hubbub, role: Capacity) -> Iterator[Mapping[str, Any]]:
    """What the live feed tells somebody, from the beginning; of what a director may see only what stands around it."""
    headers = issuer.bearer(role, *DUTY, now()) | {"Last-Event-ID": "0"}
    with hub.client.stream("GET", "/v1/escalations/stream", headers=headers) as stream:
        hub.out.append((f"the feed of {role}", repr(stream.headers.raw).encode()))
        for number, one in enumerate(heard(stream.iter_lines())):
            yield {**one.notice, "data": one.notice["data"] if role is Capacity.DATA_PROTECTION_OFFICER else {}}
            if number + 1 == len(HEARD[role]):
                return


HEARD = {Capacity.COORDINATOR: range(3), Capacity.DATA_PROTECTION_OFFICER: range(1)}
"""How many notices there are for them at least."""


def told(sent: Sent) -> bytes:
    """A whole request to a partner: its address, its headers, its body."""
    return b"\n".join((sent.path.encode(), repr(dict(sent.headers)).encode(), sent.body))


def stored(hub: Hubbub) -> Iterator[tuple[int, bytes]]:
    """Every stored event as it is: whatever in it is not sealed can be read."""
    with closing(hub.process.open()) as opened:
        for position, event in opened.log.read(0, 1_000_000):
            yield position, b" ".join((str(event.originator_id).encode(), event.topic.encode(), event.state))


def test_nobody_is_in_what_the_hub_lets_out(tmp_path: Path) -> None:
    receiver = Receiver(answered)
    with (
        collecting() as collector,
        receiving(receiver),
        a_hub(tmp_path, collector.url, **{kind.replace("-", "_"): receiver.url for kind in the_partners()}) as hub,
    ):
        messages = [accepted(hub), waiting(hub), quarantined(hub)]
        refused_of_partners(hub)
        refused_of_systems(hub)
        family = found(hub)
        decided(hub, family)
        refused_of_people(hub, family)
        nowhere(hub)
        assert receiver.wait_for(3), "partners are told"
        watched(hub, family)
        shown_to_operators(hub, messages)
        said_of_itself(hub, hub.process.watch)
        until(lambda: {"receive", "signal", "tell", "deliver"} <= {step.name for step in collector.steps})
    hub.out += [("collected", sent.body) for sent in collector.receiver.got]
    hub.out += [("a webhook", told(sent)) for sent in receiver.got]
    hub.out += [(f"stored at {position}", content) for position, content in stored(hub)]
    assert {place: words for place, content in hub.out if (words := words_in(content))} == {}
    for code in (200, 201, 400, 401, 403, 404, 405, 409, 412, 413, 415, 431, 414, 503):
        assert code in hub.statuses
    lines = (tmp_path / STDERR).read_text().splitlines()
    assert lines and all(isinstance(json.loads(line), dict) for line in lines)


# Logging in --------------------------------------------------------------------------------------------


def test_nobody_is_in_what_is_said_when_logging_in_fails(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    claims = {"name": ABROAD, "email": f"{FAMILY_NAME}@example.org", "birthdate": BORN, "hub_role": f"{FAMILY_NAME} {NUMBER}"}
    with a_door(tmp_path) as door:
        start, browser = f"/gezinnen/{FAMILY_NAME}", door.browser()
        begun = browser.get(f"/login?to={start}")
        back = door.chosen(browser)
        for crooked in (
            changed(back, state=FAMILY_NAME),
            changed(back, code=FAMILY_NAME),
            changed(back, iss=f"https://{FAMILY_NAME}.example"),
            changed(back, code=None, error=FAMILY_NAME, error_description=ABROAD),
            changed(back, **{FAMILY_NAME: NUMBER}),
        ):
            browser.get(crooked)
        browser.get(back, Cookie=f"{ATTEMPT}={FAMILY_NAME}; {SESSION}={NUMBER}")
        door.crooked(lambda said: said.update(claims))
        assert browser.get(door.chosen(browser)).status_code == 403
        browser.post("/logout", {"csrf": FAMILY_NAME, FAMILY_NAME: NUMBER})
        browser.post("/logout/back-channel", {"logout_token": f"{FAMILY_NAME}.{ABROAD}.x"})
        own = [said for said in browser.seen if str(said.url).startswith(door.base)]
    assert {begun.status_code, *(said.status_code for said in own)} >= {303, 400, 401, 403}
    out = [(f"{said.status_code}", repr(said.headers.raw).encode() + said.content) for said in own]
    out += [(file.name, file.read_bytes()) for file in tmp_path.rglob("*") if file.is_file()]
    out += [(f"printed {nth}", text.encode()) for nth, text in enumerate(capfd.readouterr())]
    assert {place: words for place, content in out if (words := words_in(content))} == {}
