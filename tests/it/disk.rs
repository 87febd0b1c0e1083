//! A full disk under SQLite: changes are refused and nothing of them stays, checks and reads go on, and with space everything works
//! again by itself.

use mgmt_tests::{Backend, Folder, Server};
use serde_json::json;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::process::Command;

/// A small file system of its own.
struct Disk(Folder);

impl Disk {
    /// `None`, loudly, where file systems may not be mounted: that takes root.
    fn small() -> Option<Self> {
        let folder = Folder::new();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder.path()).output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(folder));
        }
        eprintln!("SKIPPED: only root can mount the small disk that this test fills");
        None
    }

    fn ballast(&self) -> PathBuf {
        self.0.file("ballast")
    }

    /// Takes every byte that is left.
    fn fill(&self) {
        let mut file = File::create(self.ballast()).unwrap();
        loop {
            match file.write(&[0; 512]) {
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::StorageFull => break,
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn empty(&self) {
        std::fs::remove_file(self.ballast()).unwrap();
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).output();
    }
}

#[test]
fn a_full_disk_stops_changes_and_nothing_else() {
    let Some(disk) = Disk::small() else { return };
    let url = format!("sqlite://{}", disk.0.file("mgmt.db").display());
    let server = Server::with(Backend::Sqlite, &[("MGMT_DATABASE__URL", &url), ("MGMT_KEYS__MAX_ACTIVE", "1000")]);
    let key = server.create_key(&json!({"scopes": ["orders:read"]}));
    let (id, text) = (key["id"].as_str().unwrap(), key["key"].as_str().unwrap());
    let path = format!("/v1/management/api-keys/{id}");
    let create = || server.post("/v1/management/api-keys", &json!({"scopes": ["*"]})).bearer(server.management_key()).send();
    let count = || {
        let keys = server.get("/v1/management/api-keys?limit=100").bearer(server.management_key()).send();
        assert_eq!(keys.status, 200, "{keys}");
        keys.value()["data"].as_array().unwrap().len()
    };
    assert_eq!(server.verdict(text), "valid");
    let before = count();

    disk.fill();
    for _ in 0..10 {
        let refused = create();
        refused.refused(503, "unavailable");
        assert!(refused.header("retry-after").is_some(), "{refused}");
        server.delete(&path).bearer(server.management_key()).send().refused(503, "unavailable");
        assert_eq!(server.verdict(text), "valid", "a revocation that was refused did not happen");
    }
    assert_eq!(count(), before);
    assert_eq!(server.get("/livez").send().status, 200);

    disk.empty();
    assert_eq!(create().status, 201);
    assert_eq!(server.delete(&path).bearer(server.management_key()).send().status, 204);
    assert_eq!(server.verdict(text), "revoked");
    assert_eq!(count(), before + 1);
    let _ = server.command(&["audit", "verify"]).ok();
}
