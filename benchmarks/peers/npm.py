"""The peers that come from npm: pinned and hash-checked, fetched once beside their lock, on the Node.js that comes as a wheel."""

import os
import subprocess
from pathlib import Path

from tests.node.npm import NODE, NPM

HERE = Path(__file__).resolve().parents[1] / "node"
PACKAGES = HERE / "node_modules"
_WHOLE = PACKAGES / ".package-lock.json"
"""What npm writes last."""


def is_installed() -> bool:
    """Whether the packages of the lock as it is now are there."""
    return _WHOLE.exists() and _WHOLE.stat().st_mtime >= (HERE / "package-lock.json").stat().st_mtime


def install() -> None:
    """Fetches what is not there yet."""
    if not is_installed():
        print(f"Installing Emmett and message-db into {PACKAGES}: about 5 MB to fetch, some 10 seconds.", flush=True)
        path = os.pathsep.join([str(NODE.parent), os.environ.get("PATH", os.defpath)])
        subprocess.run([NODE, NPM, "--loglevel=error", "ci"], cwd=HERE, env=os.environ | {"PATH": path}, check=True)
