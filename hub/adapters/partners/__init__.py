"""Who sends us signals: one module each, found by being here."""

from importlib import import_module
from pkgutil import iter_modules

from hub.ports import Partner


def found() -> dict[str, Partner]:
    """Every kind of partner, by name.

    Raises:
        TypeError: a module here has no `PARTNER`, or two share a name.
    """
    partners: dict[str, Partner] = {}
    for module in sorted(iter_modules(__path__), key=lambda each: each.name):
        partner = getattr(import_module(f"{__name__}.{module.name}"), "PARTNER", None)
        if not isinstance(partner, Partner) or partner.name in partners:
            raise TypeError(f"{module.name} does not say which partner it is, in a PARTNER of its own")
        partners[partner.name] = partner
    return partners
