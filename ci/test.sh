#!/usr/bin/env bash
# All tests on all runtimes, those of the examples, the service's and the cookbook's.
set -euxo pipefail
cd "$(dirname "$0")"/..

# What was skipped for want of a program is red here.
export RUNGROUP_SKIP_NOTHING=1
cargo test --all-features
cargo test -p rungroup-service
cargo test -p rungroup-cookbook --test it --bin every_stop
cargo test -p rungroup-conformance
