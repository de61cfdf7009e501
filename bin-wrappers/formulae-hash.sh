#!/usr/bin/env bash
#
# formulae-hash.sh [DIR]
#
# Prints the SHA-256 of the list of formula names below DIR (the workspace
# where none is given): a key for caches, that changes as soon as a formula
# comes or goes.

set -euo pipefail
unset CDPATH

usage() {
	cat <<-EOF
		Usage: ${0##*/} [DIR]
		  DIR defaults to \$WORKSPACE_DIR, else to 'workspace'.
	EOF
}

if [[ $# -gt 1 ]]; then
	usage >&2
	exit 2
fi
if [[ ${1:-} == -h || ${1:-} == --help ]]; then
	usage
	exit
fi

folder=${1:-${WORKSPACE_DIR:-workspace}}
# "./-x" is a folder even where "-x" would be an option, or "-" the last one.
[[ $folder == /* ]] || folder=./$folder
cd "$folder" || exit 1

# A formula is a file whose name holds a version; helpers live in folders whose
# name starts with an underscore. GNU find, for -printf, is `gfind` elsewhere.
find=$(type -P gfind || type -P find)
"$find" . -mindepth 1 \
	\( -type d -name '_*' -prune \) -o \
	\( -type f -name '*-[0-9]*.[0-9]*' -printf '%P\n' \) |
	LC_ALL=C sort --version-sort |
	sha256sum |
	cut -d ' ' -f 1
