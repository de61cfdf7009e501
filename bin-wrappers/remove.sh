#!/usr/bin/env bash
#
# remove.sh [-c SNAPSHOT] [--no-publish] MANIFEST…
#
# Takes packages out of a repository: see `pkg-remove --help`.
# stdin stays the caller's: the answers to the questions come from there.

set -euo pipefail

wrapper=$(readlink -f -- "${BASH_SOURCE[0]}")
# shellcheck source=/dev/null # include/tools.sh, wherever this lies
source "${wrapper%/*}/include/tools.sh"

# `${1+…}`: to bash 4.0, no arguments are an unset variable.
tool=$(find_tool pkg-remove)
exec "$tool" --bob --records /dev/null ${1+"$@"}
