"""Where everything meets: the only room that knows every other.

`stored` opens the databases, `made` makes each part as the settings want it, `hub` puts them together, `in_use` keeps by which
matrices it decides, `watched` looks at it, `upkeep` is what its operator does, and `interface` stands in front of it.
"""

from hub.wiring.hub import INDEXES, Hub, Part
from hub.wiring.in_use import put_into_use
from hub.wiring.interface import VIEWS, application, asyncapi, openapi, quarantined, search, sought
from hub.wiring.stored import Stored, has_hub, place_of
from hub.wiring.upkeep import Upkeep
from hub.wiring.watched import Watched

__all__ = [
    "INDEXES",
    "VIEWS",
    "Hub",
    "Part",
    "Stored",
    "Upkeep",
    "Watched",
    "application",
    "asyncapi",
    "has_hub",
    "openapi",
    "place_of",
    "put_into_use",
    "quarantined",
    "search",
    "sought",
]
