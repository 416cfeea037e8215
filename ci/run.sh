#!/usr/bin/env bash
# Everything that must hold, on a bare machine with a Rust toolchain:
#
#   ci/run.sh              all steps
#   ci/run.sh lint docs    some of them
#
# It installs nothing beyond the toolchain's own components. A step whose tool is not here is skipped,
# and so is a test whose program is not; the end names both, and how long each step took. The first
# step that fails ends it.
set -euo pipefail
cd "$(dirname "$0")"/..

# One set of flags for all steps, so that each builds on the one before.
export RUSTFLAGS="-D warnings"
export CARGO_TERM_COLOR=never

wanted=("$@")
times=()
running=
log=$(mktemp)

summary() {
    local status=$?
    printf '\n'
    if ((${#times[@]})); then printf '%s\n' "${times[@]}"; fi
    # From the tests and the scripts, but not from their traces. What runs twice says it twice.
    grep -av '^+' "$log" | grep -aoE 'SKIPPED: .*' | sort -u || true
    rm -f "$log"
    if [ -n "$running" ]; then
        echo "FAILED: $running"
    elif ((status == 0)); then
        echo "passed in $((SECONDS / 60)) min $((SECONDS % 60)) s"
    fi
}
trap summary EXIT

# step NAME COMMAND...
step() {
    local name=$1 before=$SECONDS
    if ((${#wanted[@]})) && [[ " ${wanted[*]} " != *" $name "* ]]; then return; fi
    running=$name
    printf '\n=== %s\n' "$name"
    "${@:2}" 2>&1 | tee -a "$log"
    running=
    times+=("$(printf '%5d s  %s' $((SECONDS - before)) "$name")")
}

# Building a tool takes minutes, so a step that needs one runs only where it is. The scripts, called by
# hand, install it.
with() {
    local tool=("$@")
    if ! cargo "${tool[@]}" --version >/dev/null 2>&1; then
        echo "SKIPPED: $running, because there is no \`cargo ${tool[*]}\`"
        return 1
    fi
}

deny() { if with deny; then bash ci/deny.sh; fi; }
minimal_versions() { if with +nightly; then bash ci/minimal-versions.sh; fi; }
semver() { if with semver-checks; then bash ci/semver.sh; fi; }

# The lockfile fits Cargo.toml, so no step changes it.
lockfile() { cargo metadata --locked --format-version 1 >/dev/null; }

step lockfile lockfile
step lint bash ci/lint.sh
step docs bash ci/docs.sh
step test bash ci/test.sh
step loom bash ci/loom.sh
step features bash ci/features.sh
step msrv bash ci/msrv.sh
step soak bash ci/soak.sh --quick
step bench bash ci/bench.sh
step deny deny
step minimal-versions minimal_versions
step semver semver

# A name that is no step must not pass for one that is green.
if ((${#times[@]} < ${#wanted[@]})); then
    echo "of ${wanted[*]}, only ${#times[@]} are steps" >&2
    exit 1
fi
