#!/bin/sh
# Installs runit, under whose `runsv` tests/process.rs runs the service.
set -eux
command -v runsv && command -v sv || apt-get install --yes --no-install-recommends runit
