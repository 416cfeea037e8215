#!/usr/bin/env bash
# The documentation: with all features, with none, and as docs.rs builds it where there is a nightly
# toolchain.
set -euxo pipefail
cd "$(dirname "$0")"/..

export RUSTDOCFLAGS="-D warnings"
target=${CARGO_TARGET_DIR:-target}

cargo doc -p rungroup --no-deps --all-features
# A guide that links to the file of another one, which its readers on docs.rs do not have.
dead=$(grep -rlE 'href="[^":]*\.md[#"]' "$target/doc/rungroup" || true)
test -z "$dead"

cargo doc -p rungroup --no-deps
if command -v rustup && rustup toolchain list | grep -q '^nightly'; then
    RUSTDOCFLAGS="$RUSTDOCFLAGS --cfg docsrs" \
        cargo +nightly doc -p rungroup --no-deps --all-features --target-dir "$target/docsrs"
else
    echo 'SKIPPED: the documentation as docs.rs builds it, because there is no nightly toolchain' >&2
fi
