#!/usr/bin/env bash
# Runs the library's tests for Windows under wine, in a quarter of an hour or so: with all of `it`, or
# those with such a name:
#
#   ci/windows.sh
#   ci/windows.sh actors::ctrl_c
#
# It uses rustup's standard library of that target, if it is installed, or else Debian's compiler,
# which builds one from its source. It needs Debian's gcc-mingw-w64-x86-64, wine and wine64.
set -euxo pipefail
cd "$(dirname "$0")"/..

triple=x86_64-pc-windows-gnu

skip() {
    echo "SKIPPED: the tests for Windows: $1" >&2
    exit 0
}

command -v x86_64-w64-mingw32-gcc || skip "there is no gcc-mingw-w64-x86-64"
command -v wine || skip "there is no wine"

. ci/debian-rust.sh
if command -v rustup && rustup target list --installed | grep -qx "$triple"; then
    cargo=(cargo) std=()
elif debian_rust src; then
    # Only a nightly compiler builds std, unless it is told that it is one.
    export RUSTC_BOOTSTRAP=1
    std=(-Zbuild-std)
    # What begins and ends each program is no part of std, and cargo does not build it.
    libraries=$("$RUSTC" --print target-libdir --target "$triple")
    source=$("$RUSTC" --print sysroot)/lib/rustlib/src/rust/library/rtstartup
    mkdir -p "$libraries"
    for object in rsbegin rsend; do
        if ! [ -e "$libraries/$object.o" ]; then
            "$RUSTC" --target "$triple" --emit obj -o "$libraries/$object.o" "$source/$object.rs"
        fi
    done
else
    skip "there is no standard library for $triple"
fi

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/windows
# A home of its own for wine, which asks nothing and shows nothing.
export WINEPREFIX=$PWD/$CARGO_TARGET_DIR/wine WINEDEBUG=-all WINEDLLOVERRIDES=mscoree,mshtml= DISPLAY=
export CARGO_TARGET_X86_64_PC_WINDOWS_GNU_RUNNER=wine
mkdir -p "$WINEPREFIX"
wine wineboot --init
missing=$WINEPREFIX/drive_c/windows/system32/bcryptprimitives.dll
if ! [ -e "$missing" ]; then
    x86_64-w64-mingw32-gcc -shared -o "$missing" ci/windows/bcryptprimitives.c -ladvapi32
fi
# An older compiler knows other lints.
export RUSTFLAGS= CARGO_PROFILE_DEV_DEBUG=0

test=("${cargo[@]}" test --locked "${std[@]}" --no-fail-fast -p rungroup --all-features --target "$triple")
if (($#)); then
    "${test[@]}" --test it -- "$@"
else
    "${test[@]}" --lib --test it --test model
fi
