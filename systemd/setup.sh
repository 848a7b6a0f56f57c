#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# turnpike setup -- makes a running service of the installed package, behind this machine's nginx and Redis.
#
# A shell script, so that an operator can read what it does to the machine. It writes its own files and links; it edits
# no file of another package. Each change is kept in a list: when a step fails, the list is undone from its end.
# What it was told stands in /etc/turnpike/setup, so that a second run changes only what it is asked to change.
# turnpike.postrm takes back what this script gives to nginx, Redis and systemd: change both together.
set -eu
umask 022

usage() {
    cat <<'TEXT'
usage: turnpike setup [--name HOST] [OPTION]...
  --name HOST            name of the site, such as assistant.example.org
  --certificate PATH     certificate with its chain (PEM); needs --key
  --key PATH             the certificate's private key (PEM)
  --acme                 certificate of an ACME authority, by certbot and its nginx plug-in
  --acme-email ADDRESS   where the authority sends warnings; without it none is given
  --acme-server URL      another authority than certbot's default
  --insecure-http        no TLS: for loopback, or behind a proxy that has the certificate
  --admin USER           user of the first API key with the role admin (default admin)
  --model NAME[,NAME]    what answers, in this order: anthropic, openai, responses, offline
  --model-key [NAME=]FILE  the vendor's key for NAME (default: the first model); - reads standard input
  --redis HOST:PORT      another Redis than the one of this machine; --redis local goes back
  --redis-password FILE  its password
  --set NAME=VALUE       any other setting of turnpike.conf
  --dry-run              show what would be done, do nothing
  --no-start             write and check the files, start nothing
  --root DIR             work in the tree DIR (for images): like --no-start, and no check
  --help                 this text
On a terminal it asks for what is missing. A second run changes only what its options name.
The key of a model is never an argument: other users of the machine can see arguments.
TEXT
}

say() { printf '%s\n' "$*"; }
warn() { printf 'turnpike setup: %s\n' "$*" >&2; }
die() {
    warn "$*"
    exit 1
}
refuse() {
    warn "$*"
    exit 2
}

# ---- what is asked ----------------------------------------------------------------------------

root='' dry='' start=1 settings='' keys=''
name='' tls='' certificate='' key='' acme_email='' acme_server='' admin='' models='' redis='' redis_password=''
newline='
'
parse() {
    while [ $# -gt 0 ]; do
        option=${1%%=*} value=${2-} words=2
        case $1 in --*=*) value=${1#*=} words=1 ;; esac
        case $option in
        --help | -h) usage && exit 0 ;;
        --dry-run) dry=1 words=1 ;;
        --no-start) start='' words=1 ;;
        --acme) tls=acme words=1 ;;
        --insecure-http) tls=http words=1 ;;
        --name) name=$value ;;
        --certificate) certificate=$value tls=files ;;
        --key) key=$value ;;
        --acme-email) acme_email=$value ;;
        --acme-server) acme_server=$value ;;
        --admin) admin=$value ;;
        --model) models=$value ;;
        --model-key) keys=$keys$value$newline ;;
        --redis) redis=$value ;;
        --redis-password) redis_password=$value ;;
        --set) settings=$settings$value$newline ;;
        --root) root=${value%/} start='' ;;
        *) usage >&2 && refuse "what is $1?" ;;
        esac
        [ $words -eq 1 ] || [ $# -gt 1 ] || refuse "$option needs a value"
        shift $words
    done
}

# The answers of the run before count where this one says nothing. Values are plain words: read, not run.
recall() {
    [ -r "$root/etc/turnpike/setup" ] || return 0
    while IFS= read -r line; do
        word=${line%%=*} value=${line#*=}
        case $word in
        name) name=${name:-$value} ;;
        tls) tls=${tls:-$value} ;;
        certificate) certificate=${certificate:-$value} ;;
        key) key=${key:-$value} ;;
        redis) redis=${redis:-$value} ;;
        esac
    done <"$root/etc/turnpike/setup"
}

on_terminal() { [ -t 0 ] && [ -t 1 ]; }
# ask QUESTION DEFAULT COMMAND: sets answer. Without a terminal it is the default. COMMAND looks at it, and says why not.
ask() {
    answer=$2
    on_terminal || return 0
    while :; do
        printf '%s%s: ' "$1" "${2:+ [$2]}"
        read -r answer || { say '' && die "no answer: nothing was changed"; }
        answer=${answer:-$2}
        ! "$3" "$answer" || return 0
    done
}
is_name() {
    case $1 in
    '') warn "--name is needed" ;;
    *[!A-Za-z0-9.-]* | -* | .*) warn "$1 is not the name of a host" ;;
    *) return 0 ;;
    esac
    return 1
}
is_file_for_nginx() {
    case $1 in
    /*[!A-Za-z0-9._/@+-]*) warn "$1: the configuration of nginx cannot hold this path" ;;
    /*) if [ -f "$root$1" ] && [ -r "$root$1" ]; then return 0; else warn "$1 cannot be read"; fi ;;
    *) warn "--certificate and --key need whole paths" ;;
    esac
    return 1
}
has_certbot() { [ -n "$dry$root" ] || command -v certbot >/dev/null || { warn "certbot is missing: apt install certbot python3-certbot-nginx" && return 1; }; }
is_certificate() { if [ "$1" = acme ]; then has_certbot; else is_file_for_nginx "$1"; fi; }
is_model() {
    for model in $(printf %s "$1" | tr ',' ' '); do
        case $model in anthropic | openai | responses | offline) ;; *) warn "there is no model $model: anthropic, openai, responses, offline" && return 1 ;; esac
    done
    [ -n "$1" ]
}
is_user() { case $1 in '' | *[[:space:]]*) warn "a user is one word" && return 1 ;; esac; }
is_anything() { :; }

ask_what_is_missing() {
    [ -n "$name" ] || { ask "Name of the site" "" is_name && name=$answer; }
    [ -n "$name" ] || refuse "--name is needed"
    case $name in
    localhost | 127.*) tls=${tls:-http} ;;
    esac
    if [ -z "$tls" ]; then
        on_terminal || refuse "say --certificate and --key, --acme, or --insecure-http"
        ask "Certificate: path of a PEM file, or acme to get one by certbot" "acme" is_certificate
        case $answer in
        acme) tls=acme ;;
        *) tls=files certificate=$answer ;;
        esac
        [ "$tls" != acme ] || [ -n "$acme_email" ] || { ask "Address for mails of the authority (may be empty)" "" is_anything && acme_email=$answer; }
    fi
    [ "$tls" != files ] || [ -n "$key" ] || { ask "The certificate's private key" "" is_file_for_nginx && key=$answer; }
    if [ -z "$models" ] && ! setting_is_set model.chain; then
        ask "Model: anthropic, openai, responses or offline" "offline" is_model
        models=$answer
    fi
    if [ -z "$root" ] && on_terminal && needs_admin; then ask "User of the first API key, with the role admin" "admin" is_user && admin=$answer; fi
    redis=${redis:-local}
}
check_answers() {
    is_name "$name" || exit 1
    case $tls in
    files) is_file_for_nginx "$certificate" && is_file_for_nginx "$key" || exit 1 ;;
    acme) has_certbot || exit 1 ;;
    http)
        case $name in
        localhost | 127.*) ;;
        *) warn "without TLS everybody on the way can read keys and messages" ;;
        esac
        ;;
    esac
    case $redis in
    local | ?*:[0-9]*) ;;
    *) die "--redis takes HOST:PORT or local" ;;
    esac
    [ -n "$root" ] || command -v nginx >/dev/null || die "nginx is missing: apt install nginx-light"
    [ -n "$root" ] || [ "$redis" != local ] || command -v redis-server >/dev/null ||
        die "redis-server is missing: apt install redis-server, or name another one by --redis"
}

# shellcheck source=systemd/setup-changes.sh
. "${0%/*}/setup-changes.sh"
# shellcheck source=systemd/setup-redis.sh
. "${0%/*}/setup-redis.sh"

# ---- settings -----------------------------------------------------------------------------------

conf=/etc/turnpike/turnpike.conf
setting_is_set() { grep -Eq "^[[:space:]]*$(printf %s "$1" | sed 's/\./\\./g')[[:space:]]*=" "$root$conf" 2>/dev/null; }
# Settings to write, one NAME=VALUE a line, into the file where they stand: over the line in force, else over an example
# ("#name = ..."), else at the end. All other lines stay.
write_settings() {
    [ -f "$root$conf" ] || printf '%s\n' '# Settings of turnpiked; turnpike.conf(5) has all of them.' >"$work/conf"
    [ ! -f "$root$conf" ] || cp "$root$conf" "$work/conf"
    printf %s "$settings" | while IFS= read -r line; do
        setting=${line%%=*} value=${line#*=}
        SETTING=$setting VALUE=$value awk '
            function named(line) { sub(/^[ \t]*#?[ \t]*/, "", line); sub(/[ \t]*=.*/, "", line); return line }
            { lines[NR] = $0; if ($0 ~ /^[ \t]*[^#]*=/ && named($0) == ENVIRON["SETTING"]) at = NR
              else if ($0 ~ /^#[^ ].*=/ && named($0) == ENVIRON["SETTING"] && !example) example = NR }
            END { new = ENVIRON["SETTING"] " = " ENVIRON["VALUE"]; if (!at) at = example
                for (i = 1; i <= NR; i++) print i == at ? new : lines[i]
                if (!at) print new }' "$work/conf" >"$work/conf.new"
        mv "$work/conf.new" "$work/conf"
    done
    put "$conf" 0640 root:turnpike "settings: $(printf %s "$settings" | cut -d= -f1 | sort -u | tr '\n' ' ' | sed 's/ $//')" <"$work/conf"
}
set_to() { settings=$settings$1=$2$newline; }

# ---- parts --------------------------------------------------------------------------------------

read_secret() { # VENDOR: sets answer
    while :; do
        printf 'Key for %s (not shown): ' "$1" >/dev/tty
        stty -echo </dev/tty
        read -r answer || answer=$newline
        stty echo </dev/tty
        printf '\n' >/dev/tty
        case $answer in
        "$newline") die "no answer: nothing was changed" ;;
        '') warn "without its key $1 cannot answer; --model offline needs none" ;;
        *) return 0 ;;
        esac
    done
}
# The vendor's key is a credential: root's file, which systemd hands to turnpiked alone.
put_credential() { # NAME < SECRET
    tr -d '\r\n' >"$work/secret"
    [ -s "$work/secret" ] || die "the key for $1 is empty"
    [ -n "$dry" ] || [ -d "$root/etc/turnpike/credentials" ] || { make_folder "$root/etc/turnpike/credentials" && chmod 0700 "$root/etc/turnpike/credentials"; }
    put "/etc/turnpike/credentials/$1" 0600 root:root "a secret" <"$work/secret"
    rm -f "$work/secret"
}
setup_models() {
    [ -z "$models" ] || set_to model.chain "$(printf %s "$models" | tr ',' ' ')"
    first=${models%%,*}
    printf %s "$keys" >"$work/keys"
    while IFS= read -r item <&4; do
        vendor=${item%%=*} file=${item#*=}
        [ "$vendor" != "$item" ] || vendor=$first
        case $vendor in '' | offline | *[!a-z]*) refuse "--model-key $item: for which model? --model NAME, or NAME=FILE" ;; esac
        case $file in
        -) put_credential "${vendor}_key" ;; # standard input
        *)
            [ -r "$file" ] || die "$file cannot be read"
            put_credential "${vendor}_key" <"$file"
            ;;
        esac
        set_to "$vendor.key_file" "${vendor}_key"
    done 4<"$work/keys"
    for vendor in $(printf %s "$models" | tr ',' ' '); do
        if [ "$vendor" = offline ] || [ -n "$keys" ] || ! on_terminal || setting_is_set "$vendor.key_file"; then continue; fi
        read_secret "$vendor"
        (umask 077 && printf %s "$answer" >"$work/typed")
        put_credential "${vendor}_key" <"$work/typed"
        rm -f "$work/typed"
        set_to "$vendor.key_file" "${vendor}_key"
    done
}
setup_credentials() {
    # Those that are there, and those that a dry run only names.
    {
        for file in "$root"/etc/turnpike/credentials/*; do [ ! -f "$file" ] || say "${file##*/}"; done
        for file in $touched; do case $file in /etc/turnpike/credentials/*) say "${file##*/}" ;; esac done
    } | sort -u | sed 's|.*|LoadCredential=&:/etc/turnpike/credentials/&|' >"$work/credentials"
    [ -s "$work/credentials" ] || return 0
    { say '# Written by turnpike setup: secrets that systemd hands to turnpiked.' && say '[Service]' && cat "$work/credentials"; } >"$work/drop-in"
    put /etc/systemd/system/turnpike.service.d/setup.conf 0644 root:root <"$work/drop-in"
}
# A later run makes no other key, also when the operator has taken the first one away. An image (--root) has none yet.
needs_admin() {
    [ -z "$admin" ] || return 0
    ! grep -Eq '^[0-9a-f]{64} [^ ]+ admin' "$key_hashes" 2>/dev/null || return 1
    [ -e "$root/etc/turnpike/setup" ] || return 0
    [ ! -e "$key_hashes" ] && grep -Eq '^[[:space:]]*api_keys\.file[[:space:]]*=[[:space:]]*/etc/turnpike/api_keys[[:space:]]*$' "$root$conf" 2>/dev/null
}
setup_admin() {
    shown=''
    needs_admin || return 0
    set_to api_keys.file /etc/turnpike/api_keys
    if [ -n "$dry$root" ]; then
        say "write /etc/turnpike/api_keys (an API key of ${admin:-admin}, shown once)"
        return 0
    fi
    turnpike api-key "${admin:-admin}" admin >"$work/admin"
    shown=$(grep '^tpk_' "$work/admin")
    { [ ! -f "$key_hashes" ] || cat "$key_hashes"; grep -E '^[0-9a-f]{64} ' "$work/admin"; } >"$work/api_keys"
    rm -f "$work/admin"
    put /etc/turnpike/api_keys 0640 root:turnpike "an API key of ${admin:-admin}" <"$work/api_keys"
}

has_ipv6() { [ -e /proc/net/if_inet6 ]; }
listens() { # PORT WORDS
    case $name in
    localhost | 127.*) say "    listen 127.0.0.1:$1$2;" && return 0 ;;
    esac
    say "    listen $1$2;"
    ! has_ipv6 || say "    listen [::]:$1$2;"
}
# nginx 1.25 moved http2 out of the line `listen`.
http2_of_old() { [ -n "$root" ] || nginx -v 2>&1 | awk -F'[/. ]' '{ for (i = 1; i <= NF; i++) if ($i == "nginx" && $(i + 1) ~ /^[0-9]+$/) exit !($(i + 1) == 1 && $(i + 2) < 25) }'; }
put_site_of_tls() {
    put_site <<TEXT
server {
$(listens 80 '')
    server_name $name;
    location / { return 301 https://\$host\$request_uri; }
}
server {
$(if http2_of_old; then listens 443 ' ssl http2'; else listens 443 ' ssl' && echo '    http2 on;'; fi)
    server_name $name;
    ssl_certificate     $certificate;
    ssl_certificate_key $key;
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_session_cache shared:turnpike_tls:10m;
    ssl_session_tickets off;
    include snippets/turnpike.conf;
}
TEXT
}
put_site() {
    site=$root/etc/nginx/sites-available/turnpike
    [ ! -f "$site" ] || grep -q '^# Written by turnpike setup' "$site" || die "/etc/nginx/sites-available/turnpike was not written by setup: move it away"
    { say '# Written by turnpike setup: run that again to change it.' && cat; } >"$work/site"
    put /etc/nginx/sites-available/turnpike 0644 root:root <"$work/site"
    link ../sites-available/turnpike /etc/nginx/sites-enabled/turnpike
}
setup_nginx() {
    link /usr/share/turnpike/nginx/turnpike-http.conf /etc/nginx/conf.d/turnpike.conf
    link /usr/share/turnpike/nginx/turnpike.conf /etc/nginx/snippets/turnpike.conf
    # Lines of the main level, unless the administrator has them.
    grep -Eqs '^[[:space:]]*(worker_shutdown_timeout|worker_rlimit_nofile)[[:space:]]' "$root/etc/nginx/nginx.conf" ||
        link /usr/share/turnpike/nginx/turnpike-main.conf /etc/nginx/modules-enabled/90-turnpike.conf
    case $tls in
    http) put_site <<TEXT ;;
server {
$(listens 80 '')
    server_name $name;
    include snippets/turnpike.conf;
}
TEXT
    files) put_site_of_tls ;;
    acme) setup_acme ;;
    esac
}
# certbot answers the authority by a site on port 80, and renews by itself (certbot.timer).
setup_acme() {
    certificate=/etc/letsencrypt/live/$name/fullchain.pem key=/etc/letsencrypt/live/$name/privkey.pem
    if [ ! -e "$root$certificate" ]; then
        put_site <<TEXT
server {
$(listens 80 '')
    server_name $name;
    location / { return 503; }
}
TEXT
        run "nginx takes the site for certbot" reload_nginx
        set -- certonly --nginx --non-interactive --agree-tos -d "$name" --deploy-hook 'systemctl reload nginx'
        if [ -n "$acme_email" ]; then set -- "$@" -m "$acme_email"; else set -- "$@" --register-unsafely-without-email; fi
        [ -z "$acme_server" ] || set -- "$@" --server "$acme_server"
        run "certbot gets the certificate of $name" certbot "$@"
    fi
    put_site_of_tls
}

# ---- services -----------------------------------------------------------------------------------

wait_for() { # SECONDS WHAT COMMAND...
    tries=$(($1 * 5)) what=$2
    shift 2
    until "$@"; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || die "$what: not in time"
        sleep 0.2
    done
}
reload_nginx() { nginx -t -q && reloaded_nginx=1 && systemctl reload-or-restart nginx; }
is_ready() {
    case $tls in
    http) curl -fsS -o /dev/null --noproxy '*' -m 5 --resolve "$name:80:127.0.0.1" "$address/health/ready" 2>"$work/curl" ;;
    *) curl -fsSk -o /dev/null --noproxy '*' -m 5 --resolve "$name:443:127.0.0.1" "$address/health/ready" 2>"$work/curl" ;;
    esac
}
# What this run restarted or reloaded, which an undo brings back to what it was. All else is left alone.
restarted_redis='' restarted_turnpike='' reloaded_nginx=''
apply_services() {
    [ -z "$dry$root" ] && [ -n "$start" ] || return 0
    systemctl daemon-reload
    restart_redis_if_needed
}
apply_services_after_undo() {
    [ -z "$dry$root" ] || return 0
    [ -z "$start" ] || systemctl daemon-reload
    restart_redis_as_before
    [ -z "$reloaded_nginx" ] || reload_nginx
    [ -z "$restarted_turnpike" ] || systemctl restart turnpike
}
# turnpiked --check looks at files as the service's user, who may read the credentials only where systemd puts them.
credentials_for_check() {
    lent=$(mktemp -d)
    for file in /etc/turnpike/credentials/*; do
        [ ! -f "$file" ] || install -o turnpike -m 0400 "$file" "$lent/"
    done
    chown turnpike "$lent"
}
check_and_start() {
    if [ -z "$dry$root" ]; then
        credentials_for_check
        CREDENTIALS_DIRECTORY=$lent turnpiked --check >"$work/check" 2>&1 || { cat "$work/check" >&2 && die "the settings are not valid"; }
        say "turnpiked --check: $(tail -n 1 "$work/check")"
        CREDENTIALS_DIRECTORY=/etc/turnpike/credentials turnpike origins >"$work/origins"
        put /etc/turnpike/nginx-origins.conf 0644 root:root <"$work/origins"
        nginx -t -q || die "nginx does not take its configuration"
        say "nginx -t: valid"
    fi
    [ -n "$start" ] || return 0
    apply_services
    [ -n "$dry$root" ] || systemctl is-enabled -q turnpike.service 2>/dev/null || remember systemctl -q disable turnpike.service turnpike.socket
    run "enable turnpike" systemctl -q enable turnpike.socket turnpike.service
    asked=1
    start_turnpike
    run "nginx takes the site" reload_nginx
    address=https://$name
    [ "$tls" != http ] || address=http://$name
    [ -z "$dry$root" ] || return 0
    wait_for 30 "$address/health/ready" is_ready
}
# A service that is just starting may have read the settings of before: a start would only join that one.
start_turnpike() {
    state=inactive
    if [ -z "$dry$root" ]; then
        systemctl reset-failed turnpike.service 2>/dev/null || true
        state=$(systemctl show -p ActiveState --value turnpike.service)
    fi
    case $state in
    active | reloading) start_again ;;
    activating | deactivating)
        restarted_turnpike=1
        run "restart turnpike" systemctl restart turnpike
        ;;
    *)
        [ -n "$dry$root" ] || remember systemctl stop turnpike.service turnpike.socket
        run "start turnpike" systemctl start turnpike.socket turnpike.service
        ;;
    esac
}
# Credentials are handed over at a start; for all else new workers take over from the old ones.
start_again() {
    if changed /etc/systemd/system/turnpike.service.d/ || changed /etc/turnpike/credentials/; then
        restarted_turnpike=1
        run "restart turnpike" systemctl restart turnpike
    elif changed $conf || changed /etc/turnpike/api_keys; then
        restarted_turnpike=1
        run "reload turnpike" systemctl reload turnpike
    fi
}

parse "$@"
key_hashes=$root/etc/turnpike/api_keys
[ -n "$dry$root" ] || [ "$(id -u)" -eq 0 ] || die "root is needed (or --dry-run)"
recall
ask_what_is_missing
check_answers
setup_models
setup_redis
setup_credentials
setup_admin
write_settings
put /etc/turnpike/setup 0644 root:root "the answers, for the next run" <<TEXT
name=$name
tls=$tls
$([ "$tls" != files ] || printf 'certificate=%s\nkey=%s' "$certificate" "$key")
redis=$redis
TEXT
setup_nginx
check_and_start
[ -z "$dry" ] || { say "nothing was done (--dry-run)" && exit 0; }
[ -n "$start" ] || { say "the files are written; nothing was started" && exit 0; }
[ -n "$touched" ] || say "nothing had to change"
[ -z "${shown:-}" ] || say "The key of ${admin:-admin} (role admin), shown this once: $shown"
grep -Eqs '^[[:space:]]*worker_connections[[:space:]]+(768|1024);' /etc/nginx/nginx.conf &&
    say "note: each nginx worker holds 768 connections, two a stream. For more: worker_connections in /etc/nginx/nginx.conf"
say "ready $address/"
