<?php
// Asks the real composer/semver about generated versions and constraints, and writes its answers.
//
//     php semver.php [SEED] > semver.txt
//
// Sections, one record a line, fields by tabs, texts as JSON:
//   versions     text, its normal form or null, its stability
//   order        of the normal forms that differ: for each, `<`, `=` or `>` against all after it
//   constraints  text, Composer's own form of it or null
//   allows       for each constraint that is one, a bit for each normal form, as hexadecimal digits
//   matches      for some of them, a bit for each of them
//   subsets      for some of them, the same: whether the first is a subset of the other
//   compact      for some of them: the smallest form of both together (`or`)

declare(strict_types=1);
require '/usr/share/php/Composer/autoload.php';

use Composer\Semver\Constraint\Constraint;
use Composer\Semver\Constraint\MultiConstraint;
use Composer\Semver\CompilingMatcher;
use Composer\Semver\Intervals;
use Composer\Semver\VersionParser;

mt_srand((int) ($argv[1] ?? 1));

function pick(array $from)
{
    return $from[mt_rand(0, count($from) - 1)];
}

function chance(int $percent): bool
{
    return mt_rand(1, 100) <= $percent;
}

function number(): string
{
    return (string) pick([0, 0, 1, 1, 2, 3, 4, 5, 7, 8, 10, 11, 20, 99, '00', '01', 2024, 12345, 123456]);
}

function modifier(): string
{
    $word = pick(['alpha', 'a', 'beta', 'b', 'RC', 'rc', 'p', 'pl', 'patch', 'stable', 'Beta', 'STABLE', 'dev', 'foo', '']);
    $text = pick(['-', '', '.', '_', '-', '--']).$word.pick(['', '', '1', '2', '10', '.1', '-3', '1.2', '..1']);
    return $text.pick(['', '', '', '', '-dev', '.dev', 'dev', '-DEV']);
}

function version(): string
{
    switch (mt_rand(0, 11)) {
        case 0:
            return pick(['dev-', 'DEV-', 'dev-']).pick(['main', 'master', 'feature/x', 'foo-bar', '1.0', 'as', 'x#abc']);
        case 1:
            return number().pick(['.x', '.X', '.*', '.'.number().'.x', '']).pick(['-dev', '.dev', 'dev', '']);
        case 2:
            return pick(['2010', '20100102', '2010-01', '2010.01.02', '2010-01-02.5', '201001023', '20100102-203040', '2010-1-2', '20100102.203040-p1', '2010:01:02']).(chance(30) ? modifier() : '');
        case 3:
            return pick(['master', 'trunk', 'default', 'foo', 'foo-dev', '1.0@dev', '1.0@Beta', 'dev-main as 1.0', '1.0 as 2.0', '1.0 as', 'x', '*', '', ' ', '.1', '1..2', 'v', 'v1', 'V2.0', 'vv1', "1.0\n", "1\n2", "dev-a\nb"]);
    }
    $parts = [];
    for ($i = mt_rand(1, 4) + (chance(4) ? 1 : 0); $i > 0; $i--) {
        $parts[] = number();
    }
    return (chance(10) ? pick(['v', 'V', ' ']) : '').implode('.', $parts)
        .(chance(40) ? modifier() : '')
        .(chance(10) ? pick(['+build', '+1.2-dev', '+', '+a b', '+x+y', '+b,c']) : '')
        .(chance(3) ? pick(['@dev', '@stable', ' ', '#1', ',', '|']) : '');
}

function part(): string
{
    if (chance(8)) {
        return pick(['*', 'x', 'X.*', 'v*', '1.*.*', '1.2.3.x', '0.x', '0.0.*', '@dev', '@stable', '', '>', 'self.version', '1.0 - 2.0', '1 - 2.0.0', '1.0-beta - 2.0-dev', '1.2.x-dev - 3', '1- 2', 'dev-a - 2', '1.0 -2.0', '~99999.1', '~1.99999999999999999999.3', '^0.0.99999999999999999999', '~>1.2']);
    }
    $operator = pick(['', '', '', '=', '==', '<', '<=', '>', '>=', '!=', '<>', '~', '~', '^', '^', '^', '=>', '>= ', '< ', '~ ', '^ ']);
    return $operator.version().(chance(6) ? pick(['@dev', '@beta', '@RC', '@rc', '@stable', '@Stable', '@foo']) : '').(chance(8) ? pick(['.*', '.x', '.x-dev', '-dev']) : '');
}

function constraint(): string
{
    $text = part();
    for ($i = pick([0, 0, 0, 1, 1, 2, 3]); $i > 0; $i--) {
        $text .= pick([' ', ',', ', ', ' , ', '||', ' || ', '|', ' | ', '  ', ',,', '|||', "\t", ' - ', ' as ', '  as ', ' -']).part();
    }
    return chance(5) ? pick([' ', "\t", "\n"]).$text.pick([' ', "\n", '']) : $text;
}

function mutated(string $text): string
{
    for ($i = mt_rand(1, 3); $i > 0; $i--) {
        $at = mt_rand(0, strlen($text));
        $text = substr($text, 0, $at).pick(str_split("0123.-+_@#|,<>=!~^*xXvd as\n\té")).substr($text, $at + mt_rand(0, 1));
    }
    return mb_convert_encoding($text, 'UTF-8', 'ISO-8859-1');
}

function distinct(callable $make, int $count): array
{
    $made = [];
    while (count($made) < $count) {
        $made[$make()] = true;
    }
    return array_map('strval', array_keys($made));
}

function bits(array $bits): string
{
    $hex = '';
    foreach (array_chunk($bits, 4) as $four) {
        $hex .= dechex(bindec(str_pad(implode('', array_map('intval', $four)), 4, '0')));
    }
    return $hex;
}

function json($value): string
{
    return json_encode($value, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR);
}

function line(...$fields): void
{
    echo implode("\t", $fields), "\n";
}

function attempt(callable $what)
{
    try {
        return $what();
    } catch (\Exception $e) {
        return null;
    }
}

function spread(array $from, int $count): array
{
    $kept = [];
    for ($i = 0; $i < $count; $i++) {
        $kept[] = $from[intdiv($i * count($from), $count)];
    }
    return $kept;
}

$parser = new VersionParser();
$versions = array_merge(distinct('version', 1200), distinct(function () { return mutated(version()); }, 400));
$normal = [];
line('versions');
foreach (array_unique($versions) as $version) {
    $normalized = attempt(function () use ($parser, $version) { return $parser->normalize($version); });
    line(json($version), json($normalized), VersionParser::parseStability($version));
    if ($normalized !== null) {
        $normal[$normalized] = true;
    }
}
$normal = spread(array_map('strval', array_keys($normal)), 160);

line('order');
foreach ($normal as $i => $a) {
    $row = '';
    foreach (array_slice($normal, $i + 1) as $b) {
        $row .= ['<', '=', '>'][version_compare($a, $b) + 1];
    }
    line(json($a), $row);
}

line('constraints');
$constraints = [];
$texts = array_merge(distinct('constraint', 1600), distinct(function () { return mutated(constraint()); }, 500));
foreach (array_unique($texts) as $text) {
    $constraint = attempt(function () use ($parser, $text) { return $parser->parseConstraints($text); });
    line(json($text), json($constraint === null ? null : (string) $constraint));
    if ($constraint !== null) {
        $constraints[(string) $constraint] = [$text, $constraint];
    }
}
$constraints = array_values($constraints);

line('allows');
foreach (spread($constraints, 600) as [$text, $constraint]) {
    $row = [];
    foreach ($normal as $version) {
        $allowed = CompilingMatcher::match($constraint, Constraint::OP_EQ, $version);
        assert($allowed === $constraint->matches(new Constraint('==', $version)));
        $row[] = $allowed;
    }
    line(json($text), bits($row));
}

$some = spread($constraints, 150);
foreach (['matches', 'subsets'] as $section) {
    line($section);
    foreach ($some as [$text, $a]) {
        $row = [];
        foreach ($some as [, $b]) {
            $row[] = $section === 'matches' ? $a->matches($b) : Intervals::isSubsetOf($a, $b);
        }
        line(json($text), bits($row));
    }
}

line('compact');
for ($i = 0; $i < 800; $i++) {
    [$x, $a] = pick($constraints);
    [$y, $b] = pick($constraints);
    $or = Intervals::compactConstraint(MultiConstraint::create([$a, $b], false));
    line(json($x), json($y), json((string) $or));
}
