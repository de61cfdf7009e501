#!/usr/bin/env bash
#
# mkrepo.sh [-c SNAPSHOT] [--upload] [S3_BUCKET S3_PREFIX] [MANIFEST…]
#
# Generates (and uploads) the repository's packages.json: see `repo-mkrepo --help`.

set -euo pipefail

# Thousands of manifests may be named, and bash hands them on at each call and subshell.
arguments=("$@")
set --
wrapper=$(readlink -f -- "${BASH_SOURCE[0]}")
# shellcheck source=/dev/null # include/tools.sh, wherever this lies
source "${wrapper%/*}/include/tools.sh"

# stdin is nobody's business here: the program would take a caller's pipe for
# the records of deployed packages. In the record's place stands what the
# historical script printed.
tool=$(find_tool repo-mkrepo)
exec "$tool" --bob --records /dev/null ${arguments[@]+"${arguments[@]}"} </dev/null
