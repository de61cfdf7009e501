#!/usr/bin/env bash
#
# mkrepo.sh [-c SNAPSHOT] [--upload] [S3_BUCKET S3_PREFIX] [MANIFEST…]
#
# Generates (and uploads) the repository's packages.json: see `repo-mkrepo --help`.

set -euo pipefail

# Thousands of manifests may be named. With them in "$@", bash takes its time over each line of what
# it sources: a program on $PATH is found without that, another one in a subshell that has none.
tool=repo-mkrepo
type -P "$tool" >/dev/null || tool=$(
	set --
	wrapper=$(readlink -f -- "${BASH_SOURCE[0]}")
	# shellcheck source=/dev/null # include/tools.sh, wherever this lies
	source "${wrapper%/*}/include/tools.sh"
	find_tool "$tool"
)

# stdin is nobody's business here: the program would take a caller's pipe for
# the records of deployed packages. In the record's place stands what the
# historical script printed.
exec "$tool" --bob --records /dev/null "$@" </dev/null
