#!/usr/bin/env bash
# Checks the library with the oldest Rust that Cargo.toml allows, with sets of features:
#
#   ci/msrv.sh        those of ci/feature-sets.sh
#   ci/msrv.sh all    every set
#
# It uses rustup's toolchain of that version, if it is installed, or else Debian's packages, which it
# unpacks into the target directory. It installs nothing; where it can have neither, it says so.
set -euxo pipefail
cd "$(dirname "$0")"/..

version=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)

skip() {
    echo "SKIPPED: the check with Rust $version: $1" >&2
    exit 0
}

. ci/debian-rust.sh
if command -v rustup && rustup toolchain list | grep -q "^$version"; then
    cargo=(cargo "+$version")
elif ! debian_rust; then
    skip "rustup does not have it, and Debian's packages cannot be had from here"
fi

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/msrv
# A compiler that is old knows other lints.
export RUSTFLAGS=
"${cargo[@]}" --version
bash ci/feature-sets.sh "$@" | while read -r features; do
    "${cargo[@]}" check --locked -p rungroup --lib --features "$features"
done
