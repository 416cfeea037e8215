#!/usr/bin/env bash
# What the other steps need beyond a Rust toolchain.
set -euxo pipefail
cd "$(dirname "$0")"/..

cargo fmt --version || rustup component add rustfmt
cargo clippy --version || rustup component add clippy

# A real supervisor for the tests of the service.
bash ci/install-runit.sh
