#!/usr/bin/env bash
# The tests, on all runtimes:
#
#   ci/test.sh              all, with those of the service, the cookbook and other executors
#   ci/test.sh --library    those of the library and its examples alone, which run on any platform
#
# A test whose program is not here says so and is skipped; with RUNGROUP_SKIP_NOTHING=1, it fails.
set -euxo pipefail
cd "$(dirname "$0")"/..

cargo test --all-features
# The tests inside the examples. The command above builds the examples as the programs that they are.
cargo test -p rungroup-examples --all-features --examples
if [ "${1-}" = --library ]; then exit; fi
cargo test -p rungroup-service
cargo test -p rungroup-cookbook --bins --test it
cargo test -p rungroup-conformance
