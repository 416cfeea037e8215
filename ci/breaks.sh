#!/usr/bin/env bash
# Breaks each law as tests/laws/breaks says, and runs the test that must fail:
#
#   ci/breaks.sh        all, in ten minutes or so
#   ci/breaks.sh 7      those of law 7
set -euxo pipefail
cd "$(dirname "$0")"/..

if [ $# -gt 0 ]; then export RUNGROUP_BREAK=$1; fi
cargo test --all-features --test laws every_break_is_found -- --ignored --nocapture
