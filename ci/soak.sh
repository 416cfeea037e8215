#!/usr/bin/env bash
# Runs groups of every kind for so many seconds on each runtime, and sees that nothing is left of those
# that ended:
#
#   ci/soak.sh             two seconds on each
#   ci/soak.sh 120         two minutes on each
#   ci/soak.sh 3600 smol   an hour on one
set -euxo pipefail
cd "$(dirname "$0")"/..

seconds=${1:-2}
runtimes=(threads tokio-multi-thread tokio-current-thread smol async-std)
if (($# > 1)); then runtimes=("${@:2}"); fi

cargo build --release -p rungroup-soak
for runtime in "${runtimes[@]}"; do
    # One that hangs fails.
    timeout $((seconds + 120)) "${CARGO_TARGET_DIR:-target}/release/soak" "$runtime" "$seconds"
done
