# SPDX-License-Identifier: BSD-2-Clause
# The steps of system-check.sh, in the order of all_steps. Each runs in a subshell, and fails by its status.

all_steps() {
    step "apt installs it, and starts nothing" install_package || return
    step "setup --dry-run changes nothing" setup_dry
    step "setup that fails leaves all as it was" setup_undone
    step "setup: one command to a running service with TLS" setup_first || return
    step "setup again changes nothing" setup_again
    step "setup: another model, and nothing else" setup_model
    step "a chat through nginx" chat_once
    step "logrotate takes its rule, and turnpike opens its log again" log_rotates
    step "reload keeps the connections" reload_service
    step "the sandbox is in force, exposure at most 1.2" sandbox
    step "the guide's check, and larger sizes" guides_small
    step "a worker is killed" kill_worker
    step "turnpiked is killed" kill_supervisor
    step "Redis is killed" kill_redis
    step "stop under load: every turn goes on afterwards" load_over stop_and_start
    step "upgrade under 200 streams and 50 JSON requests" load_over upgrade_package
    step "downgrade under 200 streams and 50 JSON requests" load_over downgrade_package
    step "setup: back to the name and its certificate" setup_back
    step "a backup" guide backup
    step "remove leaves nginx and Redis valid, and the settings" remove_package
    step "installed again, setup without options puts it back" install_again
    step "purge leaves nginx and Redis valid, and nothing else" purge_package
    step "the backup is restored on a new installation" restore_backup
    step "certbot gets the certificate of an ACME authority" setup_acme_site
    step "certbot renews it" renew_certificate
    step "purge once more" purge_package
    step "setup on a terminal: Ctrl-C, wrong answers, a running service" setup_terminal
    step "purge at the end, and the users' data" purge_all
}

# guide NAME: the commands of the guides behind <!-- run: NAME -->, as they stand there.
guide_text() {
    awk -v name="$1" '$0 == "<!-- run: " name " -->" { on = 1; next } on && /^    / { print substr($0, 5); seen = 1; next } on && seen && !/^$/ { exit } on && seen { print "" }' "$top"/docs/guides/*.md
}
guide() {
    local text
    text=$(guide_text "$1")
    [ -n "$text" ] || { echo "no guide has commands named $1"; return 1; }
    echo "$text"
    in_shell "$text"
}
check() {
    "$@" || { echo "not so: $*"; exit 1; }
}
# has TEXT COMMAND...: the command's output has it.
has() {
    local text=$1
    shift
    "$@" | tee "$scratch/said" | grep -q -e "$text" || { cat "$scratch/said"; return 1; }
}
eventually() { # SECONDS COMMAND...
    local tries=$(($1 * 5))
    shift
    until "$@" >"$scratch/said" 2>&1; do
        tries=$((tries - 1))
        [ $tries -gt 0 ] || { cat "$scratch/said"; echo "not in time: $*"; exit 1; }
        sleep 0.2
    done
}
site=https://assistant.example.org
asks() { inside curl -fsSk --noproxy '*' -m 20 --resolve assistant.example.org:443:127.0.0.1 "$@"; }
ready() { asks -o /dev/null $site/health/ready; }
all_valid() {
    inside nginx -t && [ "$(inside redis-cli ping)" = PONG ] && inside systemctl is-active nginx redis-server
}
# Everything that setup could have written.
fingerprint() {
    in_shell 'for f in $(find /etc/turnpike /etc/nginx /etc/redis /etc/systemd 2>/dev/null | sort); do
        stat -c "%n %a %U %G %N" "$f"; [ ! -f "$f" ] || sha256sum <"$f"; done' | grep -v '/etc/turnpike/setup.new'
}

same() { fingerprint | diff "$scratch/before" -; }

# ---- the package ---------------------------------------------------------------------------------------

build_package() {
    mkdir "$scratch/source" && tree_sources | tar x -C "$scratch/source" || return 1
    cd "$scratch/source" && DEB_BUILD_OPTIONS="nocheck parallel=$(nproc)" nice dpkg-buildpackage -us -uc -b || return 1
    ! command -v lintian >/dev/null || lintian --allow-root --fail-on error "$scratch"/turnpike_*.changes
}
# With the compiler and libraries of another Debian than this machine's.
build_package_there() {
    tree_builder "$suite" && tree_chroot "$builder" sh -c "cd /source && DEB_BUILD_OPTIONS='nocheck parallel=$(nproc)' nice dpkg-buildpackage -us -uc -b" >"$scratch/build.log" 2>&1 ||
        { tail -n 40 "$scratch/build.log"; return 1; }
    # The package is built without -Werror: a warning of that compiler counts here.
    ! grep -E '^[^ ]+:[0-9]+:[0-9]+: warning: ' "$scratch/build.log" || return 1
    cp "$builder"/turnpike_*.deb "$scratch/"
}
# What the package's build made there is no source. What failed is told first: the rest may be long.
check_there() {
    tree_chroot "$builder" sh -c "cd /source && rm -rf debian/build && nice ./check --only $check" >"$scratch/check.log" 2>&1 && return 0
    grep -a -E 'FAILED|FAIL:|^not ok|^[0-9]+ passed' "$scratch/check.log" | cut -c1-300 | tail -n 20
    tail -n 20 "$scratch/check.log" | cut -c1-300
    return 1
}
make_tree() {
    tree_make "$suite" "$deb" "certbot python3-certbot-nginx pebble" && echo '127.0.0.1 localhost assistant.example.org' >"$tree/etc/hosts"
}
install_package() {
    guide install-package || return 1
    check inside test ! -e /etc/systemd/system/multi-user.target.wants/turnpike.service
    check inside turnpike --version
    check inside test -s /usr/share/man/man8/turnpike-setup.8.gz -a -s /usr/share/bash-completion/completions/turnpike
    ! inside systemctl is-active turnpike
}

# ---- setup ---------------------------------------------------------------------------------------------

certificate() {
    in_shell 'openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=assistant.example.org -addext subjectAltName=DNS:assistant.example.org \
        -keyout /etc/ssl/private/assistant.example.org.key -out /etc/ssl/certs/assistant.example.org.pem 2>/dev/null
        cp /etc/ssl/certs/assistant.example.org.pem /usr/local/share/ca-certificates/assistant.crt && update-ca-certificates
        umask 077; echo sk-of-the-model >/root/anthropic.key'
}
setup_dry() {
    certificate
    fingerprint >"$scratch/before"
    check in_shell "$(guide_text install-setup) --dry-run"
    check same
}
setup_undone() {
    fingerprint >"$scratch/before"
    in_shell "$(guide_text install-setup) --set turn.seats=0" && return 1
    in_shell "$(guide_text install-setup) --set drain=1ms --set http_tools.dir=/nowhere" && return 1
    check same
    # Valid settings, and a Redis that is not there: it starts, and never gets ready.
    in_shell "$(guide_text install-setup) --redis 127.0.0.1:1" && return 1
    # nginx refuses what somebody else wrote.
    inside sh -c 'echo nonsense >/etc/nginx/conf.d/broken.conf'
    in_shell "$(guide_text install-setup)" && return 1
    inside rm /etc/nginx/conf.d/broken.conf
    check same && check all_valid
    ! inside systemctl is-enabled turnpike
}
setup_first() {
    local said
    said=$(guide install-setup) || { echo "$said"; return 1; }
    echo "$said"
    grep -o 'tpk_[0-9a-f]*' <<<"$said" >"$scratch/admin" || return 1
    grep -q "^ready $site/" <<<"$said" || return 1
    check ready && check all_valid
    check inside systemctl is-enabled turnpike.service turnpike.socket
    # The secret is root's alone, is no argument, and is in no other file of the configuration.
    check test "$(inside stat -c '%a %U' /etc/turnpike/credentials/anthropic_key)" = '600 root'
    check test "$(inside grep -rl sk-of-the-model /etc)" = /etc/turnpike/credentials/anthropic_key
    ! grep -q sk-of-the-model <<<"$said" || return 1
    check test "$(inside redis-cli -s /run/redis/redis-server.sock config get appendonly | sed -n 2p)" = yes
    in_shell 'dpkg --verify redis-server nginx-light nginx-common redis-tools'
}
setup_again() {
    fingerprint >"$scratch/before"
    check inside turnpike setup >"$scratch/said" || return 1
    cat "$scratch/said"
    check grep -q 'nothing had to change' "$scratch/said"
    check same
}
setup_model() {
    fingerprint >"$scratch/before"
    check inside turnpike setup --model offline
    fingerprint | diff "$scratch/before" - | grep '^[<>]' | grep -o '/[^ ]*' | sort -u | grep -v "^/etc/turnpike/turnpike.conf$" && return 1
    check inside grep -qx 'model.chain = offline' /etc/turnpike/turnpike.conf
    eventually 20 ready
}
say() { asks -H "Authorization: Bearer $(cat "$scratch/admin")" -H 'Content-Type: application/json' -d "{\"message\":\"$1\",\"session_id\":\"system\"}" $site/api/v1/pam/chat; }
history() { asks -H "Authorization: Bearer $(cat "$scratch/admin")" "$site/api/v1/pam/sessions/system/messages"; }
chat_once() { eventually 30 answers; cat "$scratch/said"; }
answers() { say "What can you do?" | grep '"response"'; }
log_rotates() {
    check inside logrotate -d /etc/logrotate.d/turnpike
    check inside turnpike setup --set log.file=/var/log/turnpike/turnpike.log
    eventually 20 ready
    check inside test -s /var/log/turnpike/turnpike.log
    check inside logrotate -f /etc/logrotate.d/turnpike
    check inside test -s /var/log/turnpike/turnpike.log.1
    check inside turnpike reopen
    check inside systemctl reload turnpike
    eventually 20 inside test -s /var/log/turnpike/turnpike.log
    check inside turnpike setup --set log.file=
}

# ---- what the guides promise ---------------------------------------------------------------------------

sandbox() {
    inside bash -s <"$here/filter.sh" || return 1
    # In tenths.
    check inside systemd-analyze security --threshold=12 --no-pager turnpike.service | tail -n 1
    return "${PIPESTATUS[0]}"
}
# Settings of the guides that are not of the usual installation: tried, and taken back.
guides_small() {
    guide install-check || return 1
    guide tls-check && check has "$(date +%Y)" cat "$scratch/step.log"
    fingerprint >"$scratch/before"
    inside cp -a /etc/nginx/nginx.conf /etc/turnpike/turnpike.conf /root/
    trap guides_back EXIT
    guide sizes && eventually 30 answers
    check inside grep -q 'worker_connections 32768;' /etc/nginx/nginx.conf
    check test "$(inside systemctl show -P LimitNOFILE turnpike)" = 131072
    check test "$(inside turnpike config turn.seats | tail -n 1)" = 'turn.seats = 512'
    guides_back && trap - EXIT
    check same
    guide keys-signins && eventually 30 answers
}
guides_back() {
    in_shell 'cp -a nginx.conf /etc/nginx/ && cp -a turnpike.conf /etc/turnpike/ && rm -f /etc/systemd/system/turnpike.service.d/limits.conf
        systemctl daemon-reload && systemctl reload nginx && systemctl restart turnpike'
}

# ---- failures ------------------------------------------------------------------------------------------

pid_of() { inside pgrep -f -o "turnpiked: $1"; }
main_pid() { inside systemctl show -P MainPID turnpike; }
reload_service() {
    local before
    before=$(main_pid)
    check inside systemctl reload turnpike
    check test "$(main_pid)" = "$before"
    eventually 20 answers
}
kill_worker() {
    local before
    before=$(inside pgrep -P "$(main_pid)" | sort)
    check inside kill -9 $(inside pgrep -P "$(main_pid)" | head -n 2)
    eventually 20 answers
    check test "$before" != "$(inside pgrep -P "$(main_pid)" | sort)"
}
kill_supervisor() {
    local before
    before=$(main_pid)
    check inside kill -9 "$before"
    eventually 30 answers
    check test "$(main_pid)" != "$before"
}
kill_redis() {
    check inside systemctl kill -s KILL redis-server
    eventually 60 answers
    # What was said before is there: the append-only file has it.
    check has 'What can you do' history
}

# ---- under load ----------------------------------------------------------------------------------------

# load_over FUNCTION: people talk to the assistant while the function runs; every message must get its one whole answer.
load_over() {
    : "${NODE:=node}"
    "$NODE" --version >/dev/null 2>&1 || { echo "Node 22 is needed (NODE=...)"; return 1; }
    check in_shell '[ -s /etc/turnpike/jwt ] || head -c 32 /dev/urandom | base64 | tr -d "\n" >/etc/turnpike/jwt && chown root:turnpike /etc/turnpike/jwt && chmod 640 /etc/turnpike/jwt
        turnpike setup --name localhost --insecure-http --model openai --model-key /root/anthropic.key --set openai.url=http://127.0.0.1:9191/v1 \
            --set jwt.algorithm=HS256 --set jwt.secret_file=/etc/turnpike/jwt --set jwt.audience=turnpike --set titles=off \
            --set rate.chat_user=0 --set rate.api_user=0 --set rate.ws_messages=0 --set rate.tools_minute=0 --set rate.tools_day=0'
    rm -f "$scratch/over"
    in_shell ': >/var/log/nginx/turnpike-access.log; : >/var/log/nginx/error.log'
    (beside_now "$NODE" "$here/load.mjs" --people 250 --secret "$(inside cat /etc/turnpike/jwt)" --redis "/proc/$leader/root/run/redis/redis-server.sock" --over "$scratch/over" $([ "$1" = stop_and_start ] || echo --prompt) >"$scratch/load.log" 2>&1) &
    local load=$!
    trap "kill $load 2>/dev/null" EXIT
    (eventually 60 grep -q '^streaming' "$scratch/load.log") || { cat "$scratch/load.log" "$scratch/said"; in_shell 'tail -n 5 /var/log/nginx/turnpike-access.log'; return 1; }
    ("$@") || { touch "$scratch/over"; wait $load; cat "$scratch/load.log"; return 1; }
    touch "$scratch/over"
    wait $load || { cat "$scratch/load.log"; inside journalctl -u turnpike -n 40 -o cat --no-pager; return 1; }
    cat "$scratch/load.log"
    refusals && return 1
    return 0
}
# Requests that nginx or turnpiked answered with an error, while the load ran.
refusals() {
    in_shell 'sed -n "s/^[^\"]*\"\([^\"]*\)\" \([45][0-9][0-9]\) .*/\2 \1/p" /var/log/nginx/turnpike-access.log | sort | uniq -c; tail -n 5 /var/log/nginx/error.log' >"$scratch/refusals"
    cat "$scratch/refusals"
    grep -q '^ *[0-9]* [45][0-9][0-9] ' "$scratch/refusals"
}
stop_and_start() { inside systemctl stop turnpike.service && sleep 1 && inside systemctl start turnpike.service && sleep 2; }
# The same files as the next version, so that dpkg upgrades: postinst and prerm run as they do then.
next_deb() {
    local next=$scratch/next
    if [ ! -d "$next" ]; then
        dpkg-deb -R "$deb" "$next" && sed -i 's/^Version: .*/&+next/' "$next/DEBIAN/control" &&
            dpkg-deb -Znone --root-owner-group -b "$next" "$tree/root/turnpike_next.deb" >/dev/null
    fi
}
upgrade_package() {
    local before
    before=$(main_pid)
    next_deb && guide upgrade && check test "$(main_pid)" != "$before"
    check has '+next$' inside dpkg-query -W -f '${Version}\n' turnpike
}
downgrade_package() {
    guide downgrade && inside rm /root/turnpike_next.deb
    ! has '+next$' inside dpkg-query -W -f '${Version}\n' turnpike
}

# ---- the end -------------------------------------------------------------------------------------------

setup_back() {
    check inside turnpike setup --name assistant.example.org --certificate /etc/ssl/certs/assistant.example.org.pem --key /etc/ssl/private/assistant.example.org.key --model offline
    check ready && eventually 20 answers
}
remove_package() {
    guide remove && check all_valid && check inside test -f /etc/turnpike/api_keys
    ! inside systemctl is-active turnpike.service turnpike.socket
}
install_again() {
    guide install-package && check inside turnpike setup && check ready && answers
}
purge_package() {
    guide purge && check all_valid
    check in_shell 'test ! -e /etc/turnpike && test ! -e /run/turnpike && test ! -e /var/log/turnpike && systemctl daemon-reload
        for f in /etc/nginx /etc/systemd /etc/redis /lib/systemd/system; do ! find $f -name "*turnpike*" | grep . || exit 1; done
        ! grep -r turnpike /etc/nginx /etc/redis || exit 1
        dpkg --verify redis-server nginx-light nginx-common
        systemctl restart redis-server nginx'
    check all_valid
    # Redis started from its snapshot, and has what it had.
    check test "$(inside redis-cli dbsize)" -gt 0
}
restore_backup() {
    inside redis-cli flushall
    guide install-package && guide restore && eventually 60 ready
    check has 'What can you do' history
    check test "$(inside redis-cli config get appendonly | sed -n 2p)" = yes
    check inside systemctl restart redis-server
    eventually 60 ready
    check has 'What can you do' history
}
# Debian's certbot with its nginx plug-in, and an authority that really looks at the site: pebble.
setup_acme_site() {
    in_shell 'apt-get -q install certbot python3-certbot-nginx pebble
        systemctl stop certbot.timer
        mkdir -p /root/authority
        openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -subj /CN=localhost -addext subjectAltName=DNS:localhost -addext keyUsage=critical,digitalSignature,keyCertSign \
            -keyout /root/authority/key.pem -out /usr/local/share/ca-certificates/authority.crt 2>/dev/null
        update-ca-certificates
        echo "{\"pebble\":{\"listenAddress\":\"127.0.0.1:14000\",\"managementListenAddress\":\"127.0.0.1:15000\",\"certificate\":\"/usr/local/share/ca-certificates/authority.crt\",
            \"privateKey\":\"/root/authority/key.pem\",\"httpPort\":80,\"tlsPort\":443}}" >/root/authority/pebble.json'
    local acme
    acme="$(guide_text install-acme) --acme-server https://localhost:14000/dir"
    # A name that does not lead here gets no certificate, and setup leaves all as it was.
    fingerprint >"$scratch/before"
    inside sed -i 's/ assistant.example.org//' /etc/hosts
    authority_starts
    in_shell "$acme" && return 1
    check same && check all_valid
    inside sed -i 's/$/ assistant.example.org/' /etc/hosts
    # It remembers names for some seconds, and accounts only while it runs.
    in_shell 'systemctl stop authority && rm -rf /etc/letsencrypt/accounts'
    authority_starts
    check in_shell "$acme"
    check ready && check has Pebble served issuer
    check inside grep -q letsencrypt/live /etc/nginx/sites-available/turnpike
    fingerprint >"$scratch/before"
    check has 'nothing had to change' inside turnpike setup
    check same
}
authority_starts() {
    inside systemd-run -q --unit=authority --setenv=PEBBLE_VA_NOSLEEP=1 pebble -config /root/authority/pebble.json
    eventually 20 inside curl -fsS -o /dev/null https://localhost:14000/dir
}
# served WHAT: of the certificate that nginx shows.
served() { in_shell "openssl s_client -connect 127.0.0.1:443 -servername assistant.example.org </dev/null 2>/dev/null | openssl x509 -noout -$1"; }
serves_another() { [ "$(served serial)" != "$1" ]; }
renew_certificate() {
    local before
    # Without a terminal certbot waits for minutes first.
    guide tls-check && in_shell "$(guide_text tls-renew | sed 's|certbot renew --dry-run|& --no-random-sleep-on-renew --server https://localhost:14000/dir|')" || return 1
    before=$(served serial)
    [ -n "$before" ] && check inside certbot renew --no-random-sleep-on-renew --force-renewal
    # certbot's hook reloads nginx.
    eventually 20 serves_another "$before"
    check has Pebble served issuer && check all_valid && check ready
    # The authority is away: the site goes on with what it has.
    inside systemctl stop authority
    inside certbot renew --no-random-sleep-on-renew --force-renewal && return 1
    check all_valid && check ready
}

# ---- a person at a terminal ------------------------------------------------------------------------------

# types STATUS [EXPECTED TYPED]...: to turnpike setup.
types() {
    local wanted=$1 status
    shift
    inside python3 /root/terminal.py "$@" -- turnpike setup >"$scratch/terminal"
    status=$?
    cat "$scratch/terminal"
    check test $status = "$wanted"
}
setup_terminal() {
    local answers
    guide install-package || return 1
    cp "$top/tests/terminal.py" "$tree/root/"
    fingerprint >"$scratch/before"
    answers=('Name of the site: ' 'assistant.example.org\n' 'certbot [acme]: ' '/etc/ssl/certs/assistant.example.org.pem\n' 'private key: ' '/etc/ssl/private/assistant.example.org.key\n'
        'offline [offline]: ' 'openai\n' '[admin]: ' 'anna\n')
    types 1 "${answers[@]}" 'Key for openai (not shown): ' '\x04'
    check same
    # Ctrl-C where the service has not been touched, and where it starts.
    types 130 "${answers[@]}" 'Key for openai (not shown): ' 'typed-secret\n' 'turnpiked --check' '\x03'
    check same && check all_valid
    types 130 "${answers[@]}" 'Key for openai (not shown): ' 'typed-secret\n' 'start turnpike' '\x03\x03' 'undoing' '\x03'
    check same && check all_valid
    ! inside systemctl is-enabled turnpike || return 1
    ! inside systemctl is-active turnpike || return 1
    answers[1]='not a name\n'
    types 0 "${answers[@]:0:2}" 'is not the name of a host' '' 'Name of the site: ' 'assistant.example.org\n' \
        "${answers[@]:2:4}" 'offline [offline]: ' 'gpt\n' 'there is no model gpt' '' 'offline [offline]: ' 'offline\n' '[admin]: ' 'anna\n'
    check grep -q "^ready $site/" "$scratch/terminal"
    grep -o 'tpk_[0-9a-f]*' "$scratch/terminal" >"$scratch/admin" || return 1
    check ready && check has anna inside turnpike api-key list
    eventually 30 answers
}
# Redis was restarted as often as systemd allows within ten seconds, as after several setups in a row.
purge_all() {
    check in_shell 'systemctl reset-failed redis-server; for i in 1 2 3 4 5; do systemctl restart redis-server || exit 1; done' || return 1
    purge_package || return 1
    guide erase
    check test "$(inside redis-cli dbsize)" = 0
}
