#!/usr/bin/env bash
# The picture of the imports: each file of src uses only what stands below it. Prints it, and fails on
# an arrow that runs up; so there is no circle either.
set -euo pipefail
cd "$(dirname "$0")"/..

# From top to bottom; those of one line do not use each other, or only from left to right.
layers=(
    "lib guide"
    "signal testing conformance"
    "group"
    "blocking context"
    "handle"
    "machine"
    "door"
    "actor"
    "spawner task status error report"
    "members seat member body interrupt stage link latch"
    "readiness trace policy exit text name panic line state sync"
)

declare -A rank
at=0
for layer in "${layers[@]}"; do
    for module in $layer; do
        rank[$module]=$at
        at=$((at + 1))
    done
done

# The module of a file: its first folder or its name.
module() {
    local path=${1#src/}
    path=${path%.rs}
    case $path in
    # In the folder of what it is for, but it uses groups, as its users do.
    spawner/conformance*) echo conformance ;;
    *) echo "${path%%/*}" ;;
    esac
}

failed=0
while read -r file; do
    from=$(module "$file")
    if [ "$from" = lib ]; then continue; fi
    if [ -z "${rank[$from]-}" ]; then
        echo "$file stands in no layer" >&2
        failed=1
        continue
    fi
    # Code alone: docs may name what they like. Tests in a file may look up.
    used=$(sed -e '/^#\[cfg(test)\]/,$d' -e 's,//.*,,' "$file" |
        grep -oE 'crate::[a-z_]+' | sed 's/crate:://' | sort -u || true)
    below=()
    for to in $used; do
        if [ "$to" = "$from" ]; then continue; fi
        if [ -z "${rank[$to]-}" ]; then
            echo "$file uses $to, which stands in no layer" >&2
            failed=1
        elif [ "${rank[$to]}" -le "${rank[$from]}" ]; then
            echo "$file uses $to, which stands above it" >&2
            failed=1
        else
            below+=("$to")
        fi
    done
    printf '%-28s -> %s\n' "${file#src/}" "${below[*]-}"
done < <(find src -name '*.rs' | sort)
exit "$failed"
