"""What is answered, before it is known how much of it may be told."""

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from starlette.responses import Response


class Answer(Response):
    """Plain data on its way out; it is written when what may be told of it is known.

    `sought` are the blind keys of whoever was looked for, and `concerned` the families with the people that it is about,
    where the answer does not say so by naming families; `purpose` is what it is for, where that is not the caller's own.
    """

    media_type = "application/json"

    def __init__(
        self,
        content: Any = None,
        status_code: int = 200,
        headers: Mapping[str, str] | None = None,
        sought: Sequence[str] = (),
        concerned: Mapping[str, Sequence[str]] | None = None,
        purpose: str = "",
    ) -> None:
        self.content, self.sought, self.concerned, self._said = content, sought, concerned, headers
        self.purpose = purpose
        super().__init__(b"", status_code, headers)

    def written(self, told: Any) -> Response:
        """The response with what may be told."""
        return Response(msgspec.json.encode(told), self.status_code, self._said, self.media_type)
