#!/usr/bin/env bash
# Installs runit, under whose `runsv` the tests of the service run it.
set -euxo pipefail
cd "$(dirname "$0")"/..

if ! command -v runsv || ! command -v sv; then
    apt-get update
    apt-get install --yes --no-install-recommends runit
fi
