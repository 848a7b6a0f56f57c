#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Is the unit's sandbox in force for the supervisor and each worker?
#
#   tests/system/filter.sh [UNIT]
#
# For a machine or tree where the unit runs. Prints what does not hold; the exit status says whether all does.
set -u
unit=${1:-turnpike.service}
group=$(systemctl show -p ControlGroup --value "$unit") || exit 2
pids=$(cat "/sys/fs/cgroup$group/cgroup.procs" 2>/dev/null)
[ -n "$pids" ] || {
    echo "$unit has no process"
    exit 2
}
bad=0 seen=0
want() { # PID FIELD VALUE
    local is
    is=$(sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" 2>/dev/null) || return 0
    [ -z "$is" ] || [ "$is" = "$3" ] || { # empty: it has ended meanwhile
        echo "$1 ($(tr '\0' ' ' <"/proc/$1/cmdline")): $2 is $is, not $3"
        bad=1
    }
}
for pid in $pids; do
    want "$pid" Seccomp 2
    want "$pid" NoNewPrivs 1
    for set in CapEff CapPrm CapBnd CapAmb; do
        want "$pid" $set 0000000000000000
    done
    seen=$((seen + 1))
done
[ "$seen" -gt 3 ] || {
    echo "only $seen processes: are the workers there?"
    bad=1
}
echo "$seen processes looked at"
exit $bad
