# Two commands do all: `make run` and `make test`. They need Python 3.11+, make and a package registry.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
OUT ?= out
PEERS ?= hftbacktest
JOBS ?= 2
RUN ?=
KILLS ?= 1000
# Byte code is written once, here: without it every start would compile the libraries anew where Python writes none.
BYTECODE := $(BIN)/python -m compileall -q -j 0 $(VENV)/lib src

# Real market data, where it is at hand; the project knows it only through this variable.
ifndef NOWAKE_DATA
ifneq ($(wildcard ../shared/data/README.md),)
export NOWAKE_DATA := $(abspath ../shared/data)
endif
endif

.PHONY: test-nightly torture run replay test test-all check bench bench-peers docs picture clean

$(VENV)/base: requirements/run.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(PIP) install --require-hashes -r requirements/run.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	$(BYTECODE)
	touch $@

$(VENV)/dev: requirements/dev.txt $(VENV)/base
	$(PIP) install --require-hashes -r requirements/dev.txt
	$(BYTECODE)
	touch $@

.venv: $(VENV)/dev

# The main job: a buy of 500,000 shares by six policies on the same simulated markets. RUN: further options.
run: $(VENV)/base
	@mkdir -p $(OUT)
	$(BIN)/nowake run --report $(OUT)/report.html --report $(OUT)/report.json $(RUN)

# A parent order of 20,000 shares worked through a recorded day, or a generated one.
replay: $(VENV)/base
	@mkdir -p $(OUT)
	@day="$$NOWAKE_DATA/inet_l3_2003/IBM_2003-01-15_message.csv.zst"; \
	if [ -n "$$NOWAKE_DATA" ] && [ -f "$$day" ]; then echo "real data: IBM, 15 January 2003 (INET order flow)"; \
	else day="generated:7"; echo "no market data at hand: a generated day (zero-intelligence order flow, seed 7)"; fi; \
	$(BIN)/nowake replay "$$day" --algo vwap --side buy --qty 20000 --report $(OUT)/replay.html

# A trader is killed again and again; nothing may be lost, repeated or forgotten.
torture: $(VENV)/base
	$(BIN)/nowake torture --kills $(KILLS) --json

# Files of tests side by side; the kernels they share are compiled once and kept on disk.
test: $(VENV)/dev
	$(BIN)/python -m pytest -n $(JOBS) --dist loadfile

test-all: $(VENV)/dev
	$(BIN)/python -m pytest -m "not nightly"

# What takes too long for continuous integration.
test-nightly: $(VENV)/dev
	$(BIN)/python -m pytest -m nightly

check: $(VENV)/dev
	$(BIN)/ruff check src tests benchmarks docs
	$(BIN)/ruff format --check src tests benchmarks docs
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest tests/house -m "not slow" -p no:cacheprovider

bench: $(VENV)/dev
	$(BIN)/nowake bench

# Peers live in a virtual environment of their own.
bench-peers:
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r requirements/peers-$(PEERS).txt

docs: $(VENV)/dev
	$(BIN)/mkdocs build --strict

picture: $(VENV)/base
	$(BIN)/python docs/picture.py

clean:
	rm -rf $(VENV) .venv-peers $(OUT) site dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache .cache
