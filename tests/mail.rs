use std::net::TcpStream;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::client::python;
use crate::{Folder, free_port};

/// A real mail server on loopback (aiosmtpd) that keeps what it is given in a maildir.
#[derive(Debug)]
pub struct MailSink {
    port: u16,
    folder: Folder,
    server: Child,
}

impl MailSink {
    /// Starts one; it ends with the test.
    #[must_use]
    pub fn start() -> Self {
        let (port, folder) = (free_port(), Folder::new());
        let server = Command::new(python())
            .args(["-m", "aiosmtpd", "-n", "-l", &format!("127.0.0.1:{port}"), "-c", "aiosmtpd.handlers.Mailbox"])
            .arg(folder.file("mail"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("python runs");
        let sink = Self { port, folder, server };
        crate::eventually("the mail server listens", 20, || TcpStream::connect(("127.0.0.1", port)).is_ok());
        sink
    }

    /// For `MGMT_SMTP__URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The letter to an address that came after `seen` others, waiting for it.
    #[must_use]
    #[track_caller]
    pub fn letter(&self, to: &str, seen: usize) -> String {
        for _ in 0..500 {
            let theirs: Vec<String> = self.letters().into_iter().filter(|letter| letter.contains(&format!("To: {to}"))).collect();
            if theirs.len() > seen {
                return theirs[seen].clone();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("no letter to {to} within 10 s");
    }

    /// How many letters came.
    #[must_use]
    pub fn count(&self) -> usize {
        self.letters().len()
    }

    /// All letters in the order in which they came.
    fn letters(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.folder.file("mail").join("new")) else { return Vec::new() };
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort_by_key(|path| std::fs::metadata(path).and_then(|m| m.modified()).ok());
        paths.iter().filter_map(|path| std::fs::read_to_string(path).ok()).collect()
    }
}

impl Drop for MailSink {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// What stands after `mark` in a letter, up to the end of the word.
#[must_use]
#[track_caller]
pub fn token_after(letter: &str, mark: &str) -> String {
    let plain = letter.replace("=\r\n", "").replace("=\n", "");
    let (_, rest) = plain.split_once(mark).unwrap_or_else(|| panic!("no `{mark}` in {plain}"));
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}
