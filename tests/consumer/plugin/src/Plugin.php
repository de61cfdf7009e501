<?php
// Has Composer unpack archives over each other in the current folder, and write down what it
// installs, in its order. Nothing else: what follows on that is not Composer's.

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
    }
}
