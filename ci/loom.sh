#!/usr/bin/env bash
# Runs what threads share in every order that the memory model allows, up to so many preemptions:
#
#   ci/loom.sh        four, in half a minute or so
#   ci/loom.sh 6      deeper, in minutes
set -euxo pipefail
cd "$(dirname "$0")"/..

export LOOM_MAX_PREEMPTIONS=${1:-4}
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/loom
RUSTFLAGS="--cfg loom" cargo test --release -p rungroup-loom scenarios
