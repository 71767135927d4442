# Thin: each line names a command; what it does is in scripts/ and crates/xtask/.
.DEFAULT_GOAL := help
.PHONY: run console test check bench soak fuzz fmt generate clean help

run: ## build the console and the release binary, and serve on http://127.0.0.1:4800 (development mode)
	./scripts/console --or-without
	cargo build --release --package bellwire-server
	./target/release/bellwire serve --dev

console: ## build the console alone, into console/dist; the binary built next has it inside
	./scripts/console

test: ## every test; installs what the tests need when it is missing
	./scripts/test

check: ## formatting, lints, crate walls, tidiness, generated files
	./scripts/check

bench: ## the benchmarks and their report
	cargo run --release --package bellwire-bench -- $(ARGS)

soak: ## the process tests, many more rounds (ROUNDS=100)
	./scripts/soak

fuzz: ## the property tests, many more cases (CASES=100000)
	./scripts/fuzz

fmt: ## format everything: Rust, the console, both SDKs
	./scripts/fmt

generate: ## write openapi.json, asyncapi.json and docs/reference anew
	cargo xtask generate

clean: ## remove what was built and installed
	cargo clean
	rm -rf .cache e2e/node/node_modules console/node_modules console/dist sdks/python/.venv sdks/typescript/node_modules

help: ## this list
	@grep -E '^[a-z]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-9s %s\n", $$1, $$2}'
