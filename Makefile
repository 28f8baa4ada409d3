# Two commands on a fresh machine: `make demo` and `make test`.

PYTHON ?= python3
VENV   ?= .venv
PORT   ?= 7860
DEMO   ?= demo/project
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip --disable-pip-version-check

.PHONY: help demo test test-fast lint docs clean

help:
	@echo 'make demo         install, build a demo project, open the painting tool'
	@echo 'make test         install what tests need (a browser too), then lint, types and all tests'
	@echo 'make test-fast    the tests that need no browser and a few seconds at most'
	@echo 'make lint         ruff, pyright, and for JavaScript Biome and tsc'
	@echo 'make docs         build the documentation site into build/site'
	@echo 'make clean        remove the virtual environment and the demo project'

demo: $(VENV)/annotate.installed
	@$(BIN)/annotate-app demo $(DEMO) --port $(PORT)

test: lint docs
	@sh tests/install_services.sh $(BIN)
	$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: $(VENV)/dev.installed
	$(BIN)/python -m pytest -m 'not browser and not slow'

lint: $(VENV)/dev.installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check --quiet .
	$(BIN)/pyright
	@sh tests/check_javascript.sh

docs: $(VENV)/dev.installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

clean:
	rm -rf $(VENV) $(DEMO)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and \
	    "Python 3.11 or newer is needed; try: make PYTHON=python3.12")'
	$(PYTHON) -m venv $(VENV)

# An editable install builds the evaluator's C core once; a changed source must build it again.
CORE := setup.py $(wildcard benchmark/native/*/*.[ch])

$(VENV)/annotate.installed: pyproject.toml constraints.txt $(CORE) | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[annotate]'
	@touch $@

$(VENV)/dev.installed: pyproject.toml constraints.txt $(CORE) | $(BIN)/python
	$(PIP) install --quiet --constraint constraints.txt --editable '.[dev]'
	@touch $@ $(VENV)/annotate.installed
