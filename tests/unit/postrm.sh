#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# After the package is removed or purged nginx is valid again, whatever the administrator made of the guide's step 5.
set -u
PATH=$PATH:/usr/sbin
top=$(cd "${srcdir:-.}" && pwd)
command -v nginx >/dev/null || exit 77
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
failed=0
say_failed() { echo "FAIL: $*"; failed=1; }

# An nginx folder with a site of the guide, one of its own form, and one that has nothing to do with it.
make_nginx() {
    rm -rf "$dir/etc" "$dir/share"
    mkdir -p "$dir"/etc/nginx/{conf.d,snippets,sites-available,sites-enabled} "$dir/etc/turnpike" "$dir/run/turnpike" "$dir/log" "$dir/share"
    "$top/build-aux/make-nginx" --run-dir /run/turnpike --web-dir /nowhere --log-dir "$dir/log" --out "$dir/share" || exit 1
    ln -s /usr/share/turnpike/nginx/turnpike-http.conf "$dir/etc/nginx/conf.d/turnpike.conf"
    ln -s /usr/share/turnpike/nginx/turnpike.conf "$dir/etc/nginx/snippets/turnpike.conf"
    sed -e '/listen \[/d' -e 's/^\( *listen\) .*/\1 127.0.0.1:1;/' -e '/ssl_/d' "$top/nginx/turnpike-site.conf" >"$dir/etc/nginx/sites-available/turnpike"
    ln -s ../sites-available/turnpike "$dir/etc/nginx/sites-enabled/turnpike"
    printf 'server {\n listen 127.0.0.1:1;\n server_name b;\n  include   %s/etc/nginx/snippets/turnpike.conf; # ours\n}\n' "$dir" >"$dir/etc/nginx/sites-enabled/other"
    printf 'server {\n listen 127.0.0.1:1;\n server_name c;\n}\n' >"$dir/etc/nginx/sites-enabled/plain"
    printf 'server {\n listen 127.0.0.1:1;\n server_name d;\n include "snippets/turnpike.conf" ;\n}\n' >"$dir/etc/nginx/sites-enabled/quoted"
    echo '# somebody else' >"$dir/etc/nginx/snippets/my-turnpike.conf"
    printf 'server {\n listen 127.0.0.1:1;\n server_name e;\n include snippets/my-turnpike.conf;\n}\n' >"$dir/etc/nginx/sites-enabled/foreign"
    echo key >"$dir/etc/turnpike/api_keys"
    cat >"$dir/etc/nginx/nginx.conf" <<CONF
pid $dir/nginx.pid;
error_log stderr;
events { }
http {
    include $dir/etc/nginx/conf.d/*.conf;
    include $dir/etc/nginx/sites-enabled/*;
}
CONF
}
# The configuration is read whole; the port is not opened (nginx -T stops before it would matter: 127.0.0.1:1 is root's alone).
valid() { nginx -t -q -e stderr -p "$dir/etc/nginx" -c "$dir/etc/nginx/nginx.conf" 2>"$dir/said" || ! grep -v 'bind() to' "$dir/said" | grep -q emerg; }

for action in remove purge; do
    make_nginx
    valid && say_failed "$action: the links to a removed package were valid before"
    cp "$dir"/etc/nginx/sites-enabled/{plain,foreign} "$dir/"
    sed '/#DEBHELPER#/d' "$top/debian/turnpike.postrm" >"$dir/postrm"
    DPKG_ROOT=$dir sh "$dir/postrm" $action >"$dir/out" || say_failed "$action: the script ended with $?"
    valid || say_failed "$action: nginx is not valid: $(cat "$dir/said")"
    for site in plain foreign; do
        cmp -s "$dir/$site" "$dir/etc/nginx/sites-enabled/$site" || say_failed "$action: the site $site was changed"
    done
    [ -f "$dir/etc/nginx/sites-available/turnpike" ] || say_failed "$action: the site is gone"
    DPKG_ROOT=$dir sh "$dir/postrm" $action >"$dir/out" || say_failed "$action: a second time it ended with $?"
    [ ! -s "$dir/out" ] || say_failed "$action: a second time it changed something: $(cat "$dir/out")"
    if [ $action = purge ]; then
        [ ! -e "$dir/etc/turnpike" ] && [ ! -e "$dir/run/turnpike" ] || say_failed "purge left /etc/turnpike or /run/turnpike"
    else
        [ -e "$dir/etc/turnpike/api_keys" ] || say_failed "remove took the settings"
    fi
done

# What setup gave to Redis goes only when the snapshot has all data. Redis is down here.
drop_in=$dir/etc/systemd/system/redis-server.service.d/turnpike.conf
purge() {
    mkdir -p "${drop_in%/*}" && echo '[Service]' >"$drop_in"
    DPKG_ROOT=$dir sh "$dir/postrm" purge >"$dir/out" 2>&1 || say_failed "purge with Redis: it ended with $?"
}
data=$dir/var/lib/redis
mkdir -p "$data/appendonlydir"
touch -d '2 minutes ago' "$data/dump.rdb"
touch -d '1 minute ago' "$data/appendonlydir/appendonly.aof.1.incr.aof"
purge
[ -f "$drop_in" ] && grep -q 'append-only file is newer' "$dir/out" || say_failed "purge made Redis start from an old snapshot"
rm "$data/dump.rdb"
purge
[ -f "$drop_in" ] || say_failed "purge made Redis start without its data"
touch "$data/dump.rdb"
purge
[ ! -e "$drop_in" ] || say_failed "purge left what setup gave to Redis"
mkdir -p "$dir/etc/redis" "$dir/elsewhere/appendonlydir" && echo 'dir "/elsewhere"' >"$dir/etc/redis/redis.conf" && touch "$dir/elsewhere/appendonlydir/a"
purge
[ -f "$drop_in" ] || say_failed "purge did not look where Redis keeps its data"
# An error of SAVE is no snapshot.
mkdir "$dir/bin" && printf '#!/bin/sh\ncat "%s/reply"\n' "$dir" >"$dir/bin/redis-cli" && chmod +x "$dir/bin/redis-cli"
saves() { echo "$1" >"$dir/reply" && (sed -n '/^redis_saves() {/,/^}/p' "$dir/postrm" && echo redis_saves) | PATH=$dir/bin:$PATH sh; }
saves OK || say_failed "a snapshot that is written is taken for none"
! saves 'ERR write error' || say_failed "a failed SAVE is taken for a snapshot"
exit $failed
