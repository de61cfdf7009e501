# Everything the project is built, shown and checked with. `make help` lists it.
#
# Settings: CARGO, CARGO_TARGET_DIR as cargo knows them.

.PHONY: help build demo test lint audit acceptance bench oracle clean
.NOTPARALLEL:
.DEFAULT_GOAL := help

# A toolchain that was just installed is not yet on everybody's $PATH.
export PATH := $(PATH):$(HOME)/.cargo/bin:$(CURDIR)/target/tools/bin
CARGO ?= cargo
TARGET := $(or $(CARGO_TARGET_DIR),target)

help:
	@echo 'make build       the tools, in release mode, in $(TARGET)/release'
	@echo 'make demo        builds example packages and a repository of them below .demo/'
	@echo 'make test        everything that CI checks'
	@echo 'make lint        what of that needs no tests to run: format, clippy, docs, scripts, dependencies'
	@echo 'make audit       looks for known holes in our dependencies (asks GitHub)'
	@echo 'make acceptance  the tests that take too long for make test: an hour or more'
	@echo 'make bench       our speed beside that of other tools'
	@echo 'make oracle      asks the real Composer, boto3, s5cmd and bob again what our tests compare with'
	@echo 'make clean       removes what these have made'

build:
	.ci/setup build
	$(CARGO) build --release --locked

demo:
	formulae/_demo/demo.sh

# Exactly what CI runs. The tests come last, so that their summary is what one sees.
test:
	.ci/setup test
	$(MAKE) --no-print-directory lint
	tests/install-seaweedfs.sh
	$(CARGO) build --workspace --locked --bins --examples
	python3 -B tests/wrappers_test.py
	python3 -B tests/differential/run.py
	python3 -B tests/switching_test.py
	python3 -B tests/promises_test.py
	python3 -B tests/formulae_test.py $(TARGET)/debug
	python3 -B tests/extending_test.py $(TARGET)/debug
	python3 -B tests/environment_test.py $(TARGET)/debug
	$(CARGO) test --workspace --locked --no-fail-fast --lib --bins --tests

lint:
	$(CARGO) fmt --all --check
	python3 -B tests/check_layers_test.py
	$(CARGO) metadata --no-deps --format-version 1 | python3 tests/check-layers.py
	tests/lint-shell.sh
	$(CARGO) deny --locked --log-level error check bans licenses sources
	$(CARGO) clippy --workspace --locked --all-targets -- -D warnings
	RUSTDOCFLAGS='-D warnings' $(CARGO) doc --workspace --locked --no-deps --document-private-items

# What make test cannot promise from one day to the next: no known holes.
audit:
	.ci/setup test
	$(CARGO) deny --locked check advisories

# What takes too long for make test: hundreds of rounds, on every kind of store. docs/testing.md says
# what the variables do.
acceptance: export SLIPWAY_TEST_RACES = full
acceptance: export SLIPWAY_TEST_ROUNDS ?= 200
acceptance:
	.ci/setup test
	tests/install-seaweedfs.sh
	$(CARGO) build --workspace --locked --bins
	$(CARGO) test --locked --no-fail-fast -p end-to-end --test races --test adversity \
		--test deaths --test faults
	$(CARGO) test --locked -p platform-install --test killed
	python3 -B tests/services.py $(TARGET)/debug
	FROM=10000 TO=11000 $(CARGO) test --locked -p composer --test resolver_oracle -- --ignored other_cases

# Ratios to what else there is, in one run each; benches/*.sh says what is measured.
bench:
	.ci/setup test
	set -e; for bench in benches/*.sh; do echo "== $$bench"; "$$bench"; done

# What crates/composer and the reading of the environment are tested against, as data: after a change
# of the cases, or with a newer Composer, boto3 or s5cmd.
oracle:
	.ci/setup test
	php crates/composer/tests/oracle/semver.php > crates/composer/tests/oracle/semver.txt
	$(CARGO) test --locked -p composer --test resolver_oracle -- --ignored write_answers
	python3 -B tests/environment/oracle.py .cache/environment-oracle

clean:
	$(CARGO) clean
	rm -rf .demo .cache target
