"""Whose family is this signal about? Two families side by side, a decision with its reason, and taking it back."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.console.browsing import Browser
from tests.console.deciding import fill, handed_over
from tests.console.working import ON_DUTY, OTHER, Work, person, working
from tests.journeys.running import a_child

WHY = "De school belde: het is hetzelfde kind."


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(tmp_path_factory.mktemp("work")) as work:
        yield work


@pytest.fixture
def desk(work: Work) -> Browser:
    """The browser of whoever is on duty."""
    return work.door.logged_in(ON_DUTY)


def asked(work: Work, *others: dict[str, Any]) -> tuple[str, str]:
    """A family, and a signal that may be about it: gives the family, and the page of the question."""
    nth = next(work.numbers)
    family = work.hears(a_child(nth, familyName=f"Voorbeeld{nth}"))
    namesake = a_child(nth, familyName=f"Voorbeeld{nth}", bsn=None, address=None)
    assert work.hears(namesake, *others) == ""
    page = work.door.logged_in(ON_DUTY).get("/match-questions")
    return family, re.findall(r'href="(/match-questions/[^"?]+)"', page.text)[-1]


def test_what_waits_is_told_with_why(work: Work, desk: Browser) -> None:
    asked(work)
    page = desk.get("/match-questions")
    assert "dezelfde naam en geboortedatum" in page.text
    assert "1 mogelijk gezin" in page.text
    assert "Noor" not in page.text


def test_where_nothing_waits_the_page_says_so(desk: Browser) -> None:
    assert "Er zijn geen vragen in deze lijst" in desk.get("/match-questions?state=erased").text


def test_the_signal_and_the_family_stand_side_by_side(work: Work, desk: Browser) -> None:
    family, at = asked(work)
    page = desk.get(at)
    assert page.text.count("<bdi>Noor Voorbeeld") >= 3
    assert "5 april 2016" in page.text
    assert f'href="/families/{family}"' in page.text
    assert "dezelfde naam en geboortedatum" in page.text


def test_each_person_is_beside_whom_they_are_most_like_and_by_an_address_alone_beside_all_who_live_there(
    work: Work, desk: Browser
) -> None:
    nth = next(work.numbers)
    home = {"number": str(nth), "postcode": "2599ZZ", "town": "Den Haag"}
    here = [a_child(nth, givenNames=given, familyName=f"Thuis{nth}", bsn=None, address=home) for given in ("Noor", "Bram")]
    work.hears(*here)
    noor = a_child(nth, familyName=f"Thuis{nth}", bsn=None, birthDate=None, address=home)
    assert work.hears(noor, a_child(nth, givenNames="Sam", familyName="Logee", bsn=None, address=home)) == ""
    at = re.findall(r'href="(/match-questions/[^"?]+)"', desk.get("/match-questions").text)[-1]
    table = desk.get(at).text.partition("<table")[2].partition("</table>")[0]
    assert table.count("<tr") == 3, table
    assert "het BSN verschilt" not in table
    assert table.count("Bram") == 1, "beside whom nothing but the address is known"


def test_a_signal_is_linked_and_taken_back(work: Work, desk: Browser) -> None:
    family, at = asked(work)
    said = fill(desk, at, "answer", family=family, motivation=WHY)
    assert said.status_code == 303
    page = desk.get(said.headers["location"])
    assert "het signaal hoort nu bij dit gezin" in page.text and "Beantwoord door" in page.text
    assert "Ontvangen" in page.text and "Wacht sinds" not in page.text
    assert len(work.trajectory(family).signals) == 2
    said = fill(desk, at, "take-back", motivation="Toch een ander kind.")
    assert "de vraag staat weer open" in desk.get(said.headers["location"]).text
    assert len(work.trajectory(family).signals) == 1


def test_who_cannot_say_yet_notes_what_is_asked_first(work: Work, desk: Browser) -> None:
    family, at = asked(work)
    assert fill(desk, at, "ask", words=" ").status_code == 400
    said = fill(desk, at, "ask", words="De school bellen: is dit <Noor>?")
    page = desk.get(said.headers["location"]).text
    assert "de vraag blijft open" in page and "De school bellen: is dit &lt;Noor&gt;?" in page
    assert "wordt nagevraagd" in desk.get("/match-questions").text
    assert fill(desk, at, "answer", family=family, motivation=WHY).status_code == 303
    assert fill(desk, at, "ask", words="Nog iets").status_code == 409


def test_it_may_be_about_a_new_family(work: Work, desk: Browser) -> None:
    family, at = asked(work)
    assert fill(desk, at, "answer", family="new", motivation=WHY).status_code == 303
    assert "een nieuw gezin" in desk.get(at).text
    assert len(work.trajectory(family).signals) == 1


@pytest.mark.parametrize(
    ("fields", "says"),
    [({"family": "", "motivation": WHY}, "kies een van de mogelijkheden"), ({"family": "new", "motivation": "  "}, "vul dit in")],
)
def test_half_an_answer_is_asked_again_and_nothing_is_lost(work: Work, desk: Browser, fields: dict[str, str], says: str) -> None:
    _, at = asked(work)
    said = fill(desk, at, "answer", **fields)
    assert said.status_code == 400
    assert "Dit is nog niet vastgelegd" in said.text and says in said.text
    assert fields["motivation"].strip() in said.text


def test_who_answers_second_is_told_that_it_was_answered(work: Work, desk: Browser) -> None:
    family, at = asked(work)
    fill(desk, at, "answer", family="new", motivation=WHY)
    said = fill(desk, at, "answer", family=family, motivation=WHY)
    assert said.status_code == 409
    assert "Deze vraag is al beantwoord" in said.text


def test_names_from_the_right_and_names_that_are_markup_stand_as_they_are(work: Work, desk: Browser) -> None:
    family, at = asked(work, {"familyName": "<b>הדוגמה</b>", "givenNames": "נועה", "role": "parent"})
    page = desk.get(at)
    assert "<bdi>נועה &lt;b&gt;הדוגמה&lt;/b&gt;</bdi>" in page.text
    assert family in page.text


def test_of_a_family_of_others_only_the_likeness_is_told_and_whom_to_ask(work: Work, desk: Browser) -> None:
    family, at = asked(work)
    handed_over(work, family, OTHER)
    page = desk.get(at)
    assert "U mag dit gezin niet inzien" in page.text and "Naast elkaar" not in page.text
    assert work.trajectory(family).director.contact in page.text
    assert f'href="/families/{family}"' not in page.text


def test_who_is_not_on_duty_has_no_questions(work: Work) -> None:
    asked(work)
    assert work.door.logged_in(OTHER).get("/match-questions").status_code == 403


def test_an_auditor_sees_that_was_asked_and_not_about_whom(work: Work) -> None:
    _, at = asked(work)
    page = work.door.logged_in(person("f.toezicht")).get(at)
    assert page.status_code == 200
    assert "ziet alleen wie hierover beslist" in page.text
    assert "Noor" not in page.text and "<form" not in page.text.split("<main")[1]


def test_a_question_that_is_not_there_is_said_so(desk: Browser) -> None:
    assert desk.get("/match-questions/00000000-0000-4000-8000-000000000000").status_code == 404
    assert desk.get("/match-questions?after=nonsense").status_code == 400
