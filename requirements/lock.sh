#!/usr/bin/env bash
# Resolves pyproject.toml into run.txt, evaluation.txt, dev.txt and lock.txt, and package.json into its lock; none of them names a host.
set -euo pipefail
cd "$(dirname "$0")/.."

venv=.cache/lock
[ -x "$venv/bin/python" ] || ./requirements/venv.sh "$venv"
"$venv/bin/python" -m pip --disable-pip-version-check --quiet install --require-hashes --only-binary :all: -r requirements/lock.txt

compile() {
    "$venv/bin/uv" pip compile --quiet --generate-hashes --universal --no-header --python-version 3.11 "$@" >/dev/null
}
compile pyproject.toml --group build --output-file requirements/run.txt
compile pyproject.toml --group build --extra evaluation --constraint requirements/run.txt --output-file requirements/evaluation.txt
compile pyproject.toml --group build --extra evaluation --group dev --constraint requirements/evaluation.txt --output-file requirements/dev.txt
compile --group lock --output-file requirements/lock.txt

"$venv/bin/python" tests/node/npm.py install --package-lock-only
