# Everything is made from nothing: a fresh clone needs Python and make, then `make demo`.
# The environments follow their locks: a changed lock is installed, an unchanged one costs nothing.

MAKEFLAGS += --no-builtin-rules --no-print-directory
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# Whatever builds the layer (sam build, here or inside a test) finds the repository's uv first.
export PATH := $(CURDIR)/.tools/uv/bin:$(PATH)
export SAM_CLI_TELEMETRY := 0

# The tools in .venv and .tools start many times, and twice as fast when they may keep their bytecode.
unexport PYTHONDONTWRITEBYTECODE

# uv trusts what the rest of the machine trusts, where it keeps a list; else the list that uv brings.
ifneq ($(wildcard /etc/ssl/certs/ca-certificates.crt),)
export UV_SYSTEM_CERTS ?= true
endif

uv := .tools/uv/bin/uv
python := .venv/bin/python
dev := .venv/.complete
sam := .tools/sam/.complete
ministack := .tools/ministack/.complete
awscli := .tools/awscli/.complete
checkov := .tools/checkov/.complete
sdk := .tools/genesys-sdk/.complete

# tests/conftest.py says which tests of these run under coverage. The simulation is not measured: its mutants are
# compiled from text, which coverage takes for missing files.
measured := $(wildcard tests/unit tests/functional)
slow := $(wildcard tests/browser tests/stack tests/sam tests/peer)
unmeasured := $(filter-out $(slow),$(patsubst %/,%,$(wildcard tests/[a-z]*/))) client/tests

# So many processes run tests at once. Each deploys the worlds that its own tests ask for, and keeps a file's tests
# together: nothing in one world can disturb another's.
WORKERS ?= 2
pytest := $(python) -m pytest --numprocesses $(WORKERS)

typed := $(wildcard functions layers/core/src local tests benchmarks tools examples)

.PHONY: help
help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-7s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: demo
demo: env ## everything from nothing: environment, build, deploy, then the main job, shown as it happens
	@$(python) -m local.demo

.PHONY: test
test: env ## everything from nothing: all tests, those in tests/sam where a container engine answers
	@$(MAKE) $(sdk) || echo "without Genesys Cloud's SDK, the tests marked peer are skipped"
	@$(python) -m coverage erase
	@failed=; \
	$(python) -m coverage run -m pytest --numprocesses $(WORKERS) --dist worksteal -m measured $(measured) || failed=yes; \
	$(python) tools/branch_coverage.py --at-least 90 || failed=yes; \
	$(pytest) --dist worksteal -m 'not measured' $(unmeasured) || failed=yes; \
	$(pytest) --dist loadfile --no-loadscope-reorder --durations 10 $(slow) || failed=yes; \
	[ -z "$$failed" ]   # a failure does not hide those of the parts after it

.PHONY: unit
unit: env ## the unit tests alone, quickly and without coverage
	@$(pytest) --dist worksteal tests/unit

.PHONY: peer
peer: env $(sdk) ## the tests with Genesys Cloud's published SDK as the simulator's caller
	@$(python) -m pytest tests/peer

.PHONY: check
check: env $(checkov) ## format, lint, types, import direction, drift of the OpenAPI document and the locks, template lint
	@echo "format" && $(python) -m ruff format --quiet --diff .
	@echo "lint" && $(python) -m ruff check --quiet .
	@echo "types" && $(python) -m mypy --no-error-summary $(typed)
	@$(python) -m mypy --no-error-summary --config-file client/pyproject.toml client/src client/tests
	@echo "import direction" && $(python) -m pytest --no-header -qq tests/unit/build/test_import_direction.py
	@echo "OpenAPI document" && $(python) -m tools.openapi --check
	@echo "lock drift" && ./tools/lock.sh --check
	@echo "template" && .venv/bin/cfn-lint template.yaml
	@.tools/sam/bin/sam validate --lint --region us-east-1
	@echo "template, security" && .tools/checkov/bin/checkov --config-file .checkov.yaml

.PHONY: up
up: env ## the local world, left running; prints its addresses
	@$(python) -m local up

.PHONY: down
down: env ## end the local world
	@$(python) -m local down

.PHONY: bench
bench: env ## the benchmarks, against the peers where they are there; `make bench imports` runs one
	@$(python) -m benchmarks $(chosen)

# The words after `bench` are names of benchmarks.
ifeq ($(firstword $(MAKECMDGOALS)),bench)
chosen := $(wordlist 2,$(words $(MAKECMDGOALS)),$(MAKECMDGOALS))
.PHONY: $(chosen)
$(chosen):
	@:
endif

.PHONY: verify
verify: env ## what was deployed keeps its promises: STACK=… REGION=…, or STATE=DIR; ACTION=… INPUTS=… runs one action
	@$(python) -m local.verify $(foreach name,STACK REGION STATE ACTION INPUTS,$(call option,$(name)))

# --name 'value' for a variable that is set.
option = $(if $($(1)),--$(shell echo $(1) | tr A-Z a-z) '$($(1))')

.PHONY: chaos
chaos: env ## executions and workflows under faults and kills, and a checker of every promise; N=1000 runs more, SEED=2 others
	@$(python) -m local.chaos $(if $(N),--executions $(N)) $(if $(SEED),--seed $(SEED))

.PHONY: build
build: env ## the functions and the layer, as they are deployed
	@.tools/sam/bin/sam build

.PHONY: format
format: env ## mend what the formatter and the linter can mend
	@$(python) -m ruff check --quiet --fix-only .
	@$(python) -m ruff format --quiet .

.PHONY: openapi
openapi: env ## the OpenAPI document again, from the code and the template
	@$(python) -m tools.openapi

.PHONY: lock
lock: $(uv) ## compile the locks again; UPGRADE=1 takes the newest versions that fit
	@./tools/lock.sh $(if $(UPGRADE),--upgrade)

.PHONY: env
env: $(dev) $(sam) $(ministack) $(awscli) ## the environments alone
	@:

$(dev): requirements/dev.txt layers/core/pyproject.toml client/pyproject.toml .python-version | $(uv)
	@./tools/environment.sh .venv requirements/dev.txt layers/core client

$(sam): requirements/sam.txt .python-version | $(uv)
	@./tools/environment.sh .tools/sam requirements/sam.txt

$(ministack): requirements/ministack.txt .python-version | $(uv)
	@./tools/environment.sh .tools/ministack requirements/ministack.txt

$(awscli): requirements/awscli.txt .python-version | $(uv)
	@./tools/environment.sh .tools/awscli requirements/awscli.txt

$(checkov): requirements/checkov.txt .python-version | $(uv)
	@./tools/environment.sh .tools/checkov requirements/checkov.txt

$(sdk): requirements/genesys-sdk.txt .python-version | $(uv)
	@./tools/environment.sh .tools/genesys-sdk requirements/genesys-sdk.txt

$(uv):
	@./tools/uv.sh
