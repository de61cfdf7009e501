#!/usr/bin/env bash
#
# benches/manifest.sh [MANIFESTS [CALLS]]
#
# manifest-gen and repo-mkrepo beside Python doing the same, in one run: the wall
# time of CALLS (200) calls of manifest-gen, one after the other, and of one
# packages.json from MANIFESTS (10000) local manifests, with the time on a processor
# and the peak memory (below that of this Python itself it cannot be told).
# Builds the programs first. The result is the ratio, not the seconds.

set -euo pipefail

here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
cd -- "$here/.."

cargo build --quiet --release --locked -p manifest-gen -p repo-mkrepo
exec python3 benches/manifest/compare.py "${CARGO_TARGET_DIR:-target}/release" "${1:-10000}" "${2:-200}"
