# SPDX-License-Identifier: BSD-2-Clause
# A folder by a path that every tool takes. Sourced by ./run and ./check.

# cache_in_tmp [TMP]: prints the cache of a user without a home. Others may have made that folder before: returns 1 when it is not
# the user's alone.
cache_in_tmp() {
    local cache
    cache=${1:-/tmp}/turnpike-$(id -u)
    mkdir -m 700 "$cache" 2>/dev/null
    [ -d "$cache" ] && [ ! -L "$cache" ] && [ -O "$cache" ] && [ -z "$(find "$cache" -maxdepth 0 -perm /022)" ] && printf '%s\n' "$cache"
}

# place_of FOLDER: prints its path; when that has blanks or other characters which configure, make or
# nginx do not take, the path of a link to it, kept in the user's cache (the same one each time).
place_of() {
    local folder=$1 cache link
    case $folder in
    *[!A-Za-z0-9/._+,@:~-]*) ;;
    *)
        printf '%s\n' "$folder"
        return 0
        ;;
    esac
    for cache in "${XDG_CACHE_HOME:-}" "${HOME:+$HOME/.cache}" tmp; do
        [ "$cache" != tmp ] || cache=$(cache_in_tmp) || continue
        case $cache in
        /*[!A-Za-z0-9/._+,@:~-]* | [!/]* | '') continue ;;
        esac
        mkdir -p -m 700 "$cache/turnpike" 2>/dev/null && [ -O "$cache/turnpike" ] || continue
        link=$cache/turnpike/at-$(printf '%s' "$folder" | cksum | tr ' ' '-')
        if ln -sfn "$folder" "$link" 2>/dev/null && [ "$(readlink "$link")" = "$folder" ]; then
            printf '%s\n' "$link"
            return 0
        fi
    done
    echo "$folder: its path has characters that the build does not take, and no link to it can be made" >&2
    return 1
}
