"""The plan as somebody of the family reads it: on two sheets, in plain language, with nothing of anybody else."""

from collections.abc import Iterator
from datetime import date
from html import unescape
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser as Chromium
from pypdf import PdfReader

from hub.console.family_plan import is_child, languages, on_paper, readable
from hub.domain.readability import ease, is_hard, sentences
from hub.domain.trajectory.voice import MOST_GOALS, OWN_WORDS, PLAIN_WORDS
from hub.errors import RuleBroken
from tests.console.browsing import Browser
from tests.console.deciding import fill, opened
from tests.console.looking import is_well
from tests.console.test_plan import a_plan as a_plan_of
from tests.console.working import ON_DUTY, Work, person, working
from tests.parts.fixtures import PATIENCE
from tests.passing import passed_on

TODAY = date(2026, 3, 2)
NOOR = {"id": "noor", "role": "child", "givenNames": "Noor", "born": "2016-04-05"}
FAMILY = {"director": {"contact": "regie@example.org"}, "coach": {"contact": "coach@example.org"}}
MOST_SENTENCE = 15
"""Words in a sentence of plain language."""


def texts(of: Any) -> Iterator[str]:
    """Every text in a file of words."""
    if isinstance(of, str):
        yield of
    else:
        for each in of.values() if isinstance(of, dict) else of:
            yield from texts(each)


def a_plan(goals: int = 1, plain: str = "Je gaat elke dag naar school.", own: str = "Goed zo.", **person: str) -> Any:
    wanted = [{"goal": str(nth), "dueDate": "2027-06-01", "result": ""} for nth in range(goals)]
    told = [{"goal": one["goal"], "person": "noor", "words": plain} for one in wanted]
    heard = [{"goal": one["goal"], "person": "noor", "stance": "wish", "words": own} for one in wanted]
    return readable(FAMILY, wanted, {"told": told, "voices": heard}, NOOR | person, "nl", TODAY)


# Its words ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("whose", ["parent", "child"])
def test_what_stands_around_a_plan_is_plain_dutch_sentence_by_sentence(whose: str) -> None:
    """Flesch-Douma tells short words in short sentences: what can be counted of level B1."""
    for text in texts(languages()["nl"][whose]):
        assert (ease(text) or 100) >= 65, text
        assert max(map(len, sentences(text))) <= MOST_SENTENCE, text
    assert not is_hard("\n".join(texts(languages()["nl"][whose])))


def test_the_words_of_the_profession_are_found_to_be_hard() -> None:
    assert is_hard("De regievoerder monitort de veiligheidsafspraken gedurende de analyseperiode.")
    assert is_hard("Belanghebbenden dienen de noodzakelijke bescheiden ter verificatie te overleggen.")
    assert not is_hard("Thuis is het veilig. Niemand slaat of schreeuwt.")
    assert not is_hard("  ")


@pytest.mark.parametrize("tongue", languages())
def test_a_language_is_a_file_that_says_all_that_dutch_says(tongue: str) -> None:
    def shape(of: Any) -> Any:
        return {name: shape(each) for name, each in of.items()} if isinstance(of, dict) else type(of)

    assert shape(languages()[tongue]) == shape(languages()["nl"])
    assert len(languages()[tongue]["months"]) == 12


@pytest.mark.parametrize(
    ("person", "expected"),
    [
        ({"role": "child", "born": "2016-04-05"}, True),
        ({"role": "child", "born": "2008-03-03"}, True),
        ({"role": "child", "born": "2008-03-02"}, False),
        ({"role": "child", "born": "2007"}, False),
        ({"role": "child", "born": ""}, True),
        ({"role": "parent", "born": "2012-01-01"}, False),
        ({}, False),
    ],
)
def test_a_child_reads_the_words_for_children_until_it_is_of_age(person: dict[str, str], expected: bool) -> None:
    assert is_child(person, TODAY) is expected


# On paper -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("tongue", languages())
@pytest.mark.parametrize("letters", ["M", "w ", "woord ", "\n"], ids=["wide", "loose", "words", "lines"])
@pytest.mark.parametrize("role", ["child", "parent"])
def test_the_fullest_plan_goes_on_two_sheets(role: str, letters: str, tongue: str) -> None:
    words = "x" + letters * OWN_WORDS
    plan = a_plan(MOST_GOALS, words[:PLAIN_WORDS], words[:OWN_WORDS], role=role, givenNames="Voornaam " * 10)
    assert len(PdfReader(BytesIO(on_paper(plan, tongue))).pages) <= 2


def test_a_plan_on_paper_can_be_read_aloud() -> None:
    paper = PdfReader(BytesIO(on_paper(a_plan(2), "nl")))
    root = paper.trailer["/Root"]
    assert (root["/MarkInfo"]["/Marked"], root["/Lang"], paper.metadata and paper.metadata.title) == (True, "nl", "Mijn plan")
    assert "pdfuaid" in root["/Metadata"].get_data().decode()


def test_what_somebody_typed_is_never_read_as_markup() -> None:
    typed = '#panic("x") *vet* = kop #read("/etc/passwd") $x$ @y <z> \\ // niets'
    said = PdfReader(BytesIO(on_paper(a_plan(1, typed, typed), "nl"))).pages[0].extract_text()
    assert " ".join(said.split()).count('#read("/etc/passwd") $x$ @y <z> \\ // niets') == 2


def test_letters_that_cannot_be_printed_are_refused_and_not_left_out() -> None:
    with pytest.raises(RuleBroken) as refusal:
        on_paper(a_plan(1, "你好"), "nl")
    assert refusal.value.code == "letters-missing"
    assert on_paper(a_plan(1, "Łukasz, Ördek, Ганна, Νίκος, مرحبا"), "nl")


# In the console -----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(Path(tmp_path_factory.mktemp("work"))) as work:
        yield work


@pytest.fixture
def director(work: Work) -> Browser:
    return work.door.logged_in(ON_DUTY)


def planned(work: Work, director: Browser) -> tuple[str, str]:
    """The page of the one goal of a family, and a child of it."""
    family = a_plan_of(work, director)
    (goal,) = work.trajectory(family).valid_plan().goals
    (child,) = work.trajectory(family).people
    return f"/families/{family}/plan/goals/{goal.goal}", child


def heard(child: str, **but: str) -> dict[str, str]:
    return {
        f"heard.{name}": text for name, text in {"person": child, "stance": "wish", "words": "Ik wil bij oma wonen."}.items()
    } | but


def told(child: str, words: str = "Jullie blijven in dit huis.") -> dict[str, str]:
    return {"told.person": child, "told.words": words}


def test_what_the_family_says_stands_beside_what_the_coach_wrote(work: Work, director: Browser) -> None:
    goal, child = planned(work, director)
    assert "Nog niemand van het gezin zei" in opened(work, director, goal)
    assert fill(director, goal, "hear", **heard(child)).status_code == 303
    for at in (goal, goal.partition("/goals")[0]):
        page = opened(work, director, at)
        assert "Ik wil bij oma wonen." in page and "wil het anders" in page


def test_whoever_disagrees_is_heard_in_words_and_the_form_says_so(work: Work, director: Browser) -> None:
    goal, child = planned(work, director)
    said = fill(director, goal, "hear", **heard(child, **{"heard.words": ""}))
    assert said.status_code == 409 and "schrijf op wat er gezegd is" in unescape(said.text)
    said = fill(director, goal, "hear", **heard(child, **{"heard.words": "x" * (OWN_WORDS + 1)}))
    page = unescape(said.text)
    assert said.status_code == 400 and 'id="heard-words-wrong"' in page and 'href="#heard-words"' in page
    assert "x" * (OWN_WORDS + 1) in page, "nothing that was typed is lost"


def test_each_reads_only_what_was_written_for_them(work: Work, director: Browser) -> None:
    goal, child = planned(work, director)
    plan = goal.partition("/goals")[0]
    mine = f"{plan}/for/{child}"
    assert "Er staat nog niets in jouw plan." in opened(work, director, mine)
    assert fill(director, goal, "hear", **heard(child)).status_code == 303
    assert fill(director, goal, "tell", **told(child)).status_code == 303
    page = opened(work, director, mine)
    assert "Jullie blijven in dit huis." in page and "Ik wil bij oma wonen." in page and "Jij wilt dit graag anders." in page
    assert "De corporatie werkt mee." not in page and "betalingsachterstand" not in page
    assert "What are we going to do?" in opened(work, director, f"{mine}?tongue=en")
    assert "Wat gaan wij doen?" in opened(work, director, f"{mine}?tongue=xx")
    paper = director.get(f"{mine}/plan.pdf")
    assert (paper.status_code, paper.headers["content-type"]) == (200, "application/pdf")
    said = PdfReader(BytesIO(paper.content)).pages[0].extract_text()
    assert "Jullie blijven in dit huis." in said and "De corporatie" not in said
    assert fill(director, goal, "keep", **{"kept.person": child, "kept.motivation": "Het gaat over vader."}).status_code == 303
    assert "Jullie blijven in dit huis." not in opened(work, director, mine)


def test_plain_words_that_are_hard_to_read_are_said_to_be(work: Work, director: Browser) -> None:
    goal, child = planned(work, director)
    assert fill(director, goal, "tell", **told(child)).status_code == 303
    assert "Dit leest moeilijk" not in opened(work, director, goal)
    hard = told(child, "De woningcorporatie effectueert de betalingsregeling conform de vaststellingsovereenkomst.")
    assert fill(director, goal, "tell", **hard).status_code == 303
    assert "Dit leest moeilijk" in opened(work, director, goal)


def test_letters_that_do_not_print_are_a_page_that_says_what_to_do(work: Work, director: Browser) -> None:
    goal, child = planned(work, director)
    assert fill(director, goal, "tell", **told(child, "你好")).status_code == 303
    said = director.get(f"{goal.partition('/goals')[0]}/for/{child}/plan.pdf")
    assert said.status_code == 409 and "druk de pagina zelf af" in unescape(said.text)


def test_nobody_reads_the_plan_of_somebody_of_another_family_or_without_the_right(work: Work, director: Browser) -> None:
    goal, _ = planned(work, director)
    _, other = planned(work, director)
    for more in ("", "/plan.pdf"):
        assert director.get(f"{goal.partition('/goals')[0]}/for/{other}{more}").status_code == 404
        assert work.door.logged_in(person("c.beheer")).get(f"{goal.partition('/goals')[0]}/for/{other}{more}").status_code == 403


def test_no_state_of_it_has_anything_for_axe_or_is_wider_than_a_telephone(work: Work, director: Browser, browser: Chromium) -> None:
    goal, child = planned(work, director)
    plan = goal.partition("/goals")[0]
    assert fill(director, goal, "hear", **heard(child)).status_code == 303
    assert fill(director, goal, "tell", **told(child)).status_code == 303
    passed_on(work.door.hub)
    with browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{work.base}/login")
        page.get_by_role("button", name=ON_DUTY.subject).click()
        for at in (plan, goal, f"{plan}/for/{child}", f"{plan}/for/{child}?tongue=en"):
            page.goto(work.base + at)
            is_well(page)
