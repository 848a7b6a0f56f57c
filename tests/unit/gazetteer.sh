#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# make-gazetteer where nothing can be had from outside: the cities of the time zone table, our own
# sights, a warning, and a file in today's form, sorted as the look-up wants it.
set -eu
top=${srcdir:-.}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM
fail() { echo "$1"; exit 1; }

! "$top/build-aux/make-gazetteer" --current "$work/none.tsv" || fail "a missing file is current"
GAZETTEER_NPM=none GAZETTEER_SOURCE=tzdata "$top/build-aux/make-gazetteer" "$work/places.tsv" >"$work/said" 2>&1 ||
    { cat "$work/said"; exit 1; }
grep -q "no land mask" "$work/said" || fail "nothing was said of the land mask"
"$top/build-aux/make-gazetteer" --current "$work/places.tsv" || fail "the new file is not current"
LC_ALL=C sort -c "$work/places.tsv" || fail "not sorted"
tab=$(printf '\t')
for key in sydney auckland uluru "yellowstone national park" "kakadu np" "!new zealand"; do
    grep -q "^$key$tab" "$work/places.tsv" || fail "missing: $key"
done
! awk -F "$tab" '!/^!/ && NF != 10' "$work/places.tsv" | grep . || fail "a line without its ten fields"

sed 's/^!!turnpike-gazetteer 2/!!turnpike-gazetteer 1/' "$work/places.tsv" >"$work/old.tsv"
! "$top/build-aux/make-gazetteer" --current "$work/old.tsv" || fail "an old file is current"

# The table of crossings: what breaks its form is refused with the line, and nothing is written.
for line in "ferry|A|B|C|91|0|0|0|general" "ferry|A|B|C|1|0|0|0|" "link|A\"|B|C|1|0|0|0|general" "islet|A|1|1|3|maybe|general" "closed|A|1 2 3|general" "bridge|A"; do
    printf '# head\n%s\n' "$line" >"$work/crossings.txt"
    ! "$top/build-aux/make-crossings" "$work/crossings.txt" "$work/crossings.c" 2>"$work/said" || fail "taken: $line"
    grep -q "crossings.txt:2: " "$work/said" || fail "no line was named: $line"
    test ! -e "$work/crossings.c" || fail "written: $line"
done
