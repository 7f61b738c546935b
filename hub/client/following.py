"""Following what one is told as it comes (server-sent events), and going on after a break from where one was."""

import json
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx2

from hub.client.line import Line, is_later, is_silence, refusal
from hub.client.notices import Notice, of_event
from hub.client.problems import NoAnswer, Problem

Ask = Callable[[int], AbstractContextManager[httpx2.Response]]
"""Opens the stream after the notice of that number."""


def follow(ask: Ask, after: int, line: Line) -> Iterator[Notice]:
    """What comes after that number, each once and in order, for as long as one goes on; it connects anew after a break.

    Raises:
        Problem: the hub refuses, for good.
        NoAnswer: what answers there is no hub.
    """
    breaks = 0
    while True:
        wait = None
        try:
            with line.open(), ask(after) as answer:
                _refuse(answer)
                # a stream ends with its token, so whoever hears nothing for hours breaks off often, and for no trouble
                breaks = 0
                for notice in _notices(answer):
                    after = notice.cursor
                    yield notice
        except Problem as problem:
            if not is_later(problem):
                raise
            wait = problem.wait
        except NoAnswer as error:
            if not is_silence(error):
                raise
        breaks += 1
        line.sleep(line.retries.wait(breaks, wait))


def _refuse(answer: httpx2.Response) -> None:
    if answer.status_code != 200 or not answer.headers.get("content-type", "").startswith("text/event-stream"):
        answer.read()
        raise refusal(answer)


def _notices(answer: httpx2.Response) -> Iterator[Notice]:
    left = b""
    for part in answer.iter_bytes():
        # what has no empty line after it yet may have broken off in the middle
        *whole, left = (left + part).split(b"\n\n")
        yield from (of_event(json.loads(data)) for event in whole for data in _data(event))


def _data(event: bytes) -> Iterator[bytes]:
    named = (line.partition(b": ") for line in event.split(b"\n"))
    yield from (value for name, _, value in named if name == b"data")
