PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed

.PHONY: demo test quick check fix lab lab-replay torture bench simulate clean

$(STAMP): pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=25.1"
	$(BIN)/python -m pip install --quiet --editable ".[all]" --group dev
	touch $(STAMP)

demo: $(STAMP)
	$(BIN)/diagnose demo

check: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

fix: $(STAMP)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

quick: $(STAMP)
	$(BIN)/pytest tests/unit tests/contract tests/docs

# Most tests wait for servers and processes, so four share two cores; those that look at the machine itself come afterwards, alone.
test: check
	$(BIN)/pytest -n 4 --dist loadfile -m "not alone and not lab"
	$(BIN)/pytest -m "alone or lab"

lab-replay: $(STAMP)
	$(BIN)/python -m lab.replay --ablation

torture: $(STAMP)
	$(BIN)/python -m lab.torture

lab: $(STAMP)
	$(BIN)/python -m lab

simulate: $(STAMP)
	$(BIN)/python -m benchmarks simulate

bench: $(STAMP)
	$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) build dist
