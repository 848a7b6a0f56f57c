#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# turnpike setup and this machine's Redis: what a real Redis holds is still there after it starts as setup tells it to.
# systemctl is a double; the server and its files are in a folder of the test.
set -u
top=$(cd "${srcdir:-.}" && pwd)
command -v redis-server >/dev/null || exit 77
dir=$(mktemp -d)
failed=0
say_failed() { echo "FAIL: $*"; failed=1; }
stop() { [ ! -s "$dir/pid" ] || { kill "$(cat "$dir/pid")" && wait_until "! [ -e '$dir/pid' ]"; }; }
trap 'stop; rm -rf "$dir"' EXIT
# wait_until COMMAND: at most 10 seconds.
wait_until() {
    for _ in $(seq 200); do
        eval "$1" && return 0
        sleep 0.05
    done
    say_failed "not in time: $1"
}
redis() { redis-cli -s "$dir/own" "$@" 2>/dev/null; }
# launch ARGUMENT...: as its unit does, with the arguments of a drop-in.
launch() {
    redis-server --port 0 --unixsocket "$dir/own" --dir "$dir/data" --daemonize yes --pidfile "$dir/pid" --logfile "$dir/log" --save '3600 1' "$@" >/dev/null
    wait_until '[ "$(redis PING)" = PONG ]'
}
fresh() { # a Redis with one key and a snapshot of it
    stop
    rm -rf "$dir/data" "$dir/drop-in"
    mkdir "$dir/data"
    launch
    redis SET kept 1 >/dev/null
    redis SAVE >/dev/null
}
# setup's part, in a shell of its own. START is 1, or empty for --no-start.
part() { # START COMMAND
    PATH=$dir/bin:$PATH START=$1 DIR=$dir TOP=$top sh -euc '
        dry="" root="" start=$START redis=local redis_password="" restarted_redis=""
        say() { echo "$*"; }
        warn() { echo "$*" >&2; }
        die() { warn "$*" && exit 1; }
        set_to() { :; }
        remember() { echo "$*" >>"$DIR/undo"; }
        put() { cat >"$1"; }
        changed() { return 1; }
        wait_for() { shift 2; n=100; until "$@"; do n=$((n - 1)); [ $n -gt 0 ] || die "not in time"; sleep 0.1; done; }
        . "$TOP/systemd/setup-redis.sh"
        redis_socket=$DIR/own redis_port=1 redis_drop_in=$DIR/drop-in redis_conf=$DIR/redis.conf
        '"$2" >"$dir/out" 2>&1
}
restart() { stop && launch --appendonly yes; }

mkdir "$dir/bin"
printf '#!/bin/sh\necho "$*" >>"%s/systemctl"\ncase $1 in is-active) [ -s "%s/pid" ] ;; *) exit 1 ;; esac\n' "$dir" "$dir" >"$dir/bin/systemctl"
chmod +x "$dir/bin/systemctl"
echo "dir \"$dir/data\"" >"$dir/redis.conf"

for start in 1 ''; do
    fresh
    part "$start" setup_redis || say_failed "start=$start: it ended with $?: $(cat "$dir/out")"
    grep -q -- '--appendonly yes' "$dir/drop-in" || say_failed "start=$start: there is no drop-in"
    grep -q 'CONFIG SET appendonly no' "$dir/undo" || say_failed "start=$start: an undo does not take the append-only file back"
    restart
    [ "$(redis GET kept)" = 1 ] || say_failed "start=$start: Redis lost what it held"
done

# A run before left the drop-in, and Redis has no append-only file yet.
fresh
touch "$dir/drop-in"
part 1 setup_redis || say_failed "with a drop-in it ended with $?: $(cat "$dir/out")"
restart
[ "$(redis GET kept)" = 1 ] || say_failed "with a drop-in: Redis lost what it held"

# Redis is down: its files tell whether it would start empty.
fresh && stop
! part '' setup_redis || say_failed "it told a Redis that is down to start empty"
[ ! -e "$dir/drop-in" ] || say_failed "it wrote the drop-in of a Redis that is down"
touch "$dir/drop-in"
! part 1 setup_redis || say_failed "it started a Redis that would be empty"
! grep -q '^start' "$dir/systemctl" || say_failed "it started Redis: $(cat "$dir/systemctl")"
grep -q 'would start empty' "$dir/out" || say_failed "it does not say why: $(cat "$dir/out")"
rm "$dir/data/dump.rdb" "$dir/drop-in"
part '' setup_redis || say_failed "a Redis without data: it ended with $?: $(cat "$dir/out")"

# It is up and does not answer.
tail -f /dev/null & # a process that is not Redis
echo $! >"$dir/pid"
! part 1 'wait_for() { die "$2: not in time"; }; setup_redis' || say_failed "it went on without an answer"
grep -q 'Redis answers' "$dir/out" || say_failed "it does not say that Redis is silent: $(cat "$dir/out")"
kill $! && rm "$dir/pid"

# A rewrite that has failed is not taken for one that is done.
info() { printf 'aof_enabled:1\r\naof_rewrite_in_progress:%s\r\naof_rewrite_scheduled:0\r\naof_last_bgrewrite_status:%s\r\naof_last_write_status:ok\r\n' "$@"; }
for case in '0 ok 0' '0 err 1' '1 ok 1'; do
    read -r progress status expected <<<"$case"
    info "$progress" "$status" >"$dir/info"
    part 1 'redis_say() { cat "$DIR/info"; }; redis_rewrite_is_over && redis_rewrite_is_done'
    [ $? = "$expected" ] || say_failed "a rewrite with progress $progress and status $status was misjudged"
done
fresh
rm -rf "$dir/data" # it cannot write there
! part 1 setup_redis || say_failed "it went on although Redis could not write its file"
[ ! -e "$dir/drop-in" ] || say_failed "the drop-in is there without the append-only file"
kill -KILL "$(cat "$dir/pid")" && rm -f "$dir/pid"
exit $failed
