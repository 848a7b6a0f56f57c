#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# The completion of the command turnpike, in the shells that this machine has.
set -u
top=$(cd "${srcdir:?}" && pwd)
status=77
for shell in bash zsh; do
    command -v $shell >/dev/null 2>&1 || { echo "$shell is missing: its completion was not tried"; continue; }
    [ $status -ne 77 ] || status=0
    python3 "$top/tests/unit/completion.py" $shell manual/turnpike.$shell || { echo "FAIL: the completion of $shell"; status=1; }
done
# No option that a command tells of is missing.
for command in api-key chat config feedback report selftest setup; do
    for option in $(if [ $command = setup ]; then sh "$top/systemd/setup.sh" --help; else ./turnpike $command --help 2>&1; fi | grep -oE -e '--[a-z][a-z-]*' | sort -u); do
        case $option in --help | --config) continue ;; esac
        grep -qE "^ *'$command( [a-z]+)?'\).*[' ]$option[' ]" manual/turnpike.bash || { echo "FAIL: $command lacks $option"; status=1; }
    done
done
exit $status
