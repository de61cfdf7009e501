<?php
// Has the real Composer resolve cases. Reads one a line (see cases.rs), writes one answer a line:
// {"status": 0, "operations": ["name version url", ...]} or {"status": 2, "problems": "..."}.
//
// The whole of Composer's Installer runs, as for `composer install --dry-run` without a lock file,
// in one process for all cases. `--cli` also runs the real command on each of them, and says in
// `"command": "..."` where it comes to something else.

declare(strict_types=1);
require '/usr/share/php/Composer/autoload.php';

use Composer\DependencyResolver\Operation\InstallOperation;
use Composer\Factory;
use Composer\Installer;
use Composer\Installer\InstallerEvent;
use Composer\IO\BufferIO;

error_reporting(E_ALL & ~E_DEPRECATED);
$base = sys_get_temp_dir().'/composer-oracle-'.getmypid();
putenv('COMPOSER_HOME='.$base.'/home');
putenv('COMPOSER_CACHE_DIR=/dev/null');
putenv('COMPOSER_DISABLE_NETWORK=1');
mkdir($base.'/home', 0777, true);
register_shutdown_function(function () use ($base) { remove($base); });

function remove(string $path): void
{
    if (is_dir($path) && !is_link($path)) {
        foreach (array_diff(scandir($path), ['.', '..']) as $name) {
            remove($path.'/'.$name);
        }
        rmdir($path);
    } else {
        unlink($path);
    }
}

function resolve(stdClass $case, string $folder): array
{
    foreach ($case->files as $path => $content) {
        @mkdir(dirname($folder.'/'.$path), 0777, true);
        file_put_contents($folder.'/'.$path, json_encode($content));
    }
    $composer = $case->composer;
    foreach ($composer->repositories as $repository) {
        $type = $repository->type ?? '';
        if ($type === 'composer') {
            $repository->url = 'file://'.$folder.'/'.$repository->url;
        } elseif ($type === 'path') {
            $repository->url = $folder.'/'.$repository->url;
        }
    }
    file_put_contents($folder.'/composer.json', json_encode($composer));
    chdir($folder);
    $io = new BufferIO();
    try {
        $composer = Factory::create($io, $folder.'/composer.json', true, true);
        $operations = [];
        $composer->getEventDispatcher()->addListener('pre-operations-exec', function (InstallerEvent $event) use (&$operations) {
            foreach ($event->getTransaction()->getOperations() as $operation) {
                $line = $operation->show(false);
                if ($operation instanceof InstallOperation) {
                    $package = $operation->getPackage();
                    $url = $package->getDistType() === 'path' ? '' : (string) $package->getDistUrl();
                    $line = trim($package->getPrettyName().' '.$package->getPrettyVersion().' '.$url);
                }
                $operations[] = strip_tags($line);
            }
        });
        $status = Installer::create($io, $composer)
            ->setDryRun(true)->setUpdate(true)->setDevMode(!$case->{'no-dev'})->setAudit(false)->run();
        if ($status === 0) {
            return ['status' => 0, 'operations' => $operations];
        }
        $text = $io->getOutput();
        $text = substr($text, (int) strpos($text, "  Problem 1"));
        $text = preg_split("{\n\n(?!  Problem)|\nRunning update with --no-dev}", $text)[0];
        return ['status' => $status, 'problems' => str_replace($folder, '', trim($text))];
    } catch (\Exception $e) {
        return ['status' => 1, 'error' => str_replace($folder, '', $e->getMessage())];
    }
}

/** What the command says that is not in the answer; null where it is the same. */
function command(array $answer, bool $noDev, string $folder): ?string
{
    putenv('COMPOSER_ALLOW_SUPERUSER=1');
    chdir($folder);
    $options = '--dry-run --no-plugins --no-ansi --no-interaction'.($noDev ? ' --no-dev' : '');
    exec('composer update '.$options.' 2>&1', $lines, $status);
    $output = implode("\n", $lines)."\n";
    if ($status !== $answer['status']) {
        return $output;
    }
    if ($status !== 0) {
        return strpos(str_replace($folder, '', $output), $answer['problems']) === false ? $output : null;
    }
    $done = substr($output, (int) strpos($output, 'Package operations:'));
    preg_match_all('{^  - Installing (\\S+) \\(([^)]*)\\)}m', $done, $found, PREG_SET_ORDER);
    $found = array_map(function ($match) { return $match[1].' '.$match[2]; }, $found);
    $expected = preg_grep('{^Marking }', $answer['operations'], PREG_GREP_INVERT);
    $expected = array_map(function ($line) {
        return implode(' ', array_slice(explode(' ', $line), 0, 2));
    }, array_values($expected));
    return $found === $expected ? null : $output;
}

$number = 0;
while (($line = fgets(STDIN)) !== false) {
    $folder = $base.'/'.$number++;
    mkdir($folder);
    $case = json_decode($line);
    $answer = resolve($case, $folder);
    if (in_array('--cli', $argv, true)) {
        $different = command($answer, $case->{'no-dev'}, $folder);
        $answer += $different === null ? [] : ['command' => $different];
    }
    echo json_encode($answer, JSON_UNESCAPED_SLASHES | JSON_UNESCAPED_UNICODE), "\n";
    remove($folder);
}
chdir('/');
