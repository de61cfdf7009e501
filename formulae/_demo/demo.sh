#!/usr/bin/env bash
#
# The demo: builds the example formulae into packages, publishes them as a Composer
# repository, syncs that to a second one, removes a package. Everything happens
# below .demo/ in the checkout; "the bucket" is a folder there. No network, no
# credentials, no root. Run it again, and it starts afresh.
#
# Meant to be read as well: each step is what one would type.

set -euo pipefail
# Nothing here asks anything, and nothing may wait for an answer.
exec </dev/null

root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/../.." && pwd)
cd -- "$root"
demo=$root/.demo

bold='' plain=''
if [[ -t 1 && ${TERM:-dumb} != dumb && -z ${NO_COLOR:-} ]]; then
	bold=$'\e[1m' plain=$'\e[0m'
fi

# What is said here and what the tools say on stderr should come out in order.
exec 2>&1

number=0
step() {
	number=$((number + 1))
	printf '\n%s\n' "${bold}== $number. $*${plain}"
}
note() { printf '%s\n' "   $*"; }
shell() { printf '%s\n' "${bold}\$ $*${plain}"; }

finish() {
	local status=$?
	# One formula has a build path of its own; see there.
	rm -rf /tmp/slipway-demo
	[[ $status -eq 0 ]] && return
	printf '\n%s\n' "The demo FAILED (status $status) in step $number; what there is lies in $demo"
}
trap finish EXIT

step "The tools, in release mode"
"$root/.ci/setup" demo
PATH=$PATH:${HOME:-}/.cargo/bin
shell "cargo build --release"
cargo build --release --locked
target=${CARGO_TARGET_DIR:-$root/target}
[[ $target == /* ]] || target=$root/$target
# The wrappers first: `bob` and `deploy.sh` stand where the old ones stood.
export PATH=$root/bin-wrappers:$target/release:$PATH

step "A bucket, which is a folder here"
if [[ -e $demo ]]; then
	note "There is one from an earlier run: removed, to start afresh."
	rm -rf -- "$demo"
fi
bucket="demo-packages"
mkdir -p -- "$demo/store/$bucket"

# Nothing of the caller's own set-up may reach the demo, and nothing of the demo
# may reach the caller's buckets.
for name in $(compgen -e); do
	case $name in
		AWS_* | S3_* | UPSTREAM_* | MANIFEST_* | WORKSPACE_DIR | NOW | SOURCE_DATE_EPOCH) unset "$name" ;;
	esac
done
# Only `%` has to be escaped in this URL.
export AWS_ENDPOINT_URL_S3=file://${demo//%/%25}/store
export STACK=heroku-24-amd64
export S3_BUCKET=$bucket
export S3_PREFIX=dist-$STACK-develop/
export WORKSPACE_DIR=$root/formulae
export DEFAULT_BUILD_PATH=$demo/build/
export XDG_CACHE_HOME=$demo/cache
stable=dist-$STACK-stable/
for name in AWS_ENDPOINT_URL_S3 S3_BUCKET S3_PREFIX STACK WORKSPACE_DIR DEFAULT_BUILD_PATH; do
	shell "export $name=${!name}"
done
# Some of the tools leave packages.json in the folder where they are called.
mkdir -p -- "$demo/work"
cd -- "$demo/work"

step "What needs nothing to be built first: as a pipeline"
note "Three programs, one JSON record a line between them: build, upload, publish."
first=(libraries/libgreet-1.2.0 libraries/libtally-2.0.1 php-8.3.9 php-8.3.10 php-8.4.2)
shell "printf '%s\\n' ${first[*]} \\"
shell "    | xargs -n1 bob-build | tee builds.ndjson | pkg-deploy | tee deploys.ndjson | repo-mkrepo --upload > published.ndjson"
printf '%s\n' "${first[@]}" |
	xargs -n1 bob-build | tee builds.ndjson | pkg-deploy | tee deploys.ndjson | repo-mkrepo --upload >published.ndjson
note "The records are kept:"
wc -l ./*.ndjson

step "What is built from these: with the drop-in wrappers"
for formula in programs/hello-2.1.0 ext-counter-1.0.0_php-8.3 ext-counter-1.0.0_php-8.4; do
	shell "deploy.sh $formula"
	deploy.sh "$formula"
done
note "A path from here does as well as a name, and --publish puts it into the repository at once:"
shell "deploy.sh --publish ../../formulae/programs/where-1.0.0"
deploy.sh --publish ../../formulae/programs/where-1.0.0
note "That one was built for a path of its own: /tmp/slipway-demo/where."
/tmp/slipway-demo/where/bin/where

step "A formula that is not for this stack"
shell "deploy.sh programs/oldtimer-0.9.0"
status=0
deploy.sh programs/oldtimer-0.9.0 || status=$?
note "Status $status: skipped."
[[ $status -eq 9 ]]

step "The same formula a second time"
shell "deploy.sh libraries/libtally-2.0.1"
status=0
deploy.sh libraries/libtally-2.0.1 || status=$?
note "Status $status: the archive exists, and was not built again. (--overwrite would.)"
[[ $status -eq 5 ]]

step "From the develop repository to the stable one"
shell "yes | sync.sh $bucket $stable $bucket $S3_PREFIX"
# shellcheck disable=SC2094 # two repositories, no file
yes 2>/dev/null | sync.sh "$bucket" "$stable" "$bucket" "$S3_PREFIX" || [[ ${PIPESTATUS[1]} -eq 0 ]]

step "Away with an old version, in the develop repository"
shell "yes | remove.sh php-8.3.9"
yes 2>/dev/null | remove.sh php-8.3.9 || [[ ${PIPESTATUS[1]} -eq 0 ]]

step "Does it work? A runtime and its extension, unpacked by plain tar"
mkdir -p -- "$demo/app"
for package in php-8.3.10 ext-counter-1.0.0_php-8.3; do
	shell "tar xzf $package.tar.gz"
	tar -xzf "$demo/store/$bucket/$S3_PREFIX$package.tar.gz" -C "$demo/app"
done
for option in -v -m; do
	shell "php $option"
	"$demo/app/bin/php" "$option"
done

step "Where to look"
note "the bucket        .demo/store/$bucket/"
note "develop           .demo/store/$bucket/${S3_PREFIX}packages.json"
note "stable            .demo/store/$bucket/${stable}packages.json"
note "the records       .demo/work/*.ndjson"
note "the formulae      formulae/, and formulae/README.md, which explains them"

step "What the repositories offer"
for prefix in "$S3_PREFIX" "$stable"; do
	printf '%s\n' "${bold}$bucket/$prefix${plain}"
	python3 - "$demo/store/$bucket/${prefix}packages.json" <<-'EOF'
		import json, sys

		with open(sys.argv[1], encoding="utf-8") as file:
		    packages = json.load(file)["packages"]
		for name, versions in sorted(packages.items()):
		    listed = []
		    for version in versions:
		        php = version["require"].get("heroku-sys/php")
		        listed.append(version["version"] + (f" (php {php})" if php else ""))
		    print(f"   {name:<26} {', '.join(listed)}")
	EOF
done

step "Is all as it should be? Every file is looked at, and every archive unpacked to nowhere"
for prefix in "$S3_PREFIX" "$stable"; do
	shell "repo-check --deep $bucket $prefix"
	repo-check --deep "$bucket" "$prefix"
done
