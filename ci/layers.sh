#!/usr/bin/env bash
# The picture of the imports: each file of src uses only what stands below it. Prints it, and fails on
# an arrow that runs up, on a circle of files, and on a file that stands in no room.
set -euo pipefail
cd "$(dirname "$0")"/..

# From top to bottom; a room uses only rooms below it, or to the right of it on its line. A room is a
# folder, a file, or a few of them that belong together ("room=file,file").
layers=(
    "lib=lib,guide"
    "testing conformance"
    "signal"
    "group exit_code"
    "blocking context"
    "handle"
    "machine"
    "serialize status error report spawner task"
    "members=shared/receiver,shared/intake,shared/members,shared/chunk_map"
    "member=shared/member,shared/member_ref,shared/chunk,shared/stage,shared/readiness,shared/timestamp"
    "mailbox=shared/group_state,shared/mailbox,shared/snapshot"
    # An actor owns its interrupt, so it stands in the middle of what threads share.
    "actor trace latch=shared/latch,shared/interrupt"
    # Values. The signal that stopped a group is one, but not how it is watched.
    "settings phase outcome=cause,outcome,reason,name,signal/error,signal/name text=text,panic,sync,shared/short_queue"
)

# What each file uses, as lines of "from to". Code alone: docs may name what they like, and tests in a
# file may look up. `pub use crate::…` only gives an item its public path.
arrows() {
    while read -r file; do
        printf '%s\t' "$file"
        sed -e '/^#\[cfg(test)\]/,$d' -e 's,^ *//.*,,' -e 's, // .*,,' "$file" | tr '\n\t' '  ' |
            sed -e "s/'\"'//g" -e 's/\\"//g' -e 's/"[^"]*"//g'
        echo
    done < <(find src -name '*.rs' | sort) | awk -F'\t' '
        function parent(module) { return module ~ /\// ? substr(module, 1, match(module, /\/[^\/]*$/) - 1) : "" }
        function join(module, name) { return module == "" ? name : module "/" name }
        # The module in which a path begins; what remains of the path is in `rest`. "-": another crate.
        function base(from, path,    head) {
            head = path; sub(/::.*/, "", head)
            rest = path; if (!sub(/^[^:]*::/, "", rest)) rest = ""
            if (head == "crate") return ""
            if (head == "self") return from
            if (head == "super") {
                from = parent(from)
                return rest ~ /^super(::|$)/ ? base(from, rest) : from
            }
            if (join(from, head) in files) return join(from, head)
            return "-"
        }
        # The files that a path leads to, through the re-exports of the folders on its way.
        function targets(module, path,    head) {
            while (path != "") {
                head = path; sub(/::.*/, "", head)
                if (!sub(/^[^:]*::/, "", path)) path = ""
                if (join(module, head) in files) module = join(module, head)
                else if (join(module, head) in faces) return faces[join(module, head)]
                else break
            }
            return module == "" ? "lib" : module
        }
        # Notes a use. What a folder takes from its own files, others may find through it.
        function look(from, path, kind,    module, name) {
            name = path; sub(/.* as /, "", name); sub(/.*::/, "", name)
            sub(/ as .*/, "", path)
            module = base(from, path)
            if (module == "-") return
            if (kind != "" && module != from && parent(module) == from) {
                faces[join(from, name)] = faces[join(from, name)] " " targets(module, rest)
                # A re-export alone is no use.
                if (kind == "pub") { shown = shown " " name " " module; return }
            }
            uses[++many] = from "\t" module "\t" rest
        }
        # A `use` with braces is several.
        function expand(from, path, kind,    open, head, tail, depth, at, char, part) {
            gsub(/ +/, " ", path); sub(/^ /, "", path); sub(/ $/, "", path)
            open = index(path, "{")
            if (open == 0) { if (path != "") look(from, path, kind); return }
            head = substr(path, 1, open - 1)
            tail = substr(path, open + 1)
            for (at = 1; at <= length(tail); at++) {
                char = substr(tail, at, 1)
                if (char == "{") depth++
                if (depth == 0 && (char == "," || char == "}")) {
                    sub(/^ +/, "", part)
                    if (part != "") expand(from, head part, kind)
                    part = ""
                    if (char == "}") return
                    continue
                }
                if (char == "}") depth--
                part = part char
            }
        }
        {
            module = $1; sub(/^src\//, "", module); sub(/\.rs$/, "", module)
            files[module]; order[++count] = module; code[module] = $2
        }
        END {
            for (nth = 1; nth <= count; nth++) {
                file = order[nth]; from = file == "lib" ? "" : file
                parts = split(code[file], part, ";")
                other = shown = ""
                for (at = 1; at <= parts; at++) {
                    if (match(part[at], /(pub(\([a-z]+\))? +)?use +[a-z_]+(::.*)?( as .*)?$/)) {
                        use = substr(part[at], RSTART)
                        other = other " " substr(part[at], 1, RSTART - 1)
                        if (use ~ /^pub +use +crate::/) continue
                        kind = use ~ /^pub/ ? "pub" : "own"
                        sub(/^(pub(\([a-z]+\))? +)?use +/, "", use)
                        if (kind == "pub" && use ~ /^(crate|super)/) kind = "own"
                        expand(from, use, kind)
                    } else other = other " " part[at]
                }
                gsub(/mod +[a-z_]+/, " ", other)
                pairs = split(shown, pair, " ")
                for (at = 1; at < pairs; at += 2) {
                    if (other ~ ("[^A-Za-z_]" pair[at] "[^A-Za-z_]")) uses[++many] = from "\t" pair[at + 1] "\t"
                }
                while (match(other, /[A-Za-z_]+(::[A-Za-z_]+)+/)) {
                    look(from, substr(other, RSTART, RLENGTH), "")
                    other = substr(other, RSTART + RLENGTH)
                }
            }
            for (nth = 1; nth <= many; nth++) {
                split(uses[nth], edge, "\t")
                from = edge[1] == "" ? "lib" : edge[1]
                all = split(targets(edge[2], edge[3]), to, " ")
                for (at = 1; at <= all; at++) if (to[at] != from) print from, to[at]
            }
        }' | sort -u
}

declare -A room rank
rooms=()
for layer in "${layers[@]}"; do
    for entry in $layer; do
        name=${entry%%=*}
        rank[$name]=${#rooms[@]}
        rooms+=("$name")
        for file in $(tr ',' ' ' <<<"${entry#*=}"); do room[$file]=$name; done
    done
done

# The room of a file: its own, or that of its folder. The list of a folder's files is in none.
room() {
    local file=$1
    while [ -z "${room[$file]-}" ] && [[ $file == */* ]]; do file=${file%/*}; done
    echo "${room[$file]-}"
}

failed=0
fail() {
    echo "$*" >&2
    failed=1
}

all=$(arrows)
declare -A below height
while read -r file; do
    from=$(room "$file")
    if [ "$file" = shared ]; then continue; fi
    if [ -z "$from" ]; then
        fail "src/$file.rs stands in no room"
        continue
    fi
    used=$(awk -v from="$file" '$1 == from { print $2 }' <<<"$all")
    printf '%-12s %-24s -> %s\n' "$from" "$file" "$(tr '\n' ' ' <<<"$used")"
    # Its job is to know all.
    if [ "$from" = lib ]; then continue; fi
    for to in $used; do
        to_room=$(room "$to")
        if [ -z "$to_room" ] || [ "$to_room" = "$from" ]; then continue; fi
        below["$from $to_room"]=1
        if [ "${rank[$to_room]}" -lt "${rank[$from]}" ]; then
            fail "src/$file.rs uses $to, which stands above it"
        fi
    done
done < <(find src -name '*.rs' | sed -e 's,^src/,,' -e 's,\.rs$,,' | sort)

# A circle inside a room, too.
grep -v '^lib ' <<<"$all" | tsort >/dev/null || fail "the files above use each other in a circle"

# From the ground up: a room stands one floor above the highest of those that it uses.
floors=0
for ((at = ${#rooms[@]} - 1; at >= 0; at--)); do
    name=${rooms[$at]}
    height[$name]=1
    for arrow in "${!below[@]}"; do
        to=${arrow#* }
        if [ "${arrow% *}" = "$name" ] && [ "${height[$to]-0}" -ge "${height[$name]}" ]; then
            height[$name]=$((height[$to] + 1))
        fi
    done
    if [ "$name" = lib ]; then height[$name]=$((floors + 1)); fi
    if [ "${height[$name]}" -gt "$floors" ]; then floors=${height[$name]}; fi
done
for ((floor = floors; floor > 0; floor--)); do
    printf 'floor %-2s' "$floor"
    for name in "${rooms[@]}"; do
        if [ "${height[$name]}" = "$floor" ]; then printf ' %s' "$name"; fi
    done
    echo
done
echo "${#rooms[@]} rooms on $floors floors, ${#below[@]} arrows between them"
exit "$failed"
