"""Fetches and prepares the real servers that the tests start, where they are not kept here yet."""

import sys

from tests.parts import chromium, keycloak, store


def main() -> int:
    """0, or 1 where something is not to be had."""
    try:
        chromium.prepared()
        keycloak.prepared()
    except store.Missing as missing:
        store.console.print(str(missing), style="red", highlight=False, soft_wrap=True)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
