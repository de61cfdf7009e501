#!/usr/bin/env bash
#
# Helpers for formulae, to be sourced:
#
#     source "$(dirname "$BASH_SOURCE")/util/include/manifest.sh"
#     …
#     print_or_export_manifest_cmd "$(generate_manifest_cmd "$manifest")"
#
# They change no shell option, and work under `set -eu` as well as without.

# generate_manifest_cmd FILE: prints the command that uploads FILE (in the
# current directory) to s3://$S3_BUCKET/$S3_PREFIX<FILE>. Every word of it is
# quoted, so that it can be pasted into any shell, or sourced.
#
# With a service of one's own, s5cmd wants $S3_ENDPOINT_URL. Where "the service" is
# a folder (file://…), the command copies FILE into it.
generate_manifest_cmd() {
	local path=$1 name=$1 prefix region endpoint byte word line='' root=''
	local -a command

	if [[ $path == /* ]]; then name=${path##*/}; else path=$PWD/$path; fi
	prefix=${S3_PREFIX:-}
	while [[ $prefix == /* ]]; do prefix=${prefix#/}; done
	[[ -z $prefix || $prefix == */ ]] || prefix=$prefix/

	# A region, or a host label of old: `s3` and `s3-eu-west-1`.
	region=${S3_REGION:-}
	[[ $region == s3 ]] && region=
	region=${region#s3-}
	region=${region#s3.}

	endpoint=${AWS_ENDPOINT_URL_S3:-${AWS_ENDPOINT_URL:-${S3_ENDPOINT_URL:-}}}
	if [[ $endpoint == file://* ]]; then
		endpoint=${endpoint#file://}
		endpoint=${endpoint#localhost}
		while [[ $endpoint == *%* ]]; do
			root+=${endpoint%%\%*}
			endpoint=${endpoint#*%}
			printf -v byte %b "\\x${endpoint:0:2}"
			root+=$byte
			endpoint=${endpoint:2}
		done
		root+=$endpoint
		command=(install -D -m 644 "$path" "${root%/}/$S3_BUCKET/$prefix$name")
	else
		command=(
			s5cmd cp
			--destination-region "${region:-us-east-1}"
			--content-type application/json
			"$path" "s3://$S3_BUCKET/$prefix$name"
		)
	fi

	for word in "${command[@]}"; do
		line+="${line:+ }'"
		# Without ${word//…}, whose quoting differs from one bash to the next.
		while [[ $word == *\'* ]]; do
			line+="${word%%\'*}'\\''"
			word=${word#*\'}
		done
		line+="$word'"
	done
	printf '%s\n' "$line"
}

# print_or_export_manifest_cmd CMD: writes CMD to the file that $MANIFEST_CMD
# names; where it names none, tells the reader to run CMD.
print_or_export_manifest_cmd() {
	if [[ -n ${MANIFEST_CMD:-} ]]; then
		printf '%s\n' "$1" >"$MANIFEST_CMD"
	else
		printf '%s\n' "-----> Done. To upload manifest, run: $1"
	fi
}

# soname_version LIB: prints what follows LIB's own name and a dot in its SONAME:
# "1" where libgreet.so has the SONAME libgreet.so.1.
soname_version() {
	local file=${1##*/} soname
	if type -P readelf >/dev/null; then
		soname=$(LC_ALL=C readelf -d -- "$1" | sed -n 's/^.*(SONAME).*\[\(.*\)\].*$/\1/p')
	else
		soname=$(LC_ALL=C objdump -p -- "$1" | sed -n 's/^ *SONAME  *//p')
	fi
	if [[ $soname != "$file".?* ]]; then
		printf '%s\n' "soname_version: $1: the SONAME '$soname' does not go on from '$file'" >&2
		return 1
	fi
	printf '%s\n' "${soname#"$file".}"
}
