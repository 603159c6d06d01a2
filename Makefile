# What a developer runs. The first call sets everything up in .venv; that is done again only when the lock changes.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --quiet --disable-pip-version-check
READY := .venv/.shopbell
UV := uv==0.13.9

.PHONY: run deploy test tests local lint bench soak pictures lock clean

run: $(READY)
	@$(BIN)/shopbell run $(ARGS)

# ARGS="--stage test" or "--region eu-central-1", or what else shopbell deploy --help shows.
deploy: $(READY)
	@$(BIN)/shopbell deploy $(ARGS)

# The local AWS waits more than it works: its tests and the lint go beside the others.
test: $(READY)
	@$(MAKE) --no-print-directory --jobs --keep-going tests local lint

tests: $(READY)
	@$(BIN)/python -m pytest --numprocesses auto --dist worksteal -m "not local" $(ARGS)

local: $(READY)
	@$(BIN)/python -m pytest -m local $(ARGS) > .venv/local.log; status=$$?; cat .venv/local.log; exit $$status

lint: $(READY)
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --quiet --check . || { echo "Not formatted: run $(BIN)/ruff format ."; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench soak pictures: $(READY)
	@$(BIN)/python -m tests.$@ $(ARGS)

# ARGS=--upgrade takes the newest of everything.
lock:
	@$(PYTHON) -m venv .build/uv
	@.build/uv/bin/pip install --quiet --quiet --disable-pip-version-check $(UV)
	@echo "locking what the tests and tools need"
	@$(LOCK) --all-extras --output-file infra/requirements-dev.lock
	@echo "locking what the functions need"
	@$(LOCK) --constraints infra/requirements-dev.lock --output-file infra/requirements.lock
	@echo "locking what make bench holds it against"
	@for peer in tests/bench/peers/*.in; do \
		$(COMPILE) $$peer --constraints infra/requirements-dev.lock --output-file $${peer%.in}.lock; done

COMPILE = .build/uv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-annotate --custom-compile-command "make lock" $(ARGS)
LOCK = $(COMPILE) pyproject.toml

clean:
	@rm -rf .venv .build .mypy_cache .ruff_cache .pytest_cache .import_linter_cache .hypothesis *.egg-info

$(READY): .venv/.packages pyproject.toml
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

# Compiled by all processors, which pip does by one; some of it is no Python of this version, and never loaded.
.venv/.packages: infra/requirements-dev.lock
	@$(PYTHON) -c 'import sys; sys.exit("Shopbell needs Python 3.11 or newer: make PYTHON=..." if sys.version_info < (3, 11) else 0)'
	@echo "Setting up, once: a virtual environment and its packages. This takes about a minute."
	@$(PYTHON) -m venv --clear .venv
	@$(PIP) --require-hashes --no-deps --no-compile --requirement $<
	@$(BIN)/python -W ignore -m compileall -q -j 0 .venv/lib > /dev/null 2>&1 || true
	@touch $@
