# Unpacks ARCHIVE into FOLDER with the reader of RubyGems, as its documentation shows it.
require "fileutils"
require "rubygems/package"
require "zlib"

archive, folder = ARGV
Zlib::GzipReader.open(archive) do |unzipped|
  Gem::Package::TarReader.new(unzipped).each do |entry|
    path = File.join(folder, entry.full_name)
    FileUtils.mkdir_p(entry.directory? ? path : File.dirname(path))
    if entry.file?
      File.binwrite(path, entry.read || "")
      File.chmod(entry.header.mode, path)
    elsif entry.respond_to?(:symlink?) && entry.symlink?
      File.symlink(entry.header.linkname, path)
    end
  end
end
