# Two commands are all that most people need:
#   make run    build the server, bootstrap it on the first start, and serve it
#   make test   everything that continuous integration checks
# Both install what is missing on a fresh Debian 12 with rustup (as root; otherwise they say what to install).

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

export PATH := $(HOME)/.cargo/bin:$(PATH)
CARGO ?= cargo
NEXTEST_PROFILE ?= $(if $(CI),ci,default)
# The whole workspace, and the server as it is delivered: with the dashboard.
ALL := --locked --workspace --features mgmt-server/dashboard
# The store that is no part of the workspace; what both need is built once.
OUTSIDE := --locked --manifest-path tests/outside-store/Cargo.toml --target-dir "$${CARGO_TARGET_DIR:-target}"
# What the first start of `make run` makes.
ORG ?= My organization
EMAIL ?= owner@example.com

.PHONY: help run cluster test check build it fmt fmt-check lint unit doc layers advisories licences deny faults openapi bench bench-check bench-cluster bench-http bench-others bench-karrio bench-writes bench-calm bench-start bench-plots bench-deliveries bench-shipments

help: ## this list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 14

cluster: ## three nodes, PostgreSQL, Redis and nginx on this machine, to try (Ctrl-C stops them)
	@scripts/setup cluster
	@ORG="$(ORG)" EMAIL="$(EMAIL)" scripts/cluster

run: ## build, bootstrap on the first start, and serve (Ctrl-C stops it)
	@scripts/setup run
	@ORG="$(ORG)" EMAIL="$(EMAIL)" scripts/run

test: ## everything: format, lints, tests on SQLite and PostgreSQL and in a browser, documentation, dependencies
	@scripts/setup test
	@scripts/with-postgres $(MAKE) check

check: fmt-check layers advisories licences deny dashboard-lint lint unit instructions browser doc ## as `test`, without set-up; PostgreSQL only if MGMT_TEST_POSTGRES_URL is set

fmt: ## format the code
	$(CARGO) fmt --all
	$(CARGO) fmt --manifest-path tests/outside-store/Cargo.toml

fmt-check:
	$(CARGO) fmt --all --check
	$(CARGO) fmt --manifest-path tests/outside-store/Cargo.toml --check

lint: dashboard
	$(CARGO) clippy $(ALL) --all-targets -- -D warnings
	$(CARGO) clippy --locked -p mgmt-server --all-targets -- -D warnings
	$(CARGO) clippy $(OUTSIDE) --all-targets -- -D warnings

dashboard: ## the dashboard, unless nothing has changed since it was built
	@scripts/dashboard

dashboard-lint: ## the dashboard's own checks: lints, types, and how much script the first page loads
	@scripts/dashboard check

build: dashboard ## the debug binary that the black-box tests start
	$(CARGO) build $(ALL) --bins

unit: build
	@scripts/nextest $(ALL) --profile $(NEXTEST_PROFILE)
	$(CARGO) test $(ALL) --doc
	$(CARGO) test $(OUTSIDE)

it: build ## only the black-box tests; `make it T=keys` those whose name contains `keys`
	@scripts/nextest --locked -p mgmt-tests --profile $(NEXTEST_PROFILE) $(T)

browser: build ## the dashboard in Chromium; `make browser T=session` only files whose name begins so
	@scripts/browser test $(T)

screenshots: build ## every page, desktop and phone, light and dark, into .local/screenshots
	@scripts/browser screenshots $(T)

lighthouse: build ## what Lighthouse says of the keys page, signed in; the reports go to .local/lighthouse
	@scripts/browser lighthouse

doc: dashboard
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc $(ALL) --no-deps

layers: ## the rules hold no runtime, database or HTTP crate
	@scripts/layers

advisories: ## no dependency has a known vulnerability (needs a copy of the RustSec database)
	@scripts/advisories

licences: ## licences are on the list of deny.toml, and there is one copy of each cryptographic crate
	@scripts/licences

deny: ## the same and more, where cargo-deny is installed
	@if $(CARGO) deny --version >/dev/null 2>&1; then $(CARGO) deny check bans licenses sources; fi

bench-deliveries: ## webhook deliveries a second beside a bare client, on both databases
	$(CARGO) build --locked --profile bench-server -p mgmt-server
	@MGMT_DURABLE=1 MGMT_BIN="$${CARGO_TARGET_DIR:-$(CURDIR)/target}/bench-server/mgmt" scripts/with-postgres \
		$(CARGO) bench --locked -p mgmt-tests --profile bench-server --bench deliveries

instructions: ## instructions of a check beside those kept in the gate's benches/instructions.txt; WRITE=1 keeps the new ones
	@if command -v valgrind >/dev/null; then \
		$(if $(WRITE),MGMT_INSTRUCTIONS_WRITE=1) $(CARGO) bench --locked -p mgmt-gate --profile instructions --bench instructions; \
	else echo "instructions: not counted, as valgrind is not installed"; fi

bench-check: ## what a check costs inside a process; MGMT_BENCH_KEYS=1000,1000000 for so many keys
	@$(CARGO) bench --locked -p mgmt-tests --profile bench-server --bench check

bench-http: ## verify and authorize beside bare actix, a core for the server and one for the client
	$(CARGO) build --locked --profile bench-server -p mgmt-server
	@MGMT_BIN="$${CARGO_TARGET_DIR:-$(CURDIR)/target}/bench-server/mgmt" \
		$(CARGO) bench --locked -p mgmt-tests --profile bench-server --bench http

bench-others: ## checks beside other systems: better-auth on Node, djangorestframework-api-key on gunicorn
	$(CARGO) build --locked --profile bench-server -p mgmt-server
	@MGMT_BIN="$${CARGO_TARGET_DIR:-$(CURDIR)/target}/bench-server/mgmt" scripts/bench-others

bench-karrio: ## the shipping API beside the Karrio server: lists, rates, new shipments
	$(CARGO) build --locked --profile bench-server -p mgmt-server
	@MGMT_BIN="$${CARGO_TARGET_DIR:-$(CURDIR)/target}/bench-server/mgmt" scripts/bench-karrio

bench-writes: ## keys made over HTTP beside bare inserts, on both databases, durably
	$(CARGO) build --locked --profile bench-server -p mgmt-server
	@MGMT_DURABLE=1 MGMT_BIN="$${CARGO_TARGET_DIR:-$(CURDIR)/target}/bench-server/mgmt" scripts/with-postgres \
		$(CARGO) bench --locked -p mgmt-tests --profile bench-server --bench writes

bench-calm: ## how long checks take while others sign in, and while keys change
	$(CARGO) build --locked --profile bench-server -p mgmt-server
	@MGMT_BIN="$${CARGO_TARGET_DIR:-$(CURDIR)/target}/bench-server/mgmt" \
		$(CARGO) bench --locked -p mgmt-tests --profile bench-server --bench calm

bench-start: ## start-up and memory with a million keys, and how long until all are in memory
	$(CARGO) build --locked --profile bench-server -p mgmt-server
	@MGMT_BIN="$${CARGO_TARGET_DIR:-$(CURDIR)/target}/bench-server/mgmt" \
		$(CARGO) bench --locked -p mgmt-tests --profile bench-server --bench start

bench: bench-check bench-http bench-others bench-karrio bench-writes bench-deliveries bench-start bench-calm bench-cluster ## all of these but bench-shipments; the goals and what was measured go to .local/bench.md
	@scripts/bench-table

bench-plots: ## draws what bench-check measured, into docs/images (installs matplotlib below .local)
	@test -x .local/plots/bin/python || python3 -m venv .local/plots
	@.local/plots/bin/pip install --quiet --disable-pip-version-check matplotlib==3.10.7
	@.local/plots/bin/python scripts/bench-plots

bench-shipments: ## lists and single shipments of a million, on PostgreSQL (needs 5 GB in $TMPDIR)
	$(CARGO) build --locked --profile bench-server -p mgmt-server
	@MGMT_BIN="$${CARGO_TARGET_DIR:-$(CURDIR)/target}/bench-server/mgmt" scripts/with-postgres \
		$(CARGO) bench --locked -p mgmt-tests --profile bench-server --bench shipments

bench-cluster: ## what leases cost: checks at three nodes with and without them, on PostgreSQL
	$(CARGO) build --locked --profile bench-server -p mgmt-server --features mgmt-server/bench-without-leases
	@MGMT_BIN="$${CARGO_TARGET_DIR:-$(CURDIR)/target}/bench-server/mgmt" scripts/with-postgres \
		$(CARGO) bench --locked -p mgmt-tests --profile bench-server --bench cluster

faults: build ## the long form of the tests that kill, stop and cut off nodes
	@MGMT_FAULTS=long scripts/with-postgres $(CARGO) test --locked -p mgmt-tests --test faults -- --nocapture --test-threads 1

openapi: build ## write docs/openapi.json anew
	@target="$${CARGO_TARGET_DIR:-target}"; "$$target/debug/mgmt" openapi > docs/openapi.json.new
	@mv docs/openapi.json.new docs/openapi.json
	@echo "docs/openapi.json is up to date"
