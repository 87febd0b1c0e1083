//! Small files of lines under a MAC, for records that are kept outside the database: whoever alters one, or cuts it short, is found.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use mgmt_core::secret::KeyMaterial;
use subtle::ConstantTimeEq;

use crate::cli::Failure;

/// Writes `lines` under a seal for `purpose`, in place of what was there, all or nothing.
///
/// # Errors
/// The file cannot be written.
pub(crate) fn write(path: &Path, key: &KeyMaterial, purpose: &str, lines: &[String]) -> Result<(), Failure> {
    let mut text = lines.iter().map(|line| format!("{line}\n")).collect::<String>();
    text.push_str(&format!("{}\n", seal(key, purpose, &text)));
    replace(path, text.as_bytes()).map_err(|e| Failure::new(format_args!("`{}` cannot be written: {e}", path.display())))
}

/// Reads the lines of a file that [`write()`] made for the same purpose.
///
/// # Errors
/// The file cannot be read, or its seal is not this installation's.
pub(crate) fn read(path: &Path, key: &KeyMaterial, purpose: &str) -> Result<Vec<String>, Failure> {
    let text = fs::read_to_string(path).map_err(|e| Failure::new(format_args!("`{}` cannot be read: {e}", path.display())))?;
    let whole = text.strip_suffix('\n').unwrap_or(&text);
    let (body, found) = whole.rfind('\n').map_or(("", whole), |at| whole.split_at(at + 1));
    if !bool::from(seal(key, purpose, body).as_bytes().ct_eq(found.as_bytes())) {
        let message = "does not carry the seal of this installation: it was altered, cut short, or made with another master key";
        return Err(Failure::new(format_args!("`{}` {message}", path.display())));
    }
    Ok(body.lines().map(str::to_owned).collect())
}

fn seal(key: &KeyMaterial, purpose: &str, body: &str) -> String {
    let mac = key.authenticate(format!("{purpose}\n{body}").as_bytes());
    mac.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut draft = path.as_os_str().to_owned();
    draft.push(".new");
    let draft = PathBuf::from(draft);
    let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)?;
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_altered_is_refused() {
        let folder = std::env::temp_dir().join(format!("mgmt-sealed-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (path, key) = (folder.join("file"), KeyMaterial::new([1; 32]));
        for lines in [vec![], vec!["a".to_owned(), "b".to_owned()]] {
            write(&path, &key, "test", &lines).unwrap();
            assert_eq!(read(&path, &key, "test").unwrap(), lines);
        }
        assert!(read(&path, &key, "other").is_err());
        assert!(read(&path, &KeyMaterial::new([2; 32]), "test").is_err());
        let text = fs::read_to_string(&path).unwrap();
        for altered in [text.replacen('a', "c", 1), text.replacen("a\n", "", 1), "a\nb\n".to_owned(), String::new()] {
            fs::write(&path, altered).unwrap();
            assert!(read(&path, &key, "test").is_err());
        }
        fs::remove_dir_all(&folder).unwrap();
    }
}
