# Everything runs in .venv, which the first target makes; a fresh machine needs python3.11, pip, git and make.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo test coverage test-wheel test-examples docs attack check format train-mini evals evals-real bench clean

PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
# A process for each core, each with files of its own; WORKERS=0 runs the tests in one, as --pdb wants it.
WORKERS ?= logical
PYTEST = $(BIN)/python -m pytest -n $(WORKERS) --maxprocesses 8 --dist loadfile
DEMO ?= demo.html
export HF_HUB_OFFLINE := 1
export HF_HUB_DISABLE_PROGRESS_BARS := 1
export PIP_DISABLE_PIP_VERSION_CHECK := 1

# pip's own words are many; of these one line per large download is worth reading. Errors go to stderr, untouched.
INSTALL = $(BIN)/python -m pip install -c constraints.txt
BRIEFLY = | sed -un -E -e 's/^ *(Downloading|Using cached) ([^ ]+)-[0-9].*\(([0-9.]+ [MG]B)\).*/  \2 \3/p' -e 's/^Installing collected.*/  installing .../p'

help:  ## this list
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):[^#]*## /  make \1\t/' | expand -t 20

.venv/installed: pyproject.toml constraints.txt
	@echo "Making .venv and installing (once; some minutes, PyTorch is large) ..."
	@$(PYTHON) -m venv .venv
	@$(INSTALL) -e . $(BRIEFLY)
	@touch $@

.venv/installed-dev: .venv/installed
	@echo "Installing what the tests need ..."
	@$(INSTALL) -e '.[dev,docs,llama-index,haystack]' $(BRIEFLY)
	@touch $@

demo: .venv/installed  ## three searches of the paper on the embedded catalogue, and a page that shows them
	@$(BIN)/python pipelines/fashion_search.py --preset evening --preset ruched --preset summer-text --html $(DEMO)
	@echo "Open $(abspath $(DEMO)) in a browser."

# The components for Haystack are tested on older versions too: each lies in a folder of its own, before the newest one
# on the path, so that the gigabytes of PyTorch need no other environment.
HAYSTACKS := 2.24 2.31
.PRECIOUS: .venv/haystack-%/installed

.venv/haystack-%/installed: .venv/installed-dev
	@echo "Installing Haystack $* beside ..."
	@$(BIN)/python -m pip install --no-deps --upgrade --target $(@D) 'haystack-ai==$*.*' $(BRIEFLY)
	@touch $@

test-haystack-%: .venv/haystack-%/installed
	@PYTHONPATH=.venv/haystack-$* $(BIN)/python -c 'import haystack; print("Haystack", haystack.__version__)'
	@PYTHONPATH=.venv/haystack-$* $(PYTEST) tests/integrations/haystack

test: .venv/installed-dev $(HAYSTACKS:%=test-haystack-%) test-wheel test-examples docs  ## the whole test-suite
	@$(PYTEST)

# Apart, for tracing slows all Python down on 3.11, also what is not counted: some tests take three times as long.
coverage: .venv/installed-dev  ## the tests once more, traced: which lines none of them runs; less than 90 % is an error
	@$(PYTEST) --cov --cov-report=term:skip-covered

test-examples: .venv/installed-dev  ## the examples in docstrings
	@$(PYTEST) --doctest-modules yofo_rerank evals

test-wheel: .venv/installed-dev  ## build the wheel, and use it from a folder of its own
	@rm -rf .venv/wheel && $(BIN)/python -m pip wheel --quiet --no-deps --wheel-dir .venv/wheel .
	@$(BIN)/python -m pip install --quiet --no-deps --target .venv/wheel/installed .venv/wheel/*.whl
	@cd .venv/wheel/installed && PYTHONPATH=. ../../bin/python $(CURDIR)/tests/check_wheel.py

docs: .venv/installed-dev  ## the documentation, into .venv/site; a broken link or reference is an error
	@PATH="$(CURDIR)/$(BIN):$$PATH" NO_MKDOCS_2_WARNING=1 mkdocs build --strict --quiet

attack: .venv/installed-dev  ## a million hostile inputs and 2,000 faults; goes on where it stopped, and writes SECURITY.md's table
	@$(BIN)/python -W ignore -m tests.attack
	@$(BIN)/python -m tests.attack.table

check: .venv/installed-dev  ## lint, format and types
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy

format: .venv/installed-dev  ## mend what lint and format can mend
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

train-mini: .venv/installed  ## train the embedded models again; go on where it stopped by running it again
	@$(BIN)/python -m yofo_rerank.mini.recipe

evals: .venv/installed-dev  ## measure everything that was not measured for this code yet; figures and report
	@$(BIN)/python -m evals.suite $(EVALS)

evals-real: .venv/installed-dev  ## real checkpoints on published data, where the hub can be reached; goes on where it stopped
	@env -u HF_HUB_OFFLINE $(BIN)/python -m evals.suite --real $(EVALS)

bench: .venv/installed-dev  ## measure speed, and write JSON
	@$(BIN)/python -m evals.bench

clean:  ## remove .venv and everything generated
	@rm -rf .venv .pytest_cache .mypy_cache .ruff_cache .coverage $(DEMO)
