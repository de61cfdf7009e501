#!/bin/sh
#
# mkrepo.sh [-c SNAPSHOT] [--upload] [S3_BUCKET S3_PREFIX] [MANIFEST…]
#
# Generates (and uploads) the repository's packages.json: see `repo-mkrepo --help`.

set -eu

# Thousands of manifests may be named. A plain sh hands them on in half the time that bash takes,
# which also takes its time over each line of what it sources with them in "$@": one that has none
# of them looks where a program lies that is not on $PATH.
tool=repo-mkrepo
# shellcheck disable=SC2016 # that bash is to expand it
command -v "$tool" >/dev/null || tool=$(
	exec bash -c '
		set -euo pipefail
		wrapper=$(readlink -f -- "$0")
		source "${wrapper%/*}/include/tools.sh"
		find_tool "$1"
	' "$0" "$tool"
)

# stdin is nobody's business here: the program would take a caller's pipe for
# the records of deployed packages. In the record's place stands what the
# historical script printed.
exec "$tool" --bob --records /dev/null "$@" </dev/null
