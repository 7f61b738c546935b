"""The pages, one module for each: where it is, who finds it in the menu, what it asks the hub, and what is done on it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from starlette.responses import Response

from hub.console.asking import Ask
from hub.console.parts import Both
from hub.domain.callers import Caller, Capacity
from hub.domain.policy import POLICY, Act, Reach

Show = Callable[[Ask], Awaitable[Mapping[str, Any] | Response]]


@dataclass(frozen=True, slots=True)
class Form:
    """Something that is done on a page: `do` asks the hub to and gives the path to go on to, where `done` is said.

    Where it gives no path, nothing was done yet, and the page is shown once more with what was typed.
    """

    do: Callable[[Ask], Awaitable[str]]
    done: Both


@dataclass(frozen=True, slots=True)
class Page:
    """A page: `name` is that of its template too, `path` where it is, and `show` gives what the template says, or a file.

    `forms` are sent to the path of the page followed by their names. `act` is what the policy has to let somebody do at all for
    the page to be worth a visit; `menu` is its name there, in the order of `place`, where it is in the menu.
    """

    name: str
    path: str
    show: Show
    act: Act
    forms: Mapping[str, Form] = field(default_factory=dict)
    menu: Both | None = None
    place: int = 0

    def is_for(self, role: Capacity) -> bool:
        """Whether somebody in that capacity can have anything to do here."""
        return POLICY.get((self.act, role), Reach.NOBODY) is not Reach.NOBODY

    def is_on_the_menu(self, caller: Caller, duty: str) -> bool:
        """Whether it is worth a place in somebody's menu; `duty` is the organisation on duty."""
        if self.menu is None or not self.is_for(caller.role):
            return False
        return POLICY[self.act, caller.role] is not Reach.DUTY or caller.organisation == duty


@cache
def found() -> Sequence[Page]:
    """Every page, those of the menu in its order."""
    modules = (import_module(f"{__name__}.{module.name}") for module in iter_modules(__path__))
    return sorted((page for module in modules for page in module.PAGES), key=lambda page: (page.place, page.name))
