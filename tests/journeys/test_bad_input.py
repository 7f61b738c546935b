"""Everything bad that can come in, over a real connection: each is answered with a document of its own, and leaves no trace.

What nobody rightly signed, or no contract describes, is refused and nothing is recorded. What was rightly signed but cannot
be read is kept in quarantine, and nothing else is recorded. No answer repeats anything of a person.
"""

import gzip
import hmac
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any

import httpx2
import pytest

from hub.adapters import jws, outgoing_events
from hub.adapters.jades import HTTP_HEADERS, digest
from hub.adapters.outgoing_events import to_batch
from hub.domain.messages import Message
from hub.domain.people import Person
from hub.domain.trajectory import Trajectory
from tests.adapters.registered import private, public
from tests.contracts.examples import examples
from tests.domain.test_identifiers import real_looking
from tests.journeys.running import BATCH, STRUCTURED, Sender, Served, a_child, a_worry, serving

NOW = datetime(2026, 8, 3, 9, 0, tzinfo=UTC)
REPORT = "nl.vig.meldingen.vt-melding.v1"
SECRET = "Geheimenberg"
"""A family name that no answer may repeat."""
CHILD = a_child(7, familyName=SECRET)
Headers = dict[str, str]


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub in demo mode that knows keys of every sort, and strangers whom it does not know."""
    with serving(tmp_path_factory.mktemp("bad-input"), NOW) as served:
        add, year = served.hub.registry.add_key, timedelta(days=365)
        add("any-partner", public("PS256", "old"), "operator", NOW - 2 * year, NOW - year)
        add("any-partner", public("PS256", "coming"), "operator", NOW + year)
        add("any-partner", public("PS256", "lost"), "operator", NOW - year)
        served.hub.registry.revoke_key("any-partner", "lost", "stolen", "operator")
        GONE.register(served.hub, NOW)
        served.hub.registry.suspend(GONE.name, "left the covenant", "operator")
        yield served


@dataclass(frozen=True)
class Keyed(Sender):
    """An organisation that signs with a key of another name."""

    key: str = ""

    @property
    def kid(self) -> str:
        return self.key


ME = Sender("any-partner", "any-partner", f"{99:08}{10006:012}")
GONE = Sender("gone", "any-partner", f"{99:08}{10007:012}")


def with_key(kid: str) -> Keyed:
    return Keyed(ME.name, ME.kind, ME.oin, key=kid)


def an_event(sender: Sender = ME, data: Any = None, **but: Any) -> bytes:
    return sender.an_event(a_worry(CHILD) if data is None else data, NOW, **but)


@dataclass(frozen=True)
class Bad:
    """What is posted: a body, with exactly these headers."""

    body: bytes
    headers: Headers

    def but(self, **headers: str) -> "Bad":
        return replace(self, headers={**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}})


def signed(body: bytes | None = None, by: Sender = ME, media: str = STRUCTURED, at: datetime = NOW) -> Bad:
    body = an_event() if body is None else body
    return Bad(body, {**by.signed(body, at), "Content-Type": media})


def by_hand(algorithm: str, sign: Callable[[bytes], bytes]) -> Bad:
    """A signature that says whatever algorithm, with whatever bytes for a value."""
    body = an_event()
    said = {"mId": HTTP_HEADERS, "pars": ["digest"]}
    protected = {"alg": algorithm, "kid": ME.kid, "b64": False, "crit": ["b64", "sigD"], "iat": int(NOW.timestamp()), "sigD": said}
    start = jws.b64url(json.dumps(protected).encode())
    value = sign(f"{start}.digest: {digest(body)}".encode())
    return Bad(body, {"Digest": digest(body), "Payload-Signature": f"{start}..{jws.b64url(value)}", "Content-Type": STRUCTURED})


def shared_secret(message: bytes) -> bytes:
    """An HMAC with the public key for a secret, as attackers try it."""
    return hmac.digest(json.dumps(public("PS256", ME.kid)).encode(), message, sha256)


def forged() -> Bad:
    """A signature by somebody else's key under the name of a known one."""
    return by_hand("PS256", lambda message: jws.signature_of(message, private("PS256", "stranger")))


def twice() -> Bad:
    post = signed()
    return post.but(Payload_Signature=f"{post.headers['Payload-Signature']}, {post.headers['Payload-Signature']}")


def exchanged() -> Bad:
    return replace(signed(), body=an_event())


def deep() -> bytes:
    return an_event().replace(b'"reference":"a-1"', b'"reference":' + b"[" * 10_000 + b"]" * 10_000)


MALFORMED = ("malformed", 400)
REFUSED: Mapping[str, tuple[Callable[[], Bad], str, int]] = {
    "no signature": (lambda: Bad(an_event(), {"Content-Type": STRUCTURED}), "signature-missing", 401),
    "a double signature": (twice, "signature-twice", 401),
    "a malformed signature": (lambda: signed().but(Payload_Signature="no..signature"), "signature-malformed", 401),
    "the algorithm none": (lambda: by_hand("none", lambda _: b""), "algorithm-refused", 401),
    "the algorithm HMAC": (lambda: by_hand("HS256", shared_secret), "algorithm-refused", 401),
    "a signature by a wrong key": (forged, "signature-wrong", 401),
    "an expired key": (lambda: signed(by=with_key("old")), "key-expired", 401),
    "a key before its time": (lambda: signed(by=with_key("coming")), "key-not-yet-valid", 401),
    "a revoked key": (lambda: signed(by=with_key("lost")), "key-revoked", 401),
    "a digest of another body": (exchanged, "digest-mismatch", 401),
    "a replay": (lambda: signed(at=NOW - timedelta(hours=1)), "signature-too-old", 401),
    "a signature of tomorrow": (lambda: signed(at=NOW + timedelta(days=1)), "signature-from-the-future", 401),
    "an unknown partner": (lambda: signed(by=with_key("stranger")), "signature-wrong", 401),
    "a suspended partner": (lambda: signed(an_event(GONE), GONE), "partner-suspended", 401),
    "another sender than the signer": (lambda: signed(an_event(GONE)), "sender-is-not-signer", 401),
    "an unknown type": (lambda: signed(an_event(type="nl.vig.signalen.onbekend.v1")), "unknown-type", 400),
    "a type of another partner": (lambda: signed(an_event(type=REPORT)), "unknown-type", 400),
    "not JSON": (lambda: signed(SECRET.encode()), *MALFORMED),
    "not UTF-8": (lambda: signed(an_event().replace(SECRET.encode(), b"\xff\xfe")), *MALFORMED),
    "JSON nested 10,000 deep": (lambda: signed(deep()), *MALFORMED),
    "a NUL byte as it is": (lambda: signed(an_event().replace(SECRET.encode(), b"\0")), *MALFORMED),
    "a NUL in the id": (lambda: signed(an_event(id="a\0b")), *MALFORMED),
    "a lone surrogate in the id": (lambda: signed(an_event(id="here").replace(b'"here"', b'"\\ud800"')), *MALFORMED),
    "an impossible date of the event": (lambda: signed(an_event().replace(b"2026-08-03", b"2026-02-30")), *MALFORMED),
    "a gzip bomb": (lambda: signed(gzip.compress(b" " * 30_000_000)).but(Content_Encoding="gzip"), "content-encoding", 415),
    "a body over the limit": (lambda: signed(an_event().ljust(70_000)), "too-large", 413),
    "a batch over the limit": (lambda: signed(b"[" + b" " * 8_400_000 + b"]", media=BATCH), "too-large", 413),
    "a wrong content type": (lambda: signed(media="text/plain"), "wrong-media-type", 415),
    "no content type": (lambda: signed(media=""), "wrong-media-type", 415),
}


@pytest.mark.parametrize(("make", "code", "status"), REFUSED.values(), ids=REFUSED)
def test_it_is_refused_with_its_own_problem_document_and_nothing_is_recorded(
    hub: Served, make: Callable[[], Bad], code: str, status: int
) -> None:
    before, bad = hub.hub.log.last_position(), make()
    said = hub.post_as_it_is(bad.body, list(bad.headers.items()))
    assert (said.status_code, said.headers["content-type"]) == (status, "application/problem+json"), said.text
    problem = said.json()
    assert (problem["status"], problem["code"]) == (status, code)
    assert problem["type"].endswith(code) and problem["title"] and problem["detail"]
    assert_nothing_is_repeated(said)
    assert hub.hub.log.last_position() == before


def assert_nothing_is_repeated(said: httpx2.Response) -> None:
    for word in (SECRET, str(CHILD["bsn"]), "Voorbeeldstad", "Proefstra", "999940004", "root:"):
        assert word not in said.text


# Rightly signed, but not readable ------------------------------------------------------------------------

XML = next(example for example in examples() if example.name.startswith("police/vt-melding/01")).given.read_bytes()
INCOMPLETE = next(example for example in examples() if example.name.startswith("police/vt-melding/03")).given.read_bytes()
ENTITIES = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
BOMB = f'<!DOCTYPE a [<!ENTITY a0 "aaaaaaaaaa">{ENTITIES}]><a>&a9;</a>'
UNREADABLE_XML: Mapping[str, Callable[[], bytes]] = {
    "not XML": lambda: b"{}",
    "XML that ends too soon": lambda: XML[:-20],
    "a DTD": lambda: b"<!DOCTYPE a><a/>",
    "an external entity": lambda: b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>',
    "an external DTD": lambda: b'<!DOCTYPE a SYSTEM "http://127.0.0.1:9/a.dtd"><a/>',
    "an entity bomb": BOMB.encode,
    "XML nested 10,000 deep": lambda: b"<a>" * 10_000 + b"</a>" * 8_000,
    "a NUL byte in XML": lambda: XML.replace(b"Mirjam", b"Mir\0jam"),
    "a wrong date in StUF": lambda: XML.replace(b"19860314", b"14-03-1986"),
    "an impossible date in StUF": lambda: XML.replace(b"19860314", b"19860231"),
    "a number outside the test range in StUF": lambda: XML.replace(b"999940004", real_looking().encode()),
    "a number that fails the eleven-test in StUF": lambda: XML.replace(b"999940004", b"999940005"),
}
UNREADABLE_JSON: Mapping[str, tuple[dict[str, Any], str]] = {
    "a wrong date": ({"happened": "yesterday"}, "/happened"),
    "an impossible date": ({"happened": "2026-02-30"}, "/happened"),
    "an impossible birth date": ({"people": [CHILD | {"birthDate": "2015-13-01"}]}, "/people/0/birthDate"),
    "a number outside the test range": ({"people": [CHILD | {"bsn": real_looking()}]}, "/signals/0/people/0/bsn"),
    "a NUL in a name": ({"people": [CHILD | {"givenNames": "a\0b"}]}, "/people/0/givenNames"),
    "a concern that the register does not know": ({"concern": "the weather"}, "/concern"),
}


def report(hub: Served, xml: bytes, id: str) -> httpx2.Response:
    """Posts XML as the police does."""
    police = hub.partners["police"]
    named = outgoing_events.to_headers(id, police.source, REPORT, NOW, "application/xml")
    media = named.pop("content-type")
    return hub.post(police, xml, media, **named)


def recorded_after(hub: Served, position: int) -> list[Any]:
    return [hub.hub.mapper.to_domain_event(one) for _, one in hub.hub.log.read(position, 1_000)]


def assert_quarantined(hub: Served, said: httpx2.Response, before: int) -> None:
    assert (said.status_code, said.json()["outcome"]) == (201, "quarantined"), said.text
    assert said.json()["reasons"]
    assert_nothing_is_repeated(said)
    assert real_looking() not in said.text
    assert [type(event) for event in recorded_after(hub, before)] == [Message.Received]


@pytest.mark.parametrize("name", UNREADABLE_XML)
def test_xml_that_cannot_be_read_is_quarantined_with_reasons_and_nothing_else_is_recorded(hub: Served, name: str) -> None:
    before = hub.hub.log.last_position()
    assert_quarantined(hub, report(hub, UNREADABLE_XML[name](), name), before)


@pytest.mark.parametrize("name", UNREADABLE_JSON)
def test_json_that_cannot_be_read_is_quarantined_with_the_place_and_nothing_else_is_recorded(hub: Served, name: str) -> None:
    but, where = UNREADABLE_JSON[name]
    before = hub.hub.log.last_position()
    said = hub.post(ME, an_event(data=a_worry(CHILD) | but, id=name))
    assert_quarantined(hub, said, before)
    assert where in {reason["where"] for reason in said.json()["reasons"]}


@pytest.mark.parametrize("half", [b"\\ud800", b"\\udfff", b"a\\ud800b"])
def test_a_lone_surrogate_in_a_name_is_refused_or_quarantined_and_reaches_nobody(hub: Served, half: bytes) -> None:
    before = hub.hub.log.last_position()
    said = hub.post(ME, an_event().replace(SECRET.encode(), half))
    assert said.status_code == 400 or said.json()["outcome"] == "quarantined", said.text
    assert not any(isinstance(event, Person.Named | Trajectory.Opened) for event in recorded_after(hub, before))


# In a batch --------------------------------------------------------------------------------------------


def test_a_batch_with_bad_events_takes_the_others_each_with_its_own_result(hub: Served) -> None:
    before = hub.hub.log.last_position()
    events = [
        an_event(id="batch-1"),
        an_event(id="batch-2", type="nl.vig.signalen.onbekend.v1"),
        an_event(GONE, id="batch-3"),
        an_event(data=a_worry(CHILD, happened="yesterday"), id="batch-4"),
        b'{"specversion": "1.0"}',
        an_event(id="batch-6"),
        an_event(id="batch-7").replace(b"{", b"{" + b" " * 70_000, 1),
    ]
    said = hub.post(ME, to_batch(events), BATCH)
    assert said.status_code == 200
    told = [(one["status"], one.get("problem", {}).get("code") or one["receipt"]["outcome"]) for one in said.json()]
    assert told == [
        (201, "recorded"),
        (400, "unknown-type"),
        (401, "sender-is-not-signer"),
        (201, "quarantined"),
        (400, "malformed"),
        (201, "recorded"),
        (413, "too-large"),
    ]
    assert_nothing_is_repeated(said)
    kept = [event.event_id for event in recorded_after(hub, before) if isinstance(event, Message.Received)]
    assert kept == ["batch-1", "batch-4", "batch-6"]


# Odd, but right ----------------------------------------------------------------------------------------


def test_incomplete_dates_of_stuf_stay_as_incomplete_as_they_are(hub: Served) -> None:
    before = hub.hub.log.last_position()
    assert report(hub, INCOMPLETE, "incomplete").json()["outcome"] == "recorded"
    events = recorded_after(hub, before)
    assert {event.happened for event in events if isinstance(event, Trajectory.SignalRecorded)} == {"2026-06"}
    born = {event.given_names: event.born for event in events if isinstance(event, Person.Named)}
    assert (born["Mirjam"], born["Jesse"], born["Noor"]) == ("1986-03", "2011", "")


NAMES = ["𠮷野", "😀", "العائلة", "משפחה", "e\u0301", "\u202eegnahcxe", "O'Brien; --"]


@pytest.mark.parametrize(("nth", "name"), [*enumerate(NAMES, start=20)])
def test_a_name_of_any_script_comes_in_as_it_was_written(hub: Served, nth: int, name: str) -> None:
    before = hub.hub.log.last_position()
    said = hub.post(ME, an_event(data=a_worry(a_child(nth, familyName=name))))
    assert said.json()["outcome"] == "recorded", said.text
    (named,) = (event for event in recorded_after(hub, before) if isinstance(event, Person.Named))
    assert named.family_name == name
