#!/usr/bin/env bash
# Runs the library's tests with AddressSanitizer and LeakSanitizer, in ten minutes or so:
#
#   ci/asan.sh                 all of them
#   ci/asan.sh laws::faults    those of `it` with such a name
#
# A leak that is meant stands in ci/asan/leaks.txt. Any other one fails.
set -euxo pipefail
cd "$(dirname "$0")"/..

if ! cargo +nightly --version; then
    echo 'SKIPPED: AddressSanitizer, because there is no nightly toolchain' >&2
    exit 0
fi

# The target is named, so that build scripts and macros, which are not tested, do without.
host=$(rustc +nightly --version --verbose | sed -n 's/^host: //p')
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/asan
# Suppressions are found by the names of the functions that allocated. Frame pointers keep those on the
# stack, and the line tables name those that were inlined.
export RUSTFLAGS="-Zsanitizer=address -Cforce-frame-pointers=yes"
export CARGO_PROFILE_DEV_DEBUG=line-tables-only
export ASAN_OPTIONS=detect_leaks=1:allow_addr2line=1
export LSAN_OPTIONS=suppressions=$PWD/ci/asan/leaks.txt:print_suppressions=0
# A tenth of what is usual: the sanitizer makes each program slow.
export RUNGROUP_MODEL_PROGRAMS=${RUNGROUP_MODEL_PROGRAMS:-2000}

test=(cargo +nightly test --locked -p rungroup --all-features --target "$host")
if (($#)); then
    "${test[@]}" --test it -- "$@"
else
    "${test[@]}" --no-fail-fast --lib --test it --test model
fi
