# Everything is run through here; CI calls `make check` and nothing else.
CARGO ?= cargo
FUZZ_SECONDS ?= 15

.PHONY: help demo check fmt clippy test tidy doc bench compat fuzz-smoke

help:
	@echo "make demo        build, then one request with Multipath TCP on both sides, and the proof"
	@echo "make check       the whole gate: fmt, clippy, test (with tidy), doc, fuzz-smoke"
	@echo "make test        unit and black-box tests"
	@echo "make doc         API documentation, warnings are errors"
	@echo "make compat      configuration verdicts, the ledger, scripts and TCP mode beside the installed haproxy"
	@echo "make bench       speed and system calls against the installed haproxy"
	@echo "make fuzz-smoke  every fuzz target for $(FUZZ_SECONDS) s (needs cargo-fuzz and nightly)"

demo:
	$(CARGO) build --release
	haproxy-compat/demo.sh target/release/subflow

check: fmt clippy test doc fuzz-smoke
	@echo "check: all green"

fmt:
	$(CARGO) fmt --check

clippy:
	$(CARGO) clippy --all-targets -- -D warnings

# The tests start the binary of the same profile; tests/tidy.rs is among them.
test:
	$(CARGO) test

tidy:
	$(CARGO) test --test tidy

doc:
	RUSTDOCFLAGS="-D warnings" $(CARGO) doc --no-deps

compat:
	$(CARGO) test --test config_check --test ledger --test vtc
	$(CARGO) test --test proxy tcp_differential

bench:
	$(CARGO) build --release
	tests/bench/bench.py target/release/subflow

fuzz-smoke:
	@tests/fuzz/smoke.sh $(FUZZ_SECONDS)
