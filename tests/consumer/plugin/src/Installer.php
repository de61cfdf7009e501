<?php
namespace Slipway\Tests;

use Composer\Installer\LibraryInstaller;
use Composer\Package\PackageInterface;
use Composer\Repository\InstalledRepositoryInterface;

/** All packages of the platform go into one folder. */
class Installer extends LibraryInstaller
{
    public function supports($packageType)
    {
        return strncmp($packageType, 'heroku-sys-', 11) === 0;
    }

    public function getInstallPath(PackageInterface $package)
    {
        return getcwd();
    }

    public function isInstalled(InstalledRepositoryInterface $repo, PackageInterface $package)
    {
        return $repo->hasPackage($package);
    }
}
