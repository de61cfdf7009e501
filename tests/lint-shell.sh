#!/usr/bin/env bash
# Runs shellcheck on every shell script of the project, known by its first line.
set -euo pipefail
cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.."

scripts=()
while IFS= read -r -d '' file; do
	IFS= read -r first <"$file" || continue
	case $first in
		'#!'*[/\ ]bash | '#!'*[/\ ]sh | '# shellcheck shell='*) scripts+=("$file") ;;
	esac
done < <(find . \( -path ./target -o -path ./.git -o -path ./.demo -o -path ./.cache -o -path ./fuzz/target \) -prune \
	-o -type f -size -200k -print0 | LC_ALL=C sort -z)

# A list that is too short means that this script is broken.
if [[ ${#scripts[@]} -lt 10 ]]; then
	echo "lint-shell: found only ${#scripts[@]} scripts" >&2
	exit 1
fi
shellcheck -- "${scripts[@]}"
echo "lint-shell: ${#scripts[@]} scripts are clean"
