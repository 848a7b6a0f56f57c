#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# An object that uses a folder above its own, or a family of tools, is found; one that looks down is not.
set -u
check=${srcdir:-.}/build-aux/check-layers
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
object() { # file without its ending, C text
    mkdir -p "$dir/${1%/*}" && echo "$2" >"$dir/$1.c" && ${CC:-cc} -c -o "$dir/$1.o" "$dir/$1.c" || failed=1
}
object base/low 'void low(void) {}'
object store/keep 'void low(void); void keep(void) { low(); }'
object tools/kit/help 'void keep(void); void help(void) { keep(); }'
object tools/one/one 'void help(void); void one(void) { help(); }'
object tools/two/two 'void help(void); void two(void) { help(); }'
object tools/engine/registry 'void one(void); void two(void); void rows(void) { one(); two(); }'
object workers/api/api 'void rows(void); void api(void) { rows(); }'
"$check" "$dir" >"$dir/said" || { echo "FAIL: refused what points down:"; cat "$dir/said"; failed=1; }

object base/low 'void help(void); void low(void) { help(); }'
object tools/two/two 'void one(void); void two(void) { one(); }'
object tools/engine/find 'void one(void); void find(void) { one(); }'
object workers/turn/turn 'void api(void); void turn(void) { api(); }'
"$check" "$dir" >"$dir/said" && { echo "FAIL: accepted"; failed=1; }
for line in 'base/low.o -> tools/kit/help.o: help' 'tools/two/two.o -> tools/one/one.o: one' \
    'tools/engine/find.o -> tools/one/one.o: one' 'workers/turn/turn.o -> workers/api/api.o: api'; do
    grep -qFx -- "$line" "$dir/said" || { echo "FAIL: not found: $line"; cat "$dir/said"; failed=1; }
done
[ "$(wc -l <"$dir/said")" -eq 4 ] || { echo "FAIL: found more"; cat "$dir/said"; failed=1; }
exit $failed
