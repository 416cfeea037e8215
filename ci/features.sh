#!/usr/bin/env bash
# Combinations of features: the library alone, as a user builds it, without the features that our own
# development dependencies switch on; and, for each feature alone, the tests.
#
#   ci/features.sh        the sets of ci/feature-sets.sh
#   ci/features.sh all    every set
set -euxo pipefail
cd "$(dirname "$0")"/..

bash ci/feature-sets.sh "$@" | while read -r features; do
    cargo check -p rungroup --lib --features "$features"
done
bash ci/feature-sets.sh each | while read -r feature; do
    cargo check -p rungroup --tests --features "$feature"
done
cargo test -p rungroup --test it

# The examples, on the runtimes that their tests do not choose.
for runtime in "" smol async-std; do
    cargo check -p rungroup-examples --examples --features "fs net process $runtime"
done

# What a user without features gets: two small dependencies, and what the first one needs.
beyond=$(cargo tree -p rungroup -e normal --depth 1 --prefix none | tail -n +2 | grep -vE '^(futures-lite|unicode-width) ' || true)
test -z "$beyond"

# The first command of the README builds in seconds: few crates.
crates=$(cargo tree -p rungroup-examples -e normal,build --prefix none | awk '{ print $1 }' | sort -u | wc -l)
test "$crates" -lt 15
