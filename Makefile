# Two commands: `make run` starts everything, `make test` checks everything. Both build what they need.
VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --quiet install

.PHONY: run test lint format bench mutants soak lock clean

run: $(VENV)/run.stamp
	@exec $(PY) -m tgbot

test: $(VENV)/test.stamp lint
	$(PY) -m pytest -n 2

lint: $(VENV)/test.stamp
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check .
	$(VENV)/bin/mypy
	$(VENV)/bin/lint-imports

format: $(VENV)/test.stamp
	$(VENV)/bin/ruff format .
	$(VENV)/bin/ruff check --fix .

$(PY):
	@echo "Building the environment in $(VENV) (a minute or two, once) ..."
	@python3 -m venv $(VENV)

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(PY)
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/test.stamp: requirements-dev.lock $(VENV)/run.stamp
	@$(PIP) --require-hashes -r requirements-dev.lock
	@touch $@

bench: $(VENV)/test.stamp
	$(PY) -m bench --plot docs/bench.png

# Takes each guard of an order's life away in turn; every one must be missed by a test.
mutants: $(VENV)/test.stamp
	$(PY) -m tests.proof.mutants

# Hours: 100,000 schedules of faults, and a kill at every single await.
soak: $(VENV)/test.stamp
	BYBOT_FIRST_SEED=100000 BYBOT_SCHEDULES=100000 $(PY) -m pytest -n 2 tests/proof/test_schedules.py
	BYBOT_STRIDE=1 $(PY) -m pytest -n 2 --timeout=7200 tests/proof/test_every_await.py

# The locks name no index; UV is any recent uv. The tests' lock keeps to the versions that people run.
UV ?= uv
LOCK := $(UV) pip compile -q --universal --python-version 3.11 --no-annotate --no-header --generate-hashes pyproject.toml
lock:
	$(LOCK) --group build -o requirements.lock
	$(LOCK) --group dev --constraints requirements.lock -o requirements-dev.lock

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
