"""What stands in addresses and headers beside what FastAPI reads by itself."""

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Header, Query
from pydantic import BeforeValidator, WithJsonSchema
from pydantic_core import PydanticCustomError
from starlette.requests import Request

from hub.api.forms import Form
from hub.errors import Malformed, Violation

_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII)
_VERSION = re.compile(r'"(\d{1,9})"', re.ASCII)


def _moment(said: Any) -> datetime:
    text = said.replace(" ", "+") if isinstance(said, str) else ""  # a form turns a + into a space
    if not _MOMENT.fullmatch(text):
        raise PydanticCustomError("hub", "is not a date and time with an offset (RFC 3339)")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise PydanticCustomError("hub", "is not a moment of the calendar") from None


def _version(text: str) -> int:
    if not (match := _VERSION.fullmatch(text)):
        raise PydanticCustomError("hub", "is not one version between quotes")
    return int(match[1])


def _meaningless(_: str) -> None:
    raise PydanticCustomError("hub", "has no meaning here")


Moment = Annotated[datetime, BeforeValidator(_moment)]
"""A moment with any offset, in UTC."""
Seen = Annotated[
    int | None,
    BeforeValidator(_version),
    WithJsonSchema({"type": "string", "pattern": '^"[0-9]{1,9}"$'}),
    Header(alias="If-Match", description='the version of the family that the decision rests on, as in its ETag: "7"'),
]
"""The version in If-Match, where there is one."""


async def unseen(if_match: Annotated[str | None, BeforeValidator(_meaningless), Header(include_in_schema=False)] = None) -> None:
    """Refuses If-Match where it would guard nothing."""


class Nothing(Form):
    """A query without keys."""


async def keyless(_: Annotated[Nothing, Query()]) -> None:
    """Refuses every key in the query."""


@dataclass(frozen=True, slots=True)
class Once:
    """Refuses a key of the query that is there more than once, of which FastAPI would take the last."""

    keys: tuple[str, ...]

    async def __call__(self, request: Request) -> None:
        """Raises: Malformed."""
        twice = [key for key in self.keys if len(request.query_params.getlist(key)) > 1]
        if twice:
            wrong = [Violation(f"query/{key}", "is there more than once") for key in twice]
            raise Malformed("The request is not what its contract asks.", wrong)
