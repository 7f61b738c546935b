"""What people fill in: a form as it was sent, and what they typed in the shape that the hub asks."""

import asyncio
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from starlette.requests import Request

from hub.console.pages import fields_of
from hub.errors import Malformed, TooLarge, WrongMediaType

MOST, MOST_FIELDS = 262_144, 1_000
"""Bytes in a form, and fields: more than the hub takes of a body, so that it is the hub that refuses, and what was typed stays."""
PATIENCE = 10.0
"""Seconds in which a form has to come."""
_DIGITS = 9
"""Of a number that somebody means."""
_DUTCH_DATE = re.compile(r"\s*(\d{1,2})[-/. ](\d{1,2})[-/. ](\d{4})\s*", re.ASCII)


async def form_of(request: Request) -> Mapping[str, str]:
    """The fields of a form. Raises: WrongMediaType, TooLarge, Malformed."""
    if request.headers.get("content-type", "").split(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise WrongMediaType("Send application/x-www-form-urlencoded.")
    body = bytearray()
    try:
        async with asyncio.timeout(PATIENCE):
            async for chunk in request.stream():
                body += chunk
                if len(body) > MOST:
                    raise TooLarge(f"The form is larger than {MOST} bytes.")
        return fields_of(parse_qsl(body.decode("ascii"), keep_blank_values=True, max_num_fields=MOST_FIELDS))
    except (TimeoutError, ValueError):
        raise Malformed("The form cannot be read.") from None


def day(text: str) -> str:
    """A date as the hub asks it (2026-03-01), from how it is typed here (1-3-2026, 01/03/2026); anything else stays what it is."""
    found = _DUTCH_DATE.fullmatch(text)
    return f"{found[3]}-{int(found[2]):02}-{int(found[1]):02}" if found else text.strip()


def whole(text: str) -> int | str:
    """A whole number; anything else stays what it is."""
    return int(text) if len(text) <= _DIGITS and text.isascii() and text.isdecimal() else text


def said(form: Mapping[str, str], *names: str) -> dict[str, str]:
    """These fields, without the space around them."""
    return {name: form.get(name, "").strip() for name in names}


def filled(said: Mapping[str, Any]) -> dict[str, Any]:
    """Only what was filled in."""
    return {name: value for name, value in said.items() if value not in ("", None, [])}
