# MSA Desk: `make run` and `make test` need Python 3.11, make and a C library; `make help` lists all.

PYTHON ?= $(shell for candidate in python3.11 python3; do \
	$$candidate -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null \
	&& echo $$candidate && break; done)
VENV := .venv
BIN := $(VENV)/bin
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--require-hashes --only-binary :all: --requirement
COMPILE := $(BIN)/uv pip compile --quiet --no-config --universal --python-version 3.11 \
	--generate-hashes --no-header

.DEFAULT_GOAL := help
.PHONY: help run test lint types contracts suite translations pictures soak bench lock clean

help: ## list what can be made
	@sed -n 's/^\([a-z]*\):.*## /\1\t/p' Makefile | expand -t 14

run: $(VENV)/installed ## start everything; PORT=8001 for another port, DEMO=0 for an empty desk
	@exec $(BIN)/python -m msa.embedded run

test: $(VENV)/installed-dev translations ## all checks and the whole suite
	@$(MAKE) --no-print-directory --jobs 2 suite lint types contracts
	@command -v chromium >/dev/null || echo "The browser tests did not run:\
	 there is no chromium here (on Debian: apt-get install chromium)."

lint: $(VENV)/installed-dev ## ruff: rules and format
	@nice $(BIN)/ruff check --quiet .
	@nice $(BIN)/ruff format --check --quiet .

types: $(VENV)/installed-dev ## mypy, strict
	@nice $(BIN)/mypy .

contracts: $(VENV)/installed-dev ## who may import whom
	@nice $(BIN)/lint-imports

suite: $(VENV)/installed-dev translations ## pytest against real PostgreSQL and Redis; TESTS=… for some
ifdef TESTS
	@$(BIN)/python -m pytest $(TESTS)
else
	@$(BIN)/python -m tests.suite
endif

translations: $(VENV)/installed-dev ## compile locale/*.po
	@$(BIN)/python -m msa.translations compile

pictures: $(VENV)/installed-dev translations ## take the pictures of docs/pictures anew
	@$(BIN)/python -m tests.browser.pictures

soak: $(VENV)/installed-dev ## a million random cases, lives of incidents, a thousand tries at a slot
	@$(BIN)/python -m tests.accounts.soak_worktime --cases 1000000
	@$(BIN)/python -m tests.model.soak --cases 2000
	@SLOT_ATTEMPTS=34 $(BIN)/python -m pytest tests/journeys/test_slots.py

bench: $(VENV)/installed-dev $(VENV)/installed-bench ## measure what ought to be fast
	@$(BIN)/python -m bench.worktime
	@$(BIN)/python -m bench.play
	@$(BIN)/python -m bench.queue
	@$(BIN)/python -m bench.coverage

lock: $(VENV)/installed-dev ## write the lock files anew, with the newest versions allowed
	@$(COMPILE) --upgrade --output-file requirements.lock requirements.in
	@$(COMPILE) --upgrade --output-file requirements-dev.lock requirements-dev.in
	@$(COMPILE) --upgrade --output-file requirements-bench.lock requirements-bench.in

clean: ## remove the environment and caches; var/, which holds your data, stays
	@rm -rf $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache

$(VENV)/installed: requirements.lock | $(BIN)/pip
	@echo "Installing the packages …"
	@$(INSTALL) requirements.lock \
	|| { echo "The packages could not be installed; the lines above say why." >&2; exit 1; }
	@touch $@

$(VENV)/installed-dev: requirements-dev.lock | $(BIN)/pip
	@echo "Installing the packages for development …"
	@$(INSTALL) requirements-dev.lock \
	|| { echo "The packages could not be installed; the lines above say why." >&2; exit 1; }
	@touch $@

$(VENV)/installed-bench: requirements-bench.lock | $(BIN)/pip
	@echo "Installing the packages to compare with …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check \
	--require-hashes --requirement requirements-bench.lock \
	|| { echo "The packages could not be installed; the lines above say why." >&2; exit 1; }
	@touch $@

# pip comes last, so that an interrupted start is begun anew.
$(BIN)/pip:
	@test -n "$(PYTHON)" \
	|| { echo "MSA Desk needs Python 3.11 or later, and there is none here." >&2; exit 1; }
	@$(PYTHON) -m venv $(VENV) \
	|| { echo "Python's venv module is missing (on Debian: apt-get install python3-venv)." >&2; \
	rm -rf $(VENV); exit 1; }
