use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A mail server on loopback that keeps what it is given.
#[derive(Debug)]
pub struct MailSink {
    port: u16,
    letters: Arc<Mutex<Vec<String>>>,
}

impl MailSink {
    /// Starts one; it ends with the test's process.
    #[must_use]
    pub fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let letters = Arc::new(Mutex::new(Vec::new()));
        let kept = Arc::clone(&letters);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let kept = Arc::clone(&kept);
                std::thread::spawn(move || converse(&stream, &kept));
            }
        });
        Self { port, letters }
    }

    /// For `MGMT_SMTP__URL`.
    #[must_use]
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The last letter to an address, waiting for one that was not there before `seen` others.
    #[must_use]
    #[track_caller]
    pub fn letter(&self, to: &str, seen: usize) -> String {
        for _ in 0..500 {
            let letters = self.letters.lock().expect("letters");
            let theirs: Vec<_> = letters.iter().filter(|letter| letter.contains(&format!("To: {to}"))).collect();
            if theirs.len() > seen {
                return theirs.last().expect("a letter").to_string();
            }
            drop(letters);
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("no letter to {to} within 10 s");
    }

    /// How many letters came.
    #[must_use]
    pub fn count(&self) -> usize {
        self.letters.lock().expect("letters").len()
    }
}

/// What stands after `mark` in a letter, up to the end of the word.
#[must_use]
#[track_caller]
pub fn token_after(letter: &str, mark: &str) -> String {
    let plain = letter.replace("=\r\n", "");
    let (_, rest) = plain.split_once(mark).unwrap_or_else(|| panic!("no `{mark}` in {plain}"));
    rest.chars().take_while(char::is_ascii_alphanumeric).collect()
}

fn converse(stream: &TcpStream, kept: &Mutex<Vec<String>>) {
    let mut lines = BufReader::new(stream.try_clone().expect("a stream")).lines();
    let say = |text: &str| (&mut &*stream).write_all(format!("{text}\r\n").as_bytes()).is_ok();
    say("220 sink");
    while let Some(Ok(line)) = lines.next() {
        match line.to_uppercase() {
            verb if verb.starts_with("QUIT") => {
                say("221 bye");
                return;
            }
            verb if verb.starts_with("DATA") => {
                say("354 go on");
                let letter: Vec<String> = lines.by_ref().map_while(Result::ok).take_while(|line| line != ".").collect();
                kept.lock().expect("letters").push(letter.join("\r\n"));
                say("250 kept");
            }
            _ => {
                say("250 ok");
            }
        }
    }
}
