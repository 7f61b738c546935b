"""Reports over all families together, from a file to a page: shown as they stand, able to do nothing, and withdrawn."""

from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path

import pytest

from hub.adapters.published_page import MOST, title_of
from hub.domain.callers import Capacity
from hub.domain.publications import Kind, Publication, publication_id
from hub.errors import Malformed
from tests.console.working import person, working
from tests.journeys.commanding import Run, caught_up, commands
from tests.journeys.running import Served, serving
from tests.passing import passed_on

pytestmark = pytest.mark.usefixtures("database")

PAGE = """<!DOCTYPE html><html lang="nl"><head><meta charset="utf-8"><title>Maatschappelijk
 rendement 2512</title><style>td { color: #111 }</style></head><body><main><h1>Rendement</h1><a href="#below">naar de tabel</a>
<a href="https://source.example">bron</a>
<svg role="img"><title>Wat het zwaarst weegt</title><rect fill="url(#stripes)" width="3" height="3"/></svg></main></body></html>
"""
TITLE = "Maatschappelijk rendement 2512"
WHY = "Er stond een verkeerde prijs in."


@pytest.fixture
def report(tmp_path: Path) -> Path:
    path = tmp_path / "report.html"
    path.write_text(PAGE)
    return path


# What may be published ---------------------------------------------------------------------------------------


def test_a_page_that_only_shows_is_taken_by_its_title() -> None:
    assert title_of(PAGE.encode()) == TITLE


@pytest.mark.parametrize(
    "more",
    [
        "<script>alert(1)</script>",
        '<p onclick="x()">',
        '<img src="https://elsewhere.example/x.png">',
        '<a href="javascript:x()">',
        '<area href="https://elsewhere.example">',
        '<a href="/families">',
        "<iframe srcdoc=x>",
        '<form action="#">',
        '<meta http-equiv="refresh" content="0;url=https://elsewhere.example">',
        '<link rel="stylesheet" href="#">',
        '<base href="#">',
        "<style>@import 'x';</style>",
        "<style>p { background: URL( 'https://elsewhere.example') }</style>",
        '<p style="background:url(//elsewhere.example)">',
        '<svg><image xlink:href="//elsewhere.example"/></svg>',
        '<img srcset="x 2x">',
    ],
)
def test_a_page_that_does_more_than_show_is_refused_with_the_line(more: str) -> None:
    with pytest.raises(Malformed) as refused:
        title_of(PAGE.replace("</main>", f"\n{more}</main>").encode())
    assert [wrong.where for wrong in refused.value.violations] == ["/5"]


@pytest.mark.parametrize(
    ("page", "where"),
    [
        (PAGE.replace(TITLE.split()[0], "").replace("rendement 2512", "").encode(), "/title"),
        (PAGE.replace("<title>", "<title>" + "x" * 200).encode(), "/title"),
        (PAGE.encode("utf-16"), "/"),
        (PAGE.encode() + b" " * MOST, "/"),
        (b"", "/title"),
    ],
)
def test_what_is_no_such_page_is_refused(page: bytes, where: str) -> None:
    with pytest.raises(Malformed) as refused:
        title_of(page)
    assert [wrong.where for wrong in refused.value.violations] == [where]


# On a page ---------------------------------------------------------------------------------------------------


def test_a_report_opens_from_insight_as_it_stands_by_itself_and_may_do_nothing(tmp_path: Path) -> None:
    with working(tmp_path) as work:
        lead = work.door.logged_in(person("d.leider"))
        assert 'href="/publications"' in lead.get("/insight").text
        assert "Er is nog geen verslag." in lead.get("/publications").text
        id = work.door.hub.publishing.publish(Kind.EVALUATION, TITLE, PAGE, "c.beheer")
        passed_on(work.door.hub)
        assert f'<a href="/publications/{id}">{TITLE}</a>' in lead.get("/publications").text
        opened = lead.get(f"/publications/{id}")
        assert opened.text == PAGE
        assert {"default-src 'none'", "sandbox"} <= set(opened.headers["Content-Security-Policy"].split("; "))
        assert work.door.logged_in(person("c.beheer")).get(f"/publications/{id}").status_code == 403


# Published and withdrawn -------------------------------------------------------------------------------------


def asked(hub: Served, path: str = "/v1/publications", role: Capacity = Capacity.TEAM_LEAD) -> tuple[int, dict[str, object]]:
    said = hub.ask(path, role)
    return said.status_code, said.json()


def test_whoever_sees_insight_reads_it_to_the_byte_until_it_is_withdrawn_and_the_log_keeps_both(tmp_path: Path) -> None:
    with serving(tmp_path) as hub:
        id = hub.hub.publishing.publish(Kind.SOCIAL_RETURN, TITLE, PAGE, "c.beheer")
        status, said = asked(hub)
        (one,) = said["items"]  # type: ignore[misc]
        assert (status, one["id"], one["kind"], one["title"], one["publishedBy"]) == (
            200,
            str(id),
            "social-return",
            TITLE,
            "c.beheer",
        )
        assert one["digest"] == sha256(PAGE.encode()).hexdigest()
        assert asked(hub, f"/v1/publications/{id}")[1]["page"] == PAGE
        assert asked(hub, "/v1/publications", Capacity.OPERATOR)[0] == 403
        hub.hub.publishing.withdraw(id, WHY, "c.beheer")
        assert asked(hub)[1]["items"] == []
        assert asked(hub, f"/v1/publications/{id}")[0] == 404
        with hub.hub.log.snapshot() as log:
            published, withdrawn = (hub.hub.mapper.to_domain_event(stored) for stored in log.stream(id))
        assert isinstance(published, Publication.Published) and published.page == PAGE
        assert isinstance(withdrawn, Publication.Withdrawn) and withdrawn.motivation == WHY


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> Iterator[Run]:
    with commands("publications", monkeypatch, capsys, tmp_path) as run:
        yield run


def test_the_operator_publishes_lists_and_withdraws_at_the_command_line(
    database: str, tmp_path: Path, report: Path, run: Run
) -> None:
    with serving(tmp_path / "var"):
        pass
    publish, id = ("publish", str(report), "--kind", "social-return", "--by", "c.beheer"), str(publication_id(PAGE))
    assert run(*publish)[1].endswith(f"{id}: {TITLE}\n")
    status, _, wrong = run(*publish)
    assert status and "That very page was published before" in wrong
    caught_up(tmp_path / "var")
    assert all(word in run("list")[1] for word in (id, "social-return", TITLE, "c.beheer"))
    assert run("withdraw", id, "--reason", WHY)[1].endswith(f"{id} is withdrawn.\n")
    caught_up(tmp_path / "var")
    assert id not in run("list")[1]
    status, _, wrong = run("withdraw", id, "--reason", WHY)
    assert status and "withdrawn already" in wrong


def test_a_page_that_may_not_be_published_is_refused_with_all_that_is_wrong(tmp_path: Path, report: Path, run: Run) -> None:
    report.write_text("<script>1</script><p onclick=x>")
    status, _, wrong = run("publish", str(report), "--kind", "evaluation")
    assert status and all(each in wrong for each in ("<script> does more than show", "onclick is a script", "/title: is missing"))
