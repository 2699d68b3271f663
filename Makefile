# The whole developer interface. `make run` and `make test` set up all they need by themselves.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
VENV   ?= .venv
BIN    := $(VENV)/bin
PYX    := $(shell find biocore bindings -name '*.pyx' -o -name '*.pxd')
ARGS   ?=

.PHONY: help dev build run test check bench dist clean
help:            ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

dev: $(VENV)/.built   ## virtual environment, dependencies, kernels

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "biocore needs Python 3.11 or later: apt-get install python3 python3-venv python3-dev"; exit 1; }
	@command -v gcc >/dev/null || { echo "biocore compiles its kernels: apt-get install gcc python3-dev"; exit 1; }
	$(PYTHON) -m venv $(VENV) || { echo "no venv module: apt-get install python3-venv"; exit 1; }
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet --editable '.[dev]'
	@touch $@

$(VENV)/.built: $(VENV)/.installed setup.py $(PYX)
	$(BIN)/python setup.py --quiet build_ext --inplace
	@touch $@

build: dev       ## compile the kernels in place

run: dev         ## the main job on virtual hardware: ten fingers captured, scored, recorded, reported
	$(BIN)/biocore demo $(ARGS)

test: dev        ## all tests
	$(BIN)/python -m pytest -q -n auto $(ARGS)

check: dev       ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/cython-lint biocore bindings
	$(BIN)/mypy

bench: dev       ## all benchmarks
	$(BIN)/python -m pytest -q --benchmark-only benchmarks $(ARGS)

clean:           ## remove everything that was made here
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -name '__pycache__' -prune -exec rm -rf {} + ; find biocore bindings -name '*.so' -delete
