#!/usr/bin/env bash
# Runs the library's tests on 32 bits, in ten minutes or so: i686-unknown-linux-gnu, on a machine that
# runs its programs.
#
# It uses rustup's standard library of that target, if it is installed, or else Debian's compiler and
# its library. It needs a C compiler that links for it, of Debian's gcc-multilib or gcc-12-multilib.
set -euxo pipefail
cd "$(dirname "$0")"/..

triple=i686-unknown-linux-gnu

skip() {
    echo "SKIPPED: the tests on 32 bits: $1" >&2
    exit 0
}

probe=$(mktemp -d)
trap 'rm -rf "$probe"' EXIT
echo 'int main(void) { return 0; }' >"$probe/main.c"
cc -m32 -o "$probe/main" "$probe/main.c" && "$probe/main" || skip "cc -m32 makes no program that runs here"

. ci/debian-rust.sh
if command -v rustup && rustup target list --installed | grep -qx "$triple"; then
    cargo=(cargo)
elif ! debian_rust i386; then
    skip "there is no standard library for $triple"
fi

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-target}/i686
# An older compiler knows other lints.
export RUSTFLAGS= CARGO_PROFILE_DEV_DEBUG=0
"${cargo[@]}" test --locked --no-fail-fast -p rungroup --all-features --target "$triple" --lib --test it --test model
