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
    block: [u8; 64],
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

    /// The padded second block of the inner hash of HMAC-SHA-256: the first one is that of the pepper.
    pub(crate) fn block(&self) -> &[u8; 64] {
        &self.block
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
    /// The checksum after the part before the id, for each kind and environment.
    heads: [Crc; 4],
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
            let head = |tag: &[u8; TAG]| Crc::START.of(prefix.as_bytes()).of(tag);
            Ok(Self { prefix: prefix.to_owned(), heads: TAGS.map(|(tag, ..)| head(tag)) })
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
    #[inline]
    pub fn parse(&self, text: &str) -> Option<PresentedKey> {
        let (prefix, rest) = text.as_bytes().split_at_checked(self.prefix.len())?;
        // Not `==`, which is a call, and this a few bytes.
        if !prefix.iter().zip(self.prefix.as_bytes()).all(|(a, b)| a == b) {
            return None;
        }
        let (tag, rest) = rest.split_first_chunk::<TAG>()?;
        let (body, check) = rest.split_first_chunk::<BODY>()?;
        let check: &[u8; CHECK_DIGITS] = check.try_into().ok()?;
        let ((_, kind, environment), head) = TAGS.iter().zip(&self.heads).find(|((expected, ..), _)| expected == &tag)?;
        // The checksum first: it refuses most junk for the price of one pass.
        if u64::from(head.of_body(body).value()) != decode_digits(check)? {
            return None;
        }
        let (id, secret) = body.split_first_chunk::<ID_DIGITS>()?;
        // Not `all`, which stops at the first: without branches this is a few vector instructions.
        if !secret.iter().fold(true, |ok, byte| ok & byte.is_ascii_alphanumeric()) {
            return None;
        }
        let id = KeyId::from_u128(decode_id(id)?);
        Some(PresentedKey { id, kind: *kind, environment: *environment, block: mac_block(*kind, *environment, body) })
    }
}

/// What stands between prefix and id.
const TAG: usize = 9;
const TAGS: [(&[u8; TAG], KeyKind, Environment); 4] = [
    (b"_sk_prod_", KeyKind::Secret, Environment::Prod),
    (b"_sk_test_", KeyKind::Secret, Environment::Test),
    (b"_mk_prod_", KeyKind::Management, Environment::Prod),
    (b"_mk_test_", KeyKind::Management, Environment::Test),
];

fn mac_block(kind: KeyKind, environment: Environment, body: &[u8; BODY]) -> [u8; 64] {
    // FIPS 180-4, 5.1.1: a one bit, zeros, and the length in bits, here with the block of the pepper before it.
    const BITS: [u8; 8] = (8 * (64 + 1 + BODY as u64)).to_be_bytes();
    let mut block = [0; 64];
    if let Some((tag, rest)) = block.split_first_mut()
        && let Some((input, padding)) = rest.split_first_chunk_mut::<BODY>()
        && let Some((end, length)) = padding.split_first_mut()
    {
        *tag = (kind as u8) << 1 | environment as u8;
        *input = *body;
        *end = 0x80;
        length.copy_from_slice(&BITS);
    }
    block
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

/// No base62 digit.
const NONE: u8 = 0x80;

/// The value of each byte as a base62 digit.
const DIGITS: [u8; 256] = {
    let (mut table, mut byte) = ([NONE; 256], 0);
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses a wrong index")]
    while byte < ALPHABET.len() {
        table[ALPHABET[byte] as usize] = byte as u8;
        byte += 1;
    }
    table
};

/// The value of at most ten base62 digits.
#[inline]
fn decode_digits(digits: &[u8]) -> Option<u64> {
    let (value, faults) = digits.iter().fold((0_u64, 0), |(value, faults), &byte| {
        let digit = DIGITS.get(usize::from(byte)).copied().unwrap_or(NONE);
        (value.wrapping_mul(62).wrapping_add(digit.into()), faults | digit)
    });
    (faults & NONE == 0).then_some(value)
}

/// The value of an id's digits; `None` past 128 bits, so that every id has one spelling only.
#[inline]
fn decode_id(digits: &[u8; ID_DIGITS]) -> Option<u128> {
    const TEN: u128 = 62_u128.pow(10);
    // In parts that fit a machine word: 128-bit multiplications one after the other take four times as long.
    let (high, rest) = digits.split_first_chunk::<2>()?;
    let (middle, low) = rest.split_first_chunk::<10>()?;
    let upper = u128::from(decode_digits(high)?) * TEN + u128::from(decode_digits(middle)?);
    upper.checked_mul(TEN)?.checked_add(decode_digits(low)?.into())
}

/// CRC-32 (ISO-HDLC) of what was read so far.
///
/// The length of what is covered is fixed, so a few look-ups at once do: `crc32fast`, made for long texts, takes one byte at a
/// time of what does not fill 64.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Crc(u32);

/// How a byte changes the register that so many bytes (the first index) follow.
const CRC: [[u32; 256]; 16] = {
    let (mut tables, mut at) = ([[0; 256]; 16], 0);
    #[expect(clippy::indexing_slicing, reason = "evaluated by the compiler, which refuses a wrong index")]
    while at < 16 * 256 {
        let (table, byte) = (at / 256, at % 256);
        tables[table][byte] = if table == 0 {
            let (mut value, mut bit) = (byte as u32, 0);
            while bit < 8 {
                value = if value & 1 == 1 { value >> 1 ^ 0xEDB8_8320 } else { value >> 1 };
                bit += 1;
            }
            value
        } else {
            let before = tables[table - 1][byte];
            before >> 8 ^ tables[0][(before & 0xFF) as usize]
        };
        at += 1;
    }
    tables
};

impl Crc {
    const START: Self = Self(u32::MAX);

    fn value(self) -> u32 {
        !self.0
    }

    fn of(self, bytes: &[u8]) -> Self {
        let [table, ..] = &CRC;
        bytes
            .iter()
            .fold(self, |Self(crc), &byte| Self(crc >> 8 ^ table.get(usize::from(crc as u8 ^ byte)).copied().unwrap_or(0)))
    }

    #[inline]
    fn of_body(self, body: &[u8; BODY]) -> Self {
        let Some((first, rest)) = body.split_first_chunk::<{ BODY % 16 }>() else { return self };
        rest.as_chunks::<16>().0.iter().fold(self.step(first), Self::step)
    }

    /// Takes in 4 to 16 bytes. Those that do not meet the register come first, so that the next step waits for four look-ups only.
    #[inline]
    fn step<const N: usize>(self, bytes: &[u8; N]) -> Self {
        let Some(first) = bytes.first_chunk::<4>() else { return self.of(bytes) };
        let change =
            |at: usize, byte: u8| CRC.get(N - 1 - at).and_then(|table| table.get(usize::from(byte))).copied().unwrap_or(0);
        let later = bytes.iter().enumerate().fold(0, |crc, (at, &byte)| if at < 4 { crc } else { crc ^ change(at, byte) });
        let [a, b, c, d] = (u32::from_le_bytes(*first) ^ self.0).to_le_bytes();
        Self(later ^ change(0, a) ^ change(1, b) ^ change(2, c) ^ change(3, d))
    }
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
        assert!(decode_id(b"zzzzzzzzzzzzzzzzzzzzzz").is_none());
        let digits = |value| base62_digits::<ID_DIGITS>(value);
        assert_eq!(decode_id(&digits(u128::MAX)), Some(u128::MAX));
        let mut next = digits(u128::MAX);
        next[ID_DIGITS - 1] += 1;
        assert!(decode_id(&next).is_none());
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
        fn the_checksum_is_the_published_one(bits: u128, seed: u64, prefix in "[a-z][a-z0-9]{0,11}", body in "[ -~]{54}") {
            let format = KeyFormat::new(&prefix).unwrap();
            for ((tag, ..), head) in TAGS.iter().zip(&format.heads) {
                let text = [prefix.as_bytes(), tag.as_slice(), body.as_bytes()].concat();
                let bytes: &[u8; BODY] = body.as_bytes().try_into().unwrap();
                prop_assert_eq!(head.of_body(bytes).value(), crc32fast::hash(&text));
            }
            let key = format.issue(KeyId::from_u128(bits), KeyKind::Secret, Environment::Test, &mut ChaCha20Rng::seed_from_u64(seed));
            prop_assert!(format.parse(key.expose()).is_some());
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
