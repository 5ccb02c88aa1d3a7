.DEFAULT_GOAL := help
.SILENT:
.PHONY: help install run test check format build deploy deploy-local smoke logs delete release bench publish scaling clean

# Lambda runs 3.12, and only 3.12 can `sam build`. A pyenv shim may exist without the Python behind it, so each is tried.
PYTHON ?= $(shell for each in python3.12 python3 python3.13 python3.11 python; do \
	$$each -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$each && break; done)
BIN := .venv/bin
CODE := connect disconnect send-message shared local tests bench
ENV ?= default
# Name and region of the stack, as samconfig.toml has them: also after sam deploy --guided.
STACK = $(shell $(BIN)/python -c 'import tomllib; p = tomllib.load(open("samconfig.toml", "rb"))["$(ENV)"]["deploy"]["parameters"]; print(p["stack_name"])')
REGION = $(shell $(BIN)/python -c 'import tomllib; p = tomllib.load(open("samconfig.toml", "rb"))["$(ENV)"]["deploy"]["parameters"]; print("--region " + p["region"] if "region" in p else "")')
RELEASE = .build/websocket-hub-$(shell sed -n 's/^VERSION = "\(.*\)"/\1/p' shared/hub/version.py)
export SAM_CLI_TELEMETRY := 0
# Where a region is needed, and no account: what reaches AWS goes by your own settings.
check test build run: export AWS_DEFAULT_REGION ?= us-east-1

help: ## list the targets
	awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s  %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: .venv/installed ## create .venv with the pinned tools (the other targets do this by themselves)

.venv/installed: requirements-dev.txt connect/requirements.txt send-message/requirements.txt shared/requirements.txt
	test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed, 3.12 preferred: none was found." >&2; exit 1; }
	echo "Installing the pinned tools into .venv with $$($(PYTHON) --version). The first time takes a minute or two."
	$(PYTHON) -m venv --upgrade-deps .venv
	$(BIN)/python -m pip install --disable-pip-version-check -r requirements-dev.txt
	touch $@

run: install ## start the hub on this machine; options: make run ARGS="--port 3999"
	$(BIN)/python -m local $(ARGS)

test: install ## run the tests; options: make test ARGS="-k page"
	$(BIN)/python -m pytest -n 2 --dist loadfile $(ARGS)

check: install ## what CI runs before the tests: format, lint, types, layers, templates
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(CODE)
	PYTHONPATH=send-message:shared $(BIN)/lint-imports
	$(BIN)/sam validate --lint
	$(BIN)/cfn-lint template.yaml
	mkdir -p .build
	$(BIN)/python -m local translate > .build/translated.json
	$(BIN)/cfn-lint .build/translated.json

format: install ## put the code into its format
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

build: install ## build the functions and the layer into .aws-sam, for the processor that ENV deploys to (needs Python 3.12)
	$(BIN)/python -m local build --config-env $(ENV)

deploy: build ## deploy to AWS; another environment of samconfig.toml: make deploy ENV=prod
	$(BIN)/sam deploy --config-env $(ENV)

deploy-local: install ## deploy the stack to MiniStack, an emulator of AWS, on this machine (needs Linux and Python 3.12)
	$(BIN)/python -m tests.support.ministack $(ARGS)

# KEY=… make smoke keeps a secret out of every list of processes; make smoke KEY=… shows it, as make's own argument.
# $(value) keeps make from expanding a $ in it.
override export URL := $(value URL)
override export TOKEN := $(value TOKEN)
override export KEY := $(value KEY)
smoke: ## say in a minute whether a deployed hub works: make smoke URL=wss://…; with a secret: KEY=… make smoke URL=wss://…
	test -n "$$URL" || { echo "Say which hub: make smoke URL=wss://… (the stack's output WebSocketUrl)." >&2; exit 1; }
	$(MAKE) install
	$(BIN)/python -m local smoke "$$URL" $(ARGS)

logs: install ## follow the functions' logs; options: make logs ENV=prod ARGS="--filter ERROR"
	$(BIN)/sam logs $(foreach each,connect disconnect message,--cw-log-group /aws/lambda/$(STACK)-$(each)) $(REGION) --tail $(ARGS)

delete: install ## delete the stack, its table and its logs, not the signing key: make delete ENV=staging
	$(BIN)/sam delete --config-env $(ENV) --stack-name $(STACK) $(REGION)
	echo "If the stack made a secret with the signing key, that secret stays and costs \$$0.40 a month. To find it, and to delete it:"
	echo "  aws secretsmanager list-secrets $(REGION) --query \"SecretList[?Description=='The key that signs who may connect to $(STACK)'].Name\" --output text"
	echo "  aws secretsmanager delete-secret $(REGION) --secret-id NAME"

release: build ## make an archive of this version that sam deploy takes as it is, into .build
	rm -rf $(RELEASE) $(RELEASE).zip
	mkdir -p $(RELEASE)
	cp -R .aws-sam/build/. samconfig.toml README.md CHANGELOG.md LICENSE $(RELEASE)
	cd .build && ../$(BIN)/python -m zipfile -c $(notdir $(RELEASE)).zip $(notdir $(RELEASE))
	echo "$(RELEASE).zip: unpack it, and run sam deploy --guided in it."

bench: install ## measure deliveries, cold starts and the local gateway (ten minutes, needs Linux and Python 3.12)
	PYTHONPATH=shared:send-message $(BIN)/python -m bench.delivery
	$(BIN)/python -m bench.gateway

publish: install ## put the results of make bench into docs/performance.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	PYTHONPATH=shared:send-message $(BIN)/python -m bench.publish

scaling: install ## model a hub of 1 k to 3.6 M connections, into docs/scaling.md
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r bench/requirements.txt
	PYTHONPATH=shared:send-message $(BIN)/python -m bench.scaling

clean: ## remove what the other targets made
	rm -rf .venv .aws-sam .build .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
