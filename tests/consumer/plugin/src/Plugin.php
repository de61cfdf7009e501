<?php
// Has Composer unpack archives over each other in the current folder, write down what it installs,
// in its order, and enable extensions: those that are packages, and those that an old PHP stands
// for. Nothing else: what follows on that is not Composer's.

namespace Slipway\Tests;

use Composer\Composer;
use Composer\Installer\PackageEvent;
use Composer\Installer\PackageEvents;
use Composer\EventDispatcher\EventSubscriberInterface;
use Composer\IO\IOInterface;
use Composer\Plugin\PluginInterface;
use Composer\Util\Filesystem;

class Plugin implements PluginInterface, EventSubscriberInterface
{
    /** In tens: the number of the next INI file. */
    private $next = 10;

    public function activate(Composer $composer, IOInterface $io)
    {
        $loop = $composer->getLoop();
        $process = $loop->getProcessExecutor();
        $downloads = $composer->getDownloadManager();
        $downloads->setDownloader('heroku-sys-tar', new Archive(
            $io, $composer->getConfig(), $loop->getHttpDownloader(),
            $composer->getEventDispatcher(), null, new Filesystem($process), $process
        ));
        $downloads->setDownloader('heroku-sys-php-bundled-extension', new Nothing());
        $composer->getInstallationManager()->addInstaller(new Installer($io, $composer));
    }

    public function deactivate(Composer $composer, IOInterface $io)
    {
    }

    public function uninstall(Composer $composer, IOInterface $io)
    {
    }

    public static function getSubscribedEvents()
    {
        return [PackageEvents::POST_PACKAGE_INSTALL => 'installed'];
    }

    public function installed(PackageEvent $event)
    {
        $package = $event->getOperation()->getPackage();
        $line = "{$package->getName()} {$package->getPrettyVersion()}\n";
        file_put_contents('installed.log', $line, FILE_APPEND);
        $extra = $package->getExtra();
        if ($package->getType() === 'heroku-sys-php-extension') {
            $this->enable($package->getName(), $extra['config'] ?? true);
        }
        $required = [];
        foreach ($event->getOperations() as $operation) {
            $required += $operation->getPackage()->getRequires();
        }
        foreach (array_intersect_key($package->getReplaces(), $required) as $name => $link) {
            if ($extra['shared'][$name] ?? false) {
                $this->enable($name, true);
            }
        }
    }

    private function enable(string $package, $config): void
    {
        $name = substr($package, strlen('heroku-sys/'));
        $ini = sprintf('etc/php/conf.d/%03d-%s.ini', 10 * $this->next++, $name);
        @mkdir(dirname($ini), 0777, true);
        if ($config === true) {
            file_put_contents($ini, 'extension='.substr($name, strlen('ext-')).".so\n");
        } elseif ($config) {
            rename($config, $ini);
        }
    }
}
