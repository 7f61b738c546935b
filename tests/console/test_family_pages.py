"""The pages of one family: how it stands, what somebody decides there, and who is refused; over real HTTP."""

import re
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from hub.console.filling import whole
from tests.console.browsing import Browser
from tests.console.deciding import fill
from tests.console.working import ACUTE, ON_DUTY, OTHER, SCHOOL, Work, person, working
from tests.passing import passed_on

PAGES = ("", "/steps", "/levers", "/referral", "/handover")


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(Path(tmp_path_factory.mktemp("work"))) as work:
        work.door.logged_in(OTHER)
        yield work


@pytest.fixture
def director(work: Work) -> Browser:
    return work.door.logged_in(ON_DUTY)


def opened(work: Work, browser: Browser, path: str) -> httpx2.Response:
    passed_on(work.door.hub)
    return browser.get(path)


def send(work: Work, browser: Browser, path: str, form: str, **fields: str) -> httpx2.Response:
    """Fills in the form of a page that goes to that address, with its hidden fields as they stand there."""
    page = opened(work, browser, path)
    within = re.search(rf'<form method="post" action="[^"]*{form}[^"]*".*?</form>', page.text, re.DOTALL)
    assert within, f"no form for {form}"
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', within[0]))
    (action,) = re.findall(r'action="([^"#]*)', within[0])
    return browser.post(action, {**hidden, **fields})


# Seen -----------------------------------------------------------------------------------------------------


def test_a_family_is_seen_at_a_glance(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    page = opened(work, director, f"/families/{family}").text
    for words in (
        "Eén regisseur",
        ON_DUTY.subject,
        "Niveau per as",
        "acute onveiligheid",
        "Er is nog geen plan.",
        "Signaal van youth-work: huiselijk geweld.",
        "geboren",
        "geen middel van kracht",
    ):
        assert words in page, words
    assert f'href="/escalations/{work.escalation_of(family)}"' in page
    assert page.count("<polyline") == 4


def test_the_timeline_is_told_by_day_and_by_what_is_asked_for(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    whole = opened(work, director, f"/families/{family}?group=terms").text
    assert "De termijn" in whole and "Signaal van youth-work" not in whole
    signals = opened(work, director, f"/families/{family}?group=signals&order=").text
    assert "Signaal van youth-work" in signals and "Opgeschaald" not in signals
    assert '<h3 class="day">' in signals
    assert opened(work, director, f"/families/{family}?group=nothing&order=x").status_code == 200


def test_the_course_of_each_axis_stands_in_a_table_too(work: Work, director: Browser) -> None:
    page = opened(work, director, f"/families/{work.a_family(**ACUTE)}").text
    assert re.search(r">veiligheid</td><td[^>]*>3</td>", page)


@pytest.mark.parametrize("more", PAGES)
def test_nobody_sees_the_family_of_another_team(work: Work, more: str) -> None:
    page = opened(work, work.door.logged_in(OTHER), f"/families/{work.a_family(**ACUTE)}{more}")
    assert page.status_code == 404
    assert "Hier is niets, of niets voor u" in page.text


@pytest.mark.parametrize("who", ["c.beheer", "g.privacy"])
def test_whose_role_sees_no_families_is_told_so(work: Work, who: str) -> None:
    page = opened(work, work.door.logged_in(person(who)), f"/families/{work.a_family()}")
    assert page.status_code in (403, 404)
    assert "<h1>" in page.text


def test_an_auditor_sees_and_decides_nothing(work: Work) -> None:
    family = work.assigned(work.a_family(**ACUTE))
    page = opened(work, work.door.logged_in(person("f.toezicht")), f"/families/{family}/steps")
    assert page.status_code == 200
    assert '<form method="post" action="/families' not in page.text


# Decided --------------------------------------------------------------------------------------------------


def test_notice_is_taken_of_an_escalation(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    path = f"/escalations/{work.escalation_of(family)}"
    assert "acute onveiligheid" in opened(work, director, path).text.lower()
    done = send(work, director, path, "/acknowledge")
    assert done.status_code == 303, done.text
    page = opened(work, director, done.headers["location"]).text
    assert "Vastgelegd dat u kennis heeft genomen." in page
    assert f"Hiervan is kennisgenomen door <bdi>{ON_DUTY.subject}</bdi>" in page


def test_an_axis_is_stepped_down_with_a_motivation_and_not_without(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    path = f"/escalations/{work.escalation_of(family)}"
    refused = send(work, director, path, "/lower", level="1", motivation=" ")
    assert refused.status_code == 400
    assert "Dit is nog niet vastgelegd" in refused.text and "motivering" in refused.text
    done = send(work, director, path, "/lower", level="1", motivation="Het gezin is veilig; besproken met Veilig Thuis.")
    assert done.status_code == 303, done.text
    passed_on(work.door.hub)
    assert work.trajectory(family).levels["safety"] == 1  # type: ignore[index]


def test_direction_is_offered_and_accepted(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    path = f"/families/{family}/handover"
    offer = {
        "to": OTHER.subject,
        "contact": "b@vig.example",
        "motivation": "Zij kent het gezin.",
    }
    assert send(work, director, path, "/offer", **offer).status_code == 303
    other = work.door.logged_in(OTHER)
    assert "De regie is u aangeboden" in opened(work, other, "/").text
    done = send(work, other, path, "/accept", motivation="Afgesproken met het gezin.")
    assert done.status_code == 303, done.text
    passed_on(work.door.hub)
    assert work.trajectory(family).director.who == OTHER.subject
    assert opened(work, director, f"/families/{family}").status_code == 404


def test_direction_that_is_not_accepted_stays_where_it_is(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    path = f"/families/{family}/handover"
    offer = {
        "to": OTHER.subject,
        "contact": "b@vig.example",
        "motivation": "Zij kent het gezin.",
    }
    send(work, director, path, "/offer", **offer)
    refused = send(work, work.door.logged_in(OTHER), path, "/refuse", motivation="Ik heb al vijf gezinnen.")
    assert (refused.status_code, refused.headers["location"]) == (303, "/?gedaan=handover.refuse")
    assert work.trajectory(family).director.who == ON_DUTY.subject


def test_nothing_is_offered_to_nobody(work: Work, director: Browser) -> None:
    path = f"/families/{work.a_family()}/handover"
    refused = send(work, director, path, "/offer", to="", contact="y", motivation="Zij kent het gezin.")
    assert refused.status_code == 400
    assert "kies iemand uit de lijst" in refused.text and "Zij kent het gezin." in refused.text


def test_how_the_family_was_told_is_noted_with_a_date_as_it_is_typed_here(work: Work, director: Browser) -> None:
    family = work.a_family()
    done = send(work, director, f"/families/{family}/steps", "/informed", how="spoken", when="1-3-2026", reasonNot="")
    assert done.status_code == 303, done.text
    page = opened(work, director, f"/families/{family}").text
    assert "spoken" in page or "gesprek" in page


def test_a_term_that_was_met_is_noted(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    done = send(work, director, f"/families/{family}/steps", "/met", words="Het overleg was vandaag.")
    assert done.status_code == 303, done.text
    assert "Vastgelegd dat het is gedaan." in opened(work, director, done.headers["location"]).text


def test_a_decision_on_a_state_that_somebody_else_changed_is_not_taken_and_nothing_typed_is_lost(
    work: Work, director: Browser
) -> None:
    family = work.a_family(**ACUTE)
    path = f"/families/{family}/steps"
    stale = re.search(r'name="version" value="(\d+)"', opened(work, director, path).text)
    assert stale
    send(work, director, path, "/informed", how="phone", when="1-3-2026", reasonNot="")
    csrf = re.search(r'name="csrf" value="([^"]+)"', director.get("/account").text)
    assert csrf
    typed = {"csrf": csrf[1], "version": stale[1], "motivation": "Het gezin verhuist."}
    refused = director.post(f"{path}/end", typed)
    assert refused.status_code == 412
    assert "Iemand anders heeft dit gezin intussen gewijzigd." in refused.text and "Het gezin verhuist." in refused.text


def test_a_form_of_somebody_elses_page_decides_nothing(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    refused = director.post(f"/families/{family}/steps/end", {"csrf": "x", "motivation": "Het gezin verhuist."})
    assert refused.status_code == 403
    assert "Niet gedaan" in refused.text
    assert work.trajectory(family).phase == "candidate"


def test_what_somebody_typed_when_their_session_was_over_is_shown_again(work: Work) -> None:
    family = work.a_family()
    lost = work.door.browser().post(f"/families/{family}/steps/end", {"csrf": "x", "motivation": "Een lang verhaal."})
    assert lost.status_code == 401
    assert "Een lang verhaal." in lost.text and "Het is niet verzonden." in lost.text


def test_the_criteria_stand_one_by_one_with_what_is_missing(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    page = opened(work, director, f"/families/{family}/referral").text
    assert "Kind van 0–23 jaar over wie zorgen zijn" in page
    assert "<strong>nog niet voldaan</strong>: ernstige problemen op" in page and "<strong>voldaan</strong>" in page
    done = send(work, director, f"/families/{family}/referral", "/refer", motivation="Het gezin vraagt er zelf om.")
    assert done.status_code == 303, done.text
    decided = send(work, director, done.headers["location"], "/decide", decision="eligible", motivation="Past bij VIG.")
    assert decided.status_code == 303, decided.text
    assert work.trajectory(family).phase == "eligible"


def test_a_lever_is_decided_by_its_authority_and_by_nobody_else(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    page = opened(work, director, f"/families/{family}/levers").text
    assert "Hierover beslist alleen: Veilig Thuis" in page
    assert "/levers/decide" not in page and "/levers/decline" not in page
    refused = fill(
        director,
        f"/families/{family}/levers",
        "decide",
        lever="council-report-threatened",
        ground="wmo-2015-4-1-1",
        escalation=work.escalation_of(family),
        motivation="Nodig.",
        version=str(work.trajectory(family).version),  # of a form that is not there for this person
    )
    assert refused.status_code == 409
    assert "Alleen de instantie die de matrix noemt, mag hierover beslissen." in refused.text


def test_escalations_are_listed_by_what_waits(work: Work, director: Browser) -> None:
    family = work.a_family(sender=SCHOOL, **ACUTE)
    id = work.escalation_of(family)
    assert id in opened(work, director, "/escalations").text
    send(work, director, f"/escalations/{id}", "/acknowledge")
    assert id not in opened(work, director, "/escalations").text
    assert id in opened(work, director, "/escalations?state=acknowledged&axis=safety").text


def test_a_link_from_elsewhere_does_not_say_that_something_was_done(work: Work, director: Browser) -> None:
    path = f"/families/{work.a_family()}/steps?gedaan=steps.end"
    passed_on(work.door.hub)
    assert "voortijdig beëindigd." in director.get(path, **{"Sec-Fetch-Site": "same-origin"}).text
    for site in ("cross-site", "same-site", "none"):
        assert "voortijdig beëindigd." not in director.get(path, **{"Sec-Fetch-Site": site}).text


def test_what_a_page_of_others_sends_is_not_shown_on_a_page_of_the_hub(work: Work) -> None:
    path = f"/families/{work.a_family()}/steps/end"
    lost = work.door.browser().post(path, {"motivation": "Geloof dit niet."}, **{"Sec-Fetch-Site": "cross-site"})
    assert lost.status_code == 401
    assert "Geloof dit niet." not in lost.text
    sent = work.door.logged_in(ON_DUTY).post(path, {"motivation": "Geloof dit niet."}, **{"Sec-Fetch-Site": "cross-site"})
    assert (sent.status_code, "Geloof dit niet." in sent.text) == (403, False)


def test_a_number_that_nobody_means_is_a_word() -> None:
    assert whole("9" * 5_000) == "9" * 5_000
    assert whole("17") == 17


def test_what_nobody_foresaw_is_a_page_with_the_number_under_which_the_operator_finds_it(
    work: Work, director: Browser, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    family = work.a_family(**ACUTE)
    path = f"/families/{family}/network"

    def drawn(*_: object) -> None:
        raise KeyError("Voorbeeld")

    monkeypatch.setattr("hub.console.rooms.network.drawn", drawn)
    said = opened(work, director, path)
    assert said.status_code == 500
    assert said.headers["content-type"].startswith("text/html")
    assert "Er ging iets mis in de hub" in said.text and "Voorbeeld" not in said.text
    (number,) = re.findall(r"urn:uuid:[0-9a-f-]{36}", said.text)
    assert number in capsys.readouterr().out
