//! Where a database file lies: made with no rights for others, and on a disk of this machine.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

/// File systems whose locks and shared memory do not reach other machines, so that WAL mode may lose data on them.
const NETWORKED: &[&str] =
    &["nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "ceph", "glusterfs", "fuse.sshfs", "fuse.glusterfs", "afs", "lustre"];

/// Makes the file, empty, if there is none. SQLite gives its journal files the same rights.
pub(super) fn create(path: &Path) -> io::Result<()> {
    let mut folders = fs::DirBuilder::new();
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
        folders.mode(0o700);
        options.mode(0o600);
    }
    if let Some(folder) = path.parent().filter(|p| !p.as_os_str().is_empty()) {
        folders.recursive(true).create(folder)?;
    }
    match options.open(path) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(e),
        _ => Ok(()),
    }
}

/// The network file system that a file lies on, if it does and if that can be known.
pub(super) fn network(path: &Path) -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mounts").ok()?;
    kind(&mounts, &path.canonicalize().ok()?).filter(|kind| NETWORKED.contains(&kind.as_str()))
}

/// The kind of the file system that is mounted nearest above a file.
fn kind(mounts: &str, path: &Path) -> Option<String> {
    let mounted = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ').skip(1);
        Some((PathBuf::from(fields.next()?.replace("\\040", " ")), fields.next()?))
    });
    // Of two mounts at one place, the later one is seen.
    let nearest = mounted.filter(|(at, _)| path.starts_with(at)).max_by_key(|(at, _)| at.components().count());
    nearest.map(|(_, kind)| kind.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_mount_counts() {
        let mounts = "/dev/sda1 / ext4 rw 0 0\nserver:/x /srv nfs4 rw 0 0\n/dev/sdb1 /srv/my\\040disk xfs rw 0 0\n";
        let found = |path: &str| kind(mounts, Path::new(path)).unwrap();
        assert_eq!(found("/var/lib/mgmt.db"), "ext4");
        assert_eq!(found("/srv/mgmt.db"), "nfs4");
        assert_eq!(found("/srv2/mgmt.db"), "ext4");
        assert_eq!(found("/srv/my disk/mgmt.db"), "xfs");
        assert_eq!(kind("", Path::new("/x")), None);
        assert_eq!(network(Path::new("/proc/self/mounts")), None);
    }
}
