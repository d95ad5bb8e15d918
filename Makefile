# Two commands to know: `make run` and `make test`. `make` alone lists the others.

VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= python3
PIP := $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

# The tests run these as real peers; none is started as a service.
DEBIAN := arpwatch avahi-daemon dnsmasq-base dsniff iproute2 iputils-arping iputils-ping keepalived \
	procps prometheus prometheus-alertmanager tcpreplay udhcpc
DEBIAN_IMAGE := buildah debootstrap podman runc
DEBIAN_SCREENSHOTS := chromium fonts-dejavu-core npm pngquant

# Of fuzzing, for each target.
SECONDS := 20

SUDO := $(shell [ "$$(id -u)" = 0 ] || command -v sudo)
APT := DEBIAN_FRONTEND=noninteractive apt-get -qq -o DPkg::Lock::Timeout=300 -y
APT_INSTALL := $(APT) --no-install-recommends install
TYPED := l2exporter tests grafana $(wildcard benchmarks/*.py) $(wildcard docs/*.py)

# Install what is missing of the Debian packages in $(1); the package lists may be stale or absent.
define install
@missing=$$(for p in $(1); do \
	dpkg-query -W -f '$${Status}' $$p 2>/dev/null | grep -q ' installed$$' || echo $$p; done); \
[ -z "$$missing" ] || { echo "installing Debian packages:" $$missing; \
	$(SUDO) env $(APT_INSTALL) $$missing >/dev/null 2>&1 </dev/null || { \
	$(SUDO) env $(APT) update </dev/null && $(SUDO) env $(APT_INSTALL) $$missing </dev/null; }; } || { \
	echo "cannot install them: as root, run apt-get install" $$missing >&2; exit 1; }
endef

.PHONY: help run test lint bench fuzz docs grafana demo screenshots golden image-test clean
.PHONY: debian debian-image debian-screenshots
.NOTPARALLEL:

help: ## list what can be made
	@sed -n 's/^\([a-z-]*\):.*## /make \1\t/p' $(MAKEFILE_LIST) | expand -t 18

run: $(VENV)/run ## install into .venv and serve this machine's devices (FLAGS=... passes flags)
	@[ "$$(id -u)" = 0 ] || echo "Capturing needs CAP_NET_RAW: $(if $(SUDO),starting with sudo.,there is no sudo and so no ARP.)"
	@echo "Open http://localhost:10806/ (metrics at /metrics); Ctrl-C ends it."
	@$(SUDO) $(BIN)/l2exporter $(FLAGS)

test: debian lint ## install what the tests need, check everything, run the tests
	$(BIN)/pytest -q

lint: $(VENV)/test ## style, types, import directions, Dockerfile
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy $(TYPED)
	$(BIN)/lint-imports
	$(BIN)/hadolint Dockerfile

bench: $(VENV)/test debian ## measure speed and size against peers (root)
	$(SUDO) $(BIN)/python benchmarks/run.py

fuzz: $(VENV)/fuzz ## every dissector under atheris (SECONDS=20 for each; TARGETS=... names some)
	$(BIN)/python -m tests.fuzz.run --seconds $(SECONDS) $(TARGETS)

docs: $(VENV)/test ## regenerate docs/metrics.md
	$(BIN)/python docs/generate.py

grafana: $(VENV)/test ## regenerate dashboards and rule files from grafana/mixin
	$(BIN)/python -m grafana.mixin.generate

demo: debian $(VENV)/test ## play the lab's scenes before a real Prometheus and Alertmanager (root)
	$(SUDO) $(BIN)/python -m grafana.demo $(FLAGS)

screenshots: debian debian-screenshots $(VENV)/test ## draw the dashboards into docs/images (root)
	$(SUDO) $(BIN)/python -m grafana.screenshots

golden: $(VENV)/test ## rewrite tests/golden from what the code does now: read the change
	$(BIN)/pytest -q --update-golden

image-test: $(VENV)/test debian debian-image ## build the container image and run it for real (root)
	$(SUDO) $(BIN)/pytest -q tests/image/container.py

clean: ## remove the virtual environment and all caches
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	rm -rf .import_linter_cache grafana/screenshots/build
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

debian:
	$(call install,$(DEBIAN))

debian-screenshots:
	$(call install,$(DEBIAN_SCREENSHOTS))

debian-image:
	$(call install,$(DEBIAN_IMAGE))

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "needs Python 3.11 or newer")'
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || $(MAKE) --no-print-directory debian-venv
	@$(PYTHON) -m venv $(VENV)

.PHONY: debian-venv
debian-venv:
	$(call install,python3-venv)

$(VENV)/run: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

$(VENV)/test: $(BIN)/python pyproject.toml constraints.txt
	$(PIP) --editable '.[test]'
	@touch $@ $(VENV)/run

$(VENV)/fuzz: $(VENV)/test
	$(PIP) --editable '.[test,fuzz]'
	@touch $@
