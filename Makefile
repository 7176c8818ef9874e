# Every target is a thin line over an npm script; each prints what it does and ends non-zero when it failed.
.DEFAULT_GOAL := help
SHELL := /bin/sh

# The Node that is found is used when it is one of the maintained lines (22.15 or later, 24, 26). With any other, the pinned
# one is installed through npm into .cache/node, and everything that make starts runs on it.
PINNED_NODE := $(shell cat .nvmrc)
NODE := node
ifneq ($(shell node -p "const [a, b] = process.versions.node.split('.').map(Number); (a === 22 && b >= 15) || a === 24 || a === 26" 2>/dev/null),true)
NODE_PACKAGE := node-$(shell uname -s | tr '[:upper:]' '[:lower:]')-$(shell uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')
NODE_HOME := .cache/node/$(PINNED_NODE)/node_modules/$(NODE_PACKAGE)
NODE_FILE := $(NODE_HOME)/bin/node
NODE := "$(CURDIR)/$(NODE_FILE)"
export PATH := $(CURDIR)/$(NODE_HOME)/bin:$(PATH)
endif

# One arena of malloc, as the images have it: by itself glibc keeps one for each thread.
export MALLOC_ARENA_MAX ?= 1

SOURCES := $(shell find apps libs -name '*.ts' -not -name '*.spec.ts' 2>/dev/null) tsconfig.json tsconfig.build.json nest-cli.json

.PHONY: help install node-path build start demo up down producer consumer api backfill online-up online-down
.PHONY: bi-build verify-bi test test-unit faults soak bench lint format clean python-readers kafka-jars kubernetes-tools

help: ## Lists the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 18

install: node_modules/.installed

ifdef NODE_FILE
$(NODE_FILE):
	@echo "Node $$(node --version 2>/dev/null || echo '(none)') is not supported here (22.15 or later, 24 and 26 are): installing Node $(PINNED_NODE) into .cache/node ..."
	@mkdir -p .cache/node/$(PINNED_NODE)
	@npm install --prefix .cache/node/$(PINNED_NODE) --no-save --no-package-lock --loglevel=error $(NODE_PACKAGE)@$(PINNED_NODE) || { \
	  echo "It could not be had. Install Node 22.15 or later, 24 or 26, then run make again." >&2; exit 1; }
	@$(NODE) --version >/dev/null || { rm -rf .cache/node/$(PINNED_NODE); \
	  echo "That Node does not run on this machine. Install Node 22.15 or later, 24 or 26, then run make again." >&2; exit 1; }
endif

node-path: $(NODE_FILE) # Prints a PATH with the Node that make uses, for scripts that run beside it
	@echo "$$PATH"

node_modules/.installed: package-lock.json $(if $(NODE_FILE),| $(NODE_FILE))
	@echo "Installing dependencies ..."
	@npm ci --loglevel=error
	@touch $@

build: dist/.built

dist/.built: node_modules/.installed $(SOURCES)
	@echo "Building ..."
	@npm run --silent build
	@touch $@

start: build ## Captures the live market and serves it on http://localhost:8000
	@npm run --silent start

demo: build ## The same on the exchange simulator: no network needed (RECORDINGS=DIR plays recorded files)
	@npm run --silent demo -- $(if $(RECORDINGS),--recordings "$(RECORDINGS)")

up: node_modules/.installed ## Starts Kafka in the background and creates the topics (Docker, or else Java 17 and Maven)
	@$(NODE) --disable-warning=TimeoutNegativeWarning scripts/kafka.mjs up

down: node_modules/.installed ## Stops Kafka; its topics stay
	@$(NODE) --disable-warning=TimeoutNegativeWarning scripts/kafka.mjs down

producer: build ## Captures only (ingest-app)
	@npm run --silent start:ingest

consumer: build ## Takes events from Kafka into data/raw and the database (consumer-app)
	@npm run --silent start:consumer

api: build ## Serves only (api-app)
	@npm run --silent start:api

bi-build: build ## Writes every BI table to bi/build: CSV, Parquet, datapackage.json
	@npm run --silent cli -- bi-build

verify-bi: bi-build ## Builds the BI tables and proves them: contract, roll-ups, bronze, the exchange's own days
	@npm run --silent cli -- verify-bi

online-up: ## Builds the image and starts capture and API in one container
	@sh scripts/online.sh up

online-down: ## Stops that container; its volume stays
	@sh scripts/online.sh down

backfill: build ## Fills past days from the exchange's archive and REST (DAYS=365, ARGS="--symbols BTCUSDT --from 2024-01-01")
	@npm run --silent cli -- backfill $(if $(DAYS),--days $(DAYS)) $(ARGS)

test: build python-readers kafka-jars kubernetes-tools ## All tests: unit, integration, end to end, faults
	@npm run --silent test

test-unit: node_modules/.installed ## Unit tests only
	@npm run --silent test:unit

bench: build ## Speed, memory and disk, each against a peer in the same run (BENCH="sink csv memory start import disk": some of them)
	@npm run --silent bench -- $(BENCH)

faults: build kafka-jars ## Kills, pauses and cuts: ROUNDS=100 of each, a cut of CUT=300 s, standing still for FREEZE=120 s
	@FAULT_NOTICE_SECONDS=15 FAULT_ROUNDS=$(or $(ROUNDS),100) FAULT_CUT_SECONDS=$(or $(CUT),300) \
	  FAULT_FREEZE_SECONDS=$(or $(FREEZE),120) npm run --silent test:faults

soak: build kafka-jars ## An undisturbed run of MINUTES=20 in each mode, in which no alert may fire
	@SOAK_MINUTES=$(or $(MINUTES),20) npm run --silent test:faults -- clean-soak

lint: node_modules/.installed ## Format, types, ESLint, import rules, dead code, the API and its clients
	@npm run --silent lint

format: node_modules/.installed ## Formats everything
	@npm run --silent format

# pandas, polars, DuckDB and pyarrow for the tests that read the tables as analysts do, schemathesis and a generator of clients
# for those that ask as programs do; without Python they are skipped, by name.
python-readers: .cache/python/.installed

.cache/python/.installed: test/readers/requirements.txt
	@mkdir -p .cache
	@if python3 -m venv .cache/python 2>/dev/null && \
	    .cache/python/bin/pip install --quiet --disable-pip-version-check -r test/readers/requirements.txt; then \
	  touch $@; \
	else \
	  echo "Python with what test/readers/requirements.txt names cannot be had here: the tests that use it are SKIPPED"; \
	fi

# Apache Kafka for the tests that need a real broker; without Java or Maven those are skipped, by name.
kafka-jars: node_modules/.installed
	@$(NODE) --disable-warning=TimeoutNegativeWarning scripts/kafka.mjs jars || echo "The tests that need a real Kafka are SKIPPED"

# What renders and checks deploy/k8s; without Go, Java or Maven its tests are skipped, by name.
kubernetes-tools:
	@sh scripts/kubernetes-tools.sh have || true

clean: ## Removes what was built (never data)
	@rm -rf dist .cache coverage
