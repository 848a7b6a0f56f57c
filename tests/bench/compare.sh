#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Another commit against this build, in turn (A B A B ...), at 200 streams of 50 tokens/s.
#
#   compare.sh COMMIT [BUILD] [--quick] [bench.py arguments]
#
# BUILD: a build of this tree (default: build/ of it). COMMIT is built beside, with the arguments that BUILD was
# configured with, in a temporary directory. The exit status is 1 when a bar is missed. BENCH_REPS (3).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
top=$(cd "$here/../.." && pwd)
say() { printf 'compare: %s\n' "$*" >&2; }
[ $# -ge 1 ] || { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$here/compare.sh" >&2; exit 2; }
commit=$(git -C "$top" rev-parse --verify --quiet "$1^{commit}") || { say "there is no commit $1"; exit 2; }
shift
build=$top/build
case ${1:---} in --*) ;; *) build=$(cd "$1" && pwd); shift ;; esac
[ -x "$build/turnpiked" ] || { say "there is no $build/turnpiked: build it, or name a build"; exit 2; }

temp=$(mktemp -d)
away() {
    git -C "$top" worktree remove --force "$temp/source" 2>/dev/null || :
    rm -rf "$temp"
}
trap away EXIT
trap 'exit 130' INT TERM

build_other() {
    git -C "$top" worktree add --quiet --detach "$temp/source" "$commit" || return
    cd "$temp/source" || return
    autoreconf -fi || return
    mkdir build && cd build || return
    local arguments=()
    eval "arguments=($("$build/config.status" --config))"
    ../configure --quiet "${arguments[@]}" || return
    make store/scripts.h || : # other files are compiled beside it
    make -j"$(nproc)" turnpiked turnpike || return
    make web/.tree || :             # a commit that has no such page serves none
    for data in gazetteer.tsv landmass.bin; do
        [ ! -e "$build/$data" ] || [ -e "$data" ] || cp "$build/$data" . || return
    done
}
say "building $(git -C "$top" log -1 --format='%h %s' "$commit")"
(build_other) >"$temp/build.log" 2>&1 || { tail -n 20 "$temp/build.log" >&2; say "it does not build"; exit 2; }

cd "$here"
make --no-print-directory
mkdir -p results
out=results/compare-$(date +%Y%m%d-%H%M%S).jsonl
status=0
TURNPIKE_BUILD=$build TURNPIKE_BEFORE=$temp/source/build \
    python3 bench.py --targets turnpike-before,turnpike:ws --cases 200x50 --reps "${BENCH_REPS:-3}" --out "$out" "$@" || status=1
echo
python3 bars.py --bars --peer before "$out" || status=1
exit $status
