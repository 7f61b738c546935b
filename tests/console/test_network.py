"""The network of a family on pages: drawn as a picture that a list says in words, compared with earlier, and met about."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Browser as Chromium
from playwright.sync_api import expect

from hub.console.sociogram import drawn, numbered
from tests.console.browsing import Browser
from tests.console.deciding import fill, opened
from tests.console.looking import is_well
from tests.console.working import ACUTE, ON_DUTY, Work, person, working
from tests.parts.fixtures import PATIENCE
from tests.passing import passed_on

GRANDMOTHER = {
    "side": "informal",
    "name": "Oma Verzonnen",
    "what": "oma",
    "howToReach": "via moeder",
    "since": "2024",
    "permittedBy": "moeder",
    "permittedOn": "1-3-2026",
    "area.11": "on",
}
TEACHER = {"side": "formal", "name": "J. Meester", "what": "leerkracht", "onBehalfOf": "basisschool", "area.04": "on"}


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(Path(tmp_path_factory.mktemp("work"))) as work:
        yield work


@pytest.fixture
def director(work: Work) -> Browser:
    return work.door.logged_in(ON_DUTY)


def a_network(work: Work, director: Browser) -> tuple[str, str, str]:
    """The page of a family with a grandmother and a teacher around it, and their ids."""
    path = f"/families/{work.a_family(**ACUTE)}/network"
    passed_on(work.door.hub)
    for somebody in (GRANDMOTHER, TEACHER):
        assert fill(director, path, "join", **somebody).status_code == 303
    grandmother, teacher = work.trajectory(path.split("/")[2]).network
    return path, grandmother, teacher


def test_a_family_of_which_nobody_knows_the_network_is_asked_for_it(work: Work, director: Browser) -> None:
    page = opened(work, director, f"/families/{work.a_family(**ACUTE)}/network")
    assert "wie helpt u, en bij wie kunt u terecht?" in page
    assert "Een band tekenen" not in page, "between one person there is nothing to draw"


def test_who_stands_around_the_family_is_in_the_picture_by_a_number_and_in_the_list_by_that_number(
    work: Work, director: Browser
) -> None:
    path, _, _ = a_network(work, director)
    page = opened(work, director, path)
    assert 'aria-label="Nu: 3 mensen, 0 banden' in page
    for shown in (
        "Oma Verzonnen",
        "toestemming van <bdi>moeder</bdi>",
        "bereikbaar via <bdi>via moeder</bdi>",
        "J. Meester",
        "basisschool",
    ):
        assert shown in page, shown
    assert page.index('<span class="number">2</span> <bdi>Oma') < page.index('<span class="number">3</span> <bdi>J. Meester')


def test_without_permission_a_neighbour_is_not_noted_and_what_was_typed_stays(work: Work, director: Browser) -> None:
    path, _, _ = a_network(work, director)
    said = fill(director, path, "join", side="informal", name="Buur Bo", what="buurvrouw")
    assert said.status_code == 409
    assert "Vermeld wie van het gezin dit goed vond" in said.text and 'value="Buur Bo"' in said.text
    assert len(work.trajectory(path.split("/")[2]).network) == 2


def test_how_it_was_stands_beside_how_it_is_and_what_changed_is_said_in_words(work: Work, director: Browser) -> None:
    path, grandmother, teacher = a_network(work, director)
    tie = {"one": grandmother, "other": teacher}
    assert fill(director, path, "draw", **tie, quality="strained", words="").status_code == 303
    before = work.door.clock.now()
    work.door.clock.set(before + timedelta(days=2))
    work.door.hub.pass_deadlines()
    director = work.door.logged_in(ON_DUTY)
    assert fill(director, path, "draw", **tie, quality="supportive", words="Zij praten weer.").status_code == 303
    page = opened(work, director, f"{path}?then={before:%-d-%-m-%Y}")
    assert page.count('class="sociogram"') == 2
    assert "tie tie-strained" in page and "tie tie-supportive" in page
    assert "<del>gespannen</del> → <ins>steunend</ins>" in page


@pytest.mark.parametrize(("then", "shown"), [("1-3-2019", "kende de hub dit gezin nog niet"), ("ooit", 'aria-invalid="true"')])
def test_a_day_before_the_hub_knew_the_family_or_no_day_at_all_is_said(
    work: Work, director: Browser, then: str, shown: str
) -> None:
    path, _, _ = a_network(work, director)
    page = opened(work, director, f"{path}?then={then}")
    assert shown in page
    assert "Dit is nog niet vastgelegd" not in page, "nobody asked to record anything"
    assert page.count('class="sociogram"') == 1


def test_a_case_meeting_is_called_held_and_followed_until_nothing_is_open(work: Work, director: Browser) -> None:
    path, grandmother, _ = a_network(work, director)
    family = path.split("/")[2]
    path = f"/families/{family}/meetings"
    begins = work.door.clock.now() + timedelta(days=1)
    called = {"day": f"{begins:%-d-%-m-%Y}", "time": "14.00", "place": "school", "agenda": "Verzuim\nHuur"}
    assert fill(director, path, "call", **called, **{f"invited.{grandmother}": "on"}).status_code == 303
    page = opened(work, director, path)
    assert "komt nog" in page and "14:00" in page
    work.door.clock.set(begins + timedelta(days=1))
    work.door.hub.pass_deadlines()  # or the hub does so while the form is filled in
    director = work.door.logged_in(ON_DUTY)
    page = opened(work, director, path)
    assert "Verslag van een overleg dat al begonnen is" in page
    (meeting,) = work.trajectory(family).meetings
    minutes = {
        "meeting": meeting,
        f"present.{grandmother}": "on",
        "words": "Iedereen was er.",
        "resolutions.0.words": "Oma haalt op van school.",
        "resolutions.0.owner": "oma",
        "resolutions.0.dueDate": "1-4-2027",
    }
    assert fill(director, path, "hold", **minutes).status_code == 303
    assert "afspraak: <span" in opened(work, director, path).lower()
    said = {"meeting": meeting, "resolution": "1", "outcome": "done", "words": "Elke dag."}
    assert fill(director, path, "follow", **said).status_code == 303
    page = opened(work, director, path)
    assert "het is gedaan" in page
    assert "Oma haalt op" not in page[page.index('id="open"') : page.index('id="meetings"')]


def test_who_only_watches_sees_no_names_and_no_forms(work: Work, director: Browser) -> None:
    path, _, _ = a_network(work, director)
    work.assigned(path.split("/")[2])
    for at in (path, path.replace("network", "meetings")):
        page = opened(work, work.door.logged_in(person("f.toezicht")), at)
        assert "Verzonnen" not in page and "Meester" not in page
        assert '<form method="post"' not in page[page.index("<main") :]


def test_no_state_of_it_has_anything_for_axe_or_is_wider_than_a_telephone(work: Work, director: Browser, browser: Chromium) -> None:
    path, grandmother, teacher = a_network(work, director)
    assert fill(director, path, "draw", one=grandmother, other=teacher, quality="broken", words="").status_code == 303
    with browser.new_context(bypass_csp=True) as context:
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.goto(f"{work.base}/login")
        page.get_by_role("button", name=ON_DUTY.subject).click()
        today = f"{work.door.clock.now():%-d-%-m-%Y}"
        for at in (path, f"{path}?then={today}", f"{path}?then=ooit", path.replace("network", "meetings")):
            page.goto(work.base + at)
            is_well(page)
        page.goto(work.base + path)
        adding = page.locator("form[action$='/network/join']")
        adding.get_by_label("Naam").fill("Buur Bo")
        adding.get_by_label("Wie is dit voor het gezin?").fill("buurvrouw")
        adding.get_by_role("button", name="Erbij zetten").click()
        expect(page.get_by_role("alert")).to_be_visible()
        is_well(page)


def test_everybody_has_the_same_number_and_place_in_the_picture_of_then_and_of_now() -> None:
    people = [{"person": "child"}, {"person": "mother"}]
    one, two, three = ({"id": id, "side": side} for id, side in (("a", "formal"), ("b", "informal"), ("c", "informal")))
    then = {"people": people, "network": [one, two], "ties": [{"one": "a", "other": "mother", "quality": "broken"}]}
    now = {"people": people, "network": [two, three, one], "ties": []}
    numbers = numbered(then, now)
    assert [number for number, _ in numbers.values()] == [1, 2, 3, 4, 5]
    before, after = drawn(then, numbers), drawn(now, numbers)
    here = {node.id: node for node in after.nodes}
    assert all(here[node.id] == node for node in before.nodes)
    assert len({(node.x, node.y) for node in after.nodes}) == 5
    (line,) = before.lines
    assert (line.quality, {line.one.id, line.other.id}) == ("broken", {"a", "mother"})
