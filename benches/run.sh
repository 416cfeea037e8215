#!/usr/bin/env bash
# Measures rungroup against its peers: writes benches/RESULTS.md and benches/plots.
#
#   benches/run.sh            some minutes; leave the machine alone meanwhile
#   benches/run.sh --quick    some seconds, to see that all works; writes to target/bench-quick
set -euo pipefail
cd "$(dirname "$0")/.."

out=benches profile=release built=${CARGO_TARGET_DIR:-target}/release
if [ "${1-}" = --quick ]; then
    # Built as the tests are, because its figures are not kept.
    out=target/bench-quick profile=dev built=${CARGO_TARGET_DIR:-target}/debug
fi

cargo build --profile "$profile" -p rungroup-benches --bins

# Go's peers come as packages of the distribution, which live here.
go=()
export GO111MODULE=off GOPATH=/usr/share/gocode${GOPATH:+:$GOPATH}
if command -v go >/dev/null && go build -o "$built/life-go" ./benches/go; then
    go=(--go "$built/life-go")
else
    echo 'no Go, or not its packages: measuring without' >&2
fi

"$built/compare" "$@" ${go[@]+"${go[@]}"} "$out"
