"""What minimises in the tests: the contracts as they are, under a secret of the tests."""

from functools import cache

from hub.adapters.contracts import contracts
from hub.adapters.disclosures import (
    DisclosureMatrices,
    Disclosures,
    load_disclosure_matrices,
    load_notice_schemas,
)
from hub.adapters.matrices import load_matrices
from hub.adapters.pseudonyms import Pseudonyms
from hub.adapters.registers import registers
from hub.adapters.registrations import Registrations
from hub.domain.coarsening import Rules, rules_of
from hub.ports import Clock

PSEUDONYMS = Pseudonyms(b"only for tests")


@cache
def the_matrices() -> DisclosureMatrices:
    """Every version of the disclosure matrix."""
    return load_disclosure_matrices(contracts() / "disclosure-matrix", registers().purposes)


@cache
def the_rules() -> Rules:
    """The rules of every version of the intervention matrix."""
    return rules_of(load_matrices(contracts() / "intervention-matrix").versions)


def the_disclosures(registrations: Registrations, clock: Clock) -> Disclosures:
    """What leaves, for these organisations."""
    return Disclosures(the_matrices(), the_rules(), load_notice_schemas(contracts() / "notices"), registrations, PSEUDONYMS, clock)
