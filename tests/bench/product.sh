#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Starts the product for bench.py: product.sh RUN LLM REDIS_SOCKET PORT. TURNPIKE_BUILD names the build, which may
# be of another commit than this folder: nginx' files come from its own sources, and only settings that it knows are
# written. TURNPIKE_TURNS: how many turns it may run at once. The model stands for the vendor's own host: no think tags.
set -eu
top=$(cd "$(dirname "$0")/../.." && pwd)
build=${TURNPIKE_BUILD:-$top/build}
[ -x "$build/turnpiked" ] || { echo "product.sh: there is no $build/turnpiked; TURNPIKE_BUILD names a build" >&2; exit 1; }
source=$(sed -n 's/^abs_top_srcdir = //p' "$build/Makefile")
turns=${TURNPIKE_TURNS:-540}
run=$1 llm=$2 redis=$3 port=$4
mkdir -p "$run/tp"
"$source/build-aux/make-nginx" --run-dir "$run/tp" --web-dir "$build/web" --log-dir "$run" --out "$run/nginx-turnpike"

known=$("$build/turnpike" config | sed -n 's/^[# ]*\([a-z][a-z0-9_.]*\) *=.*/\1/p')
knows() { printf '%s\n' "$known" | grep -qxF "$1"; }
if knows turn.seats; then
    seats="turn.seats = $turns"     # turn.workers are processes there, as many as there are cores
else
    seats="turn.workers = $turns"
fi
while IFS= read -r line; do
    ! knows "${line%% *}" || printf '%s\n' "$line"
done >"$run/turnpike.conf" <<CONF
run_dir = $run/tp
redis.socket = $redis
listen_hint = 127.0.0.1:$port
development = on
model.chain = anthropic
anthropic.url = http://$llm
anthropic.key = bench
anthropic.think_tags = off
titles = off
turn.user = 0
$seats
stream.workers = 2
api.workers = 2
backlog = 4096
rate.chat_user = 0
rate.api_user = 0
rate.ws_messages = 0
log.level = warn
CONF
exec "$build/turnpiked" -c "$run/turnpike.conf"
