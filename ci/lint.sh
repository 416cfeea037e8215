#!/usr/bin/env bash
# Format and lints, with all features and with none.
set -euxo pipefail
cd "$(dirname "$0")"/..

# Components of the toolchain, which a minimal one lacks.
cargo fmt --version || rustup component add rustfmt
cargo clippy --version || rustup component add clippy

cargo fmt --all --check
cargo clippy --workspace --all-targets --all-features -- -D warnings
cargo clippy --all-targets -- -D warnings

# The picture of the imports: one direction, no circle.
bash ci/layers.sh
