#!/usr/bin/env bash
# The documentation, with all features and with none.
set -euxo pipefail
cd "$(dirname "$0")"/..

export RUSTDOCFLAGS="-D warnings"
cargo doc -p rungroup --no-deps --all-features
cargo doc -p rungroup --no-deps
