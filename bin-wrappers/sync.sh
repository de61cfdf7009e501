#!/usr/bin/env bash
#
# sync.sh [--no-remove] [-c SNAPSHOT] [-d DEST_DIR] [-s SRC_DIR]
#         DEST_BUCKET DEST_PREFIX [DEST_REGION [SOURCE_BUCKET SOURCE_PREFIX [SOURCE_REGION]]]
#
# Brings one repository to the state of another: see `repo-sync --help`.
# stdin stays the caller's: the answers to the questions come from there.

set -euo pipefail

wrapper=$(readlink -f -- "${BASH_SOURCE[0]}")
# shellcheck source=/dev/null # include/tools.sh, wherever this lies
source "${wrapper%/*}/include/tools.sh"

# `${1+…}`: to bash 4.0, no arguments are an unset variable.
tool=$(find_tool repo-sync)
exec "$tool" --bob --records /dev/null ${1+"$@"}
