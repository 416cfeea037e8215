#!/usr/bin/env bash
# Whether the version in Cargo.toml allows what changed in the public API since REV:
#
#   ci/semver.sh [REV]
#
# By default, that is the last release, whose tag is `v` and its version. Before the first one, it is
# the commit that last accepted a change of the public API, in ci/public-api.txt.
set -euxo pipefail
cd "$(dirname "$0")"/..

command -v cargo-semver-checks || cargo install --locked cargo-semver-checks

rev=${1-}
if [ -z "$rev" ]; then rev=$(git describe --tags --match 'v*' --abbrev=0 2>/dev/null || true); fi
if [ -z "$rev" ]; then rev=$(git log -1 --format=%H -- ci/public-api.txt); fi

cargo semver-checks --package rungroup --all-features --baseline-rev "$rev"
