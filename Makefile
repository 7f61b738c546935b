# What a person does with this tree. It needs make and Python 3.11 to 3.14, and nothing else: everything that is fetched
# is pinned by hash, comes ready-made, and lands in .venv, .cache or tests/node/node_modules (`make clean`); but for the
# real servers of the tests, which are kept in the user's own cache directory, for every later run and clone.

SHELL := bash
.DEFAULT_GOAL := help
.PHONY: help demo test parts lint faults bench lock clean

VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --no-input --quiet install
WHEELS := $(PIP) --require-hashes --only-binary :all:
NODE := tests/node

# A stamp carries the checksum of what it was made from, so that nothing is fetched twice and a new lock is noticed.
sum = $(word 1,$(shell cat $(1) | cksum))
RUN := $(VENV)/run-$(call sum,requirements/run.txt pyproject.toml verifier/pyproject.toml)
DEV := $(VENV)/dev-$(call sum,requirements/dev.txt pyproject.toml verifier/pyproject.toml)
TOOLS := $(NODE)/node_modules/installed-$(call sum,$(NODE)/package-lock.json)

# How many processes the tests share the work over; what they are given further, e.g. ARGS="tests/domain -x".
JOBS ?= 2
ARGS ?=

# The tests start the hub hundreds of times: where this is set, each of those would compile all of it anew.
export PYTHONDONTWRITEBYTECODE :=

help: ## List what make can do here
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | while IFS=$$'\t' read -r name what; do \
	    printf '  make %-7s %s\n' "$$name" "$$what"; done

demo: $(RUN) ## Play twelve weeks of one synthetic family on http://127.0.0.1:8000 (ONCE=1: check it and stop; PAUSE=3: slowly)
	@$(BIN)/python -m hub demo $(if $(filter-out 0,$(ONCE)),--once) $(if $(PORT),--port $(PORT)) $(if $(PAUSE),--pause $(PAUSE))

test: lint parts ## Lint, then run every test (ARGS="tests/domain -x" for a part, JOBS=2 processes)
	@$(BIN)/python -m pytest -n $(JOBS) --dist loadfile --no-loadscope-reorder $(ARGS)

lint: $(DEV) ## Check style, formatting, types and import directions
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check .
	@$(BIN)/mypy --no-error-summary
	@$(BIN)/lint-imports --no-logo

faults: parts ## Break everything on purpose, for 40 minutes, and count what was lost (ARGS="--minutes 5", ARGS=--help)
	@$(BIN)/python -m tests.faults $(ARGS)

bench: $(DEV) ## Measure what the hub costs, as ratios beside its peers
	@$(BIN)/python -m benchmarks $(ARGS)

lock: ## Resolve the dependencies anew: pyproject.toml and tests/node/package.json into hash-pinned locks
	@./requirements/lock.sh

clean: ## Remove what make fetched or built in this tree; var/, the hub's data, stays
	@rm -rf $(VENV) .cache $(NODE)/node_modules build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis \
	    .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment ----------------------------------------------------------------------------------------------------

$(BIN)/python:
	@./requirements/venv.sh $(VENV)

$(RUN): | $(BIN)/python
	@echo "Installing what the hub runs on into $(VENV): about 42 MB to fetch, some 25 seconds."
	@$(WHEELS) -r requirements/run.txt
	@$(PIP) --no-deps --no-build-isolation --editable . --editable ./verifier
	@rm -f $(VENV)/run-* && touch $@

$(DEV): | $(BIN)/python
	@echo "Installing what the hub and its tests run on into $(VENV): about 404 MB to fetch, two minutes or so."
	@$(WHEELS) -r requirements/dev.txt
	@$(PIP) --no-deps --no-build-isolation --editable . --editable ./verifier
	@rm -f $(VENV)/dev-* $(VENV)/run-* && touch $@ $(RUN)

$(TOOLS): | $(DEV)
	@echo "Installing an API linter and a browser into $(NODE)/node_modules: about 110 MB to fetch, some 15 seconds."
	@$(BIN)/python $(NODE)/npm.py ci
	@touch $@

# Looks at every run whether all of it is there, which costs nothing: it lies where others may tidy up.
parts: $(TOOLS)
	@$(BIN)/python -m tests.parts
