# Unpacks ARCHIVE into FOLDER with Perl's Archive::Tar.
use strict;
use warnings;
use Archive::Tar;

$Archive::Tar::CHMOD = 1;
$Archive::Tar::INSECURE_EXTRACT_MODE = 1;
my ($file, $folder) = @ARGV;
my $archive = Archive::Tar->new($file) or die Archive::Tar->error;
chdir $folder or die $!;
$archive->extract or die $archive->error;
