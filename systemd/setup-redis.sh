# SPDX-License-Identifier: BSD-2-Clause
# shellcheck shell=sh disable=SC2154
# What turnpike setup gives to this machine's Redis. Sourced by setup.sh. The data outlive it: a Redis that is told to have
# an append-only file starts empty without one, and then writes over its snapshot. So it makes that file first, of what it holds.

redis_socket=/run/redis/redis-server.sock
redis_port=6379
redis_drop_in=/etc/systemd/system/redis-server.service.d/turnpike.conf
redis_conf=/etc/redis/redis.conf
redis_at=''
# shellcheck disable=SC2086
redis_say() { redis-cli $redis_at "$@" 2>/dev/null; }
redis_has() { [ "$(redis_say CONFIG GET "$1" | sed -n 2p)" = "$2" ]; }
# At its socket, or at its port as long as it has none.
redis_answers() {
    for redis_at in "-s $redis_socket" "-p $redis_port"; do
        case $(redis_say PING) in
        PONG) return 0 ;;
        *NOAUTH*) die "this machine's Redis wants a password: --redis 127.0.0.1:6379 --redis-password FILE" ;;
        esac
    done
    return 1
}
redis_has_its_socket() { redis_at="-s $redis_socket" && [ "$(redis_say PING)" = PONG ]; }
redis_persistence() { redis_say INFO persistence | tr -d '\r'; }
redis_rewrite_is_over() { redis_persistence | awk -F: '/^aof_(enabled|rewrite_in_progress|rewrite_scheduled):/ { n = n $2 } END { exit n != "100" }'; }
# Over is not done: the file may be missing, or not whole.
redis_rewrite_is_done() { [ "$(redis_persistence | grep -Ec '^aof_last_(bgrewrite|write)_status:ok$')" = 2 ]; }
redis_line() { # WORD DEFAULT: the last such line of redis.conf
    [ -r "$root$redis_conf" ] || { say "$2" && return 0; }
    awk -v word="$1" -v value="$2" '$1 == word { value = $2; gsub(/["\047]/, "", value) } END { print value }' "$root$redis_conf"
}
# Of a Redis that is down only the files can be seen.
redis_files_allow_it() {
    folder=$root$(redis_line dir /var/lib/redis) appended=$(redis_line appendfilename appendonly.aof)
    snapshot=$folder/$(redis_line dbfilename dump.rdb)
    [ -e "$snapshot" ] || return 0
    if [ -e "$root$redis_drop_in" ] || [ "$(redis_line appendonly no)" = yes ]; then
        [ -e "$folder/$(redis_line appenddirname appendonlydir)/$appended.manifest" ] || [ -e "$folder/$appended" ] ||
            die "Redis would start empty and lose $snapshot: it is told to read an append-only file, and there is none. Copy $snapshot away, take 'appendonly yes' away (rm -f $redis_drop_in; systemctl daemon-reload; redis.conf), start redis-server, and run this again"
    elif [ -z "$start" ]; then
        die "Redis is down, and $snapshot has data: of these Redis makes its append-only file while it runs. Start redis-server, and run this again"
    fi
}
redis_makes_its_file() {
    if [ -n "$root" ]; then
        redis_files_allow_it
        return 0
    fi
    if ! redis_answers; then
        if ! systemctl is-active -q redis-server; then
            redis_files_allow_it
            [ -n "$start" ] || return 0
            systemctl start redis-server || die "redis-server does not start: journalctl -u redis-server"
        fi
        wait_for 30 "Redis answers at $redis_socket or port $redis_port" redis_answers
    fi
    if ! redis_has appendonly yes; then
        # shellcheck disable=SC2086
        remember redis-cli $redis_at CONFIG SET appendonly no
        [ "$(redis_say CONFIG SET appendonly yes)" = OK ] || die "Redis does not take CONFIG SET appendonly yes"
    fi
    wait_for 600 "Redis writes its append-only file" redis_rewrite_is_over
    redis_rewrite_is_done || die "Redis could not write its append-only file; its log says why. After that: redis-cli BGREWRITEAOF"
}
# A drop-in adds arguments to its command, and no line of redis.conf changes. A Redis that does all of it by its own file
# already gets none.
setup_redis() {
    if [ "$redis" != local ]; then
        set_to redis.socket '' && set_to redis.host "${redis%:*}" && set_to redis.port "${redis##*:}"
        if [ -n "$redis_password" ]; then
            put_credential redis_password <"$redis_password"
            set_to redis.password_file redis_password
        fi
        return 0
    fi
    set_to redis.socket $redis_socket
    if [ -z "$dry$root" ] && [ ! -e $redis_drop_in ] && redis_has_its_socket && redis_has appendonly yes && redis_has maxmemory-policy noeviction; then
        return 0
    fi
    [ -n "$dry" ] || redis_makes_its_file
    put $redis_drop_in 0644 root:root <<TEXT
# Written by turnpike setup; 'apt purge turnpike' takes it away. Arguments count over the lines of redis.conf.
[Service]
ExecStart=
ExecStart=/usr/bin/redis-server $redis_conf --supervised systemd --daemonize no --unixsocket $redis_socket --unixsocketperm 770 --appendonly yes --maxmemory-policy noeviction
TEXT
}
# An operator's own restarts do not count for systemd's limit of starts: beyond it Redis would stay down.
restart_redis() {
    systemctl reset-failed redis-server 2>/dev/null || true
    systemctl restart redis-server
}
# The drop-in counts from the next start on.
restart_redis_if_needed() {
    [ "$redis" = local ] && [ -e $redis_drop_in ] || return 0
    if changed "${redis_drop_in%/*}/" || ! redis_has_its_socket; then
        restarted_redis=1
        restart_redis
    fi
}
# An undo took the append-only file away: what Redis starts from is its snapshot.
restart_redis_as_before() {
    [ -n "$restarted_redis" ] || return 0
    if redis_answers && [ "$(redis_say SAVE)" = OK ]; then
        restart_redis
    else
        warn "Redis could not write its snapshot, so it is not restarted"
    fi
}
