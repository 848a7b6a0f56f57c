#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# The package on a booted Debian tree: built, installed, set up, killed, upgraded, restored, purged.
#
#   make system-check [SYSTEM_ARGS="--suite trixie --check PART,PART --deb FILE --only FUNCTION --keep"]
#
# The package is built by the compiler of the suite: on this machine, when it is that Debian, else in a tree of it.
# --check runs these parts of ./check there, too (build,clang,unit,site). --deb takes a package that is built already.
# One line a step; the last line is "N passed, N failed". A step that fails shows its output, and the next steps go on.
# Commands of docs/guides are taken from there: the block behind a line <!-- run: NAME -->.
# TURNPIKE_TREES names the folder where base systems are kept (default ~/.cache/turnpike-trees).
set -u
top=$(cd "$(dirname "$0")/../.." && pwd)
here=$top/tests/system
trees=${TURNPIKE_TREES:-${XDG_CACHE_HOME:-$HOME/.cache}/turnpike-trees}
suite=bookworm deb='' keep='' only='' check=''
while [ $# -gt 0 ]; do
    case $1 in
    --suite) suite=$2 && shift ;;
    --deb) deb=$2 && shift ;;
    --check) check=$2 && shift ;;
    --only) only=" $2 " && shift ;;
    --keep) keep=1 ;;
    *) sed -n '/^#   make system-check/p' "$0" >&2 && exit 2 ;;
    esac
    shift
done
scratch=$(mktemp -d "${TMPDIR:-/var/tmp}/turnpike-system.XXXXXX")
passed=0 failed=0
. "$here/tree.sh"
. "$here/steps.sh"

finish() {
    trap - EXIT
    [ -z "${double:-}" ] || kill $double 2>/dev/null
    if [ -n "$keep" ]; then
        echo "the tree stays: $scratch/tree, process $leader"
    else
        tree_end
        rm -rf --one-file-system "$scratch"
    fi
    echo "$passed passed, $failed failed"
    [ $failed -eq 0 ] || exit 1
    exit 0
}
trap finish EXIT
trap 'exit 130' INT TERM

# step WHAT FUNCTION [ARGUMENT]...
step() {
    local what=$1 from=$SECONDS status
    shift
    case $only in '' | *" $1 "*) ;; *) return 0 ;; esac
    ("$@") >"$scratch/step.log" 2>&1
    status=$?
    if [ $status -eq 0 ]; then
        passed=$((passed + 1))
        echo "ok      $what ($((SECONDS - from)) s)$(sed -n 's/^figure: /, /p' "$scratch/step.log" | tr -d '\n')"
    else
        failed=$((failed + 1))
        echo "FAILED  $what"
        tail -n 60 "$scratch/step.log"
    fi
    return $status
}

obstacle=$(tree_obstacle)
if [ -n "$obstacle" ]; then
    echo "skipped: a Debian tree cannot be booted here: $obstacle"
    exit 0
fi
if [ -n "$deb" ]; then
    :
elif [ "$suite" = "$(. /etc/os-release && echo "$VERSION_CODENAME")" ] && [ -z "$check" ]; then
    step "the package builds, and lintian finds no error" build_package || exit 1
else
    step "the package builds on $suite without a warning" build_package_there || exit 1
    builder=$scratch/builder
    [ -z "$check" ] || step "./check --only $check on $suite" check_there
    rm -rf --one-file-system "$builder"
fi
deb=${deb:-$(ls "$scratch"/turnpike_*.deb)}
step "a clean $suite tree" make_tree || exit 1
tree=$scratch/tree
tree_boot || { echo "skipped: the tree does not boot here"; exit 0; }
all_steps
