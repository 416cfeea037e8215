#!/usr/bin/env bash
# All tests on all runtimes, those of the examples, the service's and the cookbook's. A test whose
# program is not here says so and is skipped; with RUNGROUP_SKIP_NOTHING=1, it fails.
set -euxo pipefail
cd "$(dirname "$0")"/..

cargo test --all-features
cargo test -p rungroup-service
cargo test -p rungroup-cookbook --test it
cargo test -p rungroup-conformance
