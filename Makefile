# Every target installs what it needs first; `make` alone lists them.
VENV := .venv
BIN := $(VENV)/bin
PYTEST := $(BIN)/pytest
TEST_INVENTORY := inventory/test.yaml
STAGE := scripts/stage
# Each of a run's processes loads a hundred files of ours: compiled once, not every time, whatever the surroundings prefer.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup tools platform test checks lint types contracts picture unit acceptance features rotations rollbacks faults mutations mutate slow twice benchmarks docs lock clean

help: ## list the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1|/' | column -t -s '|'

setup: ## a virtual environment with everything that requirements.lock pins
	@$(STAGE) setup scripts/setup

tools: setup ## the Debian packages and Go, where they are absent
	@$(STAGE) tools $(BIN)/python -m converge.images.tools --install

platform: tools ## bring up the platform on this machine and verify it
	@$(PYTEST) features/ --inventory inventory/local.yaml

test: checks acceptance ## everything that CI runs: checks, then the features on a cluster of its own, deleted afterwards

checks: lint types contracts unit ## what needs no cluster

lint: setup ## style and format
	@$(STAGE) lint $(BIN)/ruff check .
	@$(STAGE) format $(BIN)/ruff format --check .

types: setup ## static types, strict
	@$(STAGE) types $(BIN)/mypy

contracts: setup ## which room may import which, and whether they are drawn as they are
	@$(STAGE) contracts $(BIN)/lint-imports --no-logo
	@$(STAGE) drawn $(BIN)/python scripts/draw_rooms.py --check

picture: setup ## draw docs/architecture.md anew from the imports
	@$(BIN)/python scripts/draw_rooms.py

unit: tools ## the harness's own tests, with coverage
	@$(STAGE) unit $(PYTEST) tests/ -m "not cluster and not slow and not fault and not mutation" -n 2 --cov --cov-report=term:skip-covered -q

acceptance: tools ## the features and the cluster tests on clusters of their own, deleted however it ends
	@$(STAGE) images $(BIN)/thinkube images build --inventory $(TEST_INVENTORY)
	@scripts/throw-away-cluster $(TEST_INVENTORY) $(MAKE) --no-print-directory features rotations
	@$(STAGE) cluster $(PYTEST) tests/nodes tests/engine -m cluster -q

features: # verify everything, then look for secrets in all that the run left behind
	@$(STAGE) features $(BIN)/python scripts/search_secrets.py --inventory $(TEST_INVENTORY) -- $(PYTEST) features/ --inventory $(TEST_INVENTORY)

rotations: # rotate every secret; take back and bring back what little stands on
	@$(STAGE) rotations $(PYTEST) features/ -m "rotation or (rollback and not (infrastructure or cert-manager or postgres or keycloak or minio))" --inventory $(TEST_INVENTORY) --report-dir build/acceptance-rollbacks

rollbacks: # the same with every component, each with all that stands on it, and machines that stop or are drained (a quarter of an hour)
	@$(STAGE) rollbacks $(PYTEST) features/ -m "rollback or rotation or outage" --inventory $(TEST_INVENTORY) --report-dir build/acceptance-rollbacks

faults: tools ## break clusters of their own on purpose, and require every promise to be kept (minutes)
	@ls /usr/lib/*/faketime/libfaketimeMT.so.1 >/dev/null 2>&1 || $(STAGE) libfaketime apt-get install -qq -y --no-install-recommends libfaketime
	@$(STAGE) faults $(PYTEST) tests/faults -m fault

mutations: tools ## break a platform of its own in fifty ways, and require the features to go red (minutes)
	@scripts/throw-away-cluster $(TEST_INVENTORY) $(MAKE) --no-print-directory mutate

mutate:
	@$(STAGE) converge $(PYTEST) features/ -m idempotence --inventory $(TEST_INVENTORY)
	@$(STAGE) mutations $(PYTEST) tests/mutations -m mutation --inventory $(TEST_INVENTORY)

slow: tools ## the features from nothing and once more, while others keep the processors busy (minutes)
	@$(STAGE) images $(BIN)/thinkube images build --inventory $(TEST_INVENTORY)
	@scripts/busy 4 scripts/throw-away-cluster $(TEST_INVENTORY) $(MAKE) --no-print-directory twice

twice:
	@$(STAGE) nothing $(PYTEST) features/ --inventory $(TEST_INVENTORY) --report-dir build/slow-from-nothing
	@$(STAGE) standing $(PYTEST) features/ --inventory $(TEST_INVENTORY) --report-dir build/slow-standing

benchmarks: setup ## how long the harness's own work takes on much data, each beside a yardstick (a minute)
	@$(STAGE) benchmarks $(BIN)/python benchmarks/scale.py

docs: ## the documentation as a site in build/site; a link that leads nowhere is an error (half a minute for its own environment, once)
	@cmp -s docs/requirements.lock $(VENV)-docs/lock || { python3 -m venv --clear $(VENV)-docs && $(VENV)-docs/bin/pip install -q --require-hashes -r docs/requirements.lock && cp docs/requirements.lock $(VENV)-docs/lock; }
	@NO_MKDOCS_2_WARNING=1 $(VENV)-docs/bin/mkdocs build --strict && echo "build/site/index.html"

COMPILE = $(abspath $(BIN))/python -m uv pip compile --upgrade --no-strip-extras --universal --generate-hashes -q -o requirements.lock

lock: ## pin every dependency anew, those of images too
	@$(BIN)/python -m uv --version >/dev/null 2>&1 || $(BIN)/pip install -q uv
	@$(COMPILE) --all-extras --python-version 3.11 pyproject.toml
	@cd docs && $(COMPILE) --python-version 3.11 requirements.in
	@$(BIN)/python -m converge.images.jars $(notdir $(patsubst %/,%,$(dir $(wildcard converge/images/recipes/*/pom.xml))))
	@for wanted in converge/images/recipes/*/requirements.in; do (cd $$(dirname $$wanted) && $(COMPILE) --python-version 3.13 $$(test ! -f overrides.txt || echo --override overrides.txt) requirements.in) || exit 1; done
	@cd converge/images/recipes/thinkube-python && $(COMPILE) --constraint $(CURDIR)/requirements.lock --python-version 3.13 $(CURDIR)/pyproject.toml

clean: ## the virtual environment and reports; clusters and caches stay
	rm -rf $(VENV) $(VENV)-docs build .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
