#!/usr/bin/env bash
# The documentation: with all features, with none, and as docs.rs builds it where there is a nightly
# toolchain.
set -euxo pipefail
cd "$(dirname "$0")"/..

export RUSTDOCFLAGS="-D warnings"
target=${CARGO_TARGET_DIR:-target}
cargo doc -p rungroup --no-deps --all-features
cargo doc -p rungroup --no-deps
if command -v rustup && rustup toolchain list | grep -q '^nightly'; then
    RUSTDOCFLAGS="$RUSTDOCFLAGS --cfg docsrs" \
        cargo +nightly doc -p rungroup --no-deps --all-features --target-dir "$target/docsrs"
fi

# A guide links to another one by the name of its page, which is no file for those who read it here.
dead=$(grep -rlE 'href="[^":]*\.md[#"]' "$target/doc/rungroup" || true)
test -z "$dead"
