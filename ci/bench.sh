#!/usr/bin/env bash
# Builds all that measures, and runs each once, at the smallest size. It judges no time.
set -euxo pipefail
cd "$(dirname "$0")/.."

benches/run.sh --quick
cargo bench -p rungroup-benches -- --test '/10$'
