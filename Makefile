# The whole developer interface. Every target sets up all it needs by itself.
VENV ?= .venv
BIN  := $(VENV)/bin
ARGS ?=
APT  := apt-get install git make gcc python3 python3-venv python3-dev libgl1 libglib2.0-0
APT_JAVA := apt-get install default-jdk-headless libjna-java junit5

BOUNDS := $(CURDIR)/build/bounds

# The first Python that runs and is new enough; `make PYTHON=...` chooses another.
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ifndef PYTHON
PYTHON := $(shell for p in python3.11 python3.12 python3.13 python3.14 python3; do \
            $$p -c '$(NEW_ENOUGH)' 2>/dev/null && echo $$p && break; done)
endif
need = @{ $(1); } >/dev/null 2>&1 || { echo "$(2). On Debian and Ubuntu: $(APT)" >&2; exit 1; }

.PHONY: help dev run test test-crash test-fuzz test-c test-java test-bounds c java test-vm check bench dist clean
help:            ## this list
	@grep -hE '^[a-z-]+: .*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

dev: $(VENV)/.compiled  ## virtual environment, dependencies, kernels; compiles what has changed
	@rm $(VENV)/.compiled
	@$(BIN)/python setup.py --quiet build_ext --inplace
	@touch $(VENV)/.compiled

run: dev         ## the main job on virtual hardware: a resident recorded through a power cut, sent, opened
	$(BIN)/biocore demo $(ARGS)

test: dev        ## all tests
	$(BIN)/python -m pytest -q -n auto $(ARGS)

test-crash: dev  ## 1,000 kills of a recording station, 300 of them in a session; COUNT=... and SEED=... choose others
	PYTHONPATH=tests $(BIN)/python tests/crash/kills.py --count $(or $(COUNT),1000) $(if $(SEED),--seed $(SEED))

test-fuzz: dev   ## 200,000 damaged records of each family; COUNT=... and SEED=... choose others
	PYTHONPATH=tests $(BIN)/python tests/fuzz/mutations.py --count $(or $(COUNT),200000) $(if $(SEED),--seed $(SEED))

c: dev           ## the C library and its header, in build/c
	$(BIN)/python bindings/c/build.py --prefix build/c $(ARGS)

test-c: dev      ## the C library, its programs under valgrind too, with leaks planted that must be found
	BIOCORE_VALGRIND=1 $(BIN)/python -m pytest -q tests/test_c_library.py $(ARGS)

java: c          ## the jar for Java and its documentation, in build/java, beside the C library that it calls
	$(BIN)/python bindings/java/build.py --prefix build/java --javadoc $(ARGS)

test-java: dev   ## the jar: its programs, its JUnit classes, its example
	@command -v javac >/dev/null || { echo "there is no JDK. On Debian and Ubuntu: $(APT_JAVA)" >&2; exit 1; }
	$(BIN)/python -m pytest -q -rs tests/test_java.py $(ARGS)

# Its own build and its own folder; PYTHONPATH comes before the checkout, which -P keeps out of the way.
test-bounds: dev ## all tests against kernels that check every index
	BIOCORE_BOUNDSCHECK=1 $(BIN)/python setup.py --quiet build --build-base $(BOUNDS) --build-lib $(BOUNDS)/lib
	PYTHONPATH=$(BOUNDS)/lib BIOCORE_EXPECT_PREFIX=$(BOUNDS) $(BIN)/python -P -m pytest -q -n auto $(ARGS)

test-vm: dev     ## drivers on a real Linux USB and camera stack, in a virtual machine; see docs/testing-vm.md
	PYTHONPATH=tests $(BIN)/python -m vm $(ARGS)

check: dev       ## format, lint, types
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	PATH="$(abspath $(BIN)):$$PATH" cython-lint biocore bindings  # it looks for its pycodestyle on the path
	$(BIN)/mypy

bench: dev       ## all benchmarks
	$(BIN)/python -m pytest -q --benchmark-only benchmarks $(ARGS)

dist: dev        ## sdist and wheel, each tested away from the checkout on every Python of this machine
	$(BIN)/python .ci/dist.py $(ARGS)

clean:           ## remove everything that was made here
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .benchmarks
	find . -name '__pycache__' -prune -exec rm -rf {} +
	find biocore bindings -name '*.so' -delete

# -- the set-up, step by step; each stamp is written last, so that an interrupted step is repeated ----------

# venv writes `activate` after everything else
$(BIN)/activate:
	$(call need,test -n "$(PYTHON)" && $(PYTHON) -c '$(NEW_ENOUGH)',biocore needs Python 3.11 or later)
	$(call need,$(PYTHON) -c 'import ensurepip',Python lacks its venv module)
	$(PYTHON) -m venv --clear $(VENV)

$(VENV)/.installed: pyproject.toml | $(BIN)/activate
	$(call need,command -v gcc,biocore compiles its kernels and there is no C compiler)
	$(call need,test -e "$$($(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("include"))')/Python.h",Python.h is not here)
	$(BIN)/python -m pip install --quiet --upgrade pip
	PYTHONWARNINGS=ignore BIOCORE_KERNELS=later $(BIN)/python -m pip install --quiet --editable '.[dev]'
	$(call need,$(BIN)/python -c 'import cv2',OpenCV does not load: system libraries are missing)
	@touch $@

# other flags or other packages: every kernel anew
$(VENV)/.compiled: setup.py $(VENV)/.installed
	$(BIN)/python setup.py --quiet build_ext --inplace --force
	@touch $@
