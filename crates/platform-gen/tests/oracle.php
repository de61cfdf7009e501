<?php
// What platform-gen has to write, by PHP's own functions: a second opinion for tests/cases.rs.
// Run in the case's folder as `php oracle.php ARGUMENTS`. Statuses as platform-gen's; its
// messages for errors are not repeated here.

const LINKS = ['require', 'replace', 'provide', 'conflict'];

function note(string $level, string $text): void {
    $start = getenv('NO_COLOR') ? "$level:" : "\033[1;33m$level:\033[0m";
    fwrite(STDERR, "$start $text\n");
}

function setting(string $name, string $default): string {
    $value = getenv($name);
    return $value === false || $value === '' ? $default : $value;
}

function wanted(array $links): array {
    $found = [];
    foreach ($links as $name => $version) {
        if (preg_match('/^(?:php|php-64bit|ext-(?!\.native$).+)$/D', $name) && !str_ends_with($name, '.native')) {
            $found["heroku-sys/$name"] = $version;
        }
    }
    return $found;
}

function repository(string $text, bool $list): array {
    $url = parse_url($text);
    if (!isset($url['scheme'], $url['host'])) exit(4);
    if ($list) {
        $port = isset($url['port']) ? ":{$url['port']}" : '';
        fwrite(STDERR, "- {$url['scheme']}://{$url['host']}$port" . ($url['path'] ?? '/') . "\n");
    }
    $entry = ['type' => 'composer', 'url' => $text];
    parse_str($url['query'] ?? '', $query);
    if (isset($query['composer-repository-canonical'])) {
        $entry['canonical'] = filter_var($query['composer-repository-canonical'], FILTER_VALIDATE_BOOLEAN);
    }
    foreach (['exclude', 'only'] as $key) {
        $names = $query["composer-repository-$key"] ?? null;
        if ($names === null) continue;
        if (is_string($names)) $names = explode(',', $names);
        foreach ($names as &$name) {
            if (!is_string($name) || !mb_check_encoding($name, 'UTF-8')) exit(4);
            $name = trim($name);
            if (!str_contains($name, '/')) $name = "heroku-sys/$name";
        }
        unset($name);
        $entry[$key] = $names;
    }
    return $entry;
}

$arguments = array_slice($argv, 1);
$list = ($arguments[0] ?? '') === '--list-repositories';
if ($list) array_shift($arguments);
if (count($arguments) < 2) exit(4);
$repositories = [
    ['packagist' => false],
    ['type' => 'path', 'url' => $arguments[0], 'options' => ['symlink' => false]],
];
if ($list) note('NOTICE', 'Platform repositories used (in lookup order):');
foreach (array_reverse(array_slice($arguments, 1)) as $text) $repositories[] = repository($text, $list);

$json = setting('COMPOSER', 'composer.json');
$lockName = setting('COMPOSER_LOCK', 'composer.lock');
if (!is_array(json_decode((string) @file_get_contents($json), true))) exit(1);
$lock = ['plugin-api-version' => '2.2.0'];
$sections = ['packages' => [[], []], 'packages-dev' => [[], []]];
$php = ['packages' => false, 'packages-dev' => false];
if (file_exists($lockName)) {
    $lock = json_decode(file_get_contents($lockName), true);
    if (!$lock || !isset($lock['platform'], $lock['platform-dev'], $lock['packages'], $lock['packages-dev'])) exit(1);
    $hash = $lock['content-hash'] ?? $lock['hash'] ?? null;
    if ($hash === null) exit(1);
    foreach (['packages' => ['platform', ''], 'packages-dev' => ['platform-dev', '-require-dev']] as $key => [$platform, $suffix]) {
        $own = ['name' => "$json/$lockName$suffix", 'version' => "dev-$hash", 'require' => $lock[$platform]];
        $require = [];
        if (wanted($own['require'])) {
            $require[$own['name']] = $own['version'];
            foreach (wanted($own['require']) as $name => $_) {
                $flag = $lock['stability-flags'][substr($name, strlen('heroku-sys/'))] ?? null;
                if ($flag === null) continue;
                $word = [0 => 'stable', 5 => 'RC', 10 => 'beta', 15 => 'alpha', 20 => 'dev'][$flag] ?? exit(1);
                $require[$name] = "@$word";
            }
        }
        $metas = [];
        foreach ([...array_values($lock[$key]), $own] as $package) {
            $links = array_map(fn($link) => wanted($package[$link] ?? []), array_combine(LINKS, LINKS));
            if (!array_filter($links)) continue;
            $metas[] = ['type' => 'metapackage', 'name' => $package['name'], 'version' => $package['version']]
                + array_map(fn($link) => (object) $link, $links);
            $require[$package['name']] = $package['version'];
            $php[$key] = $php[$key] || isset($package['require']['php']);
        }
        $sections[$key] = [$require, $metas];
    }
}
[$require, $metas] = $sections['packages'];
if (!$php['packages']) {
    if ($php['packages-dev']) exit(3);
    $require['heroku-sys/php'] = setting('HEROKU_PHP_DEFAULT_RUNTIME_VERSION', '*');
    note('NOTICE', "No runtime required in $lockName; using PHP {$require['heroku-sys/php']}");
} elseif (!isset($lock['platform']['php'])) {
    note('NOTICE', "No runtime required in $json; requirements\nfrom dependencies in $lockName will be used for selection");
}
$api = $lock['plugin-api-version'] ?? exit(1);
$require = array_replace($require, [
    'heroku-sys/composer' => '*',
    'heroku-sys/composer-plugin-api' => preg_match('/^2\.[012]\.0$/D', $api) ? '~2.2.0' : '^' . strtok($api, '.'),
    'heroku-sys/apache' => '^2.4.10',
    'heroku-sys/nginx' => '^1.8.0',
]);
$metas = [...$metas, ...$sections['packages-dev'][1]];
if ($metas) $repositories[] = ['type' => 'package', 'package' => $metas];

preg_match('/^([^-]+)(?:-([0-9]+))?/', setting('STACK', 'heroku-24'), $stack);
$replace = [];
exec('blackfire --no-ansi version 2>/dev/null', $lines, $status);
if ($status === 0) {
    if (preg_match('/^Blackfire version (\d+\.\d+\.\d+)/', $lines[0] ?? '', $found)) {
        $replace['heroku-sys/blackfire'] = $found[1];
        note('NOTICE', "Blackfire CLI version $found[1] detected.");
    } else {
        note('WARNING', 'Blackfire CLI detected, but could not determine version - falling back to bundled package!');
    }
}
echo json_encode([
    'config' => [
        'cache-files-ttl' => 0,
        'discard-changes' => true,
        'allow-plugins' => ['heroku/installer-plugin' => true],
    ],
    'minimum-stability' => $lock['minimum-stability'] ?? 'stable',
    'prefer-stable' => $lock['prefer-stable'] ?? false,
    'provide' => ["heroku-sys/$stack[1]" => ($stack[2] ?? '1') . '.' . strtr(substr(getenv('NOW'), 0, 10), '-', '.')],
    'replace' => (object) $replace,
    'require' => $require,
    'require-dev' => (object) (getenv('HEROKU_PHP_INSTALL_DEV') === false ? [] : $sections['packages-dev'][0]),
    'repositories' => $repositories,
], JSON_PRETTY_PRINT);
