<?php
namespace Slipway\Tests;

use Composer\Downloader\FileDownloader;
use Composer\Package\PackageInterface;
use React\Promise\PromiseInterface;

/** Fetched and verified by Composer, unpacked over the folder by tar. */
class Archive extends FileDownloader
{
    public function install(PackageInterface $package, string $path, bool $output = true): PromiseInterface
    {
        $command = ['tar', '--keep-directory-symlink', '--no-same-owner', '-xpzf', $this->getFileName($package, $path), '-C', $path];
        $process = proc_open($command, [1 => ['file', '/dev/null', 'w']], $pipes);
        if ($process === false || proc_close($process) !== 0) {
            throw new \RuntimeException("cannot unpack {$package->getPrettyName()}");
        }
        return \React\Promise\resolve(null);
    }
}
