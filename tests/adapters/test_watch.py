"""What a process says of itself: counted once, in few words, and told in time whatever is away."""

import io
import json
import logging
import re
import subprocess
import sys
import threading
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from threading import Event, Thread
from typing import Any

import pytest
import structlog
from prometheus_client.parser import text_string_to_metric_families

from hub.adapters.watching import counters as counting
from hub.adapters.watching import lines
from hub.adapters.watching.collected import Collected
from hub.adapters.watching.counters import Counters
from hub.adapters.watching.looks import Look
from hub.adapters.watching.metrics import written
from hub.adapters.watching.standing import Lead, Place, Signed, Standing, Waiting
from hub.domain.traces import Trace
from hub.errors import Malformed
from hub.register import Register
from hub.settings import Settings
from hub.steps import begun, take_up, under
from tests.given import Heart, a_person, a_signal
from tests.tools import ROOT

WELL = Standing(
    process="all",
    version="1.0.0",
    database="sqlite",
    stores={"log": True, "views": True},
    position=10,
    has_keys=True,
    followers=[Place("radar", 10, 0, 0.0, lead=Lead(True))],
    works={"watch the clock": Lead(True)},
    questions=1,
    quarantine=2,
    escalations={4: 3},
    ways={"webhook": Waiting(5, 1, 12.0)},
    kafka=True,
)


def values(counters: Counters, standing: Standing = WELL) -> dict[tuple[str, ...], float]:
    """Every sample that is answered, by its name and the values of its labels in the order of their names."""
    text = written(counters.registry, standing).decode()
    samples = (sample for family in text_string_to_metric_families(text) for sample in family.samples)
    return {(sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value for sample in samples}


@pytest.fixture
def watched(heart: Heart) -> Iterator[tuple[Heart, Counters]]:
    """A heart whose register tells counters what it commits."""
    counters = Counters()
    register = Register(heart.log, heart.mapper, heart.register._indexes, heart.clock, heart.vault, counters.watch)
    yield replace(heart, register=register), counters
    register.close()


# Counted -----------------------------------------------------------------------------------------------


def test_what_is_recorded_is_counted_by_topic_once_and_with_its_commit(watched: tuple[Heart, Counters]) -> None:
    heart, counters = watched
    heart.place(a_signal(concern="honour-violence"))
    topics: dict[str, int] = {}
    for event in heart.events():
        topics[event.TOPIC] = topics.get(event.TOPIC, 0) + 1
    told = values(counters)
    assert {name[1]: value for name, value in told.items() if name[0] == "hub_events_total"} == topics
    assert (told["hub_commit_pieces_sum",], told["hub_commit_seconds_count",]) == (1, 1)


def test_an_axis_that_rises_is_counted_by_axis_and_level(watched: tuple[Heart, Counters]) -> None:
    heart, counters = watched
    heart.place(a_signal(concern="honour-violence"))
    raised = [(event.axis, str(event.level_to)) for event in heart.events() if event.TOPIC == "level-raised"]
    told = values(counters)
    assert raised
    assert {name[1:]: value for name, value in told.items() if name[0] == "hub_escalations_total"} == dict.fromkeys(raised, 1)


def test_a_signal_that_a_person_must_place_is_counted_as_asked(watched: tuple[Heart, Counters]) -> None:
    heart, counters = watched
    heart.place(a_signal(a_person(bsn="")), a_signal(a_person(bsn="", address=replace(a_person().address, number="99"))))
    assert values(counters)["hub_questions_asked_total",] == 1


def test_nobody_can_make_more_series_than_a_few_hundred(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST", 3)
    counters = Counters()
    for code in "abcdefgh":
        counters.watch.refused("http", code)
    refused = {name[1:]: value for name, value in values(counters).items() if name[0] == "hub_messages_refused_total"}
    assert refused == {("a", "http"): 1, ("b", "http"): 1, ("c", "http"): 1, ("other", "other"): 5}


@pytest.mark.parametrize(
    ("outcome", "told"), [("http-200", "http-2xx"), ("http-503", "http-5xx"), ("timed-out", "timed-out"), ("http", "http")]
)
def test_attempts_are_counted_by_the_class_of_their_answer(outcome: str, told: str) -> None:
    counters = Counters()
    counters.watch.attempted("webhook", outcome)
    assert values(counters)["hub_deliveries_total", "webhook", told] == 1


def test_answers_and_deliveries_are_counted_with_how_long_they_took() -> None:
    counters = Counters()
    counters.watch.answered("signals", 201, 0.002)
    counters.watch.answered("signals", 503, 40)
    counters.watch.delivered("webhook", 3)
    told = values(counters)
    assert told["hub_requests_seconds_bucket", "0.0025", "2xx", "signals"] == 1
    assert told["hub_requests_seconds_bucket", "30.0", "5xx", "signals"] == 0
    assert (told["hub_requests_seconds_count", "5xx", "signals"], told["hub_delivery_seconds_sum", "webhook"]) == (1, 3)


def test_two_hubs_in_one_process_count_for_themselves() -> None:
    one, other = Counters(), Counters()
    one.watch.repeated("http")
    assert values(one)["hub_messages_repeated_total", "http"] == 1
    assert ("hub_messages_repeated_total", "http") not in values(other)


def test_without_a_collector_nothing_of_traces_is_even_loaded() -> None:
    assert Collected.to("", "1.0.0").watch.stepped is None
    program = "import sys, hub.wiring; sys.exit(any(name.startswith('opentelemetry.sdk') for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0


# How it stands -----------------------------------------------------------------------------------------


def test_gauges_tell_how_it_stands() -> None:
    told = values(Counters())
    assert told["hub_ready",] == told["hub_store_up", "log"] == told["hub_follower_leads", "radar"] == 1
    assert (told["hub_log_position",], told["hub_questions_open",], told["hub_quarantine_open",]) == (10, 1, 2)
    assert (told["hub_escalations_open", "4"], told["hub_deliveries_open", "webhook", "dead"]) == (3, 1)
    assert (told["hub_deliveries_oldest_seconds", "webhook"], told["hub_work_leads", "watch the clock"]) == (12, 1)


def test_gauges_tell_how_the_evidence_is_signed() -> None:
    signed = {"events": Signed(0.0, 0, 100, 4, 30.0, 2), "readings": Signed(size=7, unsigned=7)}
    told = values(Counters(), replace(WELL, evidence=signed))
    assert (told["hub_evidence_leaves", "events"], told["hub_evidence_unsigned", "events"]) == (100, 4)
    assert (told["hub_evidence_checkpoint_age_seconds", "events"], told["hub_evidence_witnesses", "events"]) == (30, 2)
    assert (told["hub_evidence_unsigned", "readings"], told["hub_evidence_witnesses", "readings"]) == (7, 0)
    assert ("hub_evidence_checkpoint_age_seconds", "readings") not in told


def test_what_could_not_be_seen_is_not_told_as_nothing() -> None:
    told = values(Counters(), replace(WELL, position=None, questions=None, stores={"log": False}, kafka=None))
    assert (told["hub_store_up", "log"], told["hub_ready",], told["hub_missing", "database-log"]) == (0, 0, 1)
    assert not {("hub_log_position",), ("hub_questions_open",), ("hub_kafka_up",)} & told.keys()


STOPPED = Place("radar", 7, 3, 90.0, "KeyError in apply, line 3")
BEHIND = Place("radar", 7, 3, 90.0)


@pytest.mark.parametrize(
    ("but", "code", "hinders"),
    [
        ({"stores": {"log": False}}, "database-log", {"all", "serve", "relay", "consume"}),
        ({"older": ["log"]}, "migrations-log", {"all", "serve", "relay", "consume"}),
        ({"has_keys": False}, "keys", {"all", "serve", "relay", "consume"}),
        ({"is_stopping": True}, "stopping", {"all", "serve", "relay", "consume"}),
        ({"kafka": False}, "kafka", {"consume"}),
        ({"followers": [STOPPED]}, "follower-stopped-radar", {"relay"}),
        ({"followers": [BEHIND]}, "follower-behind-radar", {"relay"}),
        ({"evidence": {"events": Signed(waits=181)}}, "log-not-signed-events", set()),
        ({"evidence": {"readings": Signed(lacks=1)}}, "log-lacks-witnesses-readings", set()),
        ({"late_requests": 1}, "person-requests-late", set()),
        ({"kept_too_long": 1}, "kept-too-long", set()),
        ({"unled": ["watch the clock"]}, "nobody-leads-watch-the-clock", set()),
    ],
)
def test_what_is_missing_hinders_those_whose_work_needs_it(but: Any, code: str, hinders: set[str]) -> None:
    stands = {process: replace(WELL, process=process, **but) for process in ("all", "serve", "relay", "consume")}
    assert {one.code for now in stands.values() for one in now.missing} == {code}
    assert {process for process, now in stands.items() if not now.is_ready} == hinders


def test_where_a_follower_stopped_and_why_is_told_with_it() -> None:
    now = replace(WELL, followers=[STOPPED])
    (missing,) = now.missing
    assert missing.more == {"position": 7, "lag": 3, "because": "KeyError in apply, line 3"}
    told = values(Counters(), now)
    assert told["hub_follower_stopped", "KeyError in apply, line 3", "radar"] == 1
    assert (told["hub_follower_position", "radar"], told["hub_follower_lag_seconds", "radar"]) == (7, 90)


def test_the_document_has_every_metric_that_there_is_with_its_labels_and_no_other() -> None:
    text = (ROOT / "docs" / "watching.md").read_text()
    rows = re.findall(r"^\| `(hub_\w+)` \| (\w+) \|[^|]*\|([^|]*)\|", text, re.MULTILINE)
    documented = {name: (kind, set(re.findall(r"`(\w+)`", labels))) for name, kind, labels in rows}
    counters, now = Counters(), replace(WELL, followers=[STOPPED], evidence={"events": Signed(age=1.0)}, is_stopping=True)
    _one_of_each(counters)
    there = {}
    for family in text_string_to_metric_families(written(counters.registry, now).decode()):
        if family.name.startswith("hub_"):
            name = family.name + ("_total" if family.type == "counter" else "")
            labels = {label for sample in family.samples for label in sample.labels} - {"le"}
            there[name] = (family.type, labels)
    assert documented == there


def test_every_alarm_of_the_document_asks_for_metrics_that_there_are() -> None:
    text = (ROOT / "docs" / "watching.md").read_text()
    documented = set(re.findall(r"^\| `(hub_\w+)` \| \w+ \|", text, re.MULTILINE))
    asked = {name for row in re.findall(r"^\| Hub\w+ \| (.*)$", text, re.MULTILINE) for name in re.findall(r"\bhub_\w+", row)}
    assert len(asked) > 8
    assert {name.removesuffix("_count") for name in asked} <= documented


def _one_of_each(counters: Counters) -> None:
    watch = counters.watch
    watch.repeated("http")
    watch.refused("http", "malformed")
    watch.answered("signals", 200, 0.1)
    watch.attempted("webhook", "http-200")
    watch.delivered("webhook", 0.1)
    watch.records("in", 1)
    for metric in (counters._accepted, counters._escalated):
        metric.of("one", "two")
    for metric in (counters._matched, counters._passed, counters._events):
        metric.of("one")


# Looking -----------------------------------------------------------------------------------------------


def test_a_look_counts_for_a_while_for_all_who_ask() -> None:
    seen: list[int] = []
    look = Look(lambda: seen.append(1) or len(seen), fresh=3600)  # type: ignore[func-returns-value]
    for _ in range(5):
        look.begin()
        assert look.seen() == 1
    assert seen == [1]


def test_a_look_that_hangs_is_waited_for_once_and_not_begun_anew() -> None:
    hangs, begun_looks = Event(), []

    def look() -> None:
        begun_looks.append(1)
        hangs.wait(60)

    looking = Look(look, fresh=0, within=0.05)
    for _ in range(20):
        looking.begin()
        assert looking.seen() is None
    hangs.set()
    assert begun_looks == [1]


def test_a_look_that_fails_saw_nothing_and_the_next_one_sees_again() -> None:
    answers: list[Callable[[], int]] = [lambda: 1 // 0, lambda: 2]
    look = Look(lambda: answers.pop(0)(), fresh=0)
    look.begin()
    assert look.seen() is None
    look.begin()
    assert look.seen() == 2


# Lines -------------------------------------------------------------------------------------------------

NAME = "Noor Voorbeeld"


@pytest.fixture
def written_lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    """What was written since, of a process that writes nothing but lines."""
    before, out = structlog.get_config(), io.StringIO()
    hooks = (warnings.showwarning, threading.excepthook, logging.root.handlers[:], logging.root.level)
    lines.written("relay", out)
    lines.alone()
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    structlog.configure(**before)
    warnings.showwarning, threading.excepthook = hooks[:2]
    logging.root.handlers[:], logging.root.level = hooks[2], hooks[3]


def test_every_line_names_the_kind_of_process(written_lines: Callable[[], list[dict[str, Any]]]) -> None:
    structlog.get_logger("hub.relay").error("relay-waits", because="X")
    (line,) = written_lines()
    assert (line["event"], line["level"], line["process"], line["because"]) == ("relay-waits", "error", "relay", "X")


def test_a_line_names_the_trace_of_what_is_worked_on(written_lines: Callable[[], list[dict[str, Any]]]) -> None:
    trace = Trace("4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7")

    def work() -> None:
        take_up(lambda: str(trace))
        structlog.get_logger("hub").warning("with-a-trace")
        take_up(lambda: NAME)
        structlog.get_logger("hub").warning("with-none")

    thread = Thread(target=work)
    thread.start()
    thread.join()
    assert [line.get("trace") for line in written_lines()] == [trace.trace_id, None]


def test_of_what_libraries_say_only_their_own_words_are_written(written_lines: Callable[[], list[dict[str, Any]]]) -> None:
    library = logging.getLogger("some.library")
    library.warning("could not send %s", NAME)
    library.warning(f"could not send {NAME}")
    library.info("nothing to see")
    try:
        raise KeyError(NAME)
    except KeyError:
        library.exception("it failed for %s", NAME)
    first, second, third = written_lines()
    assert (first["words"], "words" in second) == ("could not send %s", False)
    assert (third["because"], third["logger"], third["level"]) == ("KeyError", "some.library", "error")
    assert NAME not in json.dumps([first, second, third])


def test_what_nobody_foresaw_in_a_thread_or_a_warning_is_a_line_without_its_words(
    written_lines: Callable[[], list[dict[str, Any]]],
) -> None:
    def falls() -> None:
        raise LookupError(NAME)

    thread = Thread(target=falls)
    thread.start()
    thread.join()
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lines._warned
        warnings.warn(f"{NAME} is deprecated", DeprecationWarning, stacklevel=1)
    fell, warned = written_lines()
    assert (fell["because"], warned["because"]) == ("LookupError", "DeprecationWarning")
    assert any(place.startswith("falls:") for place in fell["places"])
    assert NAME not in json.dumps([fell, warned])


def test_a_process_that_falls_says_where_and_nothing_else() -> None:
    program = (
        "import sys, hub.__main__ as command_line\n"
        "from hub.commands import running\n"
        "def falls(*_): raise LookupError('Noor Voorbeeld')\n"
        "running._serve = falls\n"
        "sys.argv = ['hub', 'all']\n"
        "command_line.main()"
    )
    ran = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, check=False)
    (line,) = (json.loads(text) for text in ran.stderr.decode().splitlines())
    assert (ran.returncode, line["event"], line["because"], line["process"]) == (70, "fell", "LookupError", "all")
    assert "Noor" not in ran.stdout.decode() + ran.stderr.decode()


# Steps -------------------------------------------------------------------------------------------------


def test_steps_cost_nothing_where_nobody_collects_them() -> None:
    assert begun(f"00-{'1' * 32}-{'2' * 16}-01", Counters().watch) is None
    with under(None, "verify"):
        pass


def test_a_step_that_fails_says_by_which_code_and_is_told_all_the_same() -> None:
    told: list[Any] = []
    steps = begun(f"00-{'1' * 32}-{'2' * 16}-00", replace(Counters().watch, stepped=told.append))
    assert steps is not None
    with pytest.raises(KeyError), steps.under("translate"):
        raise KeyError(NAME)
    steps.over()
    translate, receive = told
    assert (translate.name, translate.failed, receive.failed) == ("translate", "KeyError", "")
    assert translate.trace.parent_span_id == receive.trace.span_id
    assert (receive.trace.trace_id, receive.trace.parent_span_id) == ("1" * 32, "2" * 16)
    assert not receive.trace.is_sampled


# Settings ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("address", ["127.0.0.1:9464", "0.0.0.0:9464", "[::1]:9464", "hub-1:9464", ""])
def test_a_watch_address_is_a_host_and_a_port(address: str) -> None:
    assert Settings.read({"HUB_WATCH": address}).watch == address


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("HUB_WATCH", text) for text in ("9464", ":9464", "127.0.0.1", "127.0.0.1:", "127.0.0.1:0", "127.0.0.1:99999", "a:b")),
        *(("HUB_TRACES_ENDPOINT", text) for text in ("127.0.0.1:4318", "grpc://a", "http://", "/v1/traces")),
    ],
)
def test_whatever_else_is_given_is_said_to_be_wrong(name: str, text: str) -> None:
    with pytest.raises(Malformed) as wrong:
        Settings.read({name: text})
    assert [violation.where for violation in wrong.value.violations] == [name]
