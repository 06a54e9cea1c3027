# `make` alone says what there is to make.

# Arguments for `make demo` and `make bench`: make demo ARGS="--no-serve --db sqlite:lot.db"
ARGS ?=
PYTHON ?= python3
CARGO_DENY_VERSION := 0.20.2
CARGO_DEB_VERSION := 3.8.0

SHELL := /bin/bash
.DEFAULT_GOAL := help

# The tools of a virtual environment that is not activated.
VENV := $(CURDIR)/.venv/bin
TARGET := $(or $(CARGO_TARGET_DIR),$(CURDIR)/target)
CARGO_TOOLS := $(TARGET)/tools
# Every call of cargo then builds the Python extension alike: one that finds Python's symbols where it is imported.
export PYO3_BUILD_EXTENSION_MODULE := 1
STEP := @tests/step
# cargo-deny unoptimised is built in a minute and still answers within two seconds.
QUICK_TO_BUILD := CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256

.PHONY: help
help: ## say what each target does
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-16s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# SQLite alone: OpenSSL and libpq, which take longest to build, are not needed here.
.PHONY: demo
demo: ## sixty days of a dealership on a fresh SQLite file, a report, then the API: ARGS=--no-serve ends after the report
	cargo run --release --locked -p jpauto-cli --no-default-features --features sqlite -- demo $(ARGS)

# What takes long and does not wait for anything else comes first, side by side.
.PHONY: test
test: ## every test, on SQLite and on a throw-away PostgreSQL that it starts; installs what is missing
	@$(MAKE) --no-print-directory -j3 packages build .venv/agreement .venv/api
	@tests/with-postgres $(MAKE) --no-print-directory -j1 test-rust test-databases test-python try-api

# The servers of the tests, and the browser that renders pages in them; any that is installed will do.
.PHONY: packages
packages:
	@missing=; \
	ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || command -v initdb >/dev/null || missing=postgresql; \
	command -v google-chrome-stable chromium chromium-browser chrome >/dev/null || missing="$$missing chromium"; \
	command -v npm >/dev/null || missing="$$missing npm"; \
	PATH="$$PATH:/usr/sbin" command -v sshd >/dev/null || missing="$$missing openssh-server"; \
	PATH="$$PATH:/usr/sbin" command -v vsftpd >/dev/null || missing="$$missing vsftpd"; \
	PATH="$$PATH:/usr/sbin" command -v pgbouncer >/dev/null || missing="$$missing pgbouncer"; \
	command -v openssl >/dev/null || missing="$$missing openssl"; \
	command -v xmllint >/dev/null || missing="$$missing libxml2-utils"; \
	[ -z "$$missing" ] || tests/apt-install $$missing

# The program, the Python extension and the tests' binaries in one call: with tests the features of their dependencies are on, and a call
# without them would compile serde, and so the library and all adapters, a second time.
BUILD := cargo build --locked --workspace --lib --bins --examples --tests
.PHONY: build
build:
	$(STEP) "cargo build" $(BUILD)

# Tests wait for servers, time-outs and each other more than they calculate.
.PHONY: test-rust
test-rust: .venv/agreement
	$(STEP) "cargo test" env JPAUTO_TEST_PYTHON="$(VENV)/python" RUST_TEST_THREADS="$(or $(RUST_TEST_THREADS),$(shell expr 2 '*' `nproc`))" \
		cargo test --locked --workspace --no-fail-fast

# The bars of minutes, each as long as it is asked for; the same tests are shorter in `test-rust`.
.PHONY: test-long
test-long: ## the tests that take minutes, as long as their bars are: killed workers and commands, a million photos, restarts of PostgreSQL
	@$(MAKE) --no-print-directory -j3 packages build .venv/agreement
	@tests/with-postgres $(MAKE) --no-print-directory long-bars

LONG_TEST := cargo test --locked --workspace --no-fail-fast
.PHONY: long-bars
long-bars:
	$(STEP) "two workers for two minutes, one killed every 10 s" env JPAUTO_TEST_WORKERS=120,10 RUST_TEST_THREADS=1 \
		$(LONG_TEST) --test command two_workers_of_which_one_is_killed -- --nocapture
	$(STEP) "exports, imports, uploads, clean-ups and workers killed 100 times" env JPAUTO_TEST_KILLS=100 $(LONG_TEST) --test command killed
	$(STEP) "a million photos within 64 MiB" env JPAUTO_TEST_OBJECTS=1000000 \
		$(LONG_TEST) --test integration very_many_objects -- --nocapture
	$(STEP) "PostgreSQL stopped and started 20 times" env JPAUTO_TEST_RESTARTS=20 \
		$(LONG_TEST) --test command stopped_and_started_under_load -- --nocapture

# The library alone with either database: what the workspace's other members switch on is off here.
.PHONY: test-databases
test-databases:
	$(STEP) "only SQLite compiles" cargo clippy --locked -p jpauto --no-default-features --features sqlite -- -D warnings
	$(STEP) "SQLite and the browser compile" cargo clippy --locked -p jpauto --features browser -- -D warnings
	$(STEP) "only PostgreSQL compiles" cargo clippy --locked -p jpauto --no-default-features --features postgres-bundled -- -D warnings

.PHONY: test-python
test-python: extension
	$(STEP) "pytest" "$(VENV)/python" -m pytest -c bindings/python/pyproject.toml --rootdir bindings/python bindings/python/tests
	$(STEP) "the stubs match the module" "$(VENV)/python" -m mypy.stubtest jpauto --allowlist bindings/python/tests/stubtest-allowlist \
		--mypy-config-file bindings/python/pyproject.toml

# The extension that `build` has made, where Python's package looks for it.
.PHONY: extension
extension: .venv/ready
	$(STEP) "cargo build" $(BUILD)
	cp "$(TARGET)/debug/lib_jpauto.so" bindings/python/python/jpauto/_jpauto.abi3.so

.PHONY: test-api
test-api: .venv/api ## tries the HTTP server by its OpenAPI document: ARGS="--seconds 600" does so for ten minutes a role and database
	$(STEP) "cargo build" $(BUILD)
	@tests/with-postgres $(MAKE) --no-print-directory try-api ARGS="$(ARGS)"

.PHONY: try-api
try-api: .venv/api
	$(STEP) "schemathesis" "$(VENV)/python" tests/api.py "$(TARGET)/debug/jpauto" $(ARGS)

# As it is given away: the extension alone with its own features, in an environment that has nothing else.
.PHONY: test-wheel
test-wheel: .venv/ready ## builds the Python wheel and uses it in an empty virtual environment
	rm -rf "$(TARGET)/wheels" "$(TARGET)/wheel-venv"
	$(STEP) "build the wheel" "$(VENV)/maturin" build --locked -m bindings/python/Cargo.toml --profile dev --out "$(TARGET)/wheels"
	$(PYTHON) -m venv "$(TARGET)/wheel-venv"
	"$(TARGET)/wheel-venv/bin/python" -m pip install --quiet --no-index "$(TARGET)"/wheels/*.whl
	$(STEP) "nothing of the system's is linked" bash -c '! ldd "$(TARGET)"/wheel-venv/lib/python3*/site-packages/jpauto/_jpauto*.so \
		| grep -E "libpq|libssl|libcrypto|libsqlite3|not found"'
	$(STEP) "import it" env -C / "$(TARGET)/wheel-venv/bin/python" -c 'import jpauto; print(jpauto.__version__)'
	"$(TARGET)/wheel-venv/bin/python" -m pip install --quiet 'pytest>=9.2,<10'
	$(STEP) "pytest of the wheel" tests/with-postgres "$(TARGET)/wheel-venv/bin/python" -m pytest -c bindings/python/pyproject.toml --rootdir bindings/python bindings/python/tests

# The sources alone, unpacked elsewhere: what a machine builds for which there is no wheel. It compiles the library anew, which takes the
# time of unpacking: an archive's files are older than all that is built, and cargo would give what the repository's files gave. The lock
# file there names more than they need, which cargo drops: hence no --locked.
.PHONY: test-sdist
test-sdist: .venv/ready ## packs the Python package's sources, builds a wheel of them, and imports it in an empty virtual environment
	rm -rf "$(TARGET)/sdist" "$(TARGET)/sdist-venv"
	$(STEP) "pack the sources" "$(VENV)/maturin" sdist -m bindings/python/Cargo.toml --out "$(TARGET)/sdist"
	$(STEP) "they hold sources alone" bash -c '! tar -tf "$(TARGET)"/sdist/*.tar.gz | grep -E "\.so$$|\.venv|/target/"'
	@# Elsewhere than in the target folder, whose files cargo would go on to compare instead of the repository's.
	$(STEP) "build from the packed sources" bash -c 'unpacked=$$(mktemp -d) && trap "rm -rf $$unpacked" EXIT && \
		tar -xmf "$(TARGET)"/sdist/*.tar.gz --strip-components=1 -C "$$unpacked" && \
		CARGO_TARGET_DIR="$(TARGET)" "$(VENV)/maturin" build -m "$$unpacked/bindings/python/Cargo.toml" --profile dev --out "$(TARGET)/sdist"'
	$(PYTHON) -m venv "$(TARGET)/sdist-venv"
	"$(TARGET)/sdist-venv/bin/python" -m pip install --quiet --no-index "$(TARGET)"/sdist/*.whl
	$(STEP) "import it" env -C / "$(TARGET)/sdist-venv/bin/python" -c 'import jpauto; print(jpauto.__version__)'

.PHONY: cargo-deb
cargo-deb:
	$(STEP) "cargo install cargo-deb" env $(QUICK_TO_BUILD) \
		cargo install --locked --quiet --root "$(CARGO_TOOLS)" cargo-deb --version $(CARGO_DEB_VERSION)

# Linked twice: the second time with what a server runs side by side, so that a server that waits holds half of the memory.
FUNCTION_ORDER := $(TARGET)/function-order
.PHONY: release
release: packages ## the program as it is given away: target/release/jpauto
	$(STEP) "cargo build --release" cargo build --locked --release -p jpauto-cli
	@command -v valgrind >/dev/null || tests/apt-install valgrind
	$(STEP) "order of the functions" tests/with-postgres deploy/function-order "$(TARGET)/release/jpauto" "$(FUNCTION_ORDER)"
	$(STEP) "cargo build --release" env JPAUTO_FUNCTION_ORDER="$(FUNCTION_ORDER)" cargo build --locked --release -p jpauto-cli

# A release build takes minutes, so neither `test` nor `check` makes it.
.PHONY: package
package: cargo-deb release ## the Debian package with the binary, its configuration and its systemd unit, unpacked and tried out
	$(STEP) "cargo deb" env PATH="$(CARGO_TOOLS)/bin:$$PATH" \
		cargo deb --locked --no-build -p jpauto-cli --output "$(TARGET)/debian/jpauto.deb"
	$(STEP) "check the package" tests/check-package "$(TARGET)/debian/jpauto.deb"

# cargo-deb packs what is built for release; here that is the binary of the tests, in a folder of its own.
.PHONY: check-package
check-package: cargo-deb packages ## the same of the debug binary: what the package holds, its unit, and that its server answers
	$(STEP) "cargo build" $(BUILD)
	mkdir -p "$(TARGET)/package/release" && ln -f "$(TARGET)/debug/jpauto" "$(TARGET)/package/release/jpauto"
	$(STEP) "cargo deb" env PATH="$(CARGO_TOOLS)/bin:$$PATH" CARGO_TARGET_DIR="$(TARGET)/package" \
		cargo deb --locked --no-build --fast -p jpauto-cli --output "$(TARGET)/package/jpauto.deb"
	$(STEP) "check the package" tests/check-package "$(TARGET)/package/jpauto.deb"
	@command -v valgrind >/dev/null || tests/apt-install valgrind
	$(STEP) "order of the functions" tests/with-postgres deploy/function-order "$(TARGET)/debug/jpauto" "$(TARGET)/package/function-order"

.PHONY: check
check: check-format check-lint check-docs check-dependencies check-scripts check-python ## formatting, lints, documentation, licences: everything but the tests

.PHONY: check-format
check-format:
	$(STEP) "cargo fmt" cargo fmt --all --check

.PHONY: check-lint
check-lint:
	$(STEP) "cargo clippy" cargo clippy --locked --workspace --all-targets -- -D warnings

# The libraries: the command line is named jpauto as the library is, and its pages would land on the same place.
.PHONY: check-docs
check-docs:
	$(STEP) "cargo doc" env RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --lib --no-deps --document-private-items

# Without the advisories: their database is fetched from the network, which a build must not need.
.PHONY: check-dependencies
check-dependencies:
	$(STEP) "cargo install cargo-deny" env $(QUICK_TO_BUILD) \
		cargo install --locked --quiet --root "$(CARGO_TOOLS)" cargo-deny --version $(CARGO_DENY_VERSION)
	$(STEP) "cargo deny (known vulnerabilities are not looked up here: cargo deny check advisories)" \
		"$(CARGO_TOOLS)/bin/cargo-deny" --locked --workspace check --hide-inclusion-graph bans licenses sources

.PHONY: check-scripts
check-scripts:
	$(STEP) "shell scripts" bash -c 'for script in .ci/run fuzz/run tests/apt-install tests/check-package tests/step tests/with-postgres; do bash -n "$$script"; done'
	$(STEP) "the nginx configuration of docs/deploying.md" tests/check-nginx

.PHONY: check-python
check-python: .venv/ready
	$(STEP) "ruff format" "$(VENV)/ruff" format --check --config bindings/python/pyproject.toml bindings/python
	$(STEP) "ruff check" "$(VENV)/ruff" check --config bindings/python/pyproject.toml bindings/python
	$(STEP) "mypy" bash -c 'cd bindings/python && "$(VENV)/python" -m mypy'
	$(STEP) "pyright" bash -c 'cd bindings/python && "$(VENV)/basedpyright" --pythonpath "$(VENV)/python"'
	$(STEP) "every public name has a type" bash -c 'cd bindings/python && PYTHONPATH=python "$(VENV)/basedpyright" \
		--pythonpath "$(VENV)/python" --verifytypes jpauto --ignoreexternal >/dev/null'

.PHONY: bench
bench: .venv/agreement ## the benchmarks and a table of them, on SQLite and on a throw-away PostgreSQL that waits for the disk: ARGS=NAME runs some
	@JPAUTO_TEST_PYTHON="$(VENV)/python" tests/with-postgres --durable $(PYTHON) benches/all.py $(ARGS)
	$(if $(filter-out replay,$(ARGS)),,@$(MAKE) --no-print-directory bench-replay)

.PHONY: bench-country
bench-country: ## the dealers of a country in a night, whole and partitioned, beside SQL by hand: ARGS="--dealers 50000 --recorded 2000" is all of them
	cargo build --release --locked -p jpauto-cli -p jpauto-python
	rm -rf "$(TARGET)/country" && cp -r bindings/python/python "$(TARGET)/country"
	cp "$(TARGET)/release/lib_jpauto.so" "$(TARGET)/country/jpauto/_jpauto.abi3.so"
	@PYTHONPATH="$(TARGET)/country" tests/with-postgres --durable $(PYTHON) benches/country.py $(ARGS)

.PHONY: bench-million
bench-million: ## a million sightings recorded on both databases, beside SQL by hand: ten minutes or so
	@JPAUTO_BENCH_SIZES="10000 100000 1000000" JPAUTO_BENCH_SECONDS=3600 $(MAKE) --no-print-directory bench ARGS=tracking

# How often "sold" was wrong over real days, and how late it was right, beside "absent once".
.PHONY: bench-replay
bench-replay:
	$(STEP) "replay of real days" cargo test --locked -p jpauto --lib sold_is_seldom_wrong -- --nocapture

.PHONY: bench-vin
bench-vin: ## VINs a second, beside vininfo (PyPI) and @cardog/corgi (npm): ARGS=facts runs those, ARGS=peers the comparison alone
	@benches/with-vin-peers cargo bench --locked -p jpauto --bench vin --no-default-features --features sqlite -- $(ARGS)

.PHONY: bench-extract
bench-extract: ## reading pages beside extruct (PyPI) and cheerio (npm), and whether each bar is met: ARGS=FOLDER keeps the peers there
	@bench=$$(cargo bench --locked -p jpauto --bench extract_once --no-run --message-format=json \
		| $(PYTHON) -c 'import json,sys; print([m["executable"] for m in map(json.loads, sys.stdin) if m.get("executable")][-1])') \
		&& $(PYTHON) benches/extract_peers.py "$$bench" "$(or $(ARGS),target/peers)"

.PHONY: fuzz
fuzz: ## feeds one reader of outside bytes with mutations for ten minutes: ARGS="pages|answers|texts|robots|scraper_config [SECONDS]"
	@fuzz/run $(ARGS)

.venv/ready: bindings/python/pyproject.toml
	$(PYTHON) -m venv .venv || { tests/apt-install python3-venv && $(PYTHON) -m venv .venv; }
	"$(VENV)/python" -m pip install --quiet --upgrade 'pip>=25.1'
	"$(VENV)/python" -m pip install --quiet --group bindings/python/pyproject.toml:dev
	@# The package as it stands in the sources, with the extension that `extension` puts there.
	echo "$(CURDIR)/bindings/python/python" >"$$("$(VENV)/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/jpauto.pth"
	@touch $@

.venv/api: .venv/ready
	"$(VENV)/python" -m pip install --quiet --group bindings/python/pyproject.toml:api
	@touch $@

# numpy and scipy, which slopes and quantiles are compared with, PyYAML, which reads pages back, and the servers of tests.
.venv/agreement: .venv/ready bindings/python/pyproject.toml
	"$(VENV)/python" -m pip install --quiet --group bindings/python/pyproject.toml:agreement --group bindings/python/pyproject.toml:s3 \
		--group bindings/python/pyproject.toml:sftp
	@touch $@
