"""Who and what belongs to a family: a signal moved, people split off, families merged and taken apart again."""

from collections.abc import Iterator

import pytest

from hub.console.rooms import belonging
from tests.console.browsing import Browser
from tests.console.deciding import fill, handed_over
from tests.console.working import ON_DUTY, OTHER, Work, person, working
from tests.journeys.running import a_child

WHY = "De school belde."


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(tmp_path_factory.mktemp("work")) as work:
        yield work


@pytest.fixture(scope="module")
def desk(work: Work) -> Browser:
    return work.door.logged_in(ON_DUTY)


def a_family(work: Work, name: str, *more: str) -> str:
    """A family of children with these given names."""
    name = f"{name}{next(work.numbers)}"  # whom nobody takes for a namesake of another test
    children = [a_child(next(work.numbers), familyName=name, givenNames=given) for given in ("Noor", *more)]
    home = {"postcode": "1234AB", "number": str(200 + next(work.numbers)), "town": "Voorbeeldstad"}
    return work.hears(*({**child, "address": home} for child in children))


def at(family: str) -> str:
    return f"/families/{family}/belonging"


def test_a_signal_goes_to_the_family_that_it_is_about(work: Work, desk: Browser) -> None:
    wrong, right = a_family(work, "Verkeerd"), a_family(work, "Juist")
    (signal,) = work.trajectory(wrong).signals
    page = desk.get(at(wrong)).text
    assert "zorgen over opvoeding" in page and f'<option value="{right}">Juist' in page
    said = fill(desk, at(wrong), "move", signal=signal, to=right, motivation=WHY)
    assert said.status_code == 303
    page = desk.get(said.headers["location"]).text
    assert "staat nu bij dat gezin" in page and "Dit gezin heeft geen signalen" in page
    assert signal in work.trajectory(right).signals


def test_people_become_a_family_of_their_own(work: Work, desk: Browser) -> None:
    family = a_family(work, "Samen", "Fien <b>")
    page = desk.get(f"{at(family)}?what=split").text
    assert "Fien &lt;b&gt; Samen" in page
    one, other = sorted(work.trajectory(family).people)
    said = fill(desk, at(family), "split", **{"people.1": one}, motivation=WHY)
    new = said.headers["location"].split("/")[2].split("?")[0]
    assert set(work.trajectory(new).people) == {one} and set(work.trajectory(family).people) == {other}


def test_two_families_turn_out_to_be_one_and_then_not(work: Work, desk: Browser) -> None:
    stays, goes = a_family(work, "Blijft"), a_family(work, "Gaat")
    assert "Er is geen gezin met dit gezin samengevoegd" in desk.get(f"{at(stays)}?what=separate").text
    said = fill(desk, at(stays), "merge", family=goes, motivation=WHY)
    assert "zijn samengevoegd" in desk.get(said.headers["location"]).text
    assert "gaat daar verder" in desk.get(at(goes)).text
    assert f'<option value="{goes}">Gaat' in desk.get(f"{at(stays)}?what=separate").text
    said = fill(desk, at(stays), "separate", family=goes, motivation=WHY)
    assert "staan weer apart" in desk.get(said.headers["location"]).text
    assert work.trajectory(goes).merged_into == ""


@pytest.mark.parametrize(
    ("form", "fields", "status", "says"),
    [
        ("move", {"signal": "", "to": "", "motivation": WHY}, 400, "signaal"),
        ("split", {"motivation": WHY}, 400, "er moeten er minstens 1 zijn"),
        ("merge", {"family": "", "motivation": WHY}, 400, "kies een van de mogelijkheden"),
        ("merge", {"family": "SELF", "motivation": WHY}, 409, "Dat is hetzelfde gezin"),
        ("merge", {"family": "SELF", "motivation": " "}, 400, "vul dit in"),
    ],
)
def test_half_a_decision_is_asked_again_on_its_own_form(
    work: Work, desk: Browser, form: str, fields: dict[str, str], status: int, says: str
) -> None:
    family = a_family(work, "Half", "Twee")
    said = fill(desk, at(family), form, **{name: family if text == "SELF" else text for name, text in fields.items()})
    assert said.status_code == status and says in said.text
    assert f'action="{at(family)}/{form}"' in said.text


def test_a_family_of_others_is_not_merged_with(work: Work, desk: Browser) -> None:
    mine, theirs = a_family(work, "Mijn"), a_family(work, "Hun")
    handed_over(work, theirs, OTHER)
    assert fill(desk, at(mine), "merge", family=theirs, motivation=WHY).status_code == 404
    assert desk.get(at(theirs)).status_code == 404


def test_who_places_nothing_is_refused(work: Work) -> None:
    family = a_family(work, "Bestuur")
    assert work.door.logged_in(person("e.bestuur")).get(at(family)).status_code == 404


def test_what_a_match_question_named_beside_it_is_offered_first_and_nobody_copies_a_number(work: Work, desk: Browser) -> None:
    numbers = [next(work.numbers) for _ in range(2)]
    one, other = (work.hears(a_child(nth, familyName=f"Vraag{nth}")) for nth in numbers)
    assert work.hears(*(a_child(nth, familyName=f"Vraag{nth}") for nth in numbers)) == "", "whose it is has to be asked"
    page = desk.get(f"{at(one)}?what=merge").text
    first = page.split('<optgroup label="genoemd bij dezelfde koppelvraag">')[1].split("</optgroup>")[0]
    assert other in first and one not in first
    assert 'href="/search"' in page and "zoals in het adres" not in page


def test_among_more_families_than_fit_in_a_list_those_of_a_name_are_found(
    work: Work, desk: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    family, other = a_family(work, "Veel"), a_family(work, "Zoek")
    monkeypatch.setattr(belonging, "_MOST", 2)
    page = desk.get(f"{at(family)}?what=merge").text
    assert "te veel gezinnen" in page and "Samenvoegen in dit gezin" not in page
    page = fill(desk, at(family), "find", what="merge", name="zoek").text
    assert f'<option value="{other}">Zoek' in page and "Samenvoegen in dit gezin" in page
    assert "Geen gezin van u of uw team heet zo" in fill(desk, at(family), "find", what="merge", name="nergens").text


def test_who_has_no_other_family_is_sent_to_search(work: Work) -> None:
    family = a_family(work, "Enige")
    handed_over(work, family, person("j.veilig"))
    page = work.door.logged_in(person("j.veilig")).get(f"{at(family)}?what=merge").text
    assert "hebben geen ander gezin" in page and "Zoek wie de regisseur is" in page
