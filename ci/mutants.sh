#!/usr/bin/env bash
# Changes src in one place after the other, and sees that a test fails each time:
#
#   ci/mutants.sh         everywhere, in some hours
#   ci/mutants.sh 0/20    in a twentieth of the places: 0/20, 1/20, …
#
# A change that no test notices must stand in ci/mutants/survivors.txt, with the reason why it is
# harmless.
set -euxo pipefail
cd "$(dirname "$0")"/..

command -v cargo-mutants || cargo install --locked cargo-mutants
command -v cargo-nextest || cargo install --locked cargo-nextest

shard=()
if (($#)); then shard=(--shard "$1" --sharding round-robin); fi
out=${CARGO_TARGET_DIR:-target}/mutants.out.d
rm -rf "$out"
mkdir -p "$out"

# .config/nextest.toml: the first test that fails or hangs is enough.
export NEXTEST_PROFILE=mutants
for part in group signal trace spawners kits; do
    result=0
    cargo mutants --config "ci/mutants/$part.toml" --output "$out/$part" --jobs 1 --timeout 180 \
        "${shard[@]}" || result=$?
    # 2: some survived. 3: some ran out of time, which is noticed too.
    if ((result != 2 && result != 3 && result != 0)); then exit "$result"; fi
done

# Without the lines and columns, which move.
survived=$(sed -E 's/:[0-9]+:[0-9]+:/:/' "$out"/*/mutants.out/missed.txt | sort -u)
known=$(sed -E '/^(#|$)/d' ci/mutants/survivors.txt | sort -u)
{ set +x; } 2>/dev/null
for kind in caught missed timeout unviable; do
    echo "$(cat "$out"/*/mutants.out/$kind.txt | wc -l) $kind"
done
new=$(comm -23 <(printf '%s\n' "$survived") <(printf '%s\n' "$known") | sed '/^$/d')
if [ -n "$new" ]; then
    printf 'no test notices:\n%s\n' "$new" >&2
    exit 1
fi
if ((${#shard[@]} == 0)); then
    # In the list, but a test notices them now, or they are gone.
    gone=$(comm -13 <(printf '%s\n' "$survived") <(printf '%s\n' "$known") | sed '/^$/d')
    if [ -n "$gone" ]; then
        printf 'in survivors.txt without need:\n%s\n' "$gone" >&2
        exit 1
    fi
fi
