use std::fmt;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
/// The digits of the id at the payload's start; the rest is the secret.
const ID: usize = 22;
const CHECKSUM: usize = 6;

/// A key's text in its parts: `<prefix>_<kind>_<environment>_<id and secret><checksum>`.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyText {
    pub head: String,
    pub payload: String,
    pub checksum: String,
}

impl fmt::Debug for KeyText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}…", self.head)
    }
}

impl KeyText {
    /// Takes a key apart.
    #[must_use]
    #[track_caller]
    pub fn of(key: &str) -> Self {
        let (head, tail) = key.rsplit_once('_').expect("a key has parts");
        assert!(tail.len() > CHECKSUM, "too short: `{head}`");
        let (payload, checksum) = tail.split_at(tail.len() - CHECKSUM);
        Self { head: format!("{head}_"), payload: payload.to_owned(), checksum: checksum.to_owned() }
    }

    /// The same head with another payload, and the checksum that belongs to it.
    #[must_use]
    pub fn with_payload(&self, payload: &str) -> String {
        well_formed(&format!("{}{payload}", self.head))
    }

    /// Whether the checksum is the CRC-32 of all before it in base62.
    #[must_use]
    pub fn has_a_true_checksum(&self) -> bool {
        self.with_payload(&self.payload).ends_with(&self.checksum)
    }
}

/// A key's text up to the checksum, completed by it: the CRC-32 of all before it in base62, most significant digit first.
#[must_use]
pub fn well_formed(body: &str) -> String {
    let mut rest = crc32fast::hash(body.as_bytes());
    let mut digits = [b'0'; CHECKSUM];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET[(rest % 62) as usize];
        rest /= 62;
    }
    format!("{body}{}", String::from_utf8_lossy(&digits))
}

/// A well-formed key with the id of a true one and another secret.
#[must_use]
pub fn wrong_secret(key: &str) -> String {
    let text = KeyText::of(key);
    let (id, secret) = text.payload.split_at(ID);
    text.with_payload(&format!("{id}{}", secret.chars().rev().collect::<String>()))
}

/// A well-formed key with an id that no server ever made.
#[must_use]
pub fn unknown_id(key: &str) -> String {
    let text = KeyText::of(key);
    let (id, secret) = text.payload.split_at(ID);
    let last = if id.ends_with('0') { '1' } else { '0' };
    text.with_payload(&format!("{}{last}{secret}", &id[..ID - 1]))
}
