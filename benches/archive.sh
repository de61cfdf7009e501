#!/usr/bin/env bash
#
# benches/archive.sh [RUNS [TREE]]
#
# Packing and unpacking beside `tar | pigz -9`, `tar czf` and Python's tarfile, which
# is how bob-builder does it, in one run: the wall time of whole processes and the
# archives' sizes. Each of RUNS (3) takes all of them in turn, so that a busy moment
# hits them all; medians count. TREE is any folder; without one, 350 MB of this
# machine's own programs, libraries and texts are copied to $TMPDIR and removed
# again. Builds our packer first. The result is the ratios, not the seconds.
# Needs pigz and Python; installs pigz from Debian where it may.

set -euo pipefail

here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
cd -- "$here/.."

if ! type -P pigz >/dev/null; then
	as_root=()
	((EUID == 0)) || as_root=(sudo -n)
	if ! "${as_root[@]}" apt-get install -y --no-install-recommends pigz >/dev/null; then
		echo "archive.sh: pigz is missing: apt-get install pigz" >&2
		exit 1
	fi
fi

cargo build --quiet --release --locked -p archive --example pack
exec python3 benches/archive/compare.py "${CARGO_TARGET_DIR:-target}/release/examples/pack" \
	"${1:-3}" "${2:-}"
