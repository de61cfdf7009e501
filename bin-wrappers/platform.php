#!/usr/bin/env -S bash -c 'at=$(readlink -f -- "$0"); . "${at%/*}/include/tools.sh"; tool=$(find_tool platform-gen) || exit; exec "$tool" --bob "$@"'
<?php
// platform.php [--list-repositories] INSTALLER REPOSITORY_URL...
//
// Writes an application's platform composer.json to stdout: see `platform-gen --help`.
//
// Build scripts run this file as `php platform.php ...`, so it is PHP, which hands over to the
// program. Run by itself, its first line does so, and needs no PHP.

function find_tool($name) {
	$wrappers = dirname((string) realpath(__FILE__));
	$folders = array_filter(explode(PATH_SEPARATOR, (string) getenv('PATH')), 'strlen');
	array_push($folders, $wrappers, "$wrappers/../target/release", "$wrappers/../target/debug");
	foreach ($folders as $folder) {
		if (is_file("$folder/$name") && is_executable("$folder/$name")) {
			return "$folder/$name";
		}
	}
	fwrite(STDERR, "platform.php: cannot find the program '$name': put it on \$PATH, or build it with 'make build'\n");
	exit(127);
}

// A list, so that no shell looks at the arguments.
$command = array_merge([find_tool('platform-gen'), '--bob'], array_slice($argv, 1));
$process = proc_open($command, [STDIN, STDOUT, STDERR], $pipes);
exit($process === false ? 126 : proc_close($process));
