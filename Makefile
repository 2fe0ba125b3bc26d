# rollout-sync: `make demo` shows it, `make test` proves it. Every target sets up what it needs, in .venv, once.
#
#   make demo          run the whole story against the built-in sandbox; KEEP=1 leaves the sandbox running
#   make test          the test suite (a few minutes)
#   make test-slow     kill points, long state machines, browser, packaging
#   make check         formatting, lint, types, architecture and documentation checks
#   make bench         requests, time and memory against their bars; QUICK=1 for the small sizes only
#   make docs          write the generated reference pages again
#   make clean         remove .venv and everything that was generated
#
# All paths are relative, so that the checkout may lie in a folder with spaces. PYTHON=... chooses the interpreter.

ifeq ($(OS),Windows_NT)
BIN := .venv/Scripts
else
BIN := .venv/bin
endif
PY := $(BIN)/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet
JOBS ?= 2
ARGS ?=

CANDIDATES := $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11 python
IS_NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
HAS_VENV := import ensurepip, venv

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-slow check bench docs clean
.DELETE_ON_ERROR:

help:
	@sed -n 's/^# \{0,1\}//p' Makefile | sed -n '1,12p'

.venv/.made:
	@chosen=; \
	for each in $(CANDIDATES); do \
	  if "$$each" -c '$(IS_NEW_ENOUGH)' >/dev/null 2>&1; then chosen=$$each; break; fi; \
	done; \
	if [ -z "$$chosen" ]; then \
	  echo "error: Python 3.11 or newer was not found (looked for: $(strip $(CANDIDATES)))" >&2; \
	  echo "hint: install it, or name it: make demo PYTHON=/path/to/python3.12" >&2; exit 1; \
	fi; \
	if ! "$$chosen" -c '$(HAS_VENV)' >/dev/null 2>&1; then \
	  echo "error: $$chosen cannot make virtual environments" >&2; \
	  echo "hint: on Debian and Ubuntu: sudo apt-get install python3-venv" >&2; exit 1; \
	fi; \
	echo "setting up .venv with $$("$$chosen" --version) ..."; \
	rm -rf .venv && "$$chosen" -m venv .venv
	@touch $@

.venv/.installed: .venv/.made pyproject.toml
	@echo "installing rollout-sync and what it needs ..."
	@$(PIP) install --editable .
	@touch $@

.venv/.tools: .venv/.installed
	@echo "installing what the tests need ..."
	@$(PIP) install --upgrade 'pip>=25.1' # the first that knows --group
	@$(PIP) install --group test --group judges --group lint
	@touch $@

setup: .venv/.tools

demo: .venv/.installed
	@$(PY) -m rollout_sync.cli demo $(if $(KEEP),--keep) $(ARGS)

test: .venv/.tools
	$(PY) -m pytest -n $(JOBS) -m "not slow and not browser" -q $(ARGS)

test-slow: .venv/.tools
	$(PY) -m pytest -n $(JOBS) -m "slow or browser" -q $(ARGS)

check: .venv/.tools
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	$(PY) -m mypy
	$(PY) -m pytest -q $(wildcard tests/test_architecture.py tests/test_docs.py)

bench: .venv/.tools
	$(PY) -m bench $(if $(QUICK),--quick) $(ARGS)

docs: .venv/.installed
	$(PY) -m rollout_sync.template.reference
	$(PY) -m rollout_sync.cli.reference

clean:
	rm -rf .venv .demo .hypothesis .mypy_cache .ruff_cache .pytest_cache build dist node_modules
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
