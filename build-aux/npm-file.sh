# SPDX-License-Identifier: BSD-2-Clause
# Files of npm packages, by exact version and checksum, for the parts of the page that the build makes. Sourced by
# make-markdown, make-highlight and make-coast.

# npm_file_begin NAME "What the page does without it."
npm_file_begin() {
    npm_file_name=$1 npm_file_without=$2
    work=$(mktemp -d "${TMPDIR:-/tmp}/$1.XXXXXX")
    trap 'rm -rf "$work"' EXIT
    trap 'exit 130' INT TERM
}

# npm_file_get PACKAGE VERSION SHA512: the package is in $work/package. Sets why when it fails.
npm_file_get() {
    why="there is no npm"
    command -v npm >/dev/null 2>&1 || return 1
    why="npm could not get $1 $2"
    (cd "$work" && npm_config_fetch_retries=1 npm_config_fetch_retry_mintimeout=1000 npm_config_fetch_timeout=20000 \
        npm_config_prefer_offline=true npm_config_update_notifier=false \
        npm pack --loglevel=error "$1@$2" </dev/null >npm.log 2>&1) || {
        sed -n '1,4s/^/    /p' "$work/npm.log" >&2
        return 1
    }
    why="npm's $1 $2 is not the one that this build knows"
    cat "$work"/*.tgz | sha512sum | grep -q "^$3 " || return 1
    tar -xzf "$work"/*.tgz -C "$work"
}

# npm_file_fall_back OUTPUT PACKAGE SETTING: a module that has nothing. It is older than every source, so that the
# next make tries again.
npm_file_fall_back() {
    echo "$npm_file_name: $why: $npm_file_without" >&2
    echo "$npm_file_name: with npm, or $3 (build-aux/$npm_file_name), make again." >&2
    echo "export default null; // made without $2: $npm_file_without" >"$1"
    touch -d @0 "$1"
}
