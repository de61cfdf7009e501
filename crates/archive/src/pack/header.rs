//! Tar headers, in GNU tar's format.
//!
//! Chosen over pax because names of any bytes stand in it as they are (pax wants UTF-8), because it
//! is the smaller one, and because more programs read it: GNU tar, bsdtar, busybox, Python and Go
//! read both; several others cut the long names of pax to 100 bytes. What each reader makes of our
//! archives stands in `docs/archives.md`.

use tar::{EntryType, Header};

use super::tree::{Found, What};

const BLOCK: usize = 512;
/// The room for a name or a target in the header itself.
const SHORT: usize = 100;

/// The two empty blocks that end an archive.
pub(super) const END: [u8; 2 * BLOCK] = [0; 2 * BLOCK];

/// What fills the last block of a content of `size` bytes.
pub(super) fn padding(size: u64) -> &'static [u8] {
    let over = (size % BLOCK as u64) as usize;
    if over == 0 { &[] } else { &END[..BLOCK - over] }
}

/// The header of `entry`, with the extra members that a long name or target needs before it.
pub(super) fn encode(entry: &Found, mtime: i64) -> Vec<u8> {
    let (kind, size, target, mode): (_, _, &[u8], _) = match &entry.what {
        What::Directory => (EntryType::Directory, 0, &[], entry.mode),
        What::File { size, .. } => (EntryType::Regular, *size, &[], entry.mode),
        // A link's own mode means nothing and differs between file systems.
        What::Link(target) => (EntryType::Symlink, 0, target, 0o777),
        What::HardLink(target) => (EntryType::Link, 0, target, entry.mode),
        What::Pipe => (EntryType::Fifo, 0, &[], entry.mode),
        What::Device { is_block: true, .. } => (EntryType::Block, 0, &[], entry.mode),
        What::Device { is_block: false, .. } => (EntryType::Char, 0, &[], entry.mode),
    };
    let mut name = entry.name.clone();
    if kind.is_dir() {
        name.push(b'/');
    }
    let mut bytes = Vec::with_capacity(BLOCK);
    if target.len() > SHORT {
        long(EntryType::GNULongLink, target, &mut bytes);
    }
    if name.len() > SHORT {
        long(EntryType::GNULongName, &name, &mut bytes);
    }
    // Clamped by the caller to what is not negative.
    let mut header = block(kind, &name, target, size, mode, mtime.unsigned_abs());
    if let What::Device { major, minor, .. } = entry.what {
        set_device(&mut header, major, minor);
    }
    header.set_cksum();
    bytes.extend(header.as_bytes());
    bytes
}

/// A member that holds the name or the target of the next one.
fn long(kind: EntryType, text: &[u8], bytes: &mut Vec<u8>) {
    let size = text.len() as u64 + 1;
    let mut header = block(kind, b"././@LongLink", &[], size, 0o644, 0);
    header.set_cksum();
    bytes.extend(header.as_bytes());
    bytes.extend_from_slice(text);
    bytes.push(0);
    bytes.extend_from_slice(padding(size));
}

fn set_device(header: &mut Header, major: u32, minor: u32) {
    if let Some(fields) = header.as_gnu_mut() {
        for (field, number) in [(&mut fields.dev_major, major), (&mut fields.dev_minor, minor)] {
            // Linux has 12 bits for the one and 20 for the other: 7 octal digits hold 21.
            field[..7].copy_from_slice(format!("{:07o}", number & 0o7_777_777).as_bytes());
        }
    }
}

/// A header without its checksum.
fn block(kind: EntryType, name: &[u8], target: &[u8], size: u64, mode: u32, mtime: u64) -> Header {
    let mut header = Header::new_gnu();
    header.set_entry_type(kind);
    // Above 8 GiB the size is written in base 256.
    header.set_size(size);
    header.set_mode(mode);
    header.set_mtime(mtime);
    header.set_uid(0);
    header.set_gid(0);
    let fields = header.as_old_mut();
    let short = name.len().min(SHORT);
    fields.name[..short].copy_from_slice(&name[..short]);
    let short = target.len().min(SHORT);
    fields.linkname[..short].copy_from_slice(&target[..short]);
    header
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &[u8], size: u64) -> Found {
        let what = What::File { size, identity: (0, 0) };
        Found { name: name.to_vec(), what, mode: 0o4755, mtime: 0 }
    }

    #[test]
    fn sizes_above_8_gib_are_in_base_256() {
        let size_field = |size| encode(&file(b"f", size), 0)[124..136].to_vec();
        assert_eq!(size_field((8 << 30) - 1), b"77777777777\0");
        assert_eq!(size_field(9 << 30), [0x80, 0, 0, 0, 0, 0, 0, 2, 0x40, 0, 0, 0]);
    }

    #[test]
    fn a_name_of_100_bytes_needs_no_more_room() {
        assert_eq!(encode(&file(&[b'n'; 100], 0), 0).len(), BLOCK);
        // The long name's header, its one block, the header.
        let long = encode(&file(&[b'n'; 101], 0), 0);
        assert_eq!(long.len(), 3 * BLOCK);
        assert_eq!((long[156], long[2 * BLOCK + 156]), (b'L', b'0'));
        assert_eq!(long[BLOCK..BLOCK + 102], [&[b'n'; 101][..], &[0]].concat());
    }

    #[test]
    fn a_folder_ends_with_a_slash_which_counts() {
        let folder = |length| Found {
            name: vec![b'd'; length],
            what: What::Directory,
            mode: 0o755,
            mtime: 0,
        };
        assert_eq!(encode(&folder(99), 0)[..100], [&[b'd'; 99][..], b"/"].concat());
        assert_eq!(encode(&folder(100), 0).len(), 3 * BLOCK);
    }

    #[test]
    fn the_owner_is_root_without_a_name() {
        let header = encode(&file(b"f", 1), 315_532_800);
        assert_eq!(header[100..108], *b"0004755\0");
        assert_eq!(header[108..124], *b"0000000\x000000000\0");
        assert_eq!(header[136..148], *b"02263523000\0");
        assert!(header[265..345].iter().all(|byte| *byte == 0), "user, group, device");
    }
}
