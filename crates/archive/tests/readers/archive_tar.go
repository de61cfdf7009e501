// Unpacks ARCHIVE into FOLDER with Go's archive/tar.
package main

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"log"
	"os"
	"path/filepath"
	"syscall"
)

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

func main() {
	file, err := os.Open(os.Args[1])
	check(err)
	unzipped, err := gzip.NewReader(file)
	check(err)
	reader := tar.NewReader(unzipped)
	for {
		header, err := reader.Next()
		if err == io.EOF {
			break
		}
		check(err)
		path := filepath.Join(os.Args[2], header.Name)
		check(os.MkdirAll(filepath.Dir(path), 0o755))
		switch header.Typeflag {
		case tar.TypeDir:
			check(os.MkdirAll(path, 0o755))
		case tar.TypeReg:
			out, err := os.Create(path)
			check(err)
			_, err = io.Copy(out, reader)
			check(err)
			check(out.Close())
		case tar.TypeSymlink:
			check(os.Symlink(header.Linkname, path))
			continue
		case tar.TypeLink:
			check(os.Link(filepath.Join(os.Args[2], header.Linkname), path))
			continue
		case tar.TypeFifo:
			check(syscall.Mkfifo(path, 0o600))
		default:
			log.Fatalf("%s: type %q", header.Name, header.Typeflag)
		}
		check(syscall.Chmod(path, uint32(header.Mode)))
		check(os.Chtimes(path, header.ModTime, header.ModTime))
	}
}
