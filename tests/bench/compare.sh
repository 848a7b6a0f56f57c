#!/bin/sh
# make bench: compare.sh BUILD TARGET,TARGET... [bench.py arguments]. Results stay in results/.
set -eu
cd "$(dirname "$0")"
build=$1 targets=$2
shift 2
export TURNPIKE_BUILD="$build"
case $targets in
*node*) [ -d peers/node/node_modules ] || make node-deps ;;
esac
mkdir -p results
out=results/$(date +%Y%m%d-%H%M%S).jsonl
python3 bench.py --targets "$targets" --cases i,ii,iv,v --levels 500 --reps "${BENCH_REPS:-3}" --out "$out" "$@"
python3 report.py "$out" >"${out%.jsonl}.md"
echo
python3 ratios.py "$out"
echo
echo "All figures: tests/bench/${out%.jsonl}.md"
