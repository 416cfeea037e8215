#!/usr/bin/env bash
# Runs groups of every kind for so many seconds on each runtime, and sees that nothing is left of those
# that ended:
#
#   ci/soak.sh 120         two minutes on each
#   ci/soak.sh 3600 smol   an hour on one
#   ci/soak.sh --quick     two seconds on each, in the build of the tests
set -euxo pipefail
cd "$(dirname "$0")"/..

seconds=${1:-120}
profile=release built=${CARGO_TARGET_DIR:-target}/release
if [ "$seconds" = --quick ]; then
    seconds=2 profile=dev built=${CARGO_TARGET_DIR:-target}/debug
fi
runtimes=(threads tokio-multi-thread tokio-current-thread smol async-std)
if (($# > 1)); then runtimes=("${@:2}"); fi

cargo build --profile "$profile" -p rungroup-soak
for runtime in "${runtimes[@]}"; do
    # One that hangs fails.
    timeout $((seconds + 120)) "$built/soak" "$runtime" "$seconds"
done
