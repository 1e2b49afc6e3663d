# The commands of the project. Each installs what it needs into .venv, and nothing elsewhere.

PYTHON ?= python3
PORT ?= 80
BIN := .venv/bin

.PHONY: help run test lint format docs bench bench-peers profile clean

help:
	@echo 'make run [PORT=8080]   GoLink under gunicorn and Supervisor, pyproxy in front of it'
	@echo 'make test              the whole suite, a real nginx included'
	@echo 'make lint              ruff and mypy --strict'
	@echo 'make format            let ruff lay out the code'
	@echo 'make docs              write anew what documentation says of the code: directives, deviations'
	@echo 'make bench [ARGS=...]  pyproxy beside nginx, three minutes; ARGS=--help lists what there is'
	@echo 'make bench-peers       Twisted and mitmproxy, to compare with'
	@echo 'make profile           where the time of the hot path goes'
	@echo 'make clean             remove .venv and what tools leave behind'

run: .venv/demo
	@exec $(BIN)/python -m pyproxy conf/app.toml $(if $(filter-out 80,$(PORT)),--listen $(PORT))

test: .venv/dev
	$(BIN)/python -m pytest --cov=pyproxy --cov-report=term:skip-covered $(ARGS)

lint: .venv/dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/dev
	$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

docs: .venv/dev
	$(BIN)/python -m pyproxy.directives > docs/directives.md
	$(BIN)/python -m tests.against_nginx.deviations --write

bench: .venv/bench
	$(BIN)/python -m benchmarks $(ARGS)

profile: .venv/bench
	$(BIN)/python -m benchmarks profile

# An environment of their own: mitmproxy wants older versions of what the tests use.
bench-peers:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check '.[bench-peers]'

clean:
	rm -rf .venv .venv-peers .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage build *.egg-info logs golink/var

# One stamp an extra: installed anew when pyproject.toml changes.
.venv/%: pyproject.toml | .venv/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[$*]'
	@touch $@

# Debian keeps `python3 -m venv` in a package of its own.
.venv/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo 'pyproxy needs Python 3.11 or newer: make PYTHON=/path/to/python3.11'; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; \
		then apt-get update -qq && apt-get install -y -qq python3-venv; \
		else echo 'Python lacks venv; on Debian: sudo apt install python3-venv'; exit 1; fi
	$(PYTHON) -m venv .venv
