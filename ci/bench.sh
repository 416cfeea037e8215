#!/usr/bin/env bash
# Builds all that measures, and runs each once, at the smallest size. It judges no time, so it builds
# without optimization, which takes longer than all that is run.
set -euxo pipefail
cd "$(dirname "$0")/.."

benches/run.sh --quick
