//! The master key: 32 random bytes in a file that only the server may read.

use std::{
    fs::{self, OpenOptions},
    io::{ErrorKind, Read, Write},
    os::unix::fs::{OpenOptionsExt, PermissionsExt},
    path::Path,
};

use mgmt_core::secret::KeyMaterial;
use thiserror::Error;
use zeroize::Zeroizing;

/// Why there is no master key.
#[derive(Debug, Error)]
pub(crate) enum MasterKeyFault {
    /// There is no such file, and it is not for the server to make one.
    #[error(
        "the master key file `{0}` is missing: with PostgreSQL every node needs the same one; make it once with \
         `(umask 077; head -c 32 /dev/urandom > {0})` and copy it to each node"
    )]
    Missing(String),
    /// Others can read it.
    #[error("the master key file `{0}` can be read by every user of this machine: run `chmod 600 {0}`")]
    WorldReadable(String),
    /// It does not hold 32 bytes.
    #[error("the master key file `{0}` must hold exactly 32 random bytes, it holds {1}")]
    Length(String, usize),
    /// It cannot be read or made.
    #[error("the master key file `{0}` cannot be used: {1}")]
    Io(String, std::io::Error),
}

/// Reads the master key; makes one where there is none and `create` is set. Safe when several processes start at once.
pub(crate) fn load(path: &str, create: bool) -> Result<KeyMaterial, MasterKeyFault> {
    let fault = |error| MasterKeyFault::Io(path.to_owned(), error);
    if create && !Path::new(path).exists() {
        make(path).map_err(fault)?;
    }
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Err(MasterKeyFault::Missing(path.to_owned())),
        Err(error) => return Err(fault(error)),
    };
    if file.metadata().map_err(fault)?.permissions().mode() & 0o007 != 0 {
        return Err(MasterKeyFault::WorldReadable(path.to_owned()));
    }
    let mut bytes = Zeroizing::new(Vec::with_capacity(64));
    file.take(4096).read_to_end(&mut bytes).map_err(fault)?;
    let key: [u8; 32] = bytes.as_slice().try_into().map_err(|_| MasterKeyFault::Length(path.to_owned(), bytes.len()))?;
    Ok(KeyMaterial::new(key))
}

/// Writes a new key beside its place and links it there, so that nobody ever reads half of one and the first of several wins.
fn make(path: &str) -> std::io::Result<()> {
    let target = Path::new(path);
    if let Some(parent) = target.parent().filter(|p| !p.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    let mut bytes = Zeroizing::new([0_u8; 32]);
    getrandom::fill(bytes.as_mut_slice()).map_err(std::io::Error::other)?;
    let draft = target.with_extension(format!("new-{}", std::process::id()));
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes.as_slice())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, target);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(name: &str) -> String {
        let dir = std::env::temp_dir().join(format!("mgmt-master-key-{}-{name}", std::process::id()));
        let _ = fs::remove_dir_all(&dir);
        dir.join("nested/master.key").to_str().unwrap().to_owned()
    }

    #[test]
    fn it_is_made_once_and_kept_private() {
        let path = path("made");
        assert!(matches!(load(&path, false), Err(MasterKeyFault::Missing(_))));
        let first = load(&path, true).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(load(&path, true).unwrap().expose(), first.expose());
    }

    #[test]
    fn what_others_can_read_or_is_cut_is_refused() {
        let path = path("bad");
        load(&path, true).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(load(&path, true), Err(MasterKeyFault::WorldReadable(_))));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        fs::write(&path, [1; 31]).unwrap();
        assert!(matches!(load(&path, true), Err(MasterKeyFault::Length(_, 31))));
    }
}
