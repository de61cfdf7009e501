#!/usr/bin/env bash
#
# deploy.sh [--publish [--check]] FORMULA… [--overwrite] [--name=NAME]
# deploy.sh --dry-run FORMULA…
#
# Builds a formula and uploads its archive and manifest; with --publish it goes
# into the repository too. Thin over `bob-build`, `pkg-deploy` and `mkrepo.sh`.

set -euo pipefail
unset CDPATH

wrapper=$(readlink -f -- "${BASH_SOURCE[0]}")
# shellcheck source=/dev/null # include/tools.sh, wherever this lies
source "${wrapper%/*}/include/tools.sh"

usage() {
	cat <<-EOF
		Usage: ${0##*/} [--publish [--check]] FORMULA… [--overwrite] [--name=NAME]
		       ${0##*/} --dry-run FORMULA…
		  FORMULA is a name below \$WORKSPACE_DIR, or the path of such a file.
		  If --publish is given, mkrepo.sh re-generates the repository after a
		  successful deploy. CAUTION: all manifests in the bucket are then included,
		  also those that were not published until now. With --check, nothing is
		  published when something would be offered that can be installed nowhere.
		  If --overwrite is given, an archive that exists is replaced.
		  If --dry-run is given, the formula is only built; nothing is uploaded.
	EOF
}

wrong_usage() {
	usage >&2
	exit 2
}

# formula_name FORMULA: prints its name, its path below the workspace. A path
# from the current directory, or an absolute one, is cut to that, so that a
# shell glob can name formulae.
formula_name() {
	local folder=. how workspace path
	if [[ -f $1 ]]; then
		[[ $1 != */* ]] || folder=${1%/*}/
		# As written, and with symlinks resolved: either may be what
		# $WORKSPACE_DIR says. The formula itself may well be a symlink.
		for how in -L -P; do
			workspace=$(cd -- "${WORKSPACE_DIR:-workspace}" 2>/dev/null && pwd "$how") || break
			path=$(cd -- "$folder" && pwd "$how")/${1##*/}
			if [[ $path == "$workspace"/* ]]; then
				printf '%s\n' "${path#"$workspace"/}"
				return
			fi
		done
	fi
	printf '%s\n' "$1"
}

formulae=()
name=()
overwrite=()
publish=false
checked=()
dry_run=false
while [[ $# -gt 0 ]]; do
	case $1 in
		-h | --help)
			usage
			exit
			;;
		--publish) publish=true ;;
		--check) checked=(--check) ;;
		--dry-run) dry_run=true ;;
		--overwrite) overwrite=(--overwrite) ;;
		--name)
			[[ $# -ge 2 ]] || wrong_usage
			name=(--name "$2")
			shift
			;;
		--name=*) name=(--name "${1#*=}") ;;
		-*) wrong_usage ;;
		*) formulae+=("$(formula_name "$1")") ;;
	esac
	shift
done
[[ ${#formulae[@]} -ge 1 ]] || wrong_usage
$publish || [[ ${#checked[@]} -eq 0 ]] || wrong_usage
# One name cannot be that of several archives.
[[ ${#formulae[@]} -eq 1 || ${#name[@]} -eq 0 ]] || wrong_usage

# `${x[@]+…}`: to bash 4.3 and older, an empty array is an unset variable.
builder=$(find_tool bob-build)
show_formulae "$builder"
build=("$builder" --bob ${name[@]+"${name[@]}"})
deployer=$(find_tool pkg-deploy)
deploy=("$deployer" --bob ${overwrite[@]+"${overwrite[@]}"})
# A deploy that died before mkrepo.sh had its turn is completed by running it again.
! $publish || deploy+=(--resume)
work=
archive=
make_work_folder
deploys=/dev/null
! $publish || deploys=$work/deploys

# check NAME: what would stop the upload had better do so before an hour's
# build. What concerns the call goes to stderr, what `bob` would say to stdout.
check() {
	local status=0
	(umask 077 && : >"$work/check")
	run "${deploy[@]}" --check "$1" >"$work/check" 2>&1 || status=$?
	if [[ $status -eq 2 ]]; then
		cat -- "$work/check" >&2
	else
		cat -- "$work/check"
	fi
	return "$status"
}

for formula in "${formulae[@]}"; do
	$dry_run || check "${name[1]:-$formula}"
	# Private like the folder around them, whatever the umask is: that is for what formulae make.
	mkdir -m 700 -- "$work/output"
	(umask 077 && : >"$work/records" && : >"$deploys")
	if $dry_run; then
		run "${build[@]}" --no-archive --output "$work/output" --records /dev/null "$formula" 2>&1
		rm -rf -- "$work/output" "$work/records"
		continue
	fi
	run "${build[@]}" --output "$work/output" --archive "$archive" --records "$work/records" \
		"$formula" 2>&1
	run "${deploy[@]}" --records "$deploys" "$work/records" 2>&1
	cat -- "$deploys" >>"$work/deployed"
	# Archives are large, and there may be many formulae.
	rm -rf -- "$work/output" "$work/records" "$archive"
done

if $publish && ! $dry_run; then
	echo "Updating repository..."
	# As mkrepo.sh does it, but told what was deployed: a library without a manifest may be all that
	# there is, and an empty repository is what is wanted then.
	run "$(find_tool repo-mkrepo)" --bob --records /dev/null --upload ${checked[@]+"${checked[@]}"} \
		<"$work/deployed"
fi
