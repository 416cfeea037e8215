#!/usr/bin/env bash
# Builds the library with the oldest dependencies that Cargo.toml allows, and tests it with them:
#
#   ci/minimal-versions.sh           builds it
#   ci/minimal-versions.sh --test    tests it too
set -euxo pipefail
cd "$(dirname "$0")"/..

cargo +nightly --version

# In a copy, and without the other packages, whose dependencies are not those of a user.
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
built=$(realpath -m "${CARGO_TARGET_DIR:-target}")/minimal-versions
cp -r Cargo.toml README.md CHANGELOG.md docs src tests "$copy"
cd "$copy"
sed -i -e 's/^members = .*/members = []/' -e '/^default-members = /d' Cargo.toml
cargo +nightly -Z direct-minimal-versions generate-lockfile

# With the stable toolchain from here on: only the choice of versions needs nightly.
export CARGO_TARGET_DIR=$built
cargo check --locked --lib --all-features
if [ "${1-}" = --test ]; then
    cargo test --locked --all-features --lib --test it
fi
