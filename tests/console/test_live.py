"""While somebody looks at a page, what happens is put on it: only what they may hear of, and only for as long as they may look."""

from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest

from tests.console.browsing import HTTP, SESSION, Browser
from tests.console.working import ACUTE, ON_DUTY, OTHER, Work, working


@pytest.fixture(scope="module")
def work(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Work]:
    with working(Path(tmp_path_factory.mktemp("work"))) as work:
        yield work


def until_something_comes(lines: Iterator[str]) -> str:
    """The data of the next piece, or nothing where it stays silent for a while."""
    piece, silences = list[str](), 0
    for line in lines:
        silences += line == ": still here"
        if silences > 1:
            break
        if line.startswith("data: "):
            piece.append(line.removeprefix("data: "))
        elif piece and not line:
            break
    return "\n".join(piece)


def cookies(browser: Browser, **more: str) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={value}" for name, value in {SESSION: browser.cookies[SESSION], **more}.items())}


def test_an_escalation_of_a_family_of_mine_arrives_with_a_way_to_it(work: Work) -> None:
    browser = work.door.logged_in(ON_DUTY)
    with HTTP.stream("GET", f"{work.base}/live", headers=cookies(browser)) as live:
        assert (live.status_code, live.headers["content-type"].split(";")[0]) == (200, "text/event-stream")
        lines = live.iter_lines()
        next(lines)  # it has begun
        family = work.a_family(**ACUTE)
        piece = until_something_comes(lines)
    assert f'<a href="/escalations/{work.escalation_of(family)}">Nieuwe opschaling: veiligheid 3</a>' in piece
    assert "<script" not in piece and "hx-" not in piece


def test_it_is_told_in_the_language_of_the_page(work: Work) -> None:
    browser = work.door.logged_in(ON_DUTY)
    with HTTP.stream("GET", f"{work.base}/live", headers=cookies(browser, taal="en")) as live:
        lines = live.iter_lines()
        next(lines)
        work.a_family(**ACUTE)
        assert "New escalation: safety 3" in until_something_comes(lines)


def test_what_was_missed_comes_first(work: Work) -> None:
    work.a_family(**ACUTE)
    browser = work.door.logged_in(ON_DUTY)
    with HTTP.stream("GET", f"{work.base}/live", headers={**cookies(browser), "Last-Event-ID": "0"}) as live:
        assert "Nieuwe opschaling" in until_something_comes(live.iter_lines())


def test_somebody_of_another_organisation_hears_nothing_of_it(work: Work) -> None:
    other = work.door.logged_in(OTHER)
    with HTTP.stream("GET", f"{work.base}/live", headers=cookies(other), timeout=3) as live:
        lines = live.iter_lines()
        next(lines)
        work.a_family(**ACUTE)
        with pytest.raises(httpx2.ReadTimeout):
            pytest.fail(until_something_comes(lines))


def test_whoever_is_not_logged_in_is_told_nothing_and_asks_no_more(work: Work) -> None:
    assert HTTP.get(f"{work.base}/live").status_code == 204
