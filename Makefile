# `make help` lists what can be made. Everything goes into .venv, .cache and labextension/node_modules;
# stamp files there make a second run quick. Needs Python 3.10+, Node 20+ and, for tests, Go.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
ARGS ?=
# Tests that may run two at a time. The others drive a browser or measure time.
SIDE_BY_SIDE := tests/unit tests/contract tests/cli tests/demo

VENV := .venv
STAMPS := $(VENV)/.stamps
CONSTRAINTS := .ci/constraints.txt
NODE_STAMP := labextension/node_modules/.package-lock.json
INSTALLED := $(VENV)/share/jupyter/labextensions/netapp-jlab
KUBECTL := .cache/bin/kubectl
KUBERNETES := 1.36.1

export PATH := $(CURDIR)/$(VENV)/bin:$(CURDIR)/.cache/bin:$(PATH)
# What this file installs comes as pinned; newer versions are no news here.
export PIP_DISABLE_PIP_VERSION_CHECK := 1

LABEXTENSION_SOURCES := $(shell find labextension -path labextension/node_modules -prune -o \
	-path labextension/lib -prune -o -path labextension/coverage -prune -o \
	-name schema.ts -prune -o -type f -not -name 'tsconfig.tsbuildinfo' -print)
# The REST interface's types are generated from these.
INTERFACE := $(wildcard netapp_jlab/models/*.py) $(addprefix netapp_jlab/server/,openapi.py routes.py docstrings.py errors.py)

.PHONY: help demo test lint format build clean clean-all
.PHONY: test-python test-labextension test-oldest test-cluster bench bench-cluster system
.PHONY: cluster cluster-down

help: ## list what can be made
	@sed -nE 's/^([a-z-]+):.*## (.*)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 26

# --- what people use ------------------------------------------------------------------------------

demo: $(STAMPS)/demo ## open JupyterLab on a small cluster of its own (ARGS="--no-browser --port 8888")
	netapp-jlab demo $(ARGS)

test: lint test-labextension test-python ## check everything: style, types, unit, server, command line, browser

lint: $(STAMPS)/test $(NODE_STAMP) ## check style and types without changing anything
	ruff check .
	ruff format --check .
	mypy
	cd labextension && npm run --silent lint:check

format: $(STAMPS)/test $(NODE_STAMP) ## bring Python and TypeScript into the house style
	ruff check --fix .
	ruff format .
	cd labextension && npm run --silent lint

build: $(STAMPS)/test $(STAMPS)/labextension ## make the wheel and the source archive in dist/
	rm -rf dist
	python -m build --no-isolation

clean: ## remove what was built, and caches
	rm -rf dist build labextension/lib labextension/coverage labextension/tsconfig.tsbuildinfo \
		netapp_jlab/labextension test-results .mypy_cache .ruff_cache .pytest_cache .hypothesis \
		.import_linter_cache $(STAMPS)/labextension
	find netapp_jlab tests benchmarks -name __pycache__ -prune -exec rm -rf {} +

clean-all: clean ## remove also the environments: .venv, node_modules, .cache
	[ ! -e .cache/cluster/run ] || $(PYTHON) -m tests.cluster down
	rm -rf $(VENV) .venv-oldest .cache labextension/node_modules

# --- parts of the tests ---------------------------------------------------------------------------

test-labextension: $(STAMPS)/test $(NODE_STAMP) ## only the front end's unit tests
	cd labextension && npm test --silent

test-python: $(STAMPS)/test $(STAMPS)/labextension $(KUBECTL) system ## only pytest (PYTEST_ARGS="tests/cli -k undo")
ifdef PYTEST_ARGS
	python -m pytest $(PYTEST_ARGS)
else
	python -m pytest -n 2 --dist loadfile $(SIDE_BY_SIDE)
	python -m pytest $(patsubst %,--ignore %,$(SIDE_BY_SIDE))
endif

test-oldest: .venv-oldest/.stamp ## the core on the oldest supported Python and kubernetes client
	.venv-oldest/bin/python -m pytest tests/unit/k8s tests/unit/services tests/contract tests/cli \
		--ignore tests/contract/test_kubectl.py --ignore tests/contract/test_toolkit.py $(PYTEST_ARGS)

bench: $(STAMPS)/test $(STAMPS)/labextension $(KUBECTL) system ## measure speed and memory against the limits (ARGS=listing)
	python benchmarks/all.py $(ARGS)

bench-cluster: $(STAMPS)/cluster $(STAMPS)/labextension system ## the same beside its peers, on a real Kubernetes (ARGS=real_ready)
	[ -e .cache/cluster/run ] || trap 'python -m tests.cluster down' EXIT; \
	python -m tests.cluster up; \
	KUBECTL=$(CURDIR)/.cache/cluster/bin/kubectl python benchmarks/all.py --cluster $(ARGS)

# --- a real Kubernetes ----------------------------------------------------------------------------

cluster: $(STAMPS)/cluster ## start a real Kubernetes, print its kubeconfig (root on Debian; builds it once)
	python -m tests.cluster up

cluster-down: ## end it, and leave nothing behind
	$(PYTHON) -m tests.cluster down

test-cluster: $(STAMPS)/cluster system ## the contract on that cluster, and what only a real one can show
	.ci/test-cluster $(PYTEST_ARGS)

# --- environments ---------------------------------------------------------------------------------

$(STAMPS)/venv:
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10) and "Python 3.10 or newer is needed: make PYTHON=python3.11")'
	$(PYTHON) -m venv $(VENV) || { echo "On Debian: apt-get install python3-venv" >&2; exit 1; }
	mkdir -p $(STAMPS)
	touch $@

# The tools that build the package; with them in place pip need not make an environment for it.
$(STAMPS)/tools: $(STAMPS)/venv $(CONSTRAINTS)
	pip install -q -c $(CONSTRAINTS) hatchling hatch-jupyter-builder editables
	touch $@

# The package itself, in place. Its front end is built and linked below; the link is taken away
# first, lest pip writes and deletes through it.
$(STAMPS)/package: $(STAMPS)/tools pyproject.toml $(wildcard netapp_jlab/server/jupyter_server_config.d/*)
	rm -rf $(INSTALLED)
	mkdir -p netapp_jlab/labextension
	SKIP_JUPYTER_BUILDER=1 pip install -q --no-build-isolation -c $(CONSTRAINTS) -e .
	touch $@

$(STAMPS)/test: $(STAMPS)/package
	pip install -q -c $(CONSTRAINTS) 'netapp-jlab[test,lint]'  # it is there: only what the extras add
	touch $@

$(STAMPS)/cluster: $(STAMPS)/test $(STAMPS)/labextension
	pip install -q -c $(CONSTRAINTS) 'netapp-jlab[cluster]'
	touch $@

$(NODE_STAMP): labextension/package.json labextension/package-lock.json
	@command -v npm >/dev/null || { echo "Node.js 20 or newer is needed (npm)" >&2; exit 1; }
	cd labextension && npm ci --no-audit --no-fund
	touch $@

$(STAMPS)/labextension: $(STAMPS)/package $(NODE_STAMP) $(LABEXTENSION_SOURCES) $(INTERFACE)
	cd labextension && npm run --silent build:prod
	jupyter-builder develop . --overwrite
	touch $@

$(STAMPS)/demo: $(STAMPS)/labextension
	touch $@

# kubectl tests the embedded cluster. It is built from source, since a machine may have none or an old one.
$(KUBECTL): tests/cluster/go.mod tests/cluster/go.sum
	@command -v go >/dev/null || { echo "Go is needed to build kubectl for the tests" >&2; exit 1; }
	mkdir -p $(@D)
	cd tests/cluster && go build -o $(CURDIR)/$@ -ldflags "-s -w \
		-X k8s.io/component-base/version.gitVersion=v$(KUBERNETES) \
		-X k8s.io/component-base/version.gitMajor=$(word 1,$(subst ., ,$(KUBERNETES))) \
		-X k8s.io/component-base/version.gitMinor=$(word 2,$(subst ., ,$(KUBERNETES)))" \
		k8s.io/kubernetes/cmd/kubectl
	touch $@

system:
	@.ci/system-packages

.venv-oldest/.stamp: pyproject.toml .ci/constraints-oldest.txt
	.ci/oldest-venv .venv-oldest
	touch $@
