#!/usr/bin/env bash
#
# benches/resolve.sh [VERSIONS...]
#
# platform-install --dry-run beside composer update --dry-run: what an application's
# platform is made of, from a repository of VERSIONS (1587 10971) package versions.
# Wall time and time on a processor (the best of several whole processes), ours and
# Composer's in turn. Both must come to the same packages in the same order. Needs
# the Debian packages composer and php-cli. The result is the ratios.

set -euo pipefail

here=$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")
cd -- "$here/.."

cargo build --quiet --release --locked -p platform-install
[[ $# -gt 0 ]] || set -- 1587 10971
exec python3 benches/resolve/compare.py "${CARGO_TARGET_DIR:-target}/release/platform-install" "$@"
