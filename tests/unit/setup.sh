#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# turnpike setup in a tree of its own: what it writes, a second run, and a run that fails. No service is started.
set -u
top=$(cd "${srcdir:-.}" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
say_failed() { echo "FAIL: $*"; failed=1; }
root=$dir/root
setup() { sh "$top/systemd/setup.sh" --root "$root" "$@" >"$dir/out" 2>&1 </dev/null; }
state() { (cd "$root" && find . | sort && find . -type f -exec sha256sum {} + | sort && find . -type l -exec readlink {} +); }
conf=$root/etc/turnpike/turnpike.conf

mkdir -p "$root/etc/turnpike" "$root/etc/nginx/sites-available" "$root/etc/ssl"
cp "$top/debian/turnpike.conf" "$conf"
printf '# mine\nturn.seats = 8\n' >>"$conf"
echo 'worker_processes auto;' >"$root/etc/nginx/nginx.conf"
touch "$root/etc/ssl/a.pem" "$root/etc/ssl/a.key"
echo secret-of-the-model >"$dir/key"
first=(--name a.example.org --certificate /etc/ssl/a.pem --key /etc/ssl/a.key --model openai,offline --model-key "$dir/key")

state >"$dir/before"
setup "${first[@]}" --dry-run || say_failed "--dry-run ended with $?: $(cat "$dir/out")"
state | diff "$dir/before" - || say_failed "--dry-run changed something"
! grep -q secret-of-the-model "$dir/out" || say_failed "--dry-run shows the key"

setup "${first[@]}" || say_failed "it ended with $?: $(cat "$dir/out")"
[ "$(stat -c %a "$root/etc/turnpike/credentials/openai_key")" = 600 ] || say_failed "the key's file can be read by others"
[ "$(stat -c %a "$root/etc/turnpike/credentials")" = 700 ] || say_failed "the keys' folder can be read by others"
[ "$(grep -rl secret-of-the-model "$root")" = "$root/etc/turnpike/credentials/openai_key" ] || say_failed "the key is elsewhere too"
! grep -q secret-of-the-model "$dir/out" || say_failed "the key is shown"
for line in 'model.chain = openai offline' 'openai.key_file = openai_key' 'turn.seats = 8' '# mine' 'redis.socket = /run/redis/redis-server.sock' 'api_keys.file = /etc/turnpike/api_keys'; do
    grep -qxF "$line" "$conf" || say_failed "turnpike.conf lacks: $line"
done
[ "$(grep -c '^ *model.chain' "$conf")" = 1 ] && [ "$(grep -c '^redis.socket' "$conf")" = 1 ] || say_failed "a setting stands twice"
grep -qx 'LoadCredential=openai_key:/etc/turnpike/credentials/openai_key' "$root/etc/systemd/system/turnpike.service.d/setup.conf" || say_failed "systemd does not hand over the key"
grep -q 'ssl_certificate  *//*etc/ssl/a.pem;' "$root/etc/nginx/sites-available/turnpike" || say_failed "the site lacks its certificate"
[ "$(readlink "$root/etc/nginx/modules-enabled/90-turnpike.conf")" = /usr/share/turnpike/nginx/turnpike-main.conf ] || say_failed "the main level's lines are not linked"

state >"$dir/before"
setup || say_failed "a second run ended with $?: $(cat "$dir/out")"
state | diff "$dir/before" - || say_failed "a second run without options changed something"
setup --set turn.seats=16 || say_failed "--set ended with $?"
grep -qx 'turn.seats = 16' "$conf" && ! grep -q 'turn.seats = 8' "$conf" || say_failed "--set did not replace the setting"
setup --set 'jwt.audience=YWI=' --set 'page.name=' || say_failed "--set ended with $?"
grep -qx 'jwt.audience = YWI=' "$conf" && grep -qx 'page.name = ' "$conf" || say_failed "--set cut the value: $(grep -E 'jwt.audience|page.name' "$conf")"
# A key that others can read is closed by the next run, which writes nothing else.
chmod 644 "$root/etc/turnpike/credentials/openai_key"
setup --model-key openai="$dir/key" || say_failed "the same key again: $(cat "$dir/out")"
[ "$(stat -c %a "$root/etc/turnpike/credentials/openai_key")" = 600 ] || say_failed "the key's file stayed open to others"
# The operator has no administrator's key any more, and wants none; an image has none yet.
setup && grep -q 'an API key' "$dir/out" || say_failed "an image gets no first key"
echo "$(printf %064d 0) anna user" >"$root/etc/turnpike/api_keys"
setup && ! grep -q 'an API key' "$dir/out" || say_failed "a second run makes another administrator"
setup --admin eve && grep -q 'an API key of eve' "$dir/out" || say_failed "--admin makes no key"
rm "$root/etc/turnpike/api_keys"
setup --redis redis.example.org:6380 || say_failed "--redis ended with $?"
grep -qx 'redis.host = redis.example.org' "$conf" && grep -qx 'redis.port = 6380' "$conf" && grep -qx 'redis.socket = ' "$conf" || say_failed "--redis is not in the settings"

# The key by standard input; its place in the arguments is a dash.
printf 'typed-secret' | sh "$top/systemd/setup.sh" --root "$root" --model anthropic --model-key - >"$dir/out" 2>&1 || say_failed "a key from standard input: $(cat "$dir/out")"
[ "$(cat "$root/etc/turnpike/credentials/anthropic_key")" = typed-secret ] || say_failed "the key of standard input is not there"

# Redis of an image has data and no append-only file: nothing tells it to start without them.
mkdir -p "$root/var/lib/redis" && touch "$root/var/lib/redis/dump.rdb"
mv "$root/etc/systemd/system/redis-server.service.d/turnpike.conf" "$dir/drop-in"
! setup --redis local || say_failed "it told Redis to start empty"
grep -q 'Redis is down' "$dir/out" || say_failed "it does not say what is wrong with Redis: $(cat "$dir/out")"
mv "$dir/drop-in" "$root/etc/systemd/system/redis-server.service.d/turnpike.conf"
rm -r "$root/var/lib/redis"

# A site of somebody else stays, and all that was done before is undone.
echo 'server { listen 1; } # my own' >"$root/etc/nginx/sites-available/turnpike"
state >"$dir/before"
! setup --model offline --admin eve --set drain=7s || say_failed "it wrote over a site of somebody else"
state | diff "$dir/before" - || say_failed "a failed run left something"

# An undo restarts what the run had restarted, and nothing else.
undo_calls() { # ASSIGNMENTS
    {
        echo 'set -eu; dry= root= start=1; systemctl() { [ "$1" = reset-failed ] || echo "$1 ${2-}"; }; nginx() { :; }; redis_answers() { :; }; redis_say() { echo OK; }; warn() { :; }'
        sed -n -e '/^restart_redis() {/,/^}/p' -e '/^restart_redis_as_before() {/,/^}/p' "$top/systemd/setup-redis.sh"
        sed -n -e '/^restarted_redis=/p' -e '/^reload_nginx() {/p' -e '/^apply_services_after_undo() {/,/^}/p' "$top/systemd/setup.sh"
        echo "$1; apply_services_after_undo"
    } | sh | grep -v '^daemon-reload' | sort | paste -sd,
}
[ -z "$(undo_calls :)" ] || say_failed "an undo restarts what was left alone: $(undo_calls :)"
[ "$(undo_calls restarted_turnpike=1)" = 'restart turnpike' ] || say_failed "an undo of turnpiked's restart: $(undo_calls restarted_turnpike=1)"
[ "$(undo_calls 'restarted_redis=1 reloaded_nginx=1')" = 'reload-or-restart nginx,restart redis-server' ] ||
    say_failed "an undo of the others: $(undo_calls 'restarted_redis=1 reloaded_nginx=1')"

# What happens to a service in each state, with settings that changed.
start_calls() { # STATE
    {
        echo "set -eu; dry= root= conf=c; systemctl() { [ \"\$1\" != reset-failed ] || return 0; [ \"\$1\" != show ] || { echo $1; return 0; }; echo \"\$*\"; }; run() { shift; \"\$@\"; }; remember() { :; }; changed() { [ \"\$1\" = c ]; }"
        sed -n -e '/^start_turnpike() {/,/^}/p' -e '/^start_again() {/,/^}/p' "$top/systemd/setup.sh"
        echo 'start_turnpike; echo "${restarted_turnpike:-}"'
    } | sh | paste -sd,
}
for row in 'active=reload turnpike,1' 'reloading=reload turnpike,1' 'activating=restart turnpike,1' 'deactivating=restart turnpike,1' \
    'inactive=start turnpike.socket turnpike.service,' 'failed=start turnpike.socket turnpike.service,'; do
    [ "$(start_calls "${row%%=*}")" = "${row#*=}" ] || say_failed "a service that is ${row%%=*}: $(start_calls "${row%%=*}")"
done

# What the package's scripts make of it: postinst keeps the settings, remove takes the parts of nginx, purge everything.
script() { sed '/#DEBHELPER#/d' "$top/debian/turnpike.$1" >"$dir/$1" && DPKG_ROOT=$root sh "$dir/$1" "${@:2}" >"$dir/out" 2>&1; }
rm "$root/etc/nginx/sites-available/turnpike" "$root/etc/nginx/sites-enabled/turnpike"
setup --redis local || say_failed "--redis local ended with $?"
mkdir -p "$root/usr/share/turnpike" "$root/var/log/nginx"
cp "$top/debian/turnpike.conf" "$root/usr/share/turnpike/"
cp "$conf" "$dir/conf"
script postinst configure 0.1 || say_failed "postinst: $(cat "$dir/out")"
cmp -s "$conf" "$dir/conf" || say_failed "postinst wrote over the settings"
script postrm remove || say_failed "remove: $(cat "$dir/out")"
cmp -s "$conf" "$dir/conf" || say_failed "remove took the settings"
[ -f "$root/etc/nginx/sites-available/turnpike" ] || say_failed "remove took the site"
! find "$root/etc/nginx" -type l | grep . || say_failed "remove left links to the package"
[ -f "$root/etc/systemd/system/redis-server.service.d/turnpike.conf" ] || say_failed "remove took Redis' append-only file"
setup || say_failed "setup after a remove: $(cat "$dir/out")"
[ -L "$root/etc/nginx/sites-enabled/turnpike" ] && [ -L "$root/etc/nginx/conf.d/turnpike.conf" ] || say_failed "setup did not put the site back"
script postrm purge || say_failed "purge: $(cat "$dir/out")"
[ -z "$(find "$root/etc" -name '*turnpike*' -o -name setup.conf)" ] || say_failed "purge left $(find "$root/etc" -name '*turnpike*' -o -name setup.conf)"
script postinst configure || say_failed "postinst: $(cat "$dir/out")"
[ "$(stat -c %a "$conf")" = 640 ] || say_failed "the first settings can be read by others"

while read -r arguments; do
    # shellcheck disable=SC2086
    setup $arguments
    [ $? -ne 0 ] || say_failed "it took: $arguments"
done <<'TEXT'
--name
--name a;b
--name a.example.org --certificate relative.pem --key /etc/ssl/a.key
--name a.example.org --certificate /etc/ssl/none.pem --key /etc/ssl/a.key
--redis nonsense
--model-key nonsense=/none
--what
TEXT
exit $failed
