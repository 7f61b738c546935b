"""One operation of the interface as a route of FastAPI: its address, who may ask, what is done, and what is answered."""

import re
from collections.abc import Callable
from dataclasses import dataclass, make_dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Query
from pydantic import BaseModel
from starlette.responses import Response

from hub.api.admission import BEARER, Far, Guarded, Here, Hub, Known, roles_for
from hub.api.descriptions import answered
from hub.api.forms import Code
from hub.api.queries import Nothing, Once, Seen, keyless, unseen
from hub.api.schemas import Schema
from hub.api.writing import Answer
from hub.domain.disclosure import published
from hub.domain.policy import Act

NAMES = ("goal", "resolution")
"""The ids in paths that are short names; all others are UUIDs."""


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path (after /v1), for whom the policy lets do this `act`.

    FastAPI reads from `do` what is asked, and gives it a thread of its own, so it may wait; `answer` is the JSON Schema of
    what it gives, `status` that of success; `takes_version` where If-Match guards against deciding on an older state.
    """

    method: str
    path: str
    name: str
    title: str
    tag: str
    act: Act
    do: Callable[..., Any]
    answer: Schema
    status: int = 200
    form: type[BaseModel] | None = None
    query: type[BaseModel] = Nothing
    takes_version: bool = False
    refusals: tuple[int, ...] = ()
    kind: type[Response] = Answer

    def route(self) -> Guarded:
        """The operation over HTTP."""
        refusals = {400, 401, 403, 429, 500, 503, *self.refusals, *((408, 413, 415) if self.form else ())}
        return Guarded(
            f"/v1{self.path}",
            self.do,
            act=self.act,
            told=self.answer,
            methods=[self.method],
            operation_id=self.name,
            summary=self.title,
            description=f"For: {', '.join(sorted(roles_for(self.act)))}.",
            tags=[self.tag],
            status_code=self.status,
            dependencies=[Depends(each) for each in self._conditions()],
            response_model=None,
            response_class=self.kind,
            openapi_extra={
                "responses": answered(self.status, dict(published(self.answer)), self.kind.media_type, refusals, self.takes_version)
            },
        )

    def _conditions(self) -> list[Callable[..., Any]]:
        keys = tuple(field.alias or name for name, field in self.query.model_fields.items())
        return [BEARER, Once(keys) if keys else keyless, *([] if self.takes_version else [unseen])]


def question(
    path: str, form: type[BaseModel] | None = None, query: type[BaseModel] | None = None, *, takes_version: bool = False
) -> Any:
    """What is asked there, as a dependency of FastAPI: who calls, each id of the path by its name, the query and the body."""
    asked: list[Any] = [("hub", Hub), ("caller", Known), ("reach", Far), ("visit", Here)]
    asked += [(name, Code if name in NAMES else UUID) for name in re.findall(r"{(\w+)}", path)]
    asked += [("query", Annotated[query, Query()])] if query else []
    asked += [("body", form)] if form else []
    asked += [("if_match", Seen, None)] if takes_version else []
    return Depends(make_dataclass("Question", asked))
