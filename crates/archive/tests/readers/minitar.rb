# Unpacks ARCHIVE into FOLDER with minitar.
require "minitar"
require "zlib"

reader = defined?(Minitar) ? Minitar : Archive::Tar::Minitar
Zlib::GzipReader.open(ARGV[0]) { |unzipped| reader.unpack(unzipped, ARGV[1]) }
