"""A family at a glance, and the smaller decisions on it: what is shown and to whom, a long timeline, and each way on."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any
from uuid import UUID

import httpx2
import pytest

from hub.domain.rules import Rules
from hub.domain.streams import Occasion
from hub.domain.trajectory import Trajectory
from hub.domain.trajectory.direction import Director
from hub.domain.words import Phase
from tests.console.browsing import Browser
from tests.console.deciding import fill
from tests.console.working import ACUTE, ON_DUTY, OTHER, Work, person, working
from tests.given import a_goal
from tests.journeys.running import a_child
from tests.passing import passed_on

WHY = "Zo is het met het gezin besproken."
LONG = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewissenhaft"
ABOUT = ("", "/steps", "/plan", "/plan/new", "/handover", "/levers", "/referral", "/belonging", "/coach", "/glass-breakings")
Verb = Callable[[Trajectory, Rules, Occasion], Any]


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(tmp_path_factory.mktemp("work")) as work:
        yield work


@pytest.fixture(scope="module")
def director(work: Work) -> Browser:
    return work.door.logged_in(ON_DUTY)


def decided(work: Work, family: str, *verbs: Verb) -> None:
    """What was decided on a family before somebody looks."""
    for verb in verbs:
        work.door.hub.casework.decide(UUID(family), verb, ON_DUTY.subject)
    passed_on(work.door.hub)


def referred(trajectory: Trajectory, rules: Rules, on: Occasion) -> None:
    trajectory.refer(WHY, rules, on)
    trajectory.decide_referral(Phase.ELIGIBLE, WHY, on)


def levered(trajectory: Trajectory, rules: Rules, on: Occasion) -> None:
    lever = rules.matrix.levers["benefit-measure"]
    trajectory.decide_lever("benefit-measure", lever.by, WHY, [], rules, replace(on, basis=lever.ground))


def corrected(many: int, trajectory: Trajectory, _: Rules, on: Occasion) -> None:
    for nth in range(many):
        trajectory.note_correction(f"regel {nth}", WHY, on)


def forms_on(page: httpx2.Response) -> list[str]:
    """The names of the forms on the page of decisions."""
    return re.findall(r'action="/families/[^"/]+/steps/([a-z]+)"', page.text)


def sent(work: Work, browser: Browser, family: str, form: str, **fields: str) -> httpx2.Response:
    """Fills in a form that stands on the page of decisions, as it stands there."""
    page = browser.get(f"/families/{family}/steps")
    within = re.search(rf'action="/families/{family}/steps/{form}".*?</form>', page.text, re.DOTALL)
    assert within, f"no form {form}"
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', within[0]))
    said = browser.post(f"/families/{family}/steps/{form}", {**hidden, **fields})
    passed_on(work.door.hub)
    return said


# Seen -----------------------------------------------------------------------------------------------------


def test_names_of_any_length_and_from_right_to_left_stand_by_themselves(work: Work, director: Browser) -> None:
    nth = next(work.numbers)
    family = work.hears(a_child(nth, familyName=LONG, givenNames="נועה"), {"familyName": "הדוגמה", "role": "parent"})
    page = director.get(f"/families/{family}").text
    assert f"<bdi>נועה {LONG}</bdi>" in page and "<bdi>הדוגמה</bdi>" in page
    assert f"<title>Gezin {family[:8]} – VIG-hub</title>" in page


def test_a_term_of_a_goal_says_which_goal_that_is(work: Work, director: Browser) -> None:
    family = work.a_family()
    decided(work, family, lambda it, rules, on: it.adopt_plan([a_goal()], WHY, rules, on))
    page = director.get(f"/families/{family}").text
    terms = page[page.index('id="terms"') : page.index('id="people"')]
    assert a_goal().specific in terms and "Rond het doel af" in terms


def test_what_somebody_may_not_see_is_named_with_whom_to_ask(work: Work, director: Browser) -> None:
    family = work.assigned(work.a_family(**ACUTE))
    page = work.door.logged_in(person("f.toezicht")).get(f"/families/{family}").text
    contact = work.trajectory(family).director.contact
    assert "naam niet voor u" in page and "Waar zij wonen, mag u niet inzien." in page
    assert f"Vraag ernaar bij de regisseur: <bdi>{contact}</bdi>" in page
    assert "niet inzien" not in director.get(f"/families/{family}").text


def test_the_administration_reads_the_family_without_its_people_and_the_words_of_its_plan(work: Work) -> None:
    family = work.a_family(**ACUTE)
    decided(work, family, lambda it, rules, on: it.adopt_plan([a_goal()], WHY, rules, on))
    decided(work, family, *[lambda it, rules, on: it.refuse_cooperation(WHY, rules, on)] * 2)
    decided(work, family, lambda it, _, on: it.inform_family("spoken", "2026-03-01", "", on))
    decided(work, family, levered)
    browser = work.door.logged_in(person("e.bestuur"))
    page = browser.get(f"/families/{family}")
    assert page.status_code == 200, page.text
    assert "naam niet voor u" in page.text and "De doelen mag u niet inzien." in page.text
    assert a_goal().specific not in page.text and "regieniveau: bestuurlijk" in page.text
    auditor = work.door.logged_in(person("f.toezicht"))
    work.assigned(family)
    for path in (*(f"/families/{family}{more}" for more in ABOUT), f"/escalations/{work.escalation_of(family)}"):
        assert browser.get(path).status_code in (200, 403), path
        assert auditor.get(path).status_code in (200, 403), path


def test_whoever_was_offered_direction_reads_the_family_and_answers(work: Work) -> None:
    family = work.a_family(**ACUTE)
    whom = Director(OTHER.subject, OTHER.organisation, "b.testman@example.org")
    decided(work, family, lambda it, rules, on: it.offer_handover(whom, WHY, rules, on))
    browser = work.door.logged_in(OTHER)
    page = browser.get(f"/families/{family}").text
    assert f'aangeboden aan <bdi title="{OTHER.subject}">{OTHER.name}</bdi> (<bdi>VIG-team</bdi>)' in page
    for more in ABOUT:
        assert browser.get(f"/families/{family}{more}").status_code in (200, 403, 404), more


def test_whoever_broke_glass_reads_the_family_and_decides_nothing(work: Work) -> None:
    family = work.a_family(**ACUTE)
    browser = work.door.logged_in(OTHER)
    assert fill(browser, f"/families/{family}/glass", "break", motivation="Het kind staat hier op straat.").status_code == 303
    assert "Eén regisseur" in browser.get(f"/families/{family}").text
    for more in ABOUT:
        assert browser.get(f"/families/{family}{more}").status_code in (200, 403, 404), more
    assert forms_on(browser.get(f"/families/{family}/steps")) == []


def test_a_signal_that_was_taken_back_marks_what_rests_on_it(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    heard = list(work.trajectory(family).signals)
    decided(work, family, lambda it, rules, on: it.withdraw(heard, "a message", rules, on))
    page = director.get(f"/families/{family}").text
    assert "Een signaal is door de afzender ingetrokken" in page
    assert "Er is een signaal teruggenomen; wat overblijft, geeft niveau 1. De regisseur beslist." in page
    assert "alleen genoemd in een signaal dat is ingetrokken" in page


def test_a_family_that_went_on_in_another_leads_there_and_decides_nothing(work: Work, director: Browser) -> None:
    stays, goes = work.a_family(), work.a_family()
    fill(director, f"/families/{stays}/belonging", "merge", family=goes, motivation=WHY)
    passed_on(work.door.hub)
    page = director.get(f"/families/{goes}").text
    assert f'<a href="/families/{stays}">Ga naar dat gezin</a>' in page
    assert set(forms_on(director.get(f"/families/{goes}/steps"))) <= {"correct"}
    timeline = director.get(f"/families/{stays}").text
    assert f'<a href="/families/{goes}">het andere gezin</a>' in timeline


def test_a_family_of_others_leads_to_the_search(work: Work) -> None:
    page = work.door.logged_in(person("b.testman")).get(f"/families/{work.a_family()}")
    assert page.status_code == 404 and '<a class="button" href="/search">' in page.text


def test_how_the_family_was_told_stands_in_words(work: Work, director: Browser) -> None:
    family = work.a_family(informed=None)
    decided(work, family, lambda it, _, on: it.inform_family("", "", "danger-to-child", on))
    assert "Nog niet: gevaar voor een kind" in director.get(f"/families/{family}").text
    decided(work, family, lambda it, _, on: it.inform_family("phone", "2026-03-01", "", on))
    page = director.get(f"/families/{family}").text
    assert 'door de telefoon, <time datetime="2026-03-01">1 maart 2026</time>' in page


def test_the_course_of_an_axis_is_a_picture_with_a_mark_for_each_change(work: Work, director: Browser) -> None:
    page = director.get(f"/families/{work.a_family(**ACUTE)}").text
    assert re.search(r"veiligheid: <strong>1 → 3</strong>", page)
    assert page.count("<circle") == 1 and page.count('role="img"') == 4


def test_a_long_timeline_is_read_page_by_page_and_nothing_is_left_out(work: Work, director: Browser) -> None:
    family = work.a_family()
    decided(work, family, partial(corrected, 500))
    at, seen, sizes = f"/families/{family}?group=decisions&order=newest", 0, []
    while at:
        page = director.get(at)
        # the same many times on end stands there once, with how many times
        seen += sum(map(int, re.findall(r"Een correctie is vastgelegd\. <strong>(\d+)×</strong>", page.text)))
        sizes.append(len(page.content))
        more = re.search(r'href="(\?[^"#]*after=[^"#]*)#timeline"', page.text)
        at = f"/families/{family}{more[1].replace('&amp;', '&')}" if more else ""
    assert (seen, len(sizes)) == (500, 21)
    assert max(sizes) < 60_000
    assert "Terug naar het begin van de tijdlijn" in page.text


def test_the_timeline_begins_with_the_newest_or_the_oldest(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    decided(work, family, partial(corrected, 1))
    newest, oldest = (director.get(f"/families/{family}?group=course&order={order}").text for order in ("newest", ""))
    correction, opening = "Een correctie is vastgelegd.", "Het traject begon met een eerste signaal."
    assert newest.index(correction) < newest.index(opening)
    assert oldest.index(correction) > oldest.index(opening)


def test_the_escalations_of_one_family_are_listed_by_themselves(work: Work, director: Browser) -> None:
    family, other = work.a_family(**ACUTE), work.a_family(**ACUTE)
    page = director.get(f"/escalations?state=&family={family}").text
    assert work.escalation_of(family) in page and work.escalation_of(other) not in page
    assert "Opschalingen van dit gezin" in page


def test_the_pages_of_a_family_speak_english_too(work: Work, director: Browser) -> None:
    cookies = "; ".join(f"{name}={value}" for name, value in director.cookies.items())
    family = work.a_family(**ACUTE)
    for path, words in (("", "How it stands now"), ("/steps", "What was done")):
        page = director.get(f"/families/{family}{path}", Cookie=f"{cookies}; taal=en").text
        assert '<html lang="en">' in page and words in page and "Termijnen" not in page


# Decided --------------------------------------------------------------------------------------------------


def test_only_what_the_phase_allows_can_be_decided(work: Work, director: Browser) -> None:
    family = work.a_family()
    at = f"/families/{family}/steps"
    assert {"phase", "extend", "reopen", "compel", "direction"}.isdisjoint(forms_on(director.get(at)))
    decided(work, family, referred)
    page = director.get(at)
    assert "Naar de volgende fase: startgesprek" in page.text and "extend" not in forms_on(page)
    decided(work, family, lambda it, rules, on: it.enter(Phase.START_TALK, WHY, rules, on))
    assert {"phase", "extend"} <= set(forms_on(director.get(at)))


def test_a_trajectory_goes_on_and_is_extended(work: Work, director: Browser) -> None:
    family = work.a_family()
    decided(work, family, referred)
    assert sent(work, director, family, "phase", motivation=WHY).status_code == 303
    assert work.trajectory(family).phase is Phase.START_TALK
    assert sent(work, director, family, "extend", motivation=WHY).status_code == 303
    assert "De termijn is verlengd." in director.get(f"/families/{family}").text


def test_direction_rises_when_cooperation_is_refused_and_is_brought_back(work: Work, director: Browser) -> None:
    family = work.a_family()
    assert sent(work, director, family, "refused", motivation="Vader opent de deur niet.").status_code == 303
    assert work.trajectory(family).direction == "network"
    said = sent(work, director, family, "direction", direction="family", motivation=WHY)
    assert said.status_code == 303, said.text
    assert work.trajectory(family).direction == "family"


def test_a_trajectory_ends_early_is_corrected_and_opens_again(work: Work, director: Browser) -> None:
    family = work.a_family()
    assert sent(work, director, family, "end", motivation="Het gezin verhuist.").status_code == 303
    assert set(forms_on(director.get(f"/families/{family}/steps"))) == {"reopen", "correct"}
    said = sent(work, director, family, "correct", about="het einde", words="Het gezin verhuist een week later.")
    assert said.status_code == 303, said.text
    assert sent(work, director, family, "reopen", motivation="Zij kwamen terug.").status_code == 303
    assert work.trajectory(family).phase is Phase.CANDIDATE


def test_a_team_lead_goes_to_compulsion_on_a_ground_and_a_coordinator_does_not(work: Work, director: Browser) -> None:
    family = work.a_family(**ACUTE)
    assert "compel" not in forms_on(director.get(f"/families/{family}/steps"))
    lead = work.door.logged_in(person("d.leider"))
    wrong = sent(work, lead, family, "compel", ground="de wet", motivation=WHY)
    assert wrong.status_code == 400 and WHY in wrong.text and "grondslag" in wrong.text
    assert sent(work, lead, family, "compel", ground="bw-1-255", motivation=WHY).status_code == 303
    assert work.trajectory(family).phase is Phase.COMPULSION


def test_a_refusal_leads_to_the_field_of_the_form_that_was_sent(work: Work, director: Browser) -> None:
    page = sent(work, director, work.a_family(), "end", motivation=" ").text
    assert '<a href="#motivation">' in page
    (field,) = re.findall(r'<textarea[^>]* id="motivation"[^>]*>', page)
    assert 'aria-invalid="true"' in field
    ids = re.findall(r' id="([^"]+)"', page)
    assert len(ids) == len(set(ids))


def test_a_date_that_is_none_is_asked_again(work: Work, director: Browser) -> None:
    said = sent(work, director, work.a_family(), "informed", how="spoken", when="31-2-2026", reasonNot="")
    assert said.status_code == 400 and "Dit is nog niet vastgelegd" in said.text
