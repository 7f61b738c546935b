"""The plan on pages: reading it, writing and revising it, noting how it goes; and two people who write at the same time."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from uuid import UUID

import httpx2
import pytest

from hub.domain.trajectory.direction import Director
from tests.console.browsing import Browser
from tests.console.deciding import fill, handed_over
from tests.console.working import ON_DUTY, OTHER, Work, person, working
from tests.passing import passed_on

RENT = {
    "area": "06",
    "specific": "De huur wordt elke maand op tijd betaald.",
    "measurable": "Zes maanden zonder achterstand.",
    "achievable": "De corporatie werkt mee.",
    "relevant": "Zonder huis geen rust.",
    "start": "2-3-2026",
    "due": "1/9/2026",
    "owner": "Moeder, met de budgetcoach",
}
SCHOOL = {**RENT, "area": "04", "specific": "De oudste gaat elke dag naar school.", "owner": "Vader"}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(tmp_path_factory.mktemp("work")) as work:
        yield work


@pytest.fixture(scope="module")
def director(work: Work) -> Browser:
    return work.door.logged_in(ON_DUTY)


class _Fields(HTMLParser):
    """What a browser would send of one form: its fields as they stand on the page."""

    def __init__(self, id: str) -> None:
        super().__init__()
        self.id, self.is_in, self.fields, self.open = id, False, {}, ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.is_in = said.get("id") == self.id
        elif self.is_in and tag == "input" and said.get("type") != "checkbox":
            self.fields[said["name"]] = said["value"]
        elif self.is_in and tag in ("select", "textarea"):
            self.open = said["name"]
            self.fields[self.open] = ""
        elif tag == "option" and "selected" in said:
            self.fields[self.open] = said["value"]

    def handle_endtag(self, tag: str) -> None:
        self.is_in = self.is_in and tag != "form"
        self.open = "" if tag in ("select", "textarea", "option") and tag != "option" else self.open

    def handle_data(self, data: str) -> None:
        if self.open and self.lasttag == "textarea":
            self.fields[self.open] += data


def typed(page: httpx2.Response) -> dict[str, str]:
    """The form of a plan as it stands on the page."""
    form = _Fields("plan")
    form.feed(page.text)
    return form.fields


def goal(number: int, said: Mapping[str, str]) -> dict[str, str]:
    """The fields of one goal."""
    return {f"goals.{number}.{name}": text for name, text in said.items()}


def write(work: Work, browser: Browser, family: str, page: httpx2.Response | None = None, **more: str) -> httpx2.Response:
    """Sends the form of the plan with these fields."""
    at = f"/families/{family}/plan/new"
    said = browser.post(f"{at}/adopt", {**typed(page or browser.get(at)), **more})
    passed_on(work.door.hub)
    return said


def a_plan(work: Work, browser: Browser, **first: str) -> str:
    """A family with a plan of one goal."""
    family = work.a_family()
    said = write(work, browser, family, **goal(0, {**RENT, **first}), motivation="Na het startgesprek.")
    assert said.status_code == 303, said.text
    return family


def a_coach(work: Work, family: str) -> Browser:
    """The browser of somebody who coaches the family from now on."""
    whom = Director(OTHER.subject, OTHER.organisation, "b.testman@example.org")
    work.door.hub.casework.decide(UUID(family), lambda it, _, on: it.assign_coach(whom, on), ON_DUTY.subject)
    passed_on(work.door.hub)
    return work.door.logged_in(OTHER)


# Reading ----------------------------------------------------------------------------------------------


def test_where_there_is_no_plan_the_page_says_how_to_begin(work: Work, director: Browser) -> None:
    page = director.get(f"/families/{work.a_family()}/plan").text
    assert "Er is nog geen plan" in page and "Plan schrijven" in page


def test_a_plan_is_read_with_its_goals_and_its_versions(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    page = director.get(f"/families/{family}/plan").text
    assert RENT["specific"] in page and "huisvesting" in page and "loopt nog" in page
    assert '<time datetime="2026-09-01">1 september 2026</time>' in page
    assert "Na het startgesprek." in page and "Versie 1 (geldig)" in page


def test_the_same_in_english(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    for path in ("plan", "plan/new", "plan/compare"):
        page = director.get(f"/families/{family}/{path}", Cookie=f"{_cookies(director)}; taal=en").text
        assert '<html lang="en">' in page and "Plan of the family" in page


def test_who_may_not_decide_reads_it_without_forms_and_is_told_who_may(work: Work, director: Browser) -> None:
    family = work.assigned(a_plan(work, director))
    auditor = work.door.logged_in(person("f.toezicht"))
    page = auditor.get(f"/families/{family}/plan").text
    assert RENT["specific"] in page and "beslissen de regisseur en de coach" in page and ON_DUTY.subject in page
    assert "<form" not in page
    assert "niet voor u; vraag de regisseur" in page and RENT["owner"] not in page
    page = auditor.get(f"/families/{family}/plan/new").text
    assert "Alleen de regisseur en de coach" in page and "<form" not in page
    at = f"/families/{family}/plan/new"
    said = fill(auditor, at, "adopt", **goal(0, {**RENT, "goal": "g"}), motivation="toch")
    assert said.status_code == 403 and "toch" in said.text


def test_the_team_notes_progress_and_leaves_the_plan_to_its_director(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    colleague = work.door.logged_in(person("d.leider"))
    page = colleague.get(f"/families/{family}/plan").text
    assert "Voortgang of resultaat vastleggen" in page and "Plan herzien" not in page
    now = str(work.trajectory(family).version)
    said = fill(colleague, f"/families/{family}/plan/new", "adopt", **goal(0, {**RENT, "goal": "g"}), motivation="nee", version=now)
    assert said.status_code == 409 and "Alleen de regisseur of de coach" in said.text


def test_a_family_of_others_has_no_plan_here(work: Work) -> None:
    family = work.a_family()
    stranger = work.door.logged_in(OTHER)
    for path in ("plan", "plan/new", "plan/compare"):
        assert stranger.get(f"/families/{family}/{path}").status_code == 404
    assert stranger.get("/families/no-id/plan").status_code == 404


def test_who_sees_no_words_is_told_that_there_are_some(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    write(work, director, family, **{"goals.0.owner": "Vader en oma", "motivation": "Oma helpt mee."})
    handed_over(work, family, person("e.bestuur"))
    board = work.door.logged_in(person("e.bestuur"))
    for path in ("plan", "plan/compare"):
        page = board.get(f"/families/{family}/{path}").text
        assert "De doelen zelf mag u niet inzien" in page and RENT["specific"] not in page
    page = board.get(f"/families/{family}/plan/new").text
    assert "dus u kunt het niet herzien" in page and "<form" not in page


# Writing ----------------------------------------------------------------------------------------------


def test_each_letter_of_smart_has_its_question_and_two_examples(work: Work, director: Browser) -> None:
    page = director.get(f"/families/{work.a_family()}/plan/new").text
    letters = re.findall(r"<dt><strong>(.)</strong>", page)
    assert letters == ["S", "M", "A", "R", "T"]
    assert page.count("Zwak:</strong>") == page.count("Goed:</strong>") == 5


def test_what_is_missing_is_said_at_its_field_and_what_was_typed_stays(work: Work, director: Browser) -> None:
    family = work.a_family()
    said = write(work, director, family, **goal(0, {**RENT, "measurable": " ", "due": "31-2-2026", "area": ""}), motivation="")
    assert said.status_code == 400
    for field in ("measurable", "due", "area"):
        assert f'href="#goals-0-{field}"' in said.text and f'id="goals-0-{field}-wrong"' in said.text
    assert "deze datum bestaat niet" in said.text and 'id="motivation-wrong"' in said.text
    kept = typed(said)
    assert kept["goals.0.due"] == "31-2-2026" and kept["goals.0.specific"] == RENT["specific"]
    again = write(work, director, family, said, **goal(0, RENT), motivation="Nu wel.")
    assert again.status_code == 303


def test_a_goal_ends_after_it_begins(work: Work, director: Browser) -> None:
    said = write(work, director, work.a_family(), **goal(0, {**RENT, "due": "1-3-2026"}), motivation="Zo.")
    assert said.status_code == 400 and "ligt niet na het begin" in said.text


def test_a_plan_has_at_least_one_goal(work: Work, director: Browser) -> None:
    said = write(work, director, work.a_family(), motivation="Leeg.")
    assert said.status_code == 400 and 'href="#goals"' in said.text


def test_one_more_goal_costs_nothing_that_was_typed(work: Work, director: Browser) -> None:
    family = work.a_family()
    half = goal(0, {"specific": "Half <af>", "start": "over een week"})
    page = write(work, director, family, **half, motivation="Begin.", add="1")
    assert page.status_code == 200 and page.text.count("<fieldset") == 2
    page = write(work, director, family, page, add="1")
    kept = typed(page)
    assert {name: kept[name] for name in half} == half and kept["motivation"] == "Begin."
    assert len({kept[f"goals.{number}.goal"] for number in range(3)}) == 3
    assert work.trajectory(family).plan is None


def test_an_empty_goal_is_left_out_and_a_dropped_one_too(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    page = write(work, director, family, add="1")
    page = write(work, director, family, page, add="1")
    wrong = {**goal(2, {**SCHOOL, "owner": ""}), "goals.0.drop": "on", "motivation": "Alleen school nog."}
    page = write(work, director, family, page, **wrong)
    assert page.status_code == 400 and 'id="goals-2-owner-wrong"' in page.text
    assert write(work, director, family, page, **{**wrong, "goals.2.owner": "Vader"}).status_code == 303
    plan = work.trajectory(family).valid_plan()
    assert [one.specific for one in plan.goals] == [SCHOOL["specific"]]


def test_goals_that_go_on_keep_their_id_and_their_result(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    (before,) = work.trajectory(family).valid_plan().goals
    note(work, director, family, "Gelukt.", "reached")
    page = director.get(f"/families/{family}/plan/new")
    assert "(bereikt)" in page.text
    page = write(work, director, family, page, add="1")
    assert write(work, director, family, page, **goal(1, SCHOOL), motivation="School erbij.").status_code == 303
    first, second = work.trajectory(family).valid_plan().goals
    assert first == replace(before, result="reached") and second.goal != first.goal
    page = director.get(f"/families/{family}/plan").text
    assert "Gelukt." in page and "✓ bereikt" in page


def test_words_of_any_script_and_length_stand_as_they_were_typed(work: Work, director: Browser) -> None:
    said = {"owner": "נועה 'ב\"ת <script>", "relevant": "w" * 4_000}
    family = a_plan(work, director, **said)
    page = director.get(f"/families/{family}/plan").text
    assert "<bdi>נועה &#39;ב&#34;ת &lt;script&gt;</bdi>" in page and "w" * 4_000 in page
    long = write(work, director, family, **{"goals.0.relevant": "w" * 4_001, "motivation": "x"})
    assert long.status_code == 400 and "is langer dan 4000 tekens" in long.text


def test_more_than_the_hub_takes_is_refused_with_everything_still_there(work: Work, director: Browser) -> None:
    family = work.a_family()
    goals = [goal(nth, {**RENT, "goal": f"g-{nth}", "relevant": "é" * 2_000}) for nth in range(20)]
    said = write(work, director, family, **{name: text for one in goals for name, text in one.items()}, motivation="Veel.")
    assert said.status_code == 413 and "meer tekst dan de hub aanneemt" in said.text
    kept = typed(said)
    assert kept["goals.19.relevant"] == "é" * 2_000 and kept["motivation"] == "Veel."


@pytest.mark.parametrize("number", ["00", "-1", "", "٣", "9" * 5_000], ids=["twice", "less", "none", "arabic", "endless"])
def test_a_form_that_no_page_of_ours_made_is_read_for_what_is_meant(work: Work, director: Browser, number: str) -> None:
    family, odd = work.a_family(), {f"goals.{number}.goal": "x", "base": "x", "notes": "9" * 5_000}
    assert write(work, director, family, **odd, add="1").status_code == 200
    assert write(work, director, family, **goal(0, RENT), **odd, motivation="Zo.").status_code == 303
    assert write(work, director, family, **odd, add="1").status_code == 200


def test_as_many_goals_as_a_plan_can_have(work: Work, director: Browser) -> None:
    family = work.a_family()
    goals = [goal(nth, {**RENT, "goal": f"g-{nth}"}) for nth in range(50)]
    said = write(work, director, family, **{name: text for one in goals for name, text in one.items()}, motivation="Alles.")
    assert said.status_code == 303
    page = director.get(f"/families/{family}/plan/new")
    assert page.text.count("<fieldset") == 50 and 'name="add"' not in page.text
    assert (
        write(work, director, family, page, **{f"goals.{nth}.drop": "on" for nth in range(49)}, motivation="Eén.").status_code
        == 303
    )


def test_a_form_of_somebody_else_does_nothing(work: Work, director: Browser) -> None:
    family = work.a_family()
    said = write(work, director, family, **goal(0, RENT), motivation="Vals.", csrf="other")
    assert said.status_code == 403
    assert work.trajectory(family).plan is None


# Two who write ------------------------------------------------------------------------------------------


def test_the_second_of_two_is_told_what_the_first_changed_and_nothing_is_lost(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    coach = a_coach(work, family)
    begun = coach.get(f"/families/{family}/plan/new")
    changed = write(work, director, family, add="1")
    changes = {"goals.0.measurable": "Negen maanden zonder achterstand.", **goal(1, SCHOOL), "motivation": "School hoort erbij."}
    assert write(work, director, family, changed, **changes).status_code == 303

    late = write(work, coach, family, begun, **{"goals.0.owner": "Vader", "motivation": "Vader doet het."})
    assert late.status_code == 412
    assert "Er is niets overschreven" in late.text and "School hoort erbij." in late.text
    assert "<del>Zes</del>" in late.text and "<ins>Negen</ins>" in late.text
    assert "Dit doel staat nog niet in uw plan" in late.text and "Vastleggen op de nieuwste versie" in late.text
    kept = typed(late)
    assert (kept["goals.0.owner"], kept["goals.0.measurable"]) == ("Vader", RENT["measurable"])
    assert work.trajectory(family).valid_plan().version == 2

    school = next(one.goal for one in work.trajectory(family).valid_plan().goals if one.specific == SCHOOL["specific"])
    taken = write(work, coach, family, late, take=school)
    assert taken.status_code == 200 and typed(taken)["goals.0.owner"] == "Vader"
    assert write(work, coach, family, taken).status_code == 303
    plan = work.trajectory(family).valid_plan()
    assert [(one.owner, one.measurable) for one in plan.goals] == [
        ("Vader", RENT["measurable"]),
        (SCHOOL["owner"], SCHOOL["measurable"]),
    ]
    assert (plan.version, plan.goals[1].goal) == (3, school)


def test_a_goal_of_the_newest_version_takes_the_place_of_what_was_typed_when_asked_for(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    begun = director.get(f"/families/{family}/plan/new")
    write(work, director, family, **{"goals.0.owner": "Oma", "motivation": "Oma helpt."})
    late = write(work, director, family, begun, **{"goals.0.owner": "Vader", "motivation": "Vader helpt."})
    (valid,) = work.trajectory(family).valid_plan().goals
    taken = typed(write(work, director, family, late, take=valid.goal))
    assert taken["goals.0.owner"] == "Oma" and taken["motivation"] == "Vader helpt."
    assert taken["goals.0.start"] in ("2026-03-02", "2-3-2026")
    assert write(work, director, family, late, take="nothing").status_code == 200


def test_adding_a_goal_does_not_pass_over_what_another_changed(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    begun = director.get(f"/families/{family}/plan/new")
    write(work, director, family, **{"goals.0.owner": "Oma", "motivation": "Oma helpt."})
    more = write(work, director, family, begun, add="1")
    assert "Wat een ander intussen wijzigde" in more.text
    assert write(work, director, family, more, motivation="Toch.").status_code == 412


def test_what_came_in_beside_the_plan_is_told_as_such(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    begun = director.get(f"/families/{family}/plan/new")
    handed_over(work, family, OTHER)
    handed_over(work, family, ON_DUTY)
    late = write(work, director, family, begun, motivation="Zelfde plan.")
    assert late.status_code == 412 and "Aan het plan zelf is niets veranderd" in late.text
    assert write(work, director, family, late).status_code == 303


def test_progress_that_was_noted_meanwhile_is_told(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    begun = director.get(f"/families/{family}/plan/new")
    note(work, director, family, "De eerste maand is betaald.")
    late = write(work, director, family, begun, motivation="Zelfde plan.")
    assert late.status_code == 412
    assert "Voortgang die erbij kwam" in late.text and "De eerste maand is betaald." in late.text


# Progress -----------------------------------------------------------------------------------------------


def note(work: Work, browser: Browser, family: str, words: str, result: str = "") -> httpx2.Response:
    """Notes something of the first goal."""
    return fill(browser, first_goal(work, family), "note", words=words, result=result)


def first_goal(work: Work, family: str) -> str:
    """The address of its page."""
    return f"/families/{family}/plan/goals/{work.trajectory(family).valid_plan().goals[0].goal}"


def test_progress_and_a_result_are_noted_and_stay_readable(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    said = note(work, director, family, "Twee maanden <op tijd>.")
    assert said.status_code == 303 and "Vastgelegd." in director.get(said.headers["location"]).text
    assert note(work, director, family, "Eén maand gemist.", "partly").status_code == 303
    page = director.get(f"/families/{family}/plan").text
    assert "Eén maand gemist." in page and "◐ deels bereikt" in page and "1 eerder vastgelegd" in page
    page = director.get(first_goal(work, family)).text
    assert "Twee maanden &lt;op tijd&gt;." in page and "Eén maand gemist." in page and "◐ deels bereikt" in page
    assert '<option value="partly"' not in page and '<option value="reached"' in page


def test_progress_without_words_is_asked_again_with_what_was_chosen(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    said = note(work, director, family, " ", "not")
    assert said.status_code == 400 and 'id="words-wrong"' in said.text
    assert '<option value="not" selected' in said.text


def test_progress_on_an_older_state_is_told_and_kept(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    said = fill(director, first_goal(work, family), "note", words="Wat ik typte.", result="", version="1")
    assert said.status_code == 412 and "Wat ik typte.</textarea>" in said.text
    assert note(work, director, family, "Wat ik typte.").status_code == 303


def test_a_goal_that_is_not_in_the_plan_takes_no_notes(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    for id in ("nothing", "{goal}", "a goal"):
        at = f"/families/{family}/plan/goals/{id}"
        assert director.get(at).status_code == 404
        assert fill(director, at, "note", words="x", result="").status_code in (400, 404)


def test_the_plan_of_an_ended_trajectory_is_only_read(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    work.door.hub.casework.decide(UUID(family), lambda it, _, on: it.end_early("verhuisd", on), ON_DUTY.subject)
    passed_on(work.door.hub)
    page = director.get(f"/families/{family}/plan").text
    assert "Dit traject is beëindigd" in page and "<form" not in page
    assert "<form" not in director.get(f"/families/{family}/plan/new").text


# Two versions ---------------------------------------------------------------------------------------------


def test_two_versions_stand_side_by_side_field_by_field(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    page = write(work, director, family, add="1")
    write(work, director, family, page, **goal(1, SCHOOL), motivation="School erbij.")
    write(work, director, family, **{"goals.0.drop": "on", "goals.1.owner": "Vader en oma", "motivation": "Huur geregeld."})
    page = director.get(f"/families/{family}/plan/compare?a=1&b=3").text
    assert "1 toegevoegd, 1 vervallen, 0 gewijzigd, 0 ongewijzigd." in " ".join(page.split())
    page = director.get(f"/families/{family}/plan/compare").text
    assert "0 toegevoegd, 1 vervallen, 1 gewijzigd, 0 ongewijzigd." in " ".join(page.split())
    assert "≠ gewijzigd" in page and "− vervallen" in page and "Vader<ins> en oma</ins>" in page
    assert "Huur geregeld." in page
    same = director.get(f"/families/{family}/plan/compare?a=2&b=2").text
    assert "Tussen deze twee versies is geen doel veranderd" in same


@pytest.mark.parametrize("query", ["a=1&b=9", "a=x&b=1", "a=-1&b=", "a=1&a=8&b=1"])
def test_a_version_that_is_not_there_is_said_so(work: Work, director: Browser, query: str) -> None:
    family = a_plan(work, director)
    write(work, director, family, **{"goals.0.owner": "Vader en oma", "motivation": "Oma helpt mee."})
    said = director.get(f"/families/{family}/plan/compare?{query}")
    assert said.status_code == 200
    assert "Die versie van het plan is er niet" in said.text


def test_a_plan_of_one_version_has_nothing_to_compare(work: Work, director: Browser) -> None:
    page = director.get(f"/families/{a_plan(work, director)}/plan/compare").text
    assert "Er is nog maar één versie van het plan" in page and "<form" not in page


def test_a_goal_that_was_dropped_is_still_read_with_what_became_of_it(work: Work, director: Browser) -> None:
    family = a_plan(work, director)
    note(work, director, family, "Een half jaar op tijd.", "reached")
    page = write(work, director, family, add="1")
    write(work, director, family, page, **goal(1, SCHOOL), **{"goals.0.drop": "on", "motivation": "De huur is geregeld."})
    _, former = director.get(f"/families/{family}/plan").text.split("Doelen die niet meer in het plan staan")
    assert RENT["specific"] in former and "✓ bereikt" in former and "Een half jaar op tijd." in former
    assert "het laatst in versie 1" in former and SCHOOL["specific"] not in former


def test_without_a_plan_there_is_nothing_to_compare(work: Work, director: Browser) -> None:
    assert "valt niets te vergelijken" in director.get(f"/families/{work.a_family()}/plan/compare").text


def _cookies(browser: Browser) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
