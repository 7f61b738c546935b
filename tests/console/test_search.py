"""Whether anybody is involved with a person: no more than that, nothing of it in an address; and glass that is broken aloud."""

import re
from collections.abc import Iterator

import pytest

from tests.console.browsing import Browser
from tests.console.deciding import fill
from tests.console.working import ON_DUTY, OTHER, Work, person, working
from tests.journeys.running import a_child, a_number

BY_NAME = {"familyName": "Voorbeeld", "givenNames": "Noor", "birthDate": "5-4-2016"}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(tmp_path_factory.mktemp("work")) as work:
        yield work


@pytest.fixture(scope="module")
def family(work: Work) -> str:
    return work.hears(a_child(1))


@pytest.fixture(scope="module")
def stranger(work: Work) -> Browser:
    """The browser of a colleague of another organisation."""
    return work.door.logged_in(OTHER)


@pytest.mark.parametrize(
    "whom",
    [
        {"bsn": " ".join(a_number(1)[at : at + 3] for at in (0, 3, 6))},
        BY_NAME,
        {**BY_NAME, "birthDate": "", "postcode": "1234 ab", "number": "2"},
    ],
)
def test_a_stranger_hears_whom_to_contact_and_no_more(work: Work, stranger: Browser, family: str, whom: dict[str, str]) -> None:
    page = fill(stranger, "/search", "for", **whom)
    assert page.status_code == 200
    assert "Ja, er is iemand betrokken" in page.text
    assert work.trajectory(family).director.contact in page.text
    assert f'href="/families/{family}/glass"' in page.text and f'href="/families/{family}"' not in page.text


def test_of_a_family_of_mine_there_is_a_way_to_it(work: Work, family: str) -> None:
    page = fill(work.door.logged_in(ON_DUTY), "/search", "for", **BY_NAME)
    assert f'href="/families/{family}"' in page.text


def test_what_was_typed_stays_and_stands_in_no_address(work: Work, stranger: Browser, family: str) -> None:
    page = fill(stranger, "/search", "for", **BY_NAME)
    assert 'value="Voorbeeld"' in page.text and 'value="5-4-2016"' in page.text
    assert str(page.url).endswith("/search/for")
    assert page.headers["cache-control"] == "no-store"


def test_nobody_found_is_said(work: Work, stranger: Browser) -> None:
    page = fill(stranger, "/search", "for", bsn=a_number(3))
    assert "Niemand gevonden" in page.text


@pytest.mark.parametrize(
    ("whom", "says"),
    [
        ({}, "vul een BSN in, of achternaam en voornamen"),
        ({"postcode": "1234AB", "number": "2"}, "vul een BSN in, of achternaam en voornamen"),
        ({"bsn": "1" * 9}, "er is een cijfer mis"),
        ({**BY_NAME, "birthDate": "31-2-2016"}, "klopt nog niet"),
        ({**BY_NAME, "birthDate": "gisteren"}, "is geen datum"),
    ],
)
def test_fishing_and_what_is_no_particular_is_refused_in_words(
    work: Work, stranger: Browser, whom: dict[str, str], says: str
) -> None:
    page = fill(stranger, "/search", "for", **whom)
    assert page.status_code == 400
    assert says in page.text
    summary = page.text.partition('id="wrong"')[2].partition("</ul>")[0]
    for field in re.findall(r'href="#([^"]*)"', summary):
        assert f'id="{field}"' in page.text, "a link leads to its field"


def test_glass_is_broken_with_a_reason_and_the_director_reads_it(work: Work, stranger: Browser, family: str) -> None:
    at = f"/families/{family}/glass"
    assert "krijgen meteen bericht" in stranger.get(at).text
    assert fill(stranger, at, "break", motivation=" ").status_code == 400
    said = fill(stranger, at, "break", motivation="Het kind <staat> hier op straat.")
    assert (said.status_code, said.headers["location"].split("?")[0]) == (303, f"/families/{family}")
    page = work.door.logged_in(ON_DUTY).get(f"/families/{family}/glass-breakings")
    assert OTHER.subject in page.text and "Het kind &lt;staat&gt; hier op straat." in page.text
    officer = work.door.logged_in(person("g.privacy"))
    assert OTHER.subject in officer.get(f"/families/{family}/glass-breakings").text


def test_that_nobody_looked_is_said(work: Work) -> None:
    family = work.hears(a_child(7, familyName="Ongezien"))
    assert "Niemand van buiten" in work.door.logged_in(ON_DUTY).get(f"/families/{family}/glass-breakings").text
    assert work.door.logged_in(OTHER).get(f"/families/{family}/glass-breakings").status_code == 404


def test_who_may_not_search_is_told_so(work: Work) -> None:
    auditor = work.door.logged_in(person("f.toezicht"))
    assert 'href="/search"' not in auditor.get("/account").text
    assert fill(auditor, "/search", "for", **BY_NAME).status_code == 403
