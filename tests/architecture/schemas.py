"""Every schema of what leaves the hub, by name."""

import json
from collections.abc import Mapping
from typing import Any

from fastapi.routing import APIRoute

from hub.adapters.contracts import contracts
from hub.api.admission import Guarded
from hub.api.application import routes_with
from hub.wiring import VIEWS

ROUTES: list[APIRoute] = [route for route in routes_with(VIEWS) if isinstance(route, APIRoute)]
NOTICES: dict[str, dict[str, Any]] = {
    path.stem: json.loads(path.read_text()) for path in sorted((contracts() / "notices").glob("*.json"))
}
ANSWERS: dict[str, Mapping[str, Any]] = {
    route.operation_id or route.path: route.told for route in ROUTES if isinstance(route, Guarded) and "properties" in route.told
}
SCHEMAS: dict[str, Mapping[str, Any]] = {**ANSWERS, **NOTICES}
