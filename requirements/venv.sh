#!/usr/bin/env bash
# Makes the virtual environment $1 with the first Python on the path that the hub runs on.
set -euo pipefail

suits='import sys, venv, ensurepip, sqlite3; raise SystemExit(not (3, 11) <= sys.version_info[:2] <= (3, 14))'
tried=${PYTHON:-python3 python3.11 python3.12 python3.13 python3.14 python}
for python in $tried; do
    if "$python" -c "$suits" 2>/dev/null; then
        echo "Making $1 with $("$python" --version)."
        rm -rf "$1"
        exec "$python" -m venv "$1"
    fi
done

cat >&2 <<END
The hub needs Python 3.11, 3.12, 3.13 or 3.14, with its venv, ensurepip and sqlite3 modules (Debian and Ubuntu: the
package python3-venv). Tried here, and none will do: $tried. Another one: make PYTHON=/path/to/python3.11
END
exit 1
