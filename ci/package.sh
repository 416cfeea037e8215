#!/usr/bin/env bash
# What crates.io would get: it is complete, so its documentation builds and its snippets run, and
# nothing in it is for contributors alone.
set -euxo pipefail
cd "$(dirname "$0")"/..

target=$(realpath "${CARGO_TARGET_DIR:-target}")
rm -rf "$target/package"
cargo publish --dry-run --allow-dirty -p rungroup

beyond=$(cargo package --list --allow-dirty -p rungroup |
    grep -vE '^(src/.*\.(rs|md)|docs/[a-z-]+\.md|(README|CHANGELOG)\.md|LICENSE-[A-Z]+|Cargo\..*|\.cargo_vcs_info\.json)$' || true)
test -z "$beyond"

# Away from this workspace, as on docs.rs.
package=$(mktemp -d)
trap 'rm -rf "$package"' EXIT
cp -r "$target"/package/rungroup-*/. "$package"
cd "$package"
export CARGO_TARGET_DIR="$target/package-docs"
RUSTDOCFLAGS="-D warnings" cargo doc --no-deps --all-features
cargo test --doc --all-features
