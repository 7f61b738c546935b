"""Fetches and prepares the real servers that the tests start, where they are not kept here yet."""

import sys

from tests.parts import chromium, kafka, keycloak, store


def main() -> int:
    """0, or 1 where something is not to be had."""
    try:
        chromium.prepared()
        keycloak.prepared()
        if kafka.is_emulated():
            store.say(kafka.EMULATED, "bold yellow")
    except store.Missing as missing:
        store.say(str(missing), "red")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
