"""What was shared with whom, on a page: which partner was told what of a family, and who there took notice."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from hub.domain.tellings import Attempt, Person, Way
from hub.domain.trajectory import Trajectory
from hub.notices import notices
from hub.ports import Fact
from tests.console.working import ACUTE, ON_DUTY, OTHER, Work, person, working
from tests.given import COACH
from tests.passing import passed_on


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    with working(tmp_path) as work:
        yield work


def told(work: Work, family: str, is_taken: bool = True) -> str:
    """The police is told that the family was escalated; gives the id of the notice."""
    hub = work.door.hub
    facts = (Fact(at, UUID(str(one.originator_id)), hub.mapper.to_domain_event(one)) for at, one in hub.log.read(0, 1_000))
    raised = next(fact for fact in facts if isinstance(fact.event, Trajectory.LevelRaised) and str(fact.stream_id) == family)
    said, now = notices(raised)[0], hub.clock.now()
    notice = str(hub.tellings.own("police", "notice", str(said.id)))
    way = (Way.WEBHOOK, 1, 1, "aa", "http-200" if is_taken else "http-503", is_taken)
    hub.tellings.record([Attempt("police", "police", notice, "theirs", raised.position, said.type, *way, now, now)])
    passed_on(hub)
    return notice


def test_who_directs_a_family_sees_which_partner_was_told_what_and_when(work: Work) -> None:
    family = work.a_family(**ACUTE)
    notice = told(work, family)
    officer = Person("Tessa de Proef", "dienstdoende", work.door.hub.clock.now())
    work.door.hub.tellings.acknowledge(["police"], UUID(notice), officer, "police")
    browser = work.door.logged_in(ON_DUTY)
    assert f'<a href="/families/{family}/shared">Wat met wie is gedeeld</a>' in browser.get(f"/families/{family}").text
    passed_on(work.door.hub)
    page = browser.get(f"/families/{family}/shared").text
    assert "Police" in page and "dat het gezin is opgeschaald" in page
    assert "<bdi>Tessa de Proef</bdi>, <bdi>dienstdoende</bdi> nam kennis" in page
    assert "ontvangen <time" in page


def test_what_did_not_arrive_yet_is_said(work: Work) -> None:
    family = work.a_family(**ACUTE)
    told(work, family, is_taken=False)
    assert "nog niet ontvangen, eerst geprobeerd" in work.door.logged_in(ON_DUTY).get(f"/families/{family}/shared").text


def test_a_family_of_which_nothing_was_shared_says_so(work: Work) -> None:
    family = work.a_family(concern="payment-arrears")
    assert "nog niets met een partner gedeeld" in work.door.logged_in(ON_DUTY).get(f"/families/{family}/shared").text


def test_it_is_for_the_familys_own_and_for_the_auditor(work: Work) -> None:
    family = work.assigned(work.a_family(**ACUTE))
    told(work, family)
    assert work.door.logged_in(OTHER).get(f"/families/{family}/shared").status_code == 404
    assert work.door.logged_in(person("g.privacy")).get(f"/families/{family}/shared").status_code == 403
    assert "dat het gezin is opgeschaald" in work.door.logged_in(person("f.toezicht")).get(f"/families/{family}/shared").text


def test_whom_to_tell_by_hand_that_it_is_otherwise_is_said(work: Work) -> None:
    family, hub = work.a_family(**ACUTE), work.door.hub
    told(work, family)
    signal = next(iter(hub.register.read(lambda unit: unit.get(Trajectory, UUID(family)).signals)))
    other = work.a_family(concern="payment-arrears")
    hub.casework.move_signal(signal, UUID(family), UUID(other), "de buren", COACH.who)
    passed_on(hub)
    page = work.door.logged_in(ON_DUTY).get(f"/families/{family}/shared").text
    assert "dat heeft deze partner nog niet ontvangen. Vertel het zelf." in page
