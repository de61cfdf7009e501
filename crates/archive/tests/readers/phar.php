<?php
// Unpacks ARCHIVE into FOLDER as Composer does with packages of the type `tar`.
$archive = new PharData($argv[1]);
$archive->extractTo($argv[2], null, true);
