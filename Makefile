.DEFAULT_GOAL := help
.SILENT:
.PHONY: help install run test check format build deploy deploy-local smoke logs delete release bench publish scaling clean

# Lambda runs Python 3.12, and `sam build` needs it. A command may be a pyenv shim without a Python, so each is started.
PYTHON ?= $(shell for python in python3.12 python3 python3.13 python3.11 python; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
BIN := .venv/bin
CODE := connect disconnect send-message shared local tests bench
ENV ?= default
# Name and region of the stack, from samconfig.toml, which also has the answers to sam deploy --guided.
STACK = $(shell $(BIN)/python -c 'import tomllib; p = tomllib.load(open("samconfig.toml", "rb"))["$(ENV)"]["deploy"]["parameters"]; print(p["stack_name"])')
REGION = $(shell $(BIN)/python -c 'import tomllib; p = tomllib.load(open("samconfig.toml", "rb"))["$(ENV)"]["deploy"]["parameters"]; print("--region " + p["region"] if "region" in p else "")')
RELEASE = .build/websocket-hub-$(shell sed -n 's/^VERSION = "\(.*\)"/\1/p' shared/hub/version.py)
export SAM_CLI_TELEMETRY := 0
# These targets need a region, but no account. The targets that use AWS take your own region.
check test build run: export AWS_DEFAULT_REGION ?= us-east-1

help: ## list the targets
	awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/installed ## create .venv with the pinned tools (the other targets do this too)

.venv/installed: requirements-dev.txt connect/requirements.txt send-message/requirements.txt shared/requirements.txt
	test -n "$(PYTHON)" || { echo "No Python 3.11 or newer was found. Install Python, 3.12 if possible." >&2; exit 1; }
	echo "Installing the pinned tools into .venv with $$($(PYTHON) --version). The first time takes a minute or two."
	$(PYTHON) -m venv --upgrade-deps .venv
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-dev.txt
	touch $@

run: install ## start the hub on this machine; options: make run ARGS="--port 3999"
	$(BIN)/python -m local $(ARGS)

test: install ## run the tests; options: make test ARGS="-k page"
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: install ## check format, lint, types, layers and templates, as CI does before the tests
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(CODE)
	PYTHONPATH=send-message:shared $(BIN)/lint-imports
	$(BIN)/sam validate --lint
	$(BIN)/cfn-lint template.yaml
	mkdir -p .build
	$(BIN)/python -m local translate > .build/translated.json
	$(BIN)/cfn-lint .build/translated.json

format: install ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

build: install ## build the functions and the layer into .aws-sam, for the processor of ENV (needs Python 3.12)
	$(BIN)/python -m local build --config-env $(ENV)

deploy: build ## build, and deploy to AWS; another environment of samconfig.toml: make deploy ENV=prod
	$(BIN)/sam deploy --config-env $(ENV)

deploy-local: install ## deploy the stack to MiniStack, an emulator of AWS (needs Linux and Python 3.12)
	$(BIN)/python -m tests.support.ministack $(ARGS)

# "KEY=… make smoke" keeps the secret out of the list of processes. "make smoke KEY=…" shows it there, as an argument of
# make. $(value) passes on the text without expanding a $ in it.
override export URL := $(value URL)
override export TOKEN := $(value TOKEN)
override export KEY := $(value KEY)
smoke: ## check a deployed hub in a minute: make smoke URL=wss://…, or KEY=… make smoke URL=wss://…
	test -n "$$URL" || { echo "Say which hub: make smoke URL=wss://… (the stack's output WebSocketUrl)." >&2; exit 1; }
	$(MAKE) install
	$(BIN)/python -m local smoke "$$URL" $(ARGS)

logs: install ## follow the functions' logs; options: make logs ENV=prod ARGS="--filter ERROR"
	$(BIN)/sam logs $(foreach name,connect disconnect message,--cw-log-group /aws/lambda/$(STACK)-$(name)) $(REGION) --tail $(ARGS)

delete: install ## delete the stack with its table and logs, but not the signing key: make delete ENV=staging
	$(BIN)/sam delete --config-env $(ENV) --stack-name $(STACK) $(REGION)
	echo "If the stack made a secret with the signing key, that secret stays and costs \$$0.40 a month. To find it, and to delete it:"
	echo "  aws secretsmanager list-secrets $(REGION) --query \"SecretList[?Description=='The key that signs who may connect to $(STACK)'].Name\" --output text"
	echo "  aws secretsmanager delete-secret $(REGION) --secret-id NAME"

release: build ## make an archive in .build that sam deploy takes as it is
	rm -rf $(RELEASE) $(RELEASE).zip
	mkdir -p $(RELEASE)
	cp -R .aws-sam/build/. samconfig.toml README.md CHANGELOG.md LICENSE $(RELEASE)
	cd .build && ../$(BIN)/python -m zipfile -c $(notdir $(RELEASE)).zip $(notdir $(RELEASE))
	echo "$(RELEASE).zip: unpack it, and run sam deploy --guided in it."

bench: install ## measure deliveries, cold starts and the local gateway (twenty minutes, needs Linux and Python 3.12)
	PYTHONPATH=shared:send-message $(BIN)/python -m bench.delivery
	PYTHONPATH=shared:send-message $(BIN)/python -m bench.delivery.history
	$(BIN)/python -m bench.gateway

publish: install ## write the results of make bench into docs/performance.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	PYTHONPATH=shared:send-message $(BIN)/python -m bench.publish

scaling: install ## model a hub of 1 k to 3.6 M connections, and write docs/scaling.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	PYTHONPATH=shared:send-message $(BIN)/python -m bench.scaling

clean: ## remove the files that the other targets made
	rm -rf .venv .aws-sam .build .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
