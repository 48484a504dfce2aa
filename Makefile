# Everything is run through here; CI calls `make check` and nothing else.
CARGO ?= cargo
FUZZ_SECONDS ?= 15

# Where `make install` puts things; DESTDIR goes before all of it.
PREFIX ?= /usr/local
SBINDIR ?= $(PREFIX)/sbin
DOCDIR ?= $(PREFIX)/share/doc/subflow
UNITDIR ?= $(PREFIX)/lib/systemd/system
# What is installed: built before, for root need not have cargo.
BINARY ?= target/release/subflow

.PHONY: help demo check fmt clippy test tidy doc bench compat fuzz-check fuzz-smoke release install uninstall

help:
	@echo "make demo        build, then one request with Multipath TCP on both sides, and the proof"
	@echo "make release     the program, in $(BINARY)"
	@echo "make install     program, unit and documents under PREFIX=$(PREFIX); see docs/INSTALL.md"
	@echo "make check       the whole gate: fmt, clippy, test (with tidy), doc, fuzz-check, fuzz-smoke"
	@echo "make test        unit and black-box tests"
	@echo "make doc         API documentation, warnings are errors"
	@echo "make compat      configuration verdicts, the ledger, scripts and TCP mode beside the installed haproxy"
	@echo "make bench       speed and system calls against the installed haproxy"
	@echo "make fuzz-check  the fuzz targets compile"
	@echo "make fuzz-smoke  every fuzz target for $(FUZZ_SECONDS) s (needs cargo-fuzz and nightly)"

demo:
	$(CARGO) build --release
	haproxy-compat/demo.sh target/release/subflow

release:
	$(CARGO) build --release

install:
	@test -x $(BINARY) || { echo "$(BINARY) is not there: run 'make release' first" >&2; exit 1; }
	install -d $(DESTDIR)$(SBINDIR) $(DESTDIR)$(UNITDIR) $(DESTDIR)$(DOCDIR)/examples
	install -m 755 $(BINARY) $(DESTDIR)$(SBINDIR)/subflow
	sed -e 's#/usr/sbin/subflow#$(SBINDIR)/subflow#' -e 's#/usr/share/doc/subflow#$(DOCDIR)#' \
		docs/systemd/subflow.service > $(DESTDIR)$(UNITDIR)/subflow.service
	chmod 644 $(DESTDIR)$(UNITDIR)/subflow.service
	install -m 644 README.md CHANGELOG.md LICENSE-MIT LICENSE-APACHE docs/*.md haproxy-compat/divergences.md \
		$(DESTDIR)$(DOCDIR)
	install -m 644 docs/systemd/subflow.socket haproxy-compat/configs/*.cfg $(DESTDIR)$(DOCDIR)/examples

uninstall:
	rm -f $(DESTDIR)$(SBINDIR)/subflow $(DESTDIR)$(UNITDIR)/subflow.service
	rm -rf $(DESTDIR)$(DOCDIR)

check: fmt clippy test doc fuzz-check fuzz-smoke
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

# With any toolchain: a target that no longer compiles finds nothing.
fuzz-check:
	$(CARGO) check --locked --manifest-path tests/fuzz/Cargo.toml --target-dir target/fuzz --bins

fuzz-smoke:
	@tests/fuzz/smoke.sh $(FUZZ_SECONDS)
