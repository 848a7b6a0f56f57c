#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# make bench: peers and product in one run, every figure as a ratio, and whether each bar holds. Results stay in results/.
#
#   bench.sh BUILD [TARGET,TARGET...] [--quick] [bench.py arguments]
#
# The exit status is 1 when a bar is missed, a request failed, or a target could not be measured. BENCH_REPS (3).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
[ $# -ge 1 ] || { sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' bench.sh >&2; exit 2; }
TURNPIKE_BUILD=$(cd "$1" && pwd)
export TURNPIKE_BUILD
shift
targets=nginx,go-resumable,turnpike:ws,node-resumable,fastapi-aiohttp-resumable
case ${1:---} in --*) ;; *) targets=$1; shift ;; esac
./setup.sh "$targets"

mkdir -p results
out=results/$(date +%Y%m%d-%H%M%S).jsonl
status=0
python3 bench.py --targets "$targets" --cases 1x50,20x50,200x50,500x50,idle,silent,2000x10 --reps "${BENCH_REPS:-3}" --out "$out" "$@" ||
    status=1
traced=$(tr , '\n' <<<"$targets" | grep -E '^(go-resumable|turnpike)' | paste -sd,) || :
[ -z "$traced" ] || python3 bench.py --targets "$traced" --cases 1x50,20x50,200x50,500x50 --calls --reps 1 --out "$out" "$@" || status=1
python3 report.py "$out" >"${out%.jsonl}.md"
echo
python3 bars.py --bars "$out" || status=1
echo
echo "All figures: tests/bench/${out%.jsonl}.md"
exit $status
