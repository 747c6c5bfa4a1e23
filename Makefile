# Every target does all of its own set-up on a machine that has Node >= 20 with npm, Go >= 1.26 and a JDK >= 17 with Maven.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

# Programs run from their TypeScript; what was compiled once is not compiled again.
export NODE_COMPILE_CACHE ?= $(CURDIR)/node_modules/.cache/node

# npm writes this file last, so an interrupted installation is done again.
INSTALLED := node_modules/.package-lock.json

.PHONY: help
help: ## This list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z0-9-]+):.*## /\1\t/' | awk -F'\t' '{ printf "  make %-10s %s\n", $$1, $$2 }'

$(INSTALLED): package-lock.json
	@command -v npm >/dev/null || { echo "error: npm is not on PATH: install Node.js 20 or newer with npm" >&2; exit 1; }
	@node -e 'process.exit(Number(process.versions.node.split(".")[0]) >= 20 ? 0 : 1)' || { echo "error: node is $$(node --version), 20 or newer is needed: install it and put it on PATH" >&2; exit 1; }
	@echo "Installing the pinned npm packages (about 30 s the first time)" >&2
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: install
install: $(INSTALLED) ## The npm packages, pinned

.PHONY: up
up: $(INSTALLED) ## The local stack; WITH_NODE=1 adds a real node (Linux, root). Writes .run/env
	@npm run --silent up -- $(if $(filter-out 0 no false,$(WITH_NODE)),--with-node)

.PHONY: down
down: $(INSTALLED) ## Ends the local stack and removes all that it left
	@npm run --silent down

.PHONY: verify
verify: $(INSTALLED) ## Generators leave the tree clean, formatting, lint, types
	npm run --silent generate:check
	npm run --silent format:check
	npm run --silent typecheck
	npm run --silent lint

.PHONY: test
test: verify ## All that a contributor must pass: static checks, unit tests, integration tests on real servers
	npm run --silent prepare-servers
	npm run --silent test

.PHONY: e2e
e2e: $(INSTALLED) ## Tests on a real node: Debian, root
	npm run --silent prepare-servers -- --with-node
	npm run --silent test:e2e

.PHONY: fuzz
fuzz: $(INSTALLED) ## What takes long: request attributes against Kubernetes' own reading, 1 million generated requests
	FUZZ_RUNS=1000000 TEST_RESULTS=fuzz npx vitest run --project integration test/src/requestinfo

.PHONY: soak
soak: $(INSTALLED) ## 100,000 calls while Elasticsearch is stopped, then refuses, and the gateway is killed; MINUTES=10 is how long it is stopped
	npm run --silent prepare-servers
	SOAK_MINUTES=$(or $(MINUTES),10) TEST_RESULTS=soak npx vitest run --project integration test/src/records/soak.integration.test.ts
	KILLS=250 TEST_RESULTS=soak-log npx vitest run --project unit proxy/src/audit/wal/kill.test.ts

.PHONY: leaks
leaks: $(INSTALLED) ## A corpus of secrets through the gateway, then a search of all that it keeps; without masking each has to be found
	npm run --silent prepare-servers
	LEAKS=table TEST_RESULTS=leaks npx vitest run --project integration test/src/masking/leaks.integration.test.ts

.PHONY: bench
bench: $(INSTALLED) ## The gateway against the direct path, as ratios; about 5 minutes. ONLY=gets,lists runs a part; WITH_NODE=1 adds exec and cp, 5 more
	npm run --silent prepare-servers -- $(if $(filter-out 0 no false,$(WITH_NODE)),--with-node)
	npm run --silent bench -- $(if $(ONLY),--only $(ONLY)) $(if $(filter-out 0 no false,$(WITH_NODE)),--with-node)

.PHONY: clean
clean: ## Ends the stack, removes build output and test results; the caches in ~/.cache/chaperone stay
	@[ ! -e $(INSTALLED) ] || npm run --silent down
	rm -rf test-results */dist */*.tsbuildinfo
