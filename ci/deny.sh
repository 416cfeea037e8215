#!/usr/bin/env bash
# Licences, bans and sources of all that is built here: deny.toml. Advisories too, where their
# database can be fetched; where it cannot, it says so and judges the rest.
set -euxo pipefail
cd "$(dirname "$0")"/..

command -v cargo-deny || cargo install --locked cargo-deny

cargo deny --workspace --locked check licenses bans sources

if cargo deny fetch db; then
    cargo deny --workspace --locked check advisories
else
    echo 'SKIPPED: advisories, because their database cannot be fetched from here' >&2
fi
