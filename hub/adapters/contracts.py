"""Where the contracts lie: partners' messages, registers and the matrix are files, not code."""

import os
from pathlib import Path

_IN_A_CHECKOUT = Path(__file__).resolve().parents[2] / "contracts"


def contracts() -> Path:
    """The directory of contracts: `HUB_CONTRACTS_DIR`, or `contracts/` beside the package in a checkout."""
    given = os.environ.get("HUB_CONTRACTS_DIR")
    return Path(given) if given else _IN_A_CHECKOUT


def contract_path(*parts: str) -> Path:
    """A file or folder within the contracts."""
    return contracts().joinpath(*parts)
