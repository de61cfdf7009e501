#!/usr/bin/env bash
#
# benches/manifest.sh [MANIFESTS [CALLS]]
#
# manifest-gen, mkrepo.sh and the planner of repo-sync beside Python doing the same
# with json and natsort, in one run: CALLS (200) calls of manifest-gen, one after
# the other; one packages.json from MANIFESTS (10000) local manifests; the plan of
# a sync between two folders of as many. Wall time, time on a processor (medians)
# and peak memory of whole processes, both in turn, so that a busy moment hits both.
# Installs natsort from PyPI, and builds our programs first. The result is the
# ratios, not the seconds.

set -euo pipefail

here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
cd -- "$here/.."

venv=.cache/venv-natsort
if ! cmp -s benches/manifest/requirements.txt "$venv/installed.txt"; then
	rm -rf -- "$venv"
	python3 -m venv "$venv"
	"$venv/bin/python" -m pip install --disable-pip-version-check --quiet \
		--require-hashes --only-binary :all: -r benches/manifest/requirements.txt
	cp -- benches/manifest/requirements.txt "$venv/installed.txt"
fi

cargo build --quiet --release --locked -p manifest-gen -p repo-mkrepo -p repo-sync
exec python3 benches/manifest/compare.py "${CARGO_TARGET_DIR:-target}/release" bin-wrappers \
	"$venv/bin/python" "${1:-10000}" "${2:-200}"
