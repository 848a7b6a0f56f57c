# Debian packages, and how to install what is missing. Sourced by ./run and ./check.

PACKAGES_BUILD="gcc make autoconf automake pkg-config libfcgi-dev libhiredis-dev libjson-c-dev
    libcurl4-openssl-dev libwslay-dev libev-dev libhttp-parser-dev libjwt-dev libsystemd-dev libssl-dev"
PACKAGES_RUN="nginx-light redis-server curl ca-certificates tzdata util-linux"
PACKAGES_CHECK="clang cppcheck libcmocka-dev python3 nodejs npm chromium systemd redis-sentinel faketime"

packages_have() {
    case $1 in
    nginx-light) command -v nginx >/dev/null 2>&1 || [ -x /usr/sbin/nginx ] ;;
    nodejs) command -v node >/dev/null 2>&1 ;;
    npm) command -v npm >/dev/null 2>&1 ;;
    systemd) command -v systemd-analyze >/dev/null 2>&1 ;;
    *) [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ] ;;
    esac
}

# packages_need NAME...: installs those that are missing. Asks for root only when some are.
packages_need() {
    local missing= name root=
    for name in "$@"; do
        packages_have "$name" || missing="$missing $name"
    done
    [ -n "$missing" ] || return 0
    command -v apt-get >/dev/null 2>&1 || {
        echo "missing:$missing (this script can install them only with apt-get)" >&2
        return 1
    }
    if [ "$(id -u)" -ne 0 ]; then
        root=sudo
        command -v sudo >/dev/null 2>&1 || {
            echo "missing packages; as root, run: apt-get install$missing" >&2
            return 1
        }
        echo "root is needed once, to install:$missing"
    else
        echo "installing:$missing"
    fi
    $root apt-get update -qq || true
    $root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >&2
    case $missing in
    *nginx*|*redis*)
        echo "note: Debian has started its own nginx or redis service. Nothing here uses them;"
        echo "      'systemctl disable --now nginx redis-server' ends them." ;;
    esac
}
