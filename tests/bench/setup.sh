#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Installs what these targets need beside a build, and builds the harness and the peers: setup.sh TARGET,TARGET...
# Only the comparison calls this: ./run and ./check need neither Go nor the Python peers.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"
top=$(cd ../.. && pwd)
. "$top/build-aux/packages.sh"

packages=$PACKAGES_BENCH peers=()
case ,$1 in *,go*) packages+=" $PACKAGES_BENCH_GO" peers+=(go-peer) ;; esac
case ,$1 in *,node*) packages+=" $PACKAGES_BENCH_NODE"; [ -d peers/node/node_modules ] || peers+=(node-deps) ;; esac
case ,$1 in *,fastapi*) packages+=" $PACKAGES_BENCH_FASTAPI" ;; esac
packages_need $packages
make --no-print-directory -s all "${peers[@]}"
