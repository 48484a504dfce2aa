#!/bin/sh
# Runs every fuzz target for some seconds. Usage: tests/fuzz/smoke.sh [seconds]
set -eu
seconds=${1:-15}
cd "$(dirname "$0")"

skip() {
    echo "fuzz-smoke: SKIP, $*"
    exit 0
}

command -v cargo-fuzz >/dev/null || skip "cargo-fuzz is not installed (cargo install cargo-fuzz)"
cargo +nightly --version >/dev/null 2>&1 || skip "there is no nightly toolchain (rustup toolchain install nightly)"

for target in $(cargo +nightly fuzz list --fuzz-dir .); do
    echo "fuzz-smoke: $target for $seconds s"
    cargo +nightly fuzz run --fuzz-dir . "$target" -- -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048
done
