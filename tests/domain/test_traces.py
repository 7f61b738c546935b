"""Traces: what a caller says is taken over where it is wholly as the standard has it, and never otherwise."""

import re
from dataclasses import replace
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hub.domain.traces import Trace, of_notice, of_signal, read

TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"


@pytest.mark.parametrize(
    "text",
    [
        f"00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-00",
        f"00-{TRACE}-{SPAN}-ff",
        f"01-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01-more",
    ],
)
def test_a_trace_of_this_version_or_a_later_one_is_taken_over(text: str) -> None:
    assert read(text) == Trace(TRACE, SPAN)


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"00-{TRACE}-{SPAN}",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{TRACE}-{SPAN}-01-",
        f"00-{TRACE}-{SPAN}-1",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE}-{SPAN.upper()}-01",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SPAN}-01",
        f"0-{TRACE}-{SPAN}-01",
        f"00-{TRACE}a-{SPAN}-01",
        f"00-{TRACE[1:]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01\n",
        f" 00-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01, 00-{TRACE}-{SPAN}-01",
        f"cc-{TRACE}-{SPAN}-01.more",
        f"00-{'g' * 32}-{SPAN}-01",
        f"00-{'٣' * 32}-{SPAN}-01",
    ],
)
def test_whatever_else_there_stands_is_no_trace(text: str) -> None:
    assert read(text) is None


@given(st.text(max_size=80))
def test_no_text_at_all_does_any_harm(text: str) -> None:
    found = read(text)
    assert found is None or re.fullmatch("[0-9a-f]{32}", found.trace_id)


def test_what_is_written_is_read_back_as_the_step_that_wrote_it() -> None:
    assert read(str(Trace(TRACE, SPAN, "b7ad6b7169203331"))) == Trace(TRACE, SPAN)


def test_a_step_that_another_leads_to_is_under_it() -> None:
    assert Trace(TRACE, SPAN).then("b7ad6b7169203331") == Trace(TRACE, "b7ad6b7169203331", SPAN)


def test_every_attempt_to_tell_a_notice_is_a_step_of_its_own_in_one_trace() -> None:
    notice = uuid4()
    steps = [of_notice(notice, attempt) for attempt in range(1, 20)]
    assert {step.trace_id for step in steps} == {notice.hex}
    assert len({step.span_id for step in steps}) == 19
    assert all(read(str(step)) == replace(step, parent_span_id="") for step in steps)
    assert {step.parent_span_id for step in steps} == {of_notice(notice).span_id}
    assert of_notice(UUID(notice.hex), 3) == steps[2]
    assert of_notice(notice, 3, "kafka") not in steps


def test_the_trace_of_a_signal_follows_from_its_id_and_from_nothing_else() -> None:
    signal = uuid4()
    assert of_signal(signal) == of_signal(UUID(signal.hex)) == read(str(of_signal(signal)))
    assert of_signal(signal) != of_signal(uuid4())


@pytest.mark.parametrize(("flags", "is_wanted"), [("00", False), ("01", True), ("02", False), ("ff", True)])
def test_a_caller_says_whether_a_trace_is_collected(flags: str, is_wanted: bool) -> None:
    caller = read(f"00-{TRACE}-{SPAN}-{flags}")
    assert caller is not None
    assert caller.is_sampled is caller.then("b7ad6b7169203331").is_sampled is is_wanted
