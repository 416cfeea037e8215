#!/usr/bin/env bash
# Prints sets of the library's features, one a line:
#
#   ci/feature-sets.sh         none, one, two, all but one, all: no `cfg` in src names more than two
#   ci/feature-sets.sh all     every set
#   ci/feature-sets.sh each    none, and each alone
set -euo pipefail
cd "$(dirname "$0")"/..

mapfile -t features < <(sed -n '/^\[features\]/,/^\[/{ s/^\([a-z-]*\) = .*/\1/p }' Cargo.toml | grep -v '^default$')
many=${#features[@]}
for ((bits = 0; bits < 1 << many; bits++)); do
    chosen=()
    for at in "${!features[@]}"; do
        if ((bits >> at & 1)); then chosen+=("${features[at]}"); fi
    done
    case ${1-} in
    all) ;;
    each) if ((${#chosen[@]} > 1)); then continue; fi ;;
    *) if ((${#chosen[@]} > 2 && ${#chosen[@]} < many - 1)); then continue; fi ;;
    esac
    echo "${chosen[*]-}"
done
