#!/bin/sh
# Starts the product for bench.py: product.sh RUN LLM REDIS_SOCKET PORT. TURNPIKE_BUILD names the build,
# TURNPIKE_TURNS how many turns it may run at once.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
top=$(cd "$here/../.." && pwd)
run=$1 llm=$2 redis=$3 port=$4
mkdir -p "$run/tp"
"$top/build-aux/make-nginx" --run-dir "$run/tp" --web-dir "$top/web" --log-dir "$run" --out "$run/nginx-turnpike"
cat >"$run/turnpike.conf" <<CONF
run_dir = $run/tp
redis.socket = $redis
listen_hint = 127.0.0.1:$port
development = on
model.chain = anthropic
anthropic.url = http://$llm
anthropic.key = bench
turn.user = 0
turn.seats = ${TURNPIKE_TURNS:-540}
stream.workers = 2
api.workers = 2
backlog = 4096
rate.chat_user = 0
rate.api_user = 0
rate.ws_messages = 0
log.level = warn
CONF
exec "${TURNPIKE_BUILD:-$top/build}/turnpiked" -c "$run/turnpike.conf"
