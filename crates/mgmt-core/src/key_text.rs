//! The text of a key: `<prefix>_<sk|mk>_<prod|test>_<id><secret><crc32>`.
//!
//! The id is the key's UUID in 22 base62 digits, the secret 32 base62 symbols (190.5 bits), the checksum the CRC-32
//! (ISO-HDLC) of all before it in 6 base62 digits. The checksum lets junk be refused without a look-up and lets scanners
//! find leaked keys without false alarms; it protects nothing.

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize};

use crate::{
    error::{Error, Result},
    id::KeyId,
    secret::{PlainSecret, SecretHash},
};

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const ID_DIGITS: usize = 22;
const SECRET_SYMBOLS: usize = 32;
const CHECK_DIGITS: usize = 6;
const BODY: usize = ID_DIGITS + SECRET_SYMBOLS;
const MAX_PREFIX: usize = 12;

/// Whether a key opens the product's API or the management API.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum KeyKind {
    /// An API key (`sk`): holds catalogue scopes.
    Secret,
    /// A management key (`mk`): holds management permissions.
    Management,
}

impl KeyKind {
    /// The name in bodies and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Secret => "secret",
            Self::Management => "management",
        }
    }

    /// Reads the name; `None` when it is another.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Secret, Self::Management].into_iter().find(|k| k.as_str() == text)
    }

    const fn tag(self) -> &'static str {
        match self {
            Self::Secret => "sk",
            Self::Management => "mk",
        }
    }
}

/// Which data a key works on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    /// Real data.
    Prod,
    /// Test data.
    Test,
}

impl Environment {
    /// The name in bodies, in key texts and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prod => "prod",
            Self::Test => "test",
        }
    }

    /// Reads the name; `None` when it is another.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Prod, Self::Test].into_iter().find(|e| e.as_str() == text)
    }
}

/// A key text that is well-formed: right prefix, alphabet, length and checksum. Nothing is known yet about who it is.
#[derive(Clone)]
pub struct PresentedKey {
    id: KeyId,
    kind: KeyKind,
    environment: Environment,
    /// One byte for kind and environment, then id and secret as sent: the whole key in its canonical form. These 55 bytes and
    /// SHA-256's padding fill exactly one block, so the keyed hash costs one compression less than over the text.
    mac_input: [u8; 1 + BODY],
}

impl PresentedKey {
    /// The id that the text carries.
    #[must_use]
    pub fn id(&self) -> KeyId {
        self.id
    }

    /// The kind that the text carries.
    #[must_use]
    pub fn kind(&self) -> KeyKind {
        self.kind
    }

    /// The environment that the text carries.
    #[must_use]
    pub fn environment(&self) -> Environment {
        self.environment
    }

    pub(crate) fn mac_input(&self) -> &[u8] {
        &self.mac_input
    }
}

impl std::fmt::Debug for PresentedKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "PresentedKey({})", self.id)
    }
}

/// How this installation writes its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyFormat {
    prefix: String,
}

impl KeyFormat {
    /// A format with the given first part.
    ///
    /// # Errors
    /// `invalid_request` unless the prefix is 1 to 12 lower-case letters and digits that start with a letter.
    pub fn new(prefix: &str) -> Result<Self> {
        let ok = (1..=MAX_PREFIX).contains(&prefix.len())
            && prefix.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
            && prefix.starts_with(|c: char| c.is_ascii_lowercase());
        if ok {
            Ok(Self { prefix: prefix.to_owned() })
        } else {
            Err(Error::invalid("keys.prefix", "must be 1 to 12 lower-case letters and digits, a letter first"))
        }
    }

    /// The configured first part.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.prefix
    }

    /// The part of a key that may be shown, such as `mg_sk_prod_`.
    #[must_use]
    pub fn display_prefix(&self, kind: KeyKind, environment: Environment) -> String {
        format!("{}_{}_{}_", self.prefix, kind.tag(), environment.as_str())
    }

    /// Makes the text of a new key.
    pub fn issue(&self, id: KeyId, kind: KeyKind, environment: Environment, rng: &mut impl CryptoRng) -> PlainSecret {
        let mut text = String::with_capacity(MAX_PREFIX + 9 + BODY + CHECK_DIGITS);
        text.push_str(&self.display_prefix(kind, environment));
        push_base62::<ID_DIGITS>(&mut text, id.as_u128());
        push_symbols(&mut text, SECRET_SYMBOLS, rng);
        let check = crc32fast::hash(text.as_bytes());
        push_base62::<CHECK_DIGITS>(&mut text, check.into());
        PlainSecret::new(text)
    }

    /// The text of our form that stands for a key of another system, from the keyed hash of its own text: as many random symbols
    /// as any key has, and nobody who lacks the pepper or the key's text can tell them.
    #[must_use]
    pub fn alias(&self, id: KeyId, keyed: &SecretHash) -> PlainSecret {
        let mut text = String::with_capacity(MAX_PREFIX + 9 + BODY + CHECK_DIGITS);
        text.push_str(&self.display_prefix(KeyKind::Secret, Environment::Prod));
        push_base62::<ID_DIGITS>(&mut text, id.as_u128());
        for half in keyed.halves() {
            // 16 digits hold 95 of the 128 bits: the digits that are cut off leave the rest uniform within 2^-32.
            push_base62::<{ SECRET_SYMBOLS / 2 }>(&mut text, half);
        }
        let check = crc32fast::hash(text.as_bytes());
        push_base62::<CHECK_DIGITS>(&mut text, check.into());
        PlainSecret::new(text)
    }

    /// Reads a key text. `None` when it is not one that [`issue`](Self::issue) could have made: this needs no look-up.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<PresentedKey> {
        let rest = text.strip_prefix(self.prefix.as_str())?.strip_prefix('_')?;
        let (kind, rest) = match rest.split_at_checked(3)? {
            ("sk_", rest) => (KeyKind::Secret, rest),
            ("mk_", rest) => (KeyKind::Management, rest),
            _ => return None,
        };
        let (environment, rest) = match rest.split_at_checked(5)? {
            ("prod_", rest) => (Environment::Prod, rest),
            ("test_", rest) => (Environment::Test, rest),
            _ => return None,
        };
        let (body, check) = rest.as_bytes().split_first_chunk::<BODY>()?;
        let check: &[u8; CHECK_DIGITS] = check.try_into().ok()?;
        let covered = text.as_bytes().split_last_chunk::<CHECK_DIGITS>()?.0;
        // The checksum first: it refuses most junk for the price of one pass.
        if base62_digits::<CHECK_DIGITS>(crc32fast::hash(covered).into()) != *check {
            return None;
        }
        if !body.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        let id = KeyId::from_u128(decode_base62(body.first_chunk::<ID_DIGITS>()?)?);
        let mut mac_input = [0; 1 + BODY];
        let (tag, input) = mac_input.split_first_mut()?;
        *tag = (kind as u8) << 1 | environment as u8;
        input.copy_from_slice(body);
        Some(PresentedKey { id, kind, environment, mac_input })
    }
}

/// The last four characters, which lists show so that people can tell keys apart.
#[must_use]
pub fn last_four(key: &PlainSecret) -> String {
    let text = key.expose();
    text.get(text.len().saturating_sub(4)..).unwrap_or_default().to_owned()
}

/// A random text of `symbols` base62 symbols (5.95 bits each), for tokens.
pub fn random_token(symbols: usize, rng: &mut impl CryptoRng) -> PlainSecret {
    let mut text = String::with_capacity(symbols);
    push_symbols(&mut text, symbols, rng);
    PlainSecret::new(text)
}

fn push_symbols(text: &mut String, count: usize, rng: &mut impl CryptoRng) {
    let end = text.len() + count;
    let mut block = zeroize::Zeroizing::new([0_u8; 64]);
    while text.len() < end {
        rng.fill_bytes(block.as_mut_slice());
        // Rejection keeps the symbols uniform: 248 is the largest multiple of 62 in a byte.
        for byte in block.iter().filter(|&&b| b < 248) {
            if text.len() < end {
                text.push(digit(u128::from(byte % 62)));
            }
        }
    }
}

fn digit(value: u128) -> char {
    ALPHABET.get(value as usize).map_or('0', |&b| char::from(b))
}

fn base62_digits<const N: usize>(mut value: u128) -> [u8; N] {
    let mut digits = [b'0'; N];
    for slot in digits.iter_mut().rev() {
        *slot = ALPHABET.get((value % 62) as usize).copied().unwrap_or(b'0');
        value /= 62;
    }
    digits
}

fn push_base62<const N: usize>(text: &mut String, value: u128) {
    text.extend(base62_digits::<N>(value).map(char::from));
}

/// The value of base62 digits; `None` past 128 bits, so that every id has one spelling only.
fn decode_base62(digits: &[u8]) -> Option<u128> {
    digits.iter().try_fold(0_u128, |value, &byte| {
        let digit = match byte {
            b'0'..=b'9' => byte - b'0',
            b'A'..=b'Z' => byte - b'A' + 10,
            b'a'..=b'z' => byte - b'a' + 36,
            _ => return None,
        };
        value.checked_mul(62)?.checked_add(u128::from(digit))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::{prelude::*, sample::select};
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
    use std::collections::HashSet;

    fn format() -> KeyFormat {
        KeyFormat::new("mg").unwrap()
    }

    fn issue(bits: u128, seed: u64) -> PlainSecret {
        format().issue(KeyId::from_u128(bits), KeyKind::Secret, Environment::Prod, &mut ChaCha20Rng::seed_from_u64(seed))
    }

    #[test]
    fn the_text_has_the_published_form() {
        let key = issue(u128::MAX, 1);
        assert!(key.expose().starts_with("mg_sk_prod_"));
        assert_eq!(key.expose().len(), 11 + 22 + 32 + 6);
        assert!(key.expose().ends_with(&last_four(&key)));
    }

    #[test]
    fn prefixes_are_checked() {
        for bad in ["", "Mg", "1a", "m_g", "abcdefghijklm", "é"] {
            assert!(KeyFormat::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_id_past_128_bits_is_refused() {
        assert!(decode_base62(b"zzzzzzzzzzzzzzzzzzzzzz").is_none());
    }

    /// A hundred thousand secrets: no repeat, and every symbol as frequent as any other (χ², 61 degrees of freedom, p = 0.001).
    #[test]
    fn secrets_are_uniform() {
        let mut rng = ChaCha20Rng::seed_from_u64(7);
        let mut counts = [0_f64; 256];
        let mut seen = HashSet::new();
        let rounds = 100_000;
        for _ in 0..rounds {
            let token = random_token(SECRET_SYMBOLS, &mut rng);
            for byte in token.expose().bytes() {
                counts[usize::from(byte)] += 1.0;
            }
            assert!(seen.insert(token.expose().to_owned()));
        }
        let expected = f64::from(rounds) * SECRET_SYMBOLS as f64 / 62.0;
        let chi: f64 = ALPHABET.iter().map(|&b| (counts[usize::from(b)] - expected).powi(2) / expected).sum();
        assert!(chi < 101.0, "chi squared is {chi}");
    }

    proptest! {
        #[test]
        fn parse_finds_what_issue_wrote(bits: u128, seed: u64, management: bool, test: bool) {
            let kind = if management { KeyKind::Management } else { KeyKind::Secret };
            let environment = if test { Environment::Test } else { Environment::Prod };
            let key = format().issue(KeyId::from_u128(bits), kind, environment, &mut ChaCha20Rng::seed_from_u64(seed));
            let parsed = format().parse(key.expose()).unwrap();
            prop_assert_eq!((parsed.id(), parsed.kind(), parsed.environment()), (KeyId::from_u128(bits), kind, environment));
        }

        #[test]
        fn an_alias_is_a_key_text_of_its_own(bits: u128, a in ".{1,40}", b in ".{1,40}") {
            prop_assume!(a != b);
            let (id, pepper) = (KeyId::from_u128(bits), crate::secret::Pepper::new(1, &[5; 32]));
            let [a, b] = [a, b].map(|text| format().alias(id, &pepper.hash_text(&text)));
            prop_assert_ne!(a.expose(), b.expose());
            let [a, b] = [a, b].map(|alias| format().parse(alias.expose()).unwrap());
            prop_assert_eq!((a.id(), b.id()), (id, id));
            prop_assert!(!pepper.hash(&a).matches(&pepper.hash(&b)));
        }

        #[test]
        fn any_changed_character_is_refused(bits: u128, seed: u64, at in 0..71_usize, with in select((32..127_u8).collect::<Vec<_>>())) {
            let key = issue(bits, seed);
            let mut bytes = key.expose().as_bytes().to_vec();
            prop_assume!(bytes[at] != with);
            bytes[at] = with;
            prop_assert!(format().parse(std::str::from_utf8(&bytes).unwrap()).is_none());
        }

        #[test]
        fn junk_is_refused_without_a_panic(text in ".{0,120}") {
            prop_assert!(format().parse(&text).is_none());
            let tail = format!("mg_sk_prod_{text}");
            prop_assert!(format().parse(&tail).is_none());
        }

        #[test]
        fn a_cut_or_longer_key_is_refused(bits: u128, seed: u64, cut in 0..71_usize) {
            let key = issue(bits, seed);
            prop_assert!(format().parse(&key.expose()[..cut]).is_none());
            let longer = format!("{}0", key.expose());
            prop_assert!(format().parse(&longer).is_none());
        }
    }
}
