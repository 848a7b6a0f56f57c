#!/bin/bash
# Installs what the comparison needs beside a build, and builds the harness and the peers: setup.sh [TARGET,TARGET...].
# Only `make bench` calls this. ./run and ./check need neither Go nor the Python peers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
top=$(cd ../.. && pwd)
targets=${1:-go,node,fastapi}
. "$top/build-aux/packages.sh"
packages_need $PACKAGES_BENCH
make --no-print-directory
case $targets in *node*) [ -d peers/node/node_modules ] || make --no-print-directory node-deps ;; esac
case $targets in *go*) make --no-print-directory go-peer ;; esac
