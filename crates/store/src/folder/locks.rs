//! Whether the file system of a folder shares its locks with other machines.
//!
//! Each change of a bucket is done under a lock (`flock`). On a local file system every process sees
//! it. On a network file system the kernel may keep the lock to itself; then a writer on another
//! machine knows nothing of it, and conditions do not hold between the two.

use std::path::Path;

/// A mounted file system.
#[derive(Debug, PartialEq, Eq)]
struct Mount<'a> {
    /// Its type, such as `nfs4` or `fuse.sshfs`.
    kind: &'a str,
    /// The options of its superblock, with commas between.
    options: &'a str,
}

impl Mount<'_> {
    fn has(&self, option: &str) -> bool {
        self.options.split(',').any(|found| found == option)
    }
}

/// The name of a file system that may not share its locks. `magic` is the number by which `statfs`
/// tells file systems apart; `mount` is what is known of the mount.
fn unshared(magic: u32, mount: Option<&Mount<'_>>) -> Option<&'static str> {
    let has = |option: &str| mount.is_some_and(|mount| mount.has(option));
    match magic {
        // The kernel turns `flock` into locks of the server, unless the mount says otherwise. It
        // always lists that option.
        0x6969 => {
            let shared = (has("local_lock=none") || has("local_lock=posix")) && !has("nolock");
            (!shared).then_some("NFS")
        }
        0x517b | 0xff53_4d42 | 0xfe53_4d42 => Some("SMB"),
        0x0102_1997 => Some("9p"),
        0x6573_5546 => {
            // These have a disk or folders of this machine behind them.
            let local = ["fuseblk", "fuse.fuse-overlayfs"];
            let local = mount.is_some_and(|mount| local.contains(&mount.kind));
            (!local).then_some("FUSE")
        }
        0x5346_414f | 0x6b41_4653 => Some("AFS"),
        0x7375_7245 => Some("Coda"),
        0x564c => Some("NCP"),
        0x786f_4256 => Some("a shared folder of VirtualBox"),
        0xbacb_acbc => Some("a shared folder of VMware"),
        0x0bd0_0bd0 => has("localflock").then_some("Lustre"),
        _ => None,
    }
}

/// The name of the folder's file system, where that may not share its locks with other machines.
#[cfg(target_os = "linux")]
pub(super) fn unshared_at(folder: &Path) -> Option<&'static str> {
    // What cannot be asked is not warned about: opening the bucket says what is wrong.
    let system = rustix::fs::statfs(folder).ok()?;
    let device = rustix::fs::stat(folder).ok()?.st_dev;
    // Magic numbers have 32 bits, which some machines sign-extend.
    let magic = u32::try_from(i128::from(system.f_type) & 0xffff_ffff).ok()?;
    let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let number = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
    unshared(magic, find(&mounts, &number).as_ref())
}

#[cfg(not(target_os = "linux"))]
pub(super) fn unshared_at(_folder: &Path) -> Option<&'static str> {
    None
}

/// The mount of a device in the lines of `/proc/self/mountinfo`.
fn find<'a>(mounts: &'a str, device: &str) -> Option<Mount<'a>> {
    mounts.lines().find_map(|line| {
        let (first, last) = line.split_once(" - ")?;
        if first.split(' ').nth(2) != Some(device) {
            return None;
        }
        let mut last = last.split(' ');
        Some(Mount { kind: last.next()?, options: last.nth(1)? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn file_systems_that_do_not_share_their_locks() {
        let check = |magic, kind, options, expected: Option<&str>| {
            let mount = Mount { kind, options };
            assert_eq!(unshared(magic, Some(&mount)), expected, "{magic:x} {kind} {options}");
        };
        // ext4, xfs, btrfs, tmpfs, overlayfs, zfs; then Ceph, OCFS2, GFS2 and GPFS, which share them.
        for local in [
            0xef53,
            0x5846_5342,
            0x9123_683e,
            0x0102_1994,
            0x794c_7630,
            0x2fc1_2fc1,
            0x00c3_6400,
            0x7461_636f,
            0x0116_1970,
            0x4750_4653,
        ] {
            check(local, "any", "rw", None);
            assert_eq!(unshared(local, None), None);
        }
        check(0x6969, "nfs4", "rw,vers=4.2,hard,local_lock=none,addr=10.0.0.1", None);
        check(0x6969, "nfs", "rw,vers=3,local_lock=posix", None);
        check(0x6969, "nfs", "rw,vers=3,nolock,local_lock=none", Some("NFS"));
        for lock in ["all", "flock"] {
            let options = format!("rw,vers=3,local_lock={lock}");
            let mount = Mount { kind: "nfs", options: &options };
            assert_eq!(unshared(0x6969, Some(&mount)), Some("NFS"));
        }
        for smb in [0x517b, 0xff53_4d42, 0xfe53_4d42] {
            check(smb, "cifs", "rw,vers=3.1.1", Some("SMB"));
        }
        check(0x0102_1997, "9p", "rw,trans=virtio", Some("9p"));
        check(0x6573_5546, "fuse.sshfs", "rw", Some("FUSE"));
        check(0x6573_5546, "virtiofs", "rw", Some("FUSE"));
        check(0x6573_5546, "fuseblk", "rw", None);
        check(0x6573_5546, "fuse.fuse-overlayfs", "rw", None);
        check(0x0bd0_0bd0, "lustre", "rw,flock", None);
        check(0x0bd0_0bd0, "lustre", "rw,localflock", Some("Lustre"));
        for other in [0x5346_414f, 0x6b41_4653, 0x7375_7245, 0x564c, 0x786f_4256, 0xbacb_acbc] {
            assert!(unshared(other, None).is_some(), "{other:x}");
        }
        // Of a mount that is not found the worst is assumed.
        for (magic, name) in [(0x6969, "NFS"), (0x6573_5546, "FUSE")] {
            assert_eq!(unshared(magic, None), Some(name));
        }
    }

    #[test]
    fn a_mount_is_found_by_its_device() {
        let mounts = "22 27 0:20 / /sys rw,nosuid shared:7 - sysfs sysfs rw\n\
            27 1 259:2 / / rw,relatime shared:1 - ext4 /dev/nvme0n1p2 rw,errors=remount-ro\n\
            90 27 0:52 / /srv/a\\040b rw - nfs4 server:/x rw,vers=4.2,local_lock=none\n\
            broken line\n";
        let found = find(mounts, "0:52").unwrap();
        assert_eq!(found, Mount { kind: "nfs4", options: "rw,vers=4.2,local_lock=none" });
        assert_eq!(find(mounts, "259:2").unwrap().kind, "ext4");
        assert_eq!(find(mounts, "0:5"), None);
    }

    /// `/proc` is there on every machine, and `/tmp` is seldom on a network.
    #[test]
    fn this_machine_can_be_asked() {
        assert_eq!(unshared_at(Path::new("/proc")), None);
        assert_eq!(unshared_at(Path::new("/no/such/folder")), None);
        let mounts = std::fs::read_to_string("/proc/self/mountinfo").unwrap();
        let device = rustix::fs::stat("/proc").unwrap().st_dev;
        let number = format!("{}:{}", rustix::fs::major(device), rustix::fs::minor(device));
        assert_eq!(find(&mounts, &number).unwrap().kind, "proc");
        // Each file system of another machine that is mounted here is recognised.
        for line in mounts.lines().filter(|line| line.contains(" - 9p ")) {
            let folder = line.split(' ').nth(4).unwrap();
            assert_eq!(unshared_at(Path::new(folder)), Some("9p"), "{folder}");
        }
    }
}
