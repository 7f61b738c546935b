"""Attacks on the pages: decisions on no state, ids that are paths, what answers carry, who sends a form, hostile words."""

import re
from collections.abc import Iterator
from urllib.parse import quote
from uuid import uuid4

import pytest

from hub.console.rooms import found
from tests.console.browsing import HTTP, Browser
from tests.console.deciding import fill, handed_over
from tests.console.working import ACUTE, ON_DUTY, OTHER, Work, person, working
from tests.journeys.running import a_child

WHY = "De school belde."
HOSTILE = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>{{7*7}}"


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(tmp_path_factory.mktemp("work")) as work:
        yield work


@pytest.fixture(scope="module")
def desk(work: Work) -> Browser:
    return work.door.logged_in(ON_DUTY)


@pytest.fixture(scope="module")
def family(work: Work) -> str:
    work.door.logged_in(OTHER)  # a colleague whom direction can be offered to
    return work.a_family(**ACUTE)


def token(browser: Browser) -> str:
    (found, *_) = re.findall(r'name="csrf" value="([^"]*)"', browser.get("/account").text)
    return str(found)


# Decisions on a state that nobody showed -----------------------------------------------------------

DECISIONS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("steps", "refused", {}),
    ("steps", "phase", {"phase": "referred"}),
    ("steps", "met", {"clock": "x", "words": WHY}),
    ("levers", "decide", {"lever": "council-report-threatened", "ground": "x", "escalation": str(uuid4())}),
    ("levers", "decline", {"lever": "council-report-threatened", "escalation": str(uuid4())}),
    ("referral", "refer", {}),
    ("handover", "offer", {"to": OTHER.subject, "contact": "b@example.org"}),
)


@pytest.mark.parametrize("version", ["", "0, *", '1", "2', "*", "²", "9" * 5000])
@pytest.mark.parametrize(("page", "form", "fields"), DECISIONS)
def test_a_form_that_names_no_state_decides_nothing(
    work: Work, desk: Browser, family: str, page: str, form: str, fields: dict[str, str], version: str
) -> None:
    before = work.trajectory(family).version
    said = fill(desk, f"/families/{family}/{page}", form, **{"motivation": WHY, **fields, "version": version})
    assert said.status_code == 412, said.text
    assert "Er is niets overschreven" in said.text
    assert work.trajectory(family).version == before


# Ids of forms ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "id", ["", ".", "..", "../..", "/", "a/b", "x/../y", "²", "9" * 5000, HOSTILE, "%2e%2e", "\u202e", "a?b=c"]
)
@pytest.mark.parametrize(
    ("who", "page", "form", "name"),
    [
        ("a.voorbeeld", "/families/{}/belonging", "move", "signal"),
        ("a.voorbeeld", "/families/{}/handover", "accept", "handover"),
        ("a.voorbeeld", "/families/{}/levers", "end", "lever"),
        ("d.leider", "/duty", "cancel", "shift"),
        ("c.beheer", "/operations", "again", "message"),
        ("c.beheer", "/operations", "tell", "delivery"),
    ],
)
def test_an_id_that_is_none_is_refused_and_never_part_of_a_path(
    work: Work, family: str, who: str, page: str, form: str, name: str, id: str
) -> None:
    browser = _logged_in(work, who)
    said = fill(browser, page.format(family), form, **{name: id, "to": family, "motivation": WHY})
    assert said.status_code == 400, said.text
    assert f'href="#{name}"' in said.text and HOSTILE not in said.text


_IN: dict[tuple[int, str], Browser] = {}


def _logged_in(work: Work, who: str) -> Browser:
    return _IN.get((id(work), who)) or _IN.setdefault((id(work), who), work.door.logged_in(person(who)))


def test_a_level_of_five_thousand_digits_is_a_mistake_and_no_failure(work: Work, desk: Browser, family: str) -> None:
    shown = desk.get("/escalations").text
    (escalation, *_) = re.findall(r'href="/escalations/([0-9a-f-]{36})"', shown)
    at = f"/escalations/{escalation}"
    said = fill(desk, at, "lower", family=family, axis="safety", level="9" * 5000, motivation=WHY)
    assert said.status_code == 400


def test_a_decision_on_another_family_under_the_address_of_mine_is_on_that_family_or_on_none(work: Work, desk: Browser) -> None:
    mine, theirs = work.a_family(**ACUTE), work.a_family(**ACUTE)
    handed_over(work, theirs, OTHER)
    before = work.trajectory(theirs).version
    (escalation,) = work.trajectory(mine).escalations
    for form, more in (("acknowledge", {}), ("lower", {"axis": "safety", "level": "1", "motivation": WHY})):
        said = fill(desk, f"/escalations/{escalation}", form, **{"family": theirs, "version": str(before), **more})
        assert said.status_code == 404
    assert work.trajectory(theirs).version == before


# What every answer carries ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/account",
        "/nowhere",
        "/login",
        "/login?to=//evil.example",
        "/language?to=nl&back=/account",
        "/live",
        "/assets/hub.js",
        "/assets/hub.css",
        "/v1/today",
        "/v1/x",
    ],
)
@pytest.mark.parametrize("is_in", [True, False])
def test_every_answer_says_how_it_may_be_used(work: Work, desk: Browser, address: str, is_in: bool) -> None:
    browser = desk if is_in else Browser(work.base)
    with HTTP.stream("GET", work.base + address, headers={**browser._own(address), "Accept": "text/html"}) as said:
        headers = said.headers
    assert headers["x-content-type-options"] == "nosniff" and headers["x-frame-options"] == "DENY"
    assert "default-src 'none'" in headers["content-security-policy"] and "unsafe" not in headers["content-security-policy"]
    assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
    assert headers["strict-transport-security"].startswith("max-age=31536000")
    assert headers["referrer-policy"] in ("no-referrer", "same-origin")
    assert address.startswith("/assets/") or headers["cache-control"] == "no-store"
    for cookie in headers.get_list("set-cookie"):
        assert (
            "; Secure" in cookie
            and "samesite=lax" in cookie.lower()
            and "; path=/" in cookie.lower()
            and "domain" not in cookie.lower()
        )


# Who sends a form ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "strange",
    [{"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}, {"Origin": "https://evil.example"}, {"Origin": "null"}],
)
def test_a_page_of_others_sends_no_form_even_with_the_proof(
    work: Work, desk: Browser, family: str, strange: dict[str, str]
) -> None:
    version = work.trajectory(family).version
    form = {"csrf": token(desk), "version": str(version), "motivation": HOSTILE}
    said = desk.post(f"/families/{family}/steps/refused", form, **strange)
    assert said.status_code == 403 and work.trajectory(family).version == version
    assert desk.post("/logout", {"csrf": token(desk)}, **strange).status_code == 403 and work.door.is_in(desk)


def test_the_proof_of_somebody_else_is_none(work: Work, desk: Browser, family: str) -> None:
    theirs = token(work.door.logged_in(OTHER))
    for proof in (theirs, "", "0" * 64, "é", "\x00"):
        assert desk.post(f"/families/{family}/steps/refused", {"csrf": proof, "version": "1", "motivation": WHY}).status_code == 403


def test_a_page_of_others_does_not_choose_the_language(desk: Browser) -> None:
    said = desk.get("/language?to=en&back=/account", **{"Sec-Fetch-Site": "cross-site"})
    assert "set-cookie" not in said.headers


@pytest.mark.parametrize(
    "to",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/\t/evil.example", "javascript:alert(1)", "\u2215\u2215evil"],
)
def test_nobody_is_sent_elsewhere(desk: Browser, to: str) -> None:
    assert desk.get(f"/login?to={quote(to)}").status_code == 400
    assert desk.get(f"/language?to=nl&back={quote(to)}").headers["location"] == "/"


# What people write -------------------------------------------------------------------------------------------


def test_what_a_partner_writes_is_text_on_every_page(work: Work, desk: Browser) -> None:
    nth = next(work.numbers)
    child = a_child(nth, familyName="<b>Kwaad", givenNames="'\"><svg onload=alert(1)>")
    family = work.hears(child, concern="domestic-violence", weight="acute")
    for page in (
        "",
        "/plan",
        "/plan/new",
        "/steps",
        "/levers",
        "/referral",
        "/handover",
        "/belonging",
        "/belonging?what=split",
        "/belonging?what=merge",
    ):
        said = desk.get(f"/families/{family}{page}")
        assert said.status_code == 200, page
        assert "<b>Kwaad" not in said.text and "<svg onload" not in said.text, page
    assert "<b>Kwaad" not in desk.get("/").text


def test_what_a_person_writes_is_text_when_it_is_shown_again_and_when_it_is_kept(desk: Browser, family: str) -> None:
    at = f"/families/{family}"
    again = fill(desk, f"{at}/steps", "phase", phase=HOSTILE, motivation=HOSTILE)
    assert again.status_code == 400
    kept = fill(desk, f"{at}/steps", "correct", about=HOSTILE, words=HOSTILE)
    for said in (again, kept, desk.get(at), desk.get(f"{at}/timeline"), desk.get(f"{at}?gedaan={quote(HOSTILE)}")):
        assert (
            "<script>alert" not in said.text
            and "<img src=x" not in said.text
            and "49" not in re.findall(r"'&gt;[^ ]*49", said.text)
        )


TURNED = "\u202eTurned\u2067"
"""A name with controls that turn around what comes after them."""


def test_a_name_that_turns_around_turns_nothing_beside_it(work: Work, desk: Browser) -> None:
    child = a_child(next(work.numbers), familyName=TURNED, givenNames=TURNED)
    family = work.hears(child, concern="domestic-violence", weight="acute")
    pages = (
        "",
        "/plan",
        "/plan/new",
        "/steps",
        "/levers",
        "/referral",
        "/handover",
        "/belonging",
        "/belonging?what=split",
        "/timeline",
    )
    assert TURNED in desk.get(f"/families/{family}").text
    for address in ("/", *(f"/families/{family}{page}" for page in pages)):
        beside = re.sub(r"<(bdi|title|option)\b[^>]*>.*?</\1>", "", desk.get(address).text, flags=re.DOTALL)
        assert "\u202e" not in beside, (address, [line for line in beside.splitlines() if "\u202e" in line])


# A session that is over ----------------------------------------------------------------------------------


def test_what_was_typed_when_the_session_ended_is_shown_to_whoever_typed_it_and_to_no_page_of_others(
    work: Work, family: str
) -> None:
    browser, at = work.door.logged_in(ON_DUTY), f"/families/{family}/steps/refused"
    form = {"csrf": token(browser), "version": "1", "motivation": f"{WHY} {HOSTILE}"}
    browser.post("/logout", form)
    browser.cookies["__Host-hub-session"] = "gone"
    said = browser.post(at, form)
    assert said.status_code == 401 and WHY in said.text and "<script>alert" not in said.text and form["csrf"] not in said.text
    assert WHY not in browser.post(at, form, **{"Sec-Fetch-Site": "cross-site"}).text
    assert WHY not in work.door.logged_in(OTHER).get("/").text


@pytest.mark.parametrize("who", ["d.leider", "c.beheer"])
def test_a_shift_of_nobody_is_a_mistake_and_no_failure(work: Work, who: str) -> None:
    browser = _logged_in(work, who)
    for fields in ({}, {"rank": "9" * 5000}, {"begins": "31-12-9999", "beginsAt": "23:59", "ends": "1-1-0001", "endsAt": "0"}):
        assert browser.post("/duty/plan", {"csrf": token(browser), **fields}).status_code == 400


def test_an_auditor_looks_and_decides_nothing(work: Work, family: str) -> None:
    _logged_in(work, "a.voorbeeld")  # who has to be known to be offered anything
    auditor = _logged_in(work, "f.toezicht")
    proof, before = token(auditor), work.trajectory(work.assigned(family)).version
    things = "signal handover lever shift message delivery family escalation assignment member meeting measurement"
    ids = dict.fromkeys(things.split(), family)
    for page in found():
        at = page.path.replace("{id:uuid}", family).replace("{goal}", "g-1").rstrip("/")
        for name in set(page.forms) - OF_ONESELF:
            said = auditor.post(
                f"{at}/{name}", {"csrf": proof, "version": str(before), "motivation": WHY, "to": "a.voorbeeld", **ids}
            )
            assert said.status_code in (403, 404), (at, name)
    assert work.trajectory(family).version == before


OF_ONESELF = {"contact", "calendar", "no-calendar", "find", "file"}
"""The forms by which nobody decides: how to be reached oneself, a choice from a list, and the file that an auditor may take."""


def test_a_form_that_was_forgotten_or_too_large_is_refused_as_such(desk: Browser, family: str) -> None:
    at = f"/families/{family}/steps/refused"
    proof = token(desk)
    assert desk.post(at, {"csrf": proof, "motivation": "x" * 250_000}).status_code == 413
    assert desk.post(at, {"csrf": proof, "motivation": "x" * 300_000}).status_code in (400, 413)
    assert desk.post(at, {"csrf": proof, **{f"f{n}": "" for n in range(1_001)}}).status_code == 400
    assert (
        desk.post(f"/families/{family}", {"csrf": proof, "_method": "DELETE"}, **{"X-HTTP-Method-Override": "DELETE"}).status_code
        == 405
    )
