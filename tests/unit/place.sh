#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# ./run and ./check work in folders of any name, and say clearly what they cannot take.
set -u
top=$(cd "${srcdir:-.}" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
say_failed() { echo "FAIL: $*"; failed=1; }
. "$top/build-aux/place.sh"
export XDG_CACHE_HOME=$dir/cache

[ "$(place_of "$dir")" = "$dir" ] || say_failed "a plain folder got another path: $(place_of "$dir")"
for name in "with a blank" "with 'quotes' & more" 'dollar$ (brackets)' "umlaut-ü" "semi;colon"; do
    mkdir -p "$dir/$name"
    place=$(place_of "$dir/$name")
    case $place in
    *[!A-Za-z0-9/._+,@:~-]*) say_failed "$name: $place" ;;
    esac
    [ "$place" -ef "$dir/$name" ] || say_failed "$name: $place is another folder"
    [ "$(place_of "$dir/$name")" = "$place" ] || say_failed "$name: another path the second time"
done
# A user without a home works in /tmp, in a folder that nobody else has made or can write.
mkdir "$dir/tmp"
mine=$dir/tmp/turnpike-$(id -u)
[ "$(cache_in_tmp "$dir/tmp")" = "$mine" ] && [ "$(stat -c %a "$mine")" = 700 ] || say_failed "no folder of one's own in /tmp"
[ "$(cache_in_tmp "$dir/tmp")" = "$mine" ] || say_failed "another folder in /tmp the second time"
chmod 777 "$mine"
! cache_in_tmp "$dir/tmp" || say_failed "a folder in /tmp that all can write was taken"
rmdir "$mine" && mkdir "$dir/theirs" && ln -s "$dir/theirs" "$mine"
! cache_in_tmp "$dir/tmp" || say_failed "a link in /tmp was taken"
for arguments in "--port 080" "--port 0" "--port 99999" "--port x" "--port 65536" "--config /nope" "--var" "--bogus" "--turn-seats 1e3" "--port"; do
    said=$("$top/run" $arguments 2>&1)
    [ $? -eq 2 ] || say_failed "./run $arguments was taken, or failed as if it had begun"
    case $said in
    "run: --"* | "run: unknown argument"*) ;;
    *) say_failed "./run $arguments said: $said" ;;
    esac
done
exit $failed
