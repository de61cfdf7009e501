#!/usr/bin/env bash
# Unpacks ARCHIVE into FOLDER with Composer, as a package of the type `tar`, without plugins.
set -euo pipefail
archive=$1 folder=$2
work=$(mktemp -d)
trap 'rm -rf -- "$work"' EXIT
cd -- "$work"
cat >composer.json <<-END
	{
		"repositories": [
			{"packagist.org": false},
			{"type": "package", "package": {
				"name": "x/y", "version": "1.0.0", "dist": {"type": "tar", "url": "$archive"}}}
		],
		"require": {"x/y": "1.0.0"}
	}
END
export COMPOSER_HOME=$work/home COMPOSER_ALLOW_SUPERUSER=1 COMPOSER_CACHE_DIR=/dev/null
composer install --quiet --no-interaction --no-plugins --no-scripts
cp -a vendor/x/y/. "$folder"
