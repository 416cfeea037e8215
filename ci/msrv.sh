#!/usr/bin/env bash
# Checks the library with the oldest Rust that Cargo.toml allows, with sets of features:
#
#   ci/msrv.sh        those of ci/feature-sets.sh
#   ci/msrv.sh all    every set
#
# It uses rustup's toolchain of that version, if it is installed, or else Debian's packages, which it
# unpacks into the target directory. It installs nothing; where it can have neither, it says so.
set -euxo pipefail
cd "$(dirname "$0")"/..

version=$(sed -n 's/^rust-version = "\(.*\)"$/\1/p' Cargo.toml)
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/msrv
mkdir -p "$target"

skip() {
    echo "SKIPPED: the check with Rust $version: $1" >&2
    exit 0
}

# Debian's compiler of this version, with all that it needs and the machine lacks, in $target/debian.
# Its lists of packages are read into the target directory, too, because a container has none.
unpack() {
    if [ -x "$target/debian/usr/bin/cargo" ]; then return; fi
    local apt=(-o "Dir::State::Lists=$target/lists" -o "Dir::Cache=$target/cache" -o Debug::NoLocking=1)
    mkdir -p "$target/lists/partial" "$target/cache/archives/partial" "$target/packages"
    apt-get "${apt[@]}" update || return 1
    local suffix missing=
    for suffix in -web ""; do
        missing=$(apt-get "${apt[@]}" install --simulate --no-install-recommends \
            "rustc$suffix=$version.*" "cargo$suffix=$version.*" "libstd-rust$suffix-dev=$version.*" |
            awk '$1 == "Inst" { gsub(/[()]/, ""); print $2 "=" $3 }') && break
    done
    if [ -z "$missing" ]; then return 1; fi
    # Unquoted: one word for each package.
    (cd "$target/packages" && apt-get "${apt[@]}" download $missing) || return 1
    rm -rf "$target/debian"
    local package
    for package in "$target"/packages/*.deb; do
        dpkg -x "$package" "$target/unpacked" || return 1
    done
    mv "$target/unpacked" "$target/debian"
}

if command -v rustup && rustup toolchain list | grep -q "^$version"; then
    cargo=(cargo "+$version")
elif ! command -v apt-get || ! command -v dpkg; then
    skip "there is neither rustup's toolchain nor Debian's packages"
elif unpack; then
    cargo=("$target/debian/usr/bin/cargo")
    export RUSTC=$target/debian/usr/bin/rustc
    libraries=("$target"/debian/lib/*-linux-gnu "$target"/debian/usr/lib/*-linux-gnu)
    export LD_LIBRARY_PATH
    LD_LIBRARY_PATH=$(IFS=: && echo "${libraries[*]}")
else
    skip "its packages cannot be had from here"
fi

export CARGO_TARGET_DIR=$target/build
# A compiler that is old knows other lints.
export RUSTFLAGS=
"${cargo[@]}" --version
bash ci/feature-sets.sh "$@" | while read -r features; do
    "${cargo[@]}" check --locked -p rungroup --lib --features "$features"
done
