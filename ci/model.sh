#!/usr/bin/env bash
# Compares the group with the model of its laws on N random programs (a million by default), and on
# all scripts that are DEPTH steps longer than those of CI (none by default): `ci/model.sh N DEPTH`.
set -euxo pipefail
cd "$(dirname "$0")"/..

export RUNGROUP_MODEL_PROGRAMS="${1:-1000000}"
export RUNGROUP_MODEL_DEPTH="${2:-0}"
cargo test --release -p rungroup --test model -- --nocapture
