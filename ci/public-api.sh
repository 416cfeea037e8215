#!/usr/bin/env bash
# Compares the public API with ci/public-api.txt. A change that is meant is written there by
#
#   ci/public-api.sh --write
#
# and is then seen in the diff of the commit. The pages of the guide and the laws are no API.
set -euxo pipefail
cd "$(dirname "$0")"/..

command -v cargo-public-api || cargo install --locked cargo-public-api

# Without what std implements for every type, and without the auto traits that only nightly names. The
# others stay: `Send` is lost without a word.
# What only the documentation hides is public.
export RUSTDOCFLAGS="-Zunstable-options --document-hidden-items"
now=$(cargo +nightly public-api --all-features --omit blanket-impls |
    grep -vE '^pub mod rungroup::(guide|laws)|core::(marker::(Freeze|UnsafeUnpin)|clone::TrivialClone) for |::assert_fields_are_eq')

if [ "${1-}" = --write ]; then
    printf '%s\n' "$now" >ci/public-api.txt
else
    diff -u ci/public-api.txt <(printf '%s\n' "$now")
fi
