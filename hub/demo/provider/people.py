"""Who can log in at the demo's provider, and which applications it lets them log in to."""

from dataclasses import dataclass

from hub.console.parts import Both
from hub.console.words import ROLES
from hub.demo.cast import STAFF, Staff


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody who does not exist: their login name, their role (empty: none) and organisation, what a page says of
    them, and what they and their organisation are called."""

    subject: str
    role: str
    organisation: str
    says: Both
    name: str = ""
    organisation_name: str = ""


@dataclass(frozen=True, slots=True)
class Application:
    """A client of the provider (RFC 6749, section 2): its id, its secret (empty: none), where people and log-outs go back to.

    `audience` is whom its access tokens are for.
    """

    id: str
    secret: str
    callback: str
    audience: str
    logged_out: str = ""
    home: str = ""


def person(staff: Staff) -> Person:
    """Somebody at work, as the provider knows them."""
    return Person(staff.who, staff.role.value, staff.organisation, ROLES[staff.role], staff.name, staff.organisation_name)


PEOPLE = (*map(person, STAFF), Person("h.nieuw", "", "", Both("nog geen rol", "no role yet")))


def the_hub(base_url: str, secret: str = "") -> Application:
    """The hub at that address."""
    return Application(
        id="vig-hub",
        secret=secret,
        callback=f"{base_url}/login/callback",
        audience=base_url,
        logged_out=f"{base_url}/logout/back-channel",
        home=base_url,
    )


def the_desk(base_url: str) -> Application:
    """The desk where the demo's people work, with access tokens for the hub at that address."""
    return Application(id="demo-desk", secret="", callback="http://127.0.0.1/desk", audience=base_url, home=base_url)
