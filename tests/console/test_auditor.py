"""An auditor at work: assigned to a case, they see it through time, who knew what, who looked, and whether it can be proven."""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx2
import pytest

from tests.console.browsing import Browser
from tests.console.deciding import fill
from tests.console.working import ACUTE, ON_DUTY, Work, person, working
from tests.passing import notarised, passed_on
from tests.verifier.cases import Parts, an_auditor
from tests.verifier.cases import opened as unsealed

WHY = "calamiteitenonderzoek van de inspectie"


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    with working(tmp_path) as work:
        yield work


@pytest.fixture
def officer(work: Work) -> Browser:
    return work.door.logged_in(person("g.privacy"))


@pytest.fixture
def auditor(work: Work) -> Browser:
    return work.door.logged_in(person("f.toezicht"))


def opened(work: Work, browser: Browser, path: str) -> httpx2.Response:
    """A page, after everything was passed on."""
    passed_on(work.door.hub)
    return browser.get(path)


def sent(work: Work, officer: Browser, form: str, **fields: str) -> str:
    """A form of the assignments, and the page that follows it."""
    said = fill(officer, "/assignments", form, **fields)
    passed_on(work.door.hub)
    return officer.get(said.headers["location"], **{"Sec-Fetch-Site": "same-origin"}).text if said.status_code == 303 else said.text


def typed(at: datetime) -> str:
    return f"{at.day}-{at.month}-{at.year}"


def assign(work: Work, officer: Browser, about: str, later: int = 0, **but: str) -> str:
    """The officer assigns the auditor; gives the page that follows."""
    first = work.door.clock.now() + timedelta(days=later)
    form = {
        "family": about,
        "auditor": "f.toezicht",
        "ground": WHY,
        "begins": typed(first),
        "until": typed(first + timedelta(days=7)),
    }
    return sent(work, officer, "assign", **(form | but))


OF_A_CASE = ("case", "looks", "knowledge")


# Assigned -----------------------------------------------------------------------------------------------


def test_from_a_case_the_officer_comes_to_a_form_that_knows_the_family_and_says_once_what_is_wrong(
    work: Work, officer: Browser
) -> None:
    family = work.a_family(**ACUTE)
    case = opened(work, officer, f"/families/{family}/case").text
    assert f'href="/assignments?family={family}"' in case and f'href="/retention?family={family}"' in case
    assert f'name="family" type="text" value="{family}"' in opened(work, officer, f"/assignments?family={family}").text
    assert assign(work, officer, family, ground="").count('role="alert"') == 1


def test_the_officer_assigns_an_auditor_who_then_sees_the_case_and_nobody_elses(
    work: Work, officer: Browser, auditor: Browser
) -> None:
    family, other = work.a_family(**ACUTE), work.a_family(**ACUTE)
    assert "U heeft nu geen opdracht" in auditor.get("/assignments").text
    assert auditor.get(f"/families/{family}/case").status_code == 404
    assert "De auditor heeft een opdracht." in assign(work, officer, family)
    page = auditor.get("/assignments").text
    assert WHY in page and f"/families/{family}/case" in page and "loopt" in page
    for name in OF_A_CASE:
        assert opened(work, auditor, f"/families/{family}/{name}").status_code == 200, name
    assert auditor.get(f"/families/{other}/case").status_code == 404
    assert auditor.get(f"/escalations/{work.raised(other)}/chain").status_code == 404


def test_a_term_that_has_not_begun_or_is_over_opens_nothing(work: Work, officer: Browser, auditor: Browser) -> None:
    family = work.a_family(**ACUTE)
    assign(work, officer, family, later=3)
    assert "begint nog" in officer.get("/assignments").text
    assert auditor.get(f"/families/{family}/case").status_code == 404
    page = sent(work, officer, "end", family=family, assignment=_the_assignment(work, family), motivation="niet nodig")
    assert "De opdracht is beëindigd." in page
    passed_on(work.door.hub)
    assert "eerder beëindigd" in officer.get("/assignments").text


def test_what_is_ended_opens_nothing_any_more(work: Work, officer: Browser, auditor: Browser) -> None:
    family = work.assigned(work.a_family(**ACUTE))
    assert opened(work, auditor, f"/families/{family}/case").status_code == 200
    given = {"family": family, "assignment": _the_assignment(work, family)}
    assert fill(officer, "/assignments", "end", **given, motivation="").status_code == 400
    fill(officer, "/assignments", "end", **given, motivation="afgerond")
    passed_on(work.door.hub)
    assert auditor.get(f"/families/{family}/case").status_code == 404


def _the_assignment(work: Work, family: str) -> str:
    (one,) = work.door.hub.admittance.assignments(UUID(family))
    return one.id


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"ground": ""}, "vul dit in"),
        ({"auditor": " "}, "vul dit in"),
        ({"begins": "31-2-2026"}, "deze datum bestaat niet"),
        ({"until": "1-1-2020"}, "ligt niet na het begin"),
        ({"until": "1-1-2199"}, "ligt meer dan een jaar na het begin"),
        ({"family": "wie"}, "kies een van de mogelijkheden"),
    ],
)
def test_an_assignment_that_cannot_be_is_refused_and_what_was_typed_stays(
    work: Work, officer: Browser, wrong: dict[str, str], said: str
) -> None:
    page = assign(work, officer, work.a_family(), 0, **wrong)
    assert "Dit is nog niet vastgelegd" in page and said in page
    assert WHY in page or "ground" in wrong


def test_nobody_but_the_officer_assigns(work: Work, auditor: Browser) -> None:
    family = work.a_family()
    assert "Nieuwe opdracht" not in auditor.get("/assignments").text
    assert "Nieuwe opdracht" not in work.door.logged_in(ON_DUTY).get("/assignments").text
    form = {"family": family, "auditor": "f.toezicht", "ground": WHY, "begins": "1-1-2026", "until": "1-2-2026"}
    assert fill(auditor, "/assignments", "assign", **form).status_code == 403


# The case through time ----------------------------------------------------------------------------------


def test_the_case_is_stepped_through_as_it_was_known_and_as_it_was_so(work: Work, auditor: Browser) -> None:
    family = work.assigned(work.a_family(**ACUTE))
    page = opened(work, auditor, f"/families/{family}/case").text
    assert "Zoals nu bekend" in page and "veiligheid" in page
    assert "Verandering 1 van 1" in page
    assert "Dit is het eerste dat van dit gezin bekend werd." in page
    page = auditor.get(f"/families/{family}/case?step=1").text
    assert "Zoals bekend op" in page


def test_before_the_family_existed_nothing_was_known_and_the_page_says_when_it_began(work: Work, auditor: Browser) -> None:
    family = work.assigned(work.a_family(**ACUTE))
    page = opened(work, auditor, f"/families/{family}/case?known=1-1-2020")
    assert page.status_code == 200
    assert "Toen was er van dit gezin nog niets bekend." in page.text and "Ga daarheen" in page.text
    assert "niets ervan was al zo" in auditor.get(f"/families/{family}/case?valid=1-1-2020").text


@pytest.mark.parametrize("wrong", ["gisteren", "31-2-2026", "2026-13-01", "2026-01-01T00:00:00", "9999-12-31", "0001-01-01"])
def test_a_date_that_is_none_is_said_beside_its_field(work: Work, auditor: Browser, wrong: str) -> None:
    family = work.assigned(work.a_family(**ACUTE))
    passed_on(work.door.hub)
    for path in ("case?known=", "case?valid=", "knowledge?at="):
        page = auditor.get(f"/families/{family}/{path}{wrong}")
        assert page.status_code == 200, (path, page.text)
        if not wrong.startswith(("9999", "0001")):
            assert "is geen datum" in page.text, path
    for step in ("0", "-1", "x", "9" * 400):
        assert "Zoals nu bekend" in auditor.get(f"/families/{family}/case?step={step}").text


# Who knew, who looked, how it came ------------------------------------------------------------------------


def test_who_looked_stands_there_with_the_assignment_as_its_ground(work: Work, officer: Browser, auditor: Browser) -> None:
    family = work.assigned(work.a_family(**ACUTE))
    opened(work, auditor, f"/families/{family}/case")
    for browser in (officer, auditor):
        page = opened(work, browser, f"/families/{family}/looks").text
        assert "opdracht van de functionaris" in page and "een onderzoek" in page
    assert work.door.logged_in(ON_DUTY).get(f"/families/{family}/looks").status_code == 403


def test_who_knew_what_at_a_moment_names_who_looked_by_then(work: Work, auditor: Browser) -> None:
    family = work.assigned(work.a_family(**ACUTE))
    work.door.logged_in(ON_DUTY).get(f"/families/{family}")
    page = opened(work, auditor, f"/families/{family}/knowledge").text
    assert f'title="{ON_DUTY.subject}"' in page
    assert "Toen had nog niemand dit gezin ingezien." in auditor.get(f"/families/{family}/knowledge?at=1-1-2020").text


def test_the_chain_of_an_escalation_goes_back_to_what_was_signed(work: Work, auditor: Browser) -> None:
    family = work.assigned(work.a_family(**ACUTE))
    page = opened(work, auditor, f"/escalations/{work.raised(family)}/chain").text
    assert "sha-256=" in page and "ondertekend met" in page and "matrix" in page
    assert "Nog niemand heeft hiervan kennisgenomen." in page
    assert f"/escalations/{work.raised(family)}/chain" in auditor.get(f"/families/{family}/case").text


# The file of the case ---------------------------------------------------------------------------------------

MADE, SHOWN = (json.dumps(half) for half in an_auditor())


def test_an_assigned_auditor_pastes_their_key_and_gets_the_file_of_the_case(work: Work, auditor: Browser) -> None:
    family = work.assigned(work.a_family(**ACUTE))
    page = opened(work, auditor, f"/families/{family}/case").text
    assert "Maak het dossier" in page and "vig-verify --new-key" in page
    said = fill(auditor, f"/families/{family}/case", "file", key=f" {SHOWN}\n", language="en")
    assert (said.status_code, said.headers["content-type"]) == (200, "application/jose"), said.text
    assert said.headers["content-disposition"] == 'attachment; filename="case.vig"'
    assert json.loads(Parts.of(unsealed(said.content, json.loads(MADE))).content["manifest.json"])["by"] == "f.toezicht"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"key": MADE}, "dit is de geheime helft"),
        ({"key": "-----BEGIN PRIVATE KEY-----"}, "plak de hele sleutel"),
        ({"key": ""}, "plak de hele sleutel"),
        ({"key": '{"kty": "OKP", "crv": "X25519"}'}, "is niet heel"),
        ({"key": '{"kty": "RSA"}'}, "is geen publieke sleutel die hier past"),
        ({"language": "fr"}, "kies een van de mogelijkheden"),
    ],
)
def test_a_key_that_cannot_be_is_refused_beside_its_field_and_never_shown_again(
    work: Work, auditor: Browser, wrong: dict[str, str], said: str
) -> None:
    family = work.assigned(work.a_family(**ACUTE))
    answer = fill(auditor, f"/families/{family}/case", "file", **({"key": SHOWN, "language": "nl"} | wrong))
    assert answer.status_code == 400
    assert said in answer.text and "Maak het dossier" in answer.text
    assert answer.text.count('id="wrong"') == 1
    assert json.loads(MADE)["d"] not in answer.text and "PRIVATE KEY" not in answer.text


def test_who_may_not_make_it_is_told_whom_to_ask(work: Work, officer: Browser, auditor: Browser) -> None:
    family = work.a_family(**ACUTE)
    director = work.door.logged_in(ON_DUTY)
    for browser, words in ((officer, "U geeft die opdracht"), (director, "De functionaris gegevensbescherming geeft die opdracht")):
        page = opened(work, browser, f"/families/{family}/case").text
        assert words in page and "Maak het dossier" not in page
        assert "De functionaris gegevensbescherming geeft" in officer.get("/proofs").text
        assert fill(browser, f"/families/{family}/case", "file", key=SHOWN, language="nl").status_code == 403
    assert fill(auditor, "/assignments", f"../families/{family}/case/file", key=SHOWN, language="nl").status_code == 404


def test_whether_it_can_be_proven_is_said_with_how_to_check(work: Work, officer: Browser, auditor: Browser) -> None:
    work.a_family(**ACUTE)
    assert "nog nooit" in auditor.get("/proofs").text
    notarised(work.door.hub)
    operator = work.door.logged_in(person("c.beheer"))
    for browser in (officer, auditor, operator):
        page = browser.get("/proofs").text
        assert "Geen alarm" in page and "hub verify --checkpoint" in page
    work.a_family()
    work.door.clock.set(work.door.clock.now() + timedelta(minutes=5))
    assert "wacht" in auditor.get("/proofs").text
    assert work.door.logged_in(ON_DUTY).get("/proofs").status_code == 403
