include Makefile.instrumented
# This repository's own development stack, measured by what it ships.

VENV := .venv
PYTHON := $(VENV)/bin/python
WHEEL := $(VENV)/wheel
DEMO := build/demo-venv
COVERED := tests/reporter tests/e2e/test_consent.py tests/e2e/test_delivery.py tests/e2e/test_faults.py \
	tests/e2e/test_leaving.py tests/e2e/test_stats.py tests/test_output.py tests/test_layout.py

.PHONY: help demo test test.all dev.provision dev.wheel dev.wheels dev.cover dev.test dev.test.all dev.lint dev.render dev.demo dev.bench dev.bench.report

help: ## List what can be made
	@sed -n 's/^\([a-z.-]*\):.*## /\1	/p' Makefile Makefile.instrumented | expand -t 18

demo: dev.demo ## Set up an environment for it (600 MB), record runs of the example, show the events, and write a report
test: dev.test ## Set up, and run the tests
test.all: dev.test.all ## Set up, and run every case of every test, on three more engines and on older kernels

dev.provision: $(VENV)/provisioned ## Create the virtual environment with all that the other targets need

$(VENV)/provisioned: pyproject.toml hatch_build.py recorder/recorder.c
	@echo "Setting up $(VENV): about a minute, and 1.1 GB"
	@python3 -m venv $(VENV) || { echo "python3 has no venv module; on Debian: apt-get install python3-venv" >&2; exit 1; }
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --upgrade 'pip>=25.1'
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --editable '.[collector,otlp]' --group dev
	@touch $@

$(VENV)/engines: $(VENV)/provisioned
	@echo "Adding the engines that the same questions are put to: about a minute, and 1.2 GB more"
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --editable '.[report-spark]' --group engines
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --group rotel || echo "Without Rotel, one test is skipped" >&2
	@touch $@

dev.wheel: dev.provision ## Build the wheel, and install it into an environment of its own for the tests
	@rm -rf build/dist $(WHEEL)
	@$(PYTHON) -m pip wheel --quiet --disable-pip-version-check --no-deps --wheel-dir build/dist .
	@$(PYTHON) -m venv --without-pip $(WHEEL)
	@$(PYTHON) -m pip --python $(WHEEL)/bin/python install --quiet --disable-pip-version-check --no-deps build/dist/*.whl
	@$(PYTHON) -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > "$$(echo $(WHEEL)/lib/python*/site-packages)/dependencies.pth"

dev.wheels: dev.provision ## Build a wheel for each kind of system
	@$(PYTHON) -m pip install --quiet --disable-pip-version-check --group wheels
	@for target in x86_64-linux-musl aarch64-linux-musl x86_64-macos.11.0 aarch64-macos.11.0; do \
		RECORDER_TARGET=$$target $(PYTHON) -m pip wheel --quiet --disable-pip-version-check --no-deps --no-build-isolation \
			--wheel-dir build/wheels . || exit 1; \
	done; ls build/wheels

dev.test: dev.wheel ## Run the tests, against the built wheel
	INSTALLED=$(abspath $(WHEEL)) $(PYTHON) -m pytest

dev.test.all: dev.wheel $(VENV)/engines ## Run every case of every test, against the built wheel
	INSTALLED=$(abspath $(WHEEL)) $(PYTHON) -m pytest --all

dev.cover: dev.provision ## Measure how much of the run-time package is tested, branches included, and hold the floor
	@$(PYTHON) -m coverage erase
	$(PYTHON) -m pytest -q --cov --cov-report= $(COVERED)
	$(PYTHON) -m coverage report --fail-under=94

dev.lint: dev.provision ## Check style, types and that the rendered files are up to date
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	$(PYTHON) -m generator check
	$(PYTHON) -m generator doc --check
	$(PYTHON) -m generator schema --check --output targets.schema.json
	$(PYTHON) -m generator check --catalog examples/openedx-devstack/targets.yaml

dev.render: dev.provision ## Render what is rendered: the includes, the data dictionary, the schema and what is golden
	$(PYTHON) -m generator render
	$(PYTHON) -m generator render --catalog examples/openedx-devstack/targets.yaml
	$(PYTHON) -m generator doc
	$(PYTHON) -m generator schema --output targets.schema.json
	$(PYTHON) -m generator render --catalog tests/golden/targets.yaml
	PYTHONPATH=. $(PYTHON) tests/golden_sql.py

dev.demo: ## Show a tracked run from the catalog to the server, and a team's report
	@python3 examples/demo_start.py $(DEMO)
	@$(DEMO)/bin/python examples/demo.py

dev.bench: dev.provision ## Measure what a tracked run costs, side by side with the alternatives
	@PYTHONPATH=examples:. $(PYTHON) benchmarks/run.py

dev.bench.report: dev.provision ## Measure what a report of a team's history costs, beside pandas
	@$(PYTHON) benchmarks/report.py
