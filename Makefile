# Needs Python 3.11 or newer with venv and pip, and nothing else: the rest goes into .venv.

PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
UV_VERSION := 0.13.8
PYTEST := .venv/bin/pytest

export UV_PROJECT_ENVIRONMENT := .venv
export UV_PYTHON_DOWNLOADS := never

.PHONY: run test setup lint format wheel golden client campaign bench cost clean

run: setup ## the API on http://127.0.0.1:8000, with a PostgreSQL of its own; with PORT=8001 on that port
	@exec .venv/bin/taskward dev

test: setup ## every test; with OPTIONS=--cov branch coverage too, a minute and a half longer
	$(PYTEST) $(OPTIONS)

setup: .venv/ready ## .venv, with everything that uv.lock names

.venv/ready: pyproject.toml uv.lock
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed: install it, or name it with PYTHON=…"; exit 1; }
	@.venv/bin/python -m pip --version >/dev/null 2>&1 || { \
		$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { \
			echo "$(PYTHON) lacks venv and pip; on Debian and Ubuntu: apt install $(notdir $(PYTHON))-venv"; exit 1; }; \
		echo "Making .venv with $$($(PYTHON) --version)."; \
		$(PYTHON) -m venv --clear .venv; }
	@echo "Installing what uv.lock names into .venv: 130 MB at the first time, which takes a minute."
	@.venv/bin/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@.venv/bin/uv sync --frozen $$(test -t 2 || echo --quiet) --all-extras --compile-bytecode --python .venv/bin/python
	@touch .venv/ready

lint: setup ## what a change must pass beside the tests
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/mypy
	.venv/bin/lint-imports
	.venv/bin/uv lock --check --quiet

format: setup ## what can be mended without asking
	.venv/bin/ruff check --fix-only
	.venv/bin/ruff format

wheel: setup ## dist/taskward-….whl, to be installed where it runs
	.venv/bin/uv build --quiet --wheel
	@ls -t dist/*.whl | head -n 1

golden: setup ## tests/golden anew: the SQL of every statement, the routes and the OpenAPI document, to look at in a diff
	PYTHONPATH=tests .venv/bin/python -m support.golden

client: golden clients/typescript/node_modules/.package-lock.json ## tests/golden, and from it the types of clients/typescript; needs Node.js
	cd clients/typescript && node types.mjs

clients/typescript/node_modules/.package-lock.json: clients/typescript/package-lock.json
	cd clients/typescript && npm ci --ignore-scripts --no-audit --no-fund --silent

campaign: setup ## a quarter of an hour of faults, written to docs/reliability.md
	.venv/bin/python -m campaigns

bench: setup ## the comparisons of docs/performance.md, which they write on a quiet machine; needs wrk and Node.js
	.venv/bin/uv sync --frozen --quiet --all-extras --group bench --python .venv/bin/python
	.venv/bin/python -m benchmarks comparison $(OPTIONS)
	.venv/bin/python -m benchmarks growth $(OPTIONS)
	.venv/bin/python -m benchmarks startup $(OPTIONS)
	.venv/bin/python -m benchmarks authentication $(OPTIONS)

cost: setup ## instructions of a request, to docs/performance.md; with OPTIONS=--check beside what is recorded; needs valgrind
	.venv/bin/python -m benchmarks cost $(OPTIONS)

clean: ## .venv and the development data
	rm -rf .venv .taskward
