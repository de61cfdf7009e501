# shellcheck shell=bash
#
# What the wrappers of the buildpack API share: their arguments, and which
# buildpack they are of. Sourced after tools.sh, never run.

# need_arguments COUNT NAMES ARGUMENT…: ends with 2 where there are too few.
# Platforms may give more; those are not ours.
need_arguments() {
	local count=$1 names=$2
	shift 2
	[[ $# -ge $count ]] || die 2 "usage: ${0##*/} $names"
}

# find_buildpack WRAPPER: sets $BUILDPACK_DIR. WRAPPER is the path that was
# called, perhaps a link in a buildpack's bin/.
find_buildpack() {
	local folder above checkout
	[[ -z ${BUILDPACK_DIR:-} ]] || return 0
	above=$(cd -- "$(dirname -- "$1")/.." && pwd)
	checkout=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
	for folder in "$above" "$checkout" "$checkout/buildpacks/java"; do
		if [[ -f $folder/config/components.yml ]]; then
			export BUILDPACK_DIR=$folder
			return
		fi
	done
	die 2 "no buildpack: set BUILDPACK_DIR"
}
