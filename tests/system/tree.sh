# SPDX-License-Identifier: BSD-2-Clause
# A Debian tree that boots under systemd-nspawn: made, booted, entered, removed. Sourced by system-check.sh.
# Everything happens in $scratch; the base system and the packages that apt got are kept in $trees, for the next time.
# The booted tree has a network of its own with a loopback device and nothing else.

# Why this machine cannot boot one, or nothing.
tree_obstacle() {
    local program
    [ "$(id -u)" -eq 0 ] || { echo "root is needed"; return; }
    for program in systemd-nspawn debootstrap nsenter zstd; do
        command -v $program >/dev/null || { echo "$program is missing: apt install systemd-container debootstrap zstd"; return; }
    done
    [ -n "$(tree_cgroups)" ] || { echo "no cgroup2 file system that may be written"; return; }
}
# Where cgroup2 is, when a group can be made there.
tree_cgroups() {
    local at
    at=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/self/mounts)
    [ -n "$at" ] && mkdir "$at/turnpike-probe.$$" 2>/dev/null && rmdir "$at/turnpike-probe.$$" && echo "$at"
}

# tree_base SUITE: the base system as an archive; made once.
tree_base() {
    local suite=$1 archive=$trees/base-$1.tar.zst
    [ -s "$archive" ] && return 0
    mkdir -p "$trees"
    nice debootstrap --variant=minbase --include=systemd,systemd-sysv,dbus,ca-certificates,iproute2,procps,logrotate,openssl \
        "$suite" "$scratch/base" && rm -f "$scratch"/base/var/cache/apt/archives/*.deb && tar -I 'zstd -1' -cf "$archive.new" -C "$scratch/base" . && mv "$archive.new" "$archive" && rm -rf "$scratch/base"
}
# tree_chroot ROOT COMMAND...: in a tree that is not booted, on the network of this machine.
tree_chroot() {
    local root=$1
    shift
    rm -f "$root/etc/resolv.conf"
    cp /etc/resolv.conf "$root/etc/resolv.conf"
    ROOT=$root unshare --mount --pid --fork --kill-child --mount-proc="$root/proc" sh -c 'mount --rbind /dev "$ROOT/dev" && mount --rbind /sys "$ROOT/sys" &&
        exec chroot "$ROOT" env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
            NODE_EXTRA_CA_CERTS=/etc/ssl/certs/ca-certificates.crt "$@"' sh "$@"
}
# tree_builder SUITE: a tree with that suite's compiler and what debian/control wants for a build, and the sources in /source.
# The tree is kept as it is after its first time; what debian/control wants since then, apt gets.
tree_builder() {
    local suite=$1 archive=$trees/build-$1.tar.zst
    builder=$scratch/builder
    mkdir -p "$builder" "$trees"
    if [ -s "$archive" ]; then
        tar -I zstd -xf "$archive" -C "$builder" || return 1
    else
        nice debootstrap --variant=buildd --include=ca-certificates "$suite" "$builder" || return 1
    fi
    # It trusts the authorities that this machine trusts: npm may be reached through a proxy.
    cp /usr/local/share/ca-certificates/*.crt "$builder/usr/local/share/ca-certificates/" 2>/dev/null
    tree_chroot "$builder" update-ca-certificates || return 1
    mkdir -p "$builder/source"
    tree_sources | tar x -C "$builder/source" && tree_chroot "$builder" sh -c 'apt-get -qq update && cd /source && apt-get -qq -y --no-install-recommends build-dep ./' || return 1
    [ -s "$archive" ] || { tar -I 'zstd -1' --exclude=./source -cf "$archive.new" -C "$builder" . && mv "$archive.new" "$archive"; }
}
# The sources as they are now, as an archive.
tree_sources() { (cd "$top" && git ls-files -z --cached --others --exclude-standard 2>/dev/null | tar --null --ignore-failed-read -T - -c); }
# tree_make SUITE DEB [PACKAGES]: a clean tree with the package in /root, and in apt's cache everything that it and the
# others pull in.
tree_make() {
    local suite=$1 kept=$trees/archives-$1
    tree_base "$suite" || return 1
    mkdir -p "$scratch/tree" "$kept" && tar -I zstd -xf "$trees/base-$suite.tar.zst" -C "$scratch/tree" || return 1
    tree=$scratch/tree
    cp "$2" "$tree/root/"
    cp -n "$kept"/*.deb "$tree/var/cache/apt/archives/" 2>/dev/null
    # Downloads need the network of this machine; nothing is installed yet.
    rm -f "$tree/etc/resolv.conf"
    cp /etc/resolv.conf "$tree/etc/resolv.conf"
    chroot "$tree" apt-get -qq update && chroot "$tree" apt-get -qq -y --download-only install "/root/$(basename "$2")" || return 1
    [ -z "${3:-}" ] || chroot "$tree" apt-get -qq -y --download-only install $3 || return 1
    cp -n "$tree"/var/cache/apt/archives/*.deb "$kept/"
    # Inside there is no network, and nobody to answer.
    printf '%s\n' 'APT::Get::Assume-Yes "true";' 'APT::Keep-Downloaded-Packages "true";' 'Dpkg::Use-Pty "false";' >"$tree/etc/apt/apt.conf.d/99system-check"
    : >"$tree/etc/machine-id"
}

# tree_boot: sets leader, the process that is number 1 inside.
tree_boot() {
    local group tries
    group=$(tree_cgroups)/turnpike-system.$$
    mkdir -p "$group"
    (
        echo $BASHPID >"$group/cgroup.procs"
        exec env SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1 systemd-nspawn --quiet --directory="$tree" --machine=turnpike --hostname=turnpike --boot \
            --private-network --register=no --keep-unit --console=read-only </dev/null >"$scratch/console.log" 2>&1
    ) &
    nspawn=$!
    tree_group=$group
    for ((tries = 300; tries > 0; tries--)); do
        kill -0 $nspawn 2>/dev/null || { tail -n 20 "$scratch/console.log"; return 1; }
        leader=$(ps --ppid $nspawn -o pid=,comm= | awk '$2 == "systemd" { print $1; exit }')
        [ -n "$leader" ] && case $(inside systemctl is-system-running 2>/dev/null) in running | degraded) return 0 ;; esac
        sleep 0.2
    done
    tail -n 20 "$scratch/console.log"
    return 1
}
# inside COMMAND...: as root in the booted tree.
inside() { timeout 600 nsenter -t "$leader" -a env -i PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"; }
# in_shell TEXT: the same for lines of shell, in /root; the first that fails ends it.
in_shell() { inside bash -euc "cd /root
$1"; }
# beside COMMAND...: a program of this machine on the network of the tree.
beside() { timeout 600 nsenter -t "$leader" -n "$@"; }
beside_now() { exec timeout 600 nsenter -t "$leader" -n "$@"; } # of a subshell: a signal for it reaches the command

tree_end() {
    local tries
    if [ -n "${nspawn:-}" ] && kill -TERM $nspawn 2>/dev/null; then
        for ((tries = 100; tries > 0; tries--)); do
            kill -0 $nspawn 2>/dev/null || break
            sleep 0.2
        done
        kill -KILL "${leader:-$nspawn}" $nspawn 2>/dev/null
        wait $nspawn 2>/dev/null
    fi
    [ -z "${tree_group:-}" ] || { find "$tree_group" -depth -type d -exec rmdir {} + 2>/dev/null; true; }
    nspawn='' leader='' tree_group=''
}
