"""Attacks through addresses, methods and hosts: one thing has one address, and no header changes what is asked or kept."""

from uuid import UUID, uuid4

import httpx2
import pytest

from hub.domain.policy import Act
from tests.api.running import Running
from tests.attacks.talking import Said, lines, talk

END = b"connection: close\r\n\r\n"
VARIES = {"date", "content-length", "traceparent", "tracestate"}


async def ask(base: str, target: str, *headers: bytes, method: str = "GET") -> Said:
    """One request with this target, as it is."""
    host = b"" if any(each.lower().startswith(b"host:") for each in headers) else b"host: hub\r\n"
    (said,) = await talk(base, f"{method} {target} HTTP/1.1\r\n".encode("latin-1") + host + b"".join(headers) + END)
    return said


# Paths -------------------------------------------------------------------------------------------------

CROOKED = (
    "/v1/quarantine/",
    "/v1//quarantine",
    "//v1/quarantine",
    "/v1/./quarantine",
    "/v1/x/../quarantine",
    "/v1/jwks/../quarantine",
    "/v1/jwks/..%2fquarantine",
    "/v1/%2e%2e/v1/quarantine",
    "/v1%2fquarantine",
    "/V1/quarantine",
    "/v1/QUARANTINE",
    "/v1/quarantine%00",
    "/v1/quarantine%00.json",
    "/v1/quarantine;x=1",
    "/v1/quarantine%3b",
    "/v1/quarantine.json",
    "/v1/quarantine%20",
    "/v1/quarantine%0a",
    "/v1/quarantine%2f",
    "/v1\\quarantine",
    "/v1/%71uarantin%C4%9B",
    "/v1/%2571uarantine",
    "/v2/quarantine",
    "/quarantine",
)


async def test_a_crooked_address_leads_nowhere(hub: Running, base: str) -> None:
    token = lines(hub.token("operator"))
    assert (await ask(base, "/v1/quarantine", token)).status == 200
    for path in CROOKED:
        said = await ask(base, path, token)
        assert said.status in (400, 404), (path, said)
        assert said.code in ("not-known", "malformed")
        assert (await ask(base, path)).status in (400, 401, 404)


async def test_an_address_with_a_name_of_a_host_is_no_way_to_another(hub: Running, base: str) -> None:
    said = await ask(base, "http://169.254.169.254/v1/quarantine", lines(hub.token("operator")))
    assert said.status in (200, 400, 404)
    assert (await ask(base, "http://hub/v1/quarantine")).status in (400, 401, 404), "and it asks who comes, too"
    for method, target in (("CONNECT", "169.254.169.254:80"), ("OPTIONS", "*")):
        assert (await ask(base, target, method=method)).status in (400, 404, 405)


WRITINGS = (
    lambda id: str(id).upper(),
    lambda id: id.hex,
    lambda id: f"%7B{id}%7D",
    lambda id: f"urn:uuid:{id}",
    lambda id: f"{id}%20",
    lambda id: f"%20{id}",
    lambda id: f"{id}%00",
    lambda id: f"{id}/",
    lambda id: f"./{id}",
    lambda id: str(id).replace("-", "%2D"),
    lambda id: f"uuid:{id}",
    lambda id: f"{id}%0a",
    lambda id: id.hex[:16] + "-" + id.hex[16:],
    lambda id: "".join(f"%{ord(letter):02x}" for letter in str(id)),
)


async def test_no_other_writing_of_an_id_opens_a_family_of_others(hub: Running, base: str) -> None:
    family = await hub.a_family()
    hub.hub.views.catch_up()
    stranger = lines(hub.token("coordinator", "somebody-else", "another-team"))
    own = lines(hub.token("coordinator"))
    assert (await ask(base, f"/v1/families/{family}", own)).status == 200
    for write in WRITINGS:
        for below in ("", "/history", "/timeline"):
            said = await ask(base, f"/v1/families/{write(family)}{below}", stranger)
            assert said.status in (400, 404), (write(family), said)
            assert str(family).encode() not in said.body


# Methods -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["X-HTTP-Method-Override", "X-Method-Override", "X-HTTP-Method"])
async def test_no_header_makes_another_method_of_one(hub: Running, base: str, name: str) -> None:
    family = await hub.a_family()
    token = lines(hub.token("coordinator"))
    before = hub.hub.log.last_position()
    override = f"{name}: POST\r\n".encode()
    assert (await ask(base, f"/v1/families/{family}/referrals", token, override)).status == 405
    assert (await ask(base, f"/v1/families/{family}/referrals?_method=POST", token)).status == 405
    said = await ask(base, "/v1/quarantine", lines(hub.token("operator")), f"{name}: DELETE\r\n".encode())
    assert said.status == 200
    assert hub.hub.log.last_position() == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "TRACK", "PROPFIND", "get", "XYZ"])
async def test_methods_that_are_not_there_do_nothing_and_tell_nothing(hub: Running, base: str, method: str) -> None:
    said = await ask(base, "/v1/quarantine", lines(hub.token("operator")), b"x-secret: zq7mark\r\n", method=method)
    assert said.status in (400, 405), said
    assert b"zq7mark" not in said.body
    if said.status == 405:
        assert set(said.all("allow")[0].replace(" ", "").split(",")) <= {"GET", "HEAD"}


# Hosts and caches --------------------------------------------------------------------------------------

POISON = "evil.example.org"
SPOOFED = (
    "X-Forwarded-Host",
    "X-Forwarded-Server",
    "X-Host",
    "X-Original-URL",
    "X-Rewrite-URL",
    "X-Forwarded-Prefix",
    "X-Forwarded-Scheme",
    "X-Forwarded-Proto",
    "X-Forwarded-Port",
    "X-Forwarded-For",
    "Forwarded",
    "X-Original-Host",
    "X-Real-IP",
    "Via",
)


async def test_no_host_and_no_header_of_a_proxy_changes_an_answer(hub: Running, base: str) -> None:
    token = lines(hub.token("operator"))
    for target in ("/v1/jwks", "/v1/openapi.json", "/v1/quarantine", "/v1/nowhere", "/.well-known/oauth-authorization-server"):
        plain = await ask(base, target, token)
        for header in (f"host: {POISON}", f"host: hub@{POISON}", *(f"{name}: {POISON}" for name in SPOOFED)):
            said = await ask(base, target, token, f"{header}\r\n".encode())
            assert (said.status, said.body) == (plain.status, plain.body), (target, header)
            assert constant(said) == constant(plain), (target, header)


async def test_another_address_in_a_header_is_not_asked_instead(hub: Running, base: str) -> None:
    for name in ("X-Original-URL", "X-Rewrite-URL"):
        said = await ask(base, "/v1/jwks", lines(hub.token("operator")), f"{name}: /v1/quarantine\r\n".encode())
        assert "keys" in said.document


async def test_nothing_that_is_answered_may_be_kept_by_a_cache(hub: Running, base: str) -> None:
    token = lines(hub.token("operator"))
    for target in ("/v1/jwks", "/v1/openapi.json", "/v1/quarantine", "/v1/nowhere", "/v1/quarantine?cb=1"):
        for more in (
            b"",
            b"range: bytes=0-1\r\n",
            b"if-none-match: *\r\n",
            b"if-modified-since: Mon, 01 Jan 2035 00:00:00 GMT\r\n",
        ):
            said = await ask(base, target, token, more)
            assert said.all("cache-control") == ["no-store"], (target, said)
            assert said.status in (200, 400, 404)
    assert (await ask(base, "/v1/nowhere.css", token)).all("cache-control") == ["no-store"]


def constant(said: Said) -> list[tuple[str, str]]:
    """The headers but for those that are of one answer."""
    return sorted((name, value) for name, value in said.headers if name not in VARIES)


# Guessing ----------------------------------------------------------------------------------------------


async def test_what_is_of_others_is_answered_exactly_as_what_is_not_there(hub: Running, base: str) -> None:
    family, escalation = await hub.an_escalation()
    message = (await hub.post(b"")).json() and next(iter(messages(hub)))
    hub.hub.views.catch_up()
    nowhere = uuid4()
    stranger, police = hub.token("coordinator", "somebody-else", "another-team"), hub.token("partner", organisation="police")
    asked = {
        "/v1/families/{}": (family, stranger),
        "/v1/families/{}/history": (family, stranger),
        "/v1/families/{}/timeline": (family, stranger),
        "/v1/families/{}/plans": (family, stranger),
        "/v1/escalations/{}": (UUID(escalation), stranger),
        "/v1/signals/{}": (message, police),
    }
    async with httpx2.AsyncClient(base_url=base, timeout=60) as client:
        for path, (theirs, token) in asked.items():
            there, gone = [await client.get(path.format(id), headers=token) for id in (theirs, nowhere)]
            assert there.status_code == 404, (path, there.text)
            same(there, gone)
        for path in ("/v1/families/{}/referrals", "/v1/families/{}/corrections", "/v1/families/{}/plans"):
            for body in (b"{}", b'{"motivation": "x"}', b'{"about": "x", "words": "y"}'):
                headers = {**stranger, "content-type": "application/json"}
                same(*[await client.post(path.format(id), content=body, headers=headers) for id in (family, nowhere)])


def same(one: httpx2.Response, other: httpx2.Response) -> None:
    """Two answers that nobody can tell apart."""
    assert (one.status_code, one.content) == (other.status_code, other.content)
    assert constant_of(one) == constant_of(other)


def constant_of(said: httpx2.Response) -> list[tuple[str, str]]:
    return sorted((name, value) for name, value in said.headers.items() if name not in VARIES - {"content-length"})


def messages(hub: Running) -> list[UUID]:
    """Every message that was received."""
    stored = hub.hub.log.read(0, 1_000)
    return [event.originator_id for _, event in stored if event.topic == "message-received"]


def test_the_policy_names_what_is_guessed_here() -> None:
    assert {Act.SEE_FAMILY, Act.SEE_HISTORY, Act.READ_RECEIPTS} <= set(Act)
