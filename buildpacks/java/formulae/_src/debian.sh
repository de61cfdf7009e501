#!/usr/bin/env bash
#
# Debian's packages as a source: fetched and unpacked, never installed, so that no
# service of theirs starts. Sourced; also run as `debian.sh fetch PACKAGE…`, to have
# them when there is no network later.

debian_cache=${XDG_CACHE_HOME:-$HOME/.cache}/slipway/debian

# upstream_version PACKAGE: without what Debian adds: 10.1.40 of 10.1.40-1~deb12u2.
upstream_version() {
	local version
	version=$(apt-cache show --no-all-versions -- "$1" 2>/dev/null | sed -n 's/^Version: //p') || :
	[[ -n $version ]] || version=$(dpkg-deb --field "$(kept "$1")" Version 2>/dev/null) || :
	version=${version#*:}
	[[ $version == [0-9]* ]] || {
		unknown_packages "$1"
		return 1
	}
	printf '%s\n' "${version%%[!0-9.]*}"
}

unknown_packages() {
	echo "Among these packages are some that are not known here: $*." >&2
	echo "They are Debian's or Ubuntu's; perhaps 'apt-get update' has to be run." >&2
}

# kept PACKAGE: prints where the newest one lies that was fetched before, if any.
kept() {
	local files=("$debian_cache/$1"_*.deb)
	[[ -e ${files[0]} ]] && printf '%s\n' "${files[@]}" | sort -V | tail -n 1
}

# fetch PACKAGE…: prints where they lie. What was fetched before and has the checksum
# that the system's package lists tell is not fetched again; without such lists (images
# of systems often lack them) what was fetched before has to do.
fetch() (
	list=$(cd / && apt-get download --print-uris -- "$@" 2>/dev/null) || {
		for package; do
			kept "$package" || {
				unknown_packages "$@"
				exit 1
			}
		done
		exit 0
	}
	mkdir -p -- "$debian_cache"
	cd -- "$debian_cache"
	# One at a time, for builds that run side by side.
	exec 9>lock
	flock 9
	while read -r _ file _ sum; do
		printf '%s  %s\n' "${sum#SHA256:}" "$file"
	done <<<"$list" >sums
	is_whole() { sha256sum --check --status sums 2>/dev/null; }
	is_whole || apt-get --quiet --quiet -o APT::Sandbox::User=root -o Acquire::Retries=3 \
		-o Acquire::http::Timeout=30 download -- "$@" >&2 || :
	is_whole || {
		echo "Cannot fetch these packages: $*." >&2
		echo "Is the network there, and has 'apt-get update' been run lately?" >&2
		exit 1
	}
	while read -r _ file; do
		printf '%s\n' "$debian_cache/$file"
	done <sums
)

# unpack FOLDER PACKAGE…
unpack() {
	local folder=$1 files file
	shift
	files=$(fetch "$@") || return
	mkdir -p -- "$folder"
	while read -r file; do
		dpkg-deb --extract "$file" "$folder" || return
	done <<<"$files"
}

if [[ ${BASH_SOURCE[0]} == "$0" ]]; then
	set -euo pipefail
	[[ ${1:-} == fetch && $# -gt 1 ]] || {
		echo "Usage: ${0##*/} fetch PACKAGE…" >&2
		exit 2
	}
	shift
	fetch "$@" >/dev/null
fi
