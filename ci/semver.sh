#!/usr/bin/env bash
# Whether the version in Cargo.toml allows what changed in the public API since REV:
#
#   ci/semver.sh [REV]
#
# By default, that is the last release, whose tag is `v` and its version. Before the first one, there
# is nothing to compare with.
set -euxo pipefail
cd "$(dirname "$0")"/..

rev=${1-}
if [ -z "$rev" ]; then rev=$(git describe --tags --match 'v*' --abbrev=0 2>/dev/null || true); fi
if [ -z "$rev" ]; then
    echo 'SKIPPED: the comparison with the last release, because there is none' >&2
    exit 0
fi

command -v cargo-semver-checks || cargo install --locked cargo-semver-checks
cargo semver-checks --package rungroup --all-features --baseline-rev "$rev"
