"""Somebody of a partner without a system reports a signal on a page: once, refused field by field, and told what became of it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

import httpx2
import pytest

from hub.demo.cast import COMMUNITY_HOUSE, REPORTER
from hub.domain.messages import Message
from hub.registry import Terms
from tests.console.browsing import Browser
from tests.console.working import ON_DUTY, Work, person, working
from tests.given import NOON, a_number
from tests.passing import passed_on

WORRY = {"concern": "upbringing", "happened": "1-3-2026", "informed.how": "spoken"}
NOOR = {"people.0.givenNames": "Noor", "people.0.familyName": "Voorbeeld", "people.0.birthDate": "5-4-2016"}
HOME = {"people.0.address.postcode": "1234 ab", "people.0.address.number": "12"}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(tmp_path_factory.mktemp("work")) as work:
        work.door.hub.registry.add(COMMUNITY_HOUSE.name, COMMUNITY_HOUSE.kind, COMMUNITY_HOUSE.oin, "operator")
        yield work


@pytest.fixture(scope="module")
def reporter(work: Work) -> Browser:
    """The browser of somebody of an organisation without a system."""
    return work.door.logged_in(person(REPORTER.who))


def hidden(page: httpx2.Response) -> dict[str, str]:
    """What a page's form holds already."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', page.text))


def send(browser: Browser, form: dict[str, str] | None = None, /, **fields: str) -> httpx2.Response:
    """Fills in the form as it is shown now, or as it was."""
    return browser.post("/report/send", {**(form or hidden(browser.get("/report"))), **fields})


def wrong_at(page: httpx2.Response) -> set[str]:
    """The fields beside which it is said that something is wrong."""
    return set(re.findall(r'id="([\w-]+)-wrong"', page.text))


def messages(work: Work) -> int:
    topics = [one.topic for _, one in work.door.hub.log.read(0, 100_000)]
    return topics.count(Message.Received.TOPIC)


# Reporting -----------------------------------------------------------------------------------------------


def test_the_first_page_says_what_there_is_for_a_reporter(reporter: Browser) -> None:
    home = reporter.get("/")
    assert "U heeft geen eigen gezinnen." in home.text
    menu = re.findall(r'<a href="([^"]+)"', home.text.partition("<nav ")[2].partition("</nav>")[0])
    assert menu == ["/report", "/reports"]


def test_every_concern_can_be_chosen_in_words_under_its_life_area_and_no_answer_to_others(reporter: Browser) -> None:
    page = reporter.get("/report").text
    assert '<optgroup label="Huisvesting">' in page and '<option value="evicted">Ontruimd</option>' in page
    assert page.count('<option value="upbringing"') == 1
    assert "feedback-taken-up" not in page


def test_what_is_sent_is_received_once_and_arrives_with_the_director(work: Work, reporter: Browser) -> None:
    before, form = messages(work), hidden(reporter.get("/report"))
    first = send(
        reporter, form, **WORRY, **NOOR, **HOME, **{"people.0.bsn": " ".join(a_number(1)[at : at + 3] for at in (0, 3, 6))}
    )
    again = send(reporter, form, **WORRY, **NOOR, **HOME, **{"people.0.bsn": a_number(1)})
    assert (first.status_code, again.headers["location"]) == (303, first.headers["location"])
    assert messages(work) == before + 1
    receipt = reporter.get(first.headers["location"])
    assert "Uw signaal is ontvangen." in receipt.text and "Ontvangstbewijs" in receipt.text
    assert "iemand heeft de regie" in receipt.text and ON_DUTY.subject not in receipt.text
    assert "Noor" not in receipt.text + str(receipt.url) and a_number(1) not in receipt.text
    passed_on(work.door.hub)
    message = work.door.hub.register.read(
        lambda unit: unit.get(Message, UUID(re.findall(r"/reports/([0-9a-f-]{36})", first.headers["location"])[0]))
    )
    assert message.received.typed_by == REPORTER.who
    family = work.door.logged_in(ON_DUTY).get(f"/families/{message.signals[0]['family']}")
    assert COMMUNITY_HOUSE.name in family.text
    assert "Noor" in family.text


def test_it_stands_among_my_signals_with_how_far_it_came(work: Work, reporter: Browser) -> None:
    sent = send(reporter, **WORRY, **NOOR, **HOME)
    passed_on(work.door.hub)
    mine = reporter.get("/reports").text
    assert f'href="{sent.headers["location"].partition("?")[0]}"' in mine
    assert "ontvangen: iemand heeft de regie" in mine
    assert "received: somebody directs" in reporter.get("/reports", Cookie=f"{reporter_cookie(reporter)}; taal=en").text


def reporter_cookie(browser: Browser) -> str:
    return "; ".join(f"{name}={value}" for name, value in browser.cookies.items())


def test_more_people_are_added_and_nothing_that_was_typed_is_lost(reporter: Browser) -> None:
    more = send(reporter, **WORRY, **NOOR, add="1")
    assert more.status_code == 200 and 'id="person-2"' in more.text
    assert 'value="Noor"' in more.text and 'value="5-4-2016"' in more.text
    form = hidden(more)
    assert form["number-of-people"] == "2"
    assert 'name="people.1.same" value="on" checked' in more.text
    sent = send(reporter, form, **WORRY, **NOOR, **HOME, **{"people.1.familyName": "Voorbeeld", "people.1.same": "on"})
    assert sent.status_code == 303


def test_no_more_people_are_added_than_the_form_holds(reporter: Browser) -> None:
    full = send(reporter, **WORRY, **{"number-of-people": "8", "add": "1"})
    assert 'id="person-8"' in full.text and 'id="person-9"' not in full.text and 'name="add"' not in full.text


@pytest.mark.parametrize("known", ["2026", "2-2026", "1/2/2026"])
def test_as_much_of_a_date_is_typed_as_is_known(reporter: Browser, known: str) -> None:
    assert send(reporter, **{**WORRY, "happened": known}, **NOOR, **HOME).status_code == 303


def test_names_may_be_written_from_right_to_left_and_be_long(reporter: Browser) -> None:
    names = {"people.0.familyName": "אבגד" + "ا" * 100, "people.0.givenNames": "Şükran"}
    assert send(reporter, **WORRY, **names).status_code == 303


# Refused -------------------------------------------------------------------------------------------------


def test_an_empty_form_is_refused_with_everything_that_is_missing_beside_its_field(work: Work, reporter: Browser) -> None:
    before = messages(work)
    page = send(reporter)
    assert page.status_code == 400 and messages(work) == before
    assert wrong_at(page) == {"people-0-familyName", "concern", "happened", "informed"}
    listed = re.findall(r'<li><a href="#([\w-]+)">', page.text)
    assert listed == ["people-0-familyName", "concern", "happened", "informed"], "each once, as the form has them"
    assert "persoon 1: achternaam" in page.text
    assert "<title>Fout: " in page.text


def test_each_field_says_what_is_wrong_with_it_and_keeps_what_was_typed(reporter: Browser) -> None:
    wrong = {"people.0.bsn": "123 456 789", "people.0.birthDate": "31-2-2016", "people.0.address.postcode": "12AB"}
    both = {"informed.how": "phone", "informed.reasonNot": "other", "informed.when": "1-1-2030"}
    page = send(reporter, **NOOR | wrong, **{**WORRY, "happened": "3-3-2026", **both})
    fields = {"people-0-bsn", "people-0-birthDate", "people-0-address-postcode", "happened", "informed", "informed-when"}
    assert wrong_at(page) == fields
    for typed in ("123 456 789", "31-2-2016", "12AB", "3-3-2026", "1-1-2030", "Noor"):
        assert f'value="{typed}"' in page.text
    assert '<option value="upbringing" selected>' in page.text and '<option value="other" selected>' in page.text
    for words in ("dit BSN kan niet bestaan", "ligt in de toekomst", "heeft niet de juiste vorm", "is geen datum"):
        assert words in page.text


def test_what_is_wrong_with_the_third_of_three_people_is_said_there_where_the_second_was_left_empty(reporter: Browser) -> None:
    people = {**NOOR, "people.2.familyName": "Voorbeeld", "people.2.birthDate": "gisteren"}
    page = send(reporter, **WORRY, **people, **{"number-of-people": "3"})
    assert wrong_at(page) == {"people-2-birthDate"}


def test_a_form_that_was_sent_and_then_changed_is_refused_and_goes_as_another_when_it_is_sent_once_more(
    work: Work, reporter: Browser
) -> None:
    before, form = messages(work), hidden(reporter.get("/report"))
    assert send(reporter, form, **WORRY, **NOOR, **HOME).status_code == 303
    page = send(reporter, form, **{**WORRY, "concern": "isolation"}, **NOOR, **HOME)
    assert page.status_code == 409 and "U heeft dit signaal al verstuurd" in page.text
    assert messages(work) == before + 1
    assert send(reporter, hidden(page), **{**WORRY, "concern": "isolation"}, **NOOR, **HOME).status_code == 303
    assert messages(work) == before + 2


def test_more_than_the_hub_takes_is_refused_and_what_was_typed_stays(reporter: Browser) -> None:
    page = send(reporter, **WORRY, **NOOR, **{"people.0.address.town": "x" * 70_000})
    assert page.status_code == 413 and "upbringing" in page.text


def test_a_form_from_elsewhere_sends_nothing(work: Work, reporter: Browser) -> None:
    before = messages(work)
    assert send(reporter, {"csrf": "other"}, **WORRY, **NOOR).status_code == 403
    assert messages(work) == before


# Who may -------------------------------------------------------------------------------------------------


def test_the_form_is_for_reporters_alone_and_the_rest_is_not_for_them(work: Work, reporter: Browser) -> None:
    for path in ("/report", "/reports"):
        assert work.door.logged_in(ON_DUTY).get(path).status_code == 403
        assert work.door.browser().get(path).status_code in (401, 403)
    family = work.a_family()
    for path in ("/search", "/caseload", "/escalations", "/match-questions", f"/families/{family}"):
        page = reporter.get(path)
        assert page.status_code == 403 or path == "/search", path
        assert "Voorbeeld" not in page.text, path


def test_a_receipt_is_nobody_elses(work: Work, reporter: Browser) -> None:
    sent = send(reporter, **WORRY, **NOOR, **HOME).headers["location"]
    assert work.door.logged_in(ON_DUTY).get(sent).status_code == 403
    assert reporter.get("/reports/00000000-0000-4000-8000-000000000000").status_code == 404


def test_whose_organisation_takes_part_no_longer_is_told_so_and_keeps_what_they_typed(work: Work, reporter: Browser) -> None:
    registry, before, form = work.door.hub.registry, messages(work), hidden(reporter.get("/report"))
    registry.change(COMMUNITY_HOUSE.name, Terms(covenant_until=NOON - timedelta(days=1)), "operator")
    page = send(reporter, form, **WORRY, **NOOR)
    assert page.status_code == 403 and "Noor" in page.text and "Uw organisatie doet nu niet mee" in page.text
    assert messages(work) == before
    assert reporter.get("/report").status_code == 403
