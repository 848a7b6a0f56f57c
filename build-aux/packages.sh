# SPDX-License-Identifier: BSD-2-Clause
# Debian packages, and how to install what is missing. Sourced by ./run and ./check.

PACKAGES_BUILD="gcc libc6-dev make autoconf automake pkg-config libfcgi-dev libhiredis-dev libjson-c-dev
    libcurl4-openssl-dev libwslay-dev libhttp-parser-dev libjwt-dev libboost-context-dev libsystemd-dev libssl-dev
    libcsv-dev libical-dev libicu-dev libexpat1-dev libhpdf-dev libstemmer-dev zlib1g-dev libedit-dev"
PACKAGES_PAGE="npm" # gets the library by which the page reads Markdown
# Speech without a service: docs/voice.md. Without them there is none.
PACKAGES_VOICE="pocketsphinx pocketsphinx-en-us flite espeak-ng"
PACKAGES_RUN="nginx-light redis-server curl ca-certificates tzdata util-linux"
PACKAGES_CHECK="clang clang-format cppcheck libcmocka-dev python3 nodejs npm chromium systemd redis-sentinel faketime
    iso-codes python3-icalendar python3-caldav python3-dateutil python3-vobject python3-gpxpy units poppler-utils prometheus shellcheck groff-base
    mandoc zsh"
# The package on a booted Debian tree: make system-check.
PACKAGES_SYSTEM="debootstrap systemd-container zstd debhelper dpkg-dev lintian libtimezonemap-data iso-codes"
# The comparison with other servers only: tests/bench/setup.sh. The last three: by peer.
PACKAGES_BENCH="gcc libc6-dev make python3 nginx-light redis-server strace"
PACKAGES_BENCH_GO="golang-go golang-github-gorilla-websocket-dev golang-github-gomodule-redigo-dev"
PACKAGES_BENCH_NODE="nodejs npm"
PACKAGES_BENCH_FASTAPI="python3-fastapi uvicorn python3-aiohttp python3-httpx python3-uvloop python3-httptools
    python3-websockets python3-redis python3-hiredis"

packages_have() {
    case $1 in
    nginx-light) command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ] ;;
    nodejs) command -v node >/dev/null 2>&1 ;;
    npm) command -v npm >/dev/null 2>&1 ;;
    systemd) command -v systemd-analyze >/dev/null 2>&1 ;;
    *) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
    esac
}

# What root does. Debian starts a service when it installs one: nginx on port 80, and that fails
# where there is no IPv6. While this runs, and no longer, nginx, Redis and Prometheus are not started.
PACKAGES_INSTALL='
policy=/usr/sbin/policy-rc.d
trap "exit 130" INT TERM
if [ ! -e "$policy" ]; then
    trap "rm -f $policy" EXIT
    printf "%s\n" "#!/bin/sh" \
        "# Written by ./run or ./check while process $$ installs packages; does nothing without it." \
        "kill -0 $$ 2>/dev/null || exit 0" \
        "case \"\$*\" in *nginx*|*redis*|*prometheus*) exit 101 ;; esac" >"$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
apt-get update -qq || echo "W: apt-get update failed: trying with what apt knows"
apt-get install -y -q --no-install-recommends "$@"
'

# packages_need NAME...: installs those that are missing. Asks for root only when some are.
packages_need() {
    local missing=() name root=() log=$top/build/packages.log by_hand
    for name in "$@"; do
        packages_have "$name" || missing+=("$name")
    done
    [ ${#missing[@]} -gt 0 ] || return 0
    by_hand="As root, run:
    apt-get update && apt-get install --no-install-recommends ${missing[*]}"
    command -v apt-get >/dev/null 2>&1 || {
        echo "missing: ${missing[*]} (this script can install them only with apt-get)" >&2
        return 1
    }
    if [ "$(id -u)" -ne 0 ]; then
        root=(sudo)
        command -v sudo >/dev/null 2>&1 || {
            printf 'Packages are missing, and there is no sudo to install them with. %s\n' "$by_hand" >&2
            return 1
        }
        echo "root is needed once, to install: ${missing[*]}"
        sudo -v || { printf 'sudo gives no root. %s\n' "$by_hand" >&2; return 1; }
    else
        echo "installing: ${missing[*]}"
    fi
    mkdir -p "$top/build"
    "${root[@]}" sh -c "$PACKAGES_INSTALL" sh "${missing[@]}" </dev/null 2>&1 | tee "$log" |
        grep --line-buffered -E '^(Need to get|Setting up|[EW]:|Err)'
    for name in "${missing[@]}"; do
        packages_have "$name" && continue
        printf '%s could not be installed; the log is build/packages.log. %s\n' "$name" "$by_hand" >&2
        return 1
    done
    case " ${missing[*]} " in
    *" nginx"* | *" redis-server "*)
        echo "note: nginx and redis-server are services of this machine now, too. Nothing here uses them;"
        echo "      they start with the next boot unless 'systemctl disable nginx redis-server' is done." ;;
    esac
}
