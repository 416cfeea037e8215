#!/usr/bin/env bash
# An operator's day with the service: stops with each kind of client, a log that is gone, full or asleep,
# a full disk, a locked database, no descriptors, no threads, repeated signals, process 1, supervisors.
# It prints what was counted, and fails if a promise is broken. It takes about a minute, and is not part
# of ci/run.sh.
#
#   ci/operator.sh              the whole day
#   ci/operator.sh 'process 1'  the cases whose name contains these words
#
# What is not installed, or needs the root user, is skipped, and says so.
set -euo pipefail
cd "$(dirname "$0")"/..

cargo build -p rungroup-service --tests
# The disk that gets full is mounted where nobody else sees it, and is gone at the end.
day=(cargo test -q -p rungroup-service --test operator -- day "$@")
if unshare --mount true 2>/dev/null; then day=(unshare --mount "${day[@]}"); fi
exec "${day[@]}"
