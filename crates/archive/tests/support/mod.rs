//! What the tests share: a picture of a tree, and archives made header by header.
#![allow(dead_code, reason = "each test file uses its own part")]

pub mod oracle;

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{Cursor, Write};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use archive::{Error, Kind, Limits, PackOptions, Packed, Refusal};
use flate2::Compression;
use flate2::write::GzEncoder;
use tar::{EntryType, Header};
use walkdir::WalkDir;

/// All that an archive keeps of one path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub mode: u32,
    pub mtime: i64,
    pub what: What,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum What {
    Directory,
    /// The content, and the first name of the same file.
    File(Vec<u8>, Vec<u8>),
    Link(Vec<u8>),
    /// The kind of what is neither of these, and the numbers of a device.
    Other(u32, u64),
}

pub type Picture = BTreeMap<Vec<u8>, Seen>;

/// What lies below a folder.
pub fn picture(tree: &Path) -> Picture {
    let mut first = HashMap::new();
    let mut picture = Picture::new();
    // Sorted by path bytes first: which name of a file is its first must not depend on the disk.
    let mut paths: Vec<_> = WalkDir::new(tree)
        .min_depth(1)
        .into_iter()
        .map(|entry| entry.unwrap().into_path())
        .collect();
    let name = |path: &Path| path.strip_prefix(tree).unwrap().as_os_str().as_bytes().to_vec();
    paths.sort_by_key(|path| name(path));
    for path in paths {
        let metadata = fs::symlink_metadata(&path).unwrap();
        let kind = metadata.file_type();
        let what = if kind.is_dir() {
            What::Directory
        } else if kind.is_symlink() {
            What::Link(fs::read_link(&path).unwrap().into_os_string().into_vec())
        } else if kind.is_file() {
            let identity = (metadata.dev(), metadata.ino());
            let first = first.entry(identity).or_insert_with(|| name(&path)).clone();
            What::File(fs::read(&path).unwrap(), first)
        } else {
            What::Other(metadata.mode() & 0o170_000, metadata.rdev())
        };
        let mode = if kind.is_symlink() { 0o777 } else { metadata.mode() & 0o7777 };
        picture.insert(name(&path), Seen { mode, mtime: metadata.mtime(), what });
    }
    picture
}

/// Packs a tree and returns the bytes too.
pub fn pack(tree: &Path, options: &PackOptions) -> (Packed, Vec<u8>) {
    let mut out = tempfile::NamedTempFile::new().unwrap();
    let packed = archive::pack(tree, out.as_file_mut(), options).unwrap();
    (packed, fs::read(out.path()).unwrap())
}

/// Times are kept as they are: the limit lies far ahead.
pub fn keeping_times() -> PackOptions {
    PackOptions { mtime_limit: Some(i64::from(i32::MAX)), ..PackOptions::default() }
}

/// Sets the time of a path, links not followed.
pub fn touch(path: &Path, seconds: i64) {
    use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, utimensat};
    let time = Timespec { tv_sec: seconds, tv_nsec: 0 };
    let times = Timestamps { last_access: time, last_modification: time };
    utimensat(CWD, path, &times, AtFlags::SYMLINK_NOFOLLOW).unwrap();
}

pub fn chmod(path: &Path, mode: u32) {
    use std::os::unix::fs::PermissionsExt;
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

pub fn bytes(name: &[u8]) -> &Path {
    Path::new(OsStr::from_bytes(name))
}

/// Runs a program to its end and returns its standard output.
pub fn run(program: &str, arguments: &[&OsStr]) -> Vec<u8> {
    let output = Command::new(program).args(arguments).env("LC_ALL", "C.UTF-8").output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

/// A tar archive in the making, one block at a time: it can say whatever it likes.
#[derive(Default, Clone)]
pub struct Tar(pub Vec<u8>);

impl Tar {
    pub fn new() -> Self {
        Self::default()
    }

    /// A member with all that a header can say.
    pub fn member(mut self, kind: u8, name: &[u8], target: &[u8], size: u64, data: &[u8]) -> Self {
        let mut header = Header::new_gnu();
        header.set_entry_type(EntryType::new(kind));
        header.set_size(size);
        header.set_mode(if kind == b'5' { 0o755 } else { 0o644 });
        header.set_mtime(1_000_000_000);
        header.set_uid(0);
        header.set_gid(0);
        header.as_old_mut().name[..name.len()].copy_from_slice(name);
        header.as_old_mut().linkname[..target.len()].copy_from_slice(target);
        header.set_cksum();
        self.0.extend_from_slice(header.as_bytes());
        self.0.extend_from_slice(data);
        self.0.resize(self.0.len().next_multiple_of(512), 0);
        self
    }

    pub fn file(self, name: &[u8], data: &[u8]) -> Self {
        self.member(b'0', name, b"", data.len() as u64, data)
    }

    pub fn folder(self, name: &[u8]) -> Self {
        self.member(b'5', name, b"", 0, b"")
    }

    pub fn link(self, name: &[u8], target: &[u8]) -> Self {
        self.member(b'2', name, target, 0, b"")
    }

    pub fn hard_link(self, name: &[u8], target: &[u8]) -> Self {
        self.member(b'1', name, target, 0, b"")
    }

    /// A device file with these numbers.
    pub fn device(mut self, kind: u8, name: &[u8], (major, minor): (u32, u32)) -> Self {
        let place = self.0.len();
        self = self.member(kind, name, b"", 0, b"");
        self.edit(place, |header| {
            header[329..337].copy_from_slice(format!("{major:07o}\0").as_bytes());
            header[337..345].copy_from_slice(format!("{minor:07o}\0").as_bytes());
        })
    }

    /// Changes the header at `place`, and makes its checksum right again.
    pub fn edit(mut self, place: usize, change: impl FnOnce(&mut [u8])) -> Self {
        let header = &mut self.0[place..place + 512];
        change(header);
        header[148..156].fill(b' ');
        let sum: u32 = header.iter().map(|byte| u32::from(*byte)).sum();
        header[148..156].copy_from_slice(format!("{sum:06o}\0 ").as_bytes());
        self
    }

    /// A pax header for the next member.
    pub fn pax(self, records: &[(&str, &[u8])]) -> Self {
        let mut text = Vec::new();
        for (key, value) in records {
            let rest = key.len() + value.len() + 3;
            let mut length = rest + 1;
            while length != rest + length.to_string().len() {
                length = rest + length.to_string().len();
            }
            text.extend(format!("{length} {key}=").as_bytes());
            text.extend(*value);
            text.push(b'\n');
        }
        self.member(b'x', b"pax", b"", text.len() as u64, &text)
    }

    /// The archive with its end, gzipped.
    pub fn gzipped(mut self) -> Vec<u8> {
        self.0.extend_from_slice(&[0; 1024]);
        gzip(&self.0)
    }
}

pub fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// A tree with everything that an archive has to keep. Modes are such that any user can read it.
pub fn full_tree(tree: &Path) {
    let long = "long-name-".repeat(12);
    let longer = format!("{long}/{long}/{long}");
    fs::create_dir_all(tree.join("bin")).unwrap();
    fs::create_dir_all(tree.join("empty")).unwrap();
    fs::create_dir_all(tree.join("lib/php/extensions")).unwrap();
    fs::create_dir_all(tree.join(&longer)).unwrap();
    fs::write(tree.join("bin/php"), b"\x7fELF program").unwrap();
    fs::write(tree.join("bin/sudo"), b"as another").unwrap();
    fs::write(tree.join("lib/nothing"), b"").unwrap();
    let block: Vec<u8> =
        (0..200_000_u32).flat_map(|n| (n / 7).wrapping_mul(n).to_le_bytes()).collect();
    fs::write(tree.join("lib/large"), &block).unwrap();
    fs::write(tree.join("lib/exactly"), &block[..512]).unwrap();
    fs::write(tree.join(&longer).join("file"), b"deep").unwrap();
    fs::write(tree.join("grüße 世界 \n"), b"non-ASCII").unwrap();
    fs::write(tree.join(bytes(b"not-utf8-\xff\xfe")), b"bytes").unwrap();
    fs::write(tree.join("x".repeat(100)), b"exactly a hundred").unwrap();
    std::os::unix::fs::symlink("php", tree.join("bin/php8")).unwrap();
    std::os::unix::fs::symlink("lib/php", tree.join("current")).unwrap();
    std::os::unix::fs::symlink(format!("{longer}/file"), tree.join("to-long")).unwrap();
    std::os::unix::fs::symlink("nowhere/at all", tree.join("dangling")).unwrap();
    fs::hard_link(tree.join("lib/large"), tree.join("lib/also-large")).unwrap();
    fs::hard_link(tree.join("lib/large"), tree.join("zz-large")).unwrap();
    fs::hard_link(tree.join(&longer).join("file"), tree.join("zz-deep")).unwrap();
    chmod(&tree.join("bin/php"), 0o755);
    chmod(&tree.join("bin/sudo"), 0o4755);
    chmod(&tree.join("lib/nothing"), 0o400);
    chmod(&tree.join("lib/php"), 0o1777);
    chmod(&tree.join("lib/php/extensions"), 0o2775);
    chmod(&tree.join("empty"), 0o700);
    for (number, entry) in WalkDir::new(tree).contents_first(true).into_iter().enumerate() {
        touch(entry.unwrap().path(), 400_000_000 + number as i64 * 1_000_003);
    }
}

/// Writes bytes to a new file of the folder and returns its path.
pub fn saved(folder: &Path, bytes: &[u8]) -> PathBuf {
    let path = folder.join("archive.tar.gz");
    File::create(&path).unwrap().write_all(bytes).unwrap();
    path
}

/// A folder `build` to unpack into, with things around it that must not change.
pub struct Site {
    pub folder: tempfile::TempDir,
}

impl Site {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("build")).unwrap();
        fs::create_dir(folder.path().join("build-evil")).unwrap();
        fs::write(folder.path().join("secret"), "as it was").unwrap();
        Self { folder }
    }

    pub fn build(&self) -> PathBuf {
        self.folder.path().join("build")
    }

    pub fn all(&self) -> Picture {
        picture(self.folder.path())
    }

    pub fn unpack(&self, archive: &[u8]) -> Result<archive::Unpacked, Error> {
        archive::unpack(Cursor::new(archive), &self.build(), &Limits::default())
    }

    /// The archive is refused for `member`, and not a byte has changed anywhere.
    #[track_caller]
    pub fn refuses(&self, label: &str, archive: &[u8], member: &str, expected: Refusal) {
        let before = self.all();
        match self.unpack(archive) {
            Err(error @ Error::Unsafe { .. }) => {
                assert_eq!(error.kind(), Kind::BadArchive);
                let Error::Unsafe { member: named, reason } = error else { unreachable!() };
                assert_eq!((named.as_str(), reason), (member, expected), "{label}");
            }
            other => panic!("{label}: {other:?}"),
        }
        assert_eq!(self.all(), before, "{label}");
    }
}
