# shellcheck shell=bash
#
# What the wrappers share: finding our programs, and running one so that a
# signal reaches it. Sourced, never run.

# With any umask of the caller, other users cannot write to what the wrappers make.
umask o-w

# Where this file really is, whatever symlinks led here.
slipway_wrappers=$(readlink -f -- "${BASH_SOURCE[0]}")
slipway_wrappers=${slipway_wrappers%/include/*}

# die STATUS MESSAGE: one line on stderr, then the end.
die() {
	printf '%s: %s\n' "${0##*/}" "$2" >&2
	exit "$1"
}

# find_tool NAME: prints the path of one of our programs. A program on $PATH
# goes first, then one beside the wrappers (an installation), then the build
# output of the checkout that the wrappers belong to.
find_tool() {
	local folder found
	if found=$(type -P "$1"); then
		printf '%s\n' "$found"
		return
	fi
	for folder in "$slipway_wrappers" "$slipway_wrappers/../target/release" "$slipway_wrappers/../target/debug"; do
		if [[ -f $folder/$1 && -x $folder/$1 ]]; then
			printf '%s\n' "$folder/$1"
			return
		fi
	done
	die 127 "cannot find the program '$1': put it on \$PATH, or build it with 'make build'"
}

# show_formulae PROGRAM: a formula with a copy of our helpers finds the programs too,
# which those look for on $PATH: last, so that nothing else of its changes.
show_formulae() {
	type -P "${1##*/}" >/dev/null || export PATH="$PATH:${1%/*}"
}

# The signal that has arrived, the same for the present `wait`, and the program
# that runs meanwhile.
slipway_signal=
slipway_interrupted=
slipway_child=

slipway_on_signal() {
	slipway_signal=$1
	slipway_interrupted=yes
	[[ -z $slipway_child ]] || kill -s "$1" "$slipway_child" 2>/dev/null || :
}

# make_work_folder: $work, a private folder, and $archive, a path for an archive, named
# as the historical bob did. Both go when this shell ends, also by a signal. From here on
# a signal ends the running program first, so that nothing is cleaned up under its feet,
# and then this shell by the same signal.
make_work_folder() {
	local name
	# `run` hands stdin on; a closed one is an empty one. What goes to a closed stdout is lost.
	{ : 3<&0; } 2>/dev/null || exec </dev/null
	{ : 3>&1; } 2>/dev/null || exec >/dev/null
	work=
	archive=
	trap 'remove_work_folder' EXIT
	for name in HUP INT TERM; do
		# shellcheck disable=SC2064 # the name of now is what is meant
		trap "slipway_on_signal $name" "$name"
	done
	work=$(umask 077 && mktemp -d "${TMPDIR:-/tmp}/${0##*/}.XXXXXXXX") || exit 1
	archive=${work%/*}/bob-build-${work##*.}.tar.gz
}

remove_work_folder() {
	[[ -z $work ]] || rm -rf -- "$work" "$archive"
	work=
}

# end_by_signal: ends this shell as the signal would have that was caught.
end_by_signal() {
	remove_work_folder
	trap - EXIT HUP INT TERM
	kill -s "$slipway_signal" "$$"
}

# run COMMAND…: runs a program and returns its status. In the background, with
# `wait`: a shell that waits for a program in the foreground would not see a
# signal sent to itself alone (`kill`, a container's stop) before that has ended.
run() {
	local status
	[[ -z $slipway_signal ]] || end_by_signal
	# With `exec`, for that gives the program its signals as we got them. The shell
	# would have a plain background program ignore SIGINT and SIGQUIT, and with it
	# the formula and its compilers.
	(exec "$@") <&0 &
	slipway_child=$!
	# It may have arrived between the last two lines.
	[[ -z $slipway_signal ]] || slipway_on_signal "$slipway_signal"
	while :; do
		slipway_interrupted=
		status=0
		wait "$slipway_child" || status=$?
		# A signal ends `wait` early, but not yet the program.
		[[ -n $slipway_interrupted ]] || break
	done
	slipway_child=
	[[ -z $slipway_signal ]] || end_by_signal
	return "$status"
}
