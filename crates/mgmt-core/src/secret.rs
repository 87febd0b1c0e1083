//! Secrets: what is shown once, what is stored, and the keys that the master key gives.
//!
//! The stored form of a key is HMAC-SHA-256 (RFC 2104) under a pepper that the database does not hold. A key carries at least
//! 190 random bits, so a slow password hash would add nothing but latency.

use std::fmt;

use hkdf::Hkdf;
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256, block_api::compress256};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::key_text::PresentedKey;

/// A secret in plain text: shown once, erased when dropped. It has no `Serialize`, and prints `[redacted]`.
#[derive(Clone, PartialEq, Eq)]
pub struct PlainSecret(Zeroizing<String>);

impl PlainSecret {
    /// Takes over a secret text.
    #[must_use]
    pub fn new(text: String) -> Self {
        Self(Zeroizing::new(text))
    }

    /// The text itself. Every call is a place where the secret may leave.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PlainSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The stored form of a secret. Compared in constant time.
#[derive(Clone, Copy)]
pub struct SecretHash([u64; 4]);

impl SecretHash {
    /// From the 32 bytes that a store keeps; `None` for another length.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (words, rest) = bytes.as_chunks::<8>();
        let words: [[u8; 8]; 4] = words.try_into().ok()?;
        rest.is_empty().then(|| Self(words.map(u64::from_be_bytes)))
    }

    /// The 32 bytes that a store keeps.
    #[must_use]
    pub fn to_bytes(self) -> Vec<u8> {
        self.0.iter().flat_map(|w| w.to_be_bytes()).collect()
    }

    /// Whether both are the same, in a time that does not depend on where they differ.
    #[must_use]
    #[inline]
    pub fn matches(&self, other: &Self) -> bool {
        // Whole words: `subtle` on 32 single bytes takes thirty times as long.
        let difference = self.0.iter().zip(&other.0).fold(0, |acc, (a, b)| acc | (a ^ b));
        difference.ct_eq(&0).into()
    }

    /// What stands in for the hash of a key whose text was never seen. It goes with pepper version 0, which no pepper has.
    pub(crate) const UNSEEN: Self = Self([0; 4]);

    /// The hash as a key for maps. Comparing it takes a time that depends on where it differs: only for keyed hashes, of which
    /// nobody can choose the bits.
    #[must_use]
    pub const fn words(&self) -> [u64; 4] {
        self.0
    }

    pub(crate) fn halves(&self) -> [u128; 2] {
        let [a, b, c, d] = self.0.map(u128::from);
        [a << 64 | b, c << 64 | d]
    }

    fn from_digest(digest: &[u8]) -> Self {
        Self::from_bytes(digest).unwrap_or(Self([0; 4]))
    }
}

impl fmt::Debug for SecretHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[hash]")
    }
}

/// The SHA-256 of a high-entropy token, for tokens that are found by their hash (refresh tokens).
#[must_use]
pub fn token_hash(token: &str) -> SecretHash {
    SecretHash::from_digest(&Sha256::digest(token.as_bytes()))
}

/// The key under which key texts are hashed, as the states of SHA-256 after the key's blocks: a hash costs two compressions, and
/// nothing is buffered or copied.
#[derive(Clone)]
pub struct Pepper {
    version: i64,
    inner: [u32; 8],
    outer: [u32; 8],
    /// The same key, for messages of any length.
    keyed: Hmac<Sha256>,
}

impl Pepper {
    /// A pepper from key material.
    #[must_use]
    pub fn new(version: i64, material: &[u8; 32]) -> Self {
        let keyed = mac(material);
        Self { version, inner: key_state(material, 0x36), outer: key_state(material, 0x5C), keyed }
    }

    /// Which pepper this is; stored with every hash.
    #[must_use]
    pub fn version(&self) -> i64 {
        self.version
    }

    /// The stored form of a key.
    #[must_use]
    #[inline]
    pub fn hash(&self, key: &PresentedKey) -> SecretHash {
        let mut state = self.inner;
        compress256(&mut state, std::slice::from_ref(key.block()));
        let block = digest_block(&state);
        let mut state = self.outer;
        compress256(&mut state, &[block]);
        let [a, b, c, d, e, f, g, h] = state.map(u64::from);
        SecretHash([a << 32 | b, c << 32 | d, e << 32 | f, g << 32 | h])
    }

    /// The stored form of a key that another system issued: of its whole text.
    #[must_use]
    pub fn hash_text(&self, text: &str) -> SecretHash {
        self.tagged(FOREIGN_TEXT, text.as_bytes())
    }

    /// The keyed form of another system's hash: tells whether it was seen, and nothing else.
    #[must_use]
    pub fn hash_origin(&self, digest: &[u8]) -> SecretHash {
        self.tagged(FOREIGN_ORIGIN, digest)
    }

    fn tagged(&self, tag: u8, message: &[u8]) -> SecretHash {
        let mut state = self.keyed.clone();
        state.update(&[tag]);
        state.update(message);
        SecretHash::from_digest(&state.finalize().into_bytes())
    }
}

/// The first bytes of what else is hashed under the pepper. Those of our own keys are 0 to 3.
const FOREIGN_TEXT: u8 = 0xf0;
const FOREIGN_ORIGIN: u8 = 0xf1;

/// SHA-256's initial value, FIPS 180-4, 5.3.3.
const START: [u32; 8] = [0x6A09_E667, 0xBB67_AE85, 0x3C6E_F372, 0xA54F_F53A, 0x510E_527F, 0x9B05_688C, 0x1F83_D9AB, 0x5BE0_CD19];

/// The state of SHA-256 after HMAC's first block (RFC 2104): the key, with zeros up to 64 bytes, each byte changed by `pad`.
fn key_state(material: &[u8; 32], pad: u8) -> [u32; 8] {
    let mut block = Zeroizing::new([pad; 64]);
    block.iter_mut().zip(material).for_each(|(byte, key)| *byte ^= key);
    let mut state = START;
    compress256(&mut state, std::slice::from_ref(&*block));
    state
}

/// HMAC's last block: the inner digest, padded as the 96 bytes that the outer hash has then taken in.
#[inline]
fn digest_block(state: &[u32; 8]) -> [u8; 64] {
    const BITS: [u8; 8] = (8 * (64 + 32_u64)).to_be_bytes();
    let mut block = [0; 64];
    let (digest, padding) = block.split_at_mut(32);
    digest.as_chunks_mut::<4>().0.iter_mut().zip(state).for_each(|(bytes, word)| *bytes = word.to_be_bytes());
    if let Some((end, rest)) = padding.split_first_mut()
        && let Some(length) = rest.last_chunk_mut::<8>()
    {
        *end = 0x80;
        *length = BITS;
    }
    block
}

impl fmt::Debug for Pepper {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pepper(version {})", self.version)
    }
}

fn mac(material: &[u8; 32]) -> Hmac<Sha256> {
    <Hmac<Sha256> as KeyInit>::new_from_slice(material).unwrap_or_else(|_| unreachable!("HMAC takes keys of every length"))
}

/// 32 bytes of key material, erased when dropped.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct KeyMaterial([u8; 32]);

impl KeyMaterial {
    /// Takes over 32 bytes.
    #[must_use]
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The bytes themselves.
    #[must_use]
    pub fn expose(&self) -> &[u8; 32] {
        &self.0
    }

    /// HMAC-SHA-256 of `message` under this key.
    #[must_use]
    pub fn authenticate(&self, message: &[u8]) -> [u8; 32] {
        let mut state = mac(&self.0);
        state.update(message);
        state.finalize().into_bytes().into()
    }
}

impl fmt::Debug for KeyMaterial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Every key the server works with, derived from one master key by HKDF-SHA-256 (RFC 5869). Each label ends in a version, so
/// that one of them can be replaced without the others.
#[derive(Clone, Debug)]
pub struct Keyring {
    /// Hashes key texts.
    pub pepper: Pepper,
    /// Wraps the short-lived keys of the reveal window.
    pub reveal: KeyMaterial,
    /// Signs access tokens.
    pub session: KeyMaterial,
    /// Authenticates pagination cursors.
    pub cursor: KeyMaterial,
    /// Stretches login names into throttle subjects, so that the database holds no address of a stranger.
    pub throttle: KeyMaterial,
    /// Seals the ends of audit chains, their checkpoints and the revocation journal.
    pub seal: KeyMaterial,
    /// Encrypts the secrets that are kept for as long as what they belong to: those that webhooks are signed with.
    pub keep: KeyMaterial,
    /// Tells whether a database was used with this master key. Reveals nothing about the keys.
    pub fingerprint: String,
}

impl Keyring {
    /// Derives all keys from the master key.
    #[must_use]
    pub fn derive(master: &KeyMaterial) -> Self {
        let hkdf = Hkdf::<Sha256>::new(None, master.expose());
        let derive = |label: &str| {
            let mut out = Zeroizing::new([0_u8; 32]);
            // HKDF refuses only outputs longer than 255 hashes.
            let done = hkdf.expand(label.as_bytes(), out.as_mut_slice());
            debug_assert!(done.is_ok(), "32 bytes are within HKDF's bound");
            KeyMaterial(*out)
        };
        let fingerprint = derive("mgmt fingerprint v1").0.iter().take(8).map(|b| format!("{b:02x}")).collect();
        Self {
            pepper: Pepper::new(1, derive("mgmt key pepper v1").expose()),
            reveal: derive("mgmt reveal wrap v1"),
            session: derive("mgmt session sign v1"),
            cursor: derive("mgmt cursor mac v1"),
            throttle: derive("mgmt throttle v1"),
            seal: derive("mgmt record seal v1"),
            keep: derive("mgmt kept secret v1"),
            fingerprint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        id::KeyId,
        key_text::{Environment, KeyFormat, KeyKind},
    };
    use proptest::prelude::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    #[test]
    fn secrets_do_not_print() {
        let secret = PlainSecret::new("mg_sk_prod_x".to_owned());
        assert_eq!(format!("{secret:?}"), "[redacted]");
        assert_eq!(format!("{:?}", KeyMaterial::new([7; 32])), "[redacted]");
    }

    #[test]
    fn hashes_round_trip_and_compare() {
        let hash = token_hash("a");
        assert!(hash.matches(&SecretHash::from_bytes(&hash.to_bytes()).unwrap()));
        assert!(!hash.matches(&token_hash("b")));
        assert!(SecretHash::from_bytes(&[0; 31]).is_none());
        assert!(SecretHash::from_bytes(&[0; 33]).is_none());
    }

    proptest! {
        /// The blocks that are compressed here by hand give the HMAC that the library makes of the 55 bytes.
        #[test]
        fn a_key_is_hashed_with_the_standard_hmac(material: [u8; 32], bits: u128, seed: u64, management: bool, test: bool) {
            let kind = if management { KeyKind::Management } else { KeyKind::Secret };
            let environment = if test { Environment::Test } else { Environment::Prod };
            let format = KeyFormat::new("mg").unwrap();
            let text = format.issue(KeyId::from_u128(bits), kind, environment, &mut ChaCha20Rng::seed_from_u64(seed));
            let tag = u8::from(management) << 1 | u8::from(test);
            let input = [&[tag][..], &text.expose().as_bytes()[11..65]].concat();
            let hash = Pepper::new(1, &material).hash(&format.parse(text.expose()).unwrap());
            prop_assert_eq!(hash.to_bytes(), KeyMaterial::new(material).authenticate(&input).to_vec());
        }
    }

    #[test]
    fn derived_keys_differ_and_depend_on_the_master_key() {
        let a = Keyring::derive(&KeyMaterial::new([1; 32]));
        let b = Keyring::derive(&KeyMaterial::new([2; 32]));
        assert_ne!(a.session.expose(), a.cursor.expose());
        assert_ne!(a.session.expose(), b.session.expose());
        assert_ne!(a.fingerprint, b.fingerprint);
    }

    /// RFC 4231, test case 2, through the same call that authenticates cursors.
    #[test]
    fn hmac_is_the_standard_one() {
        let mut key = [0_u8; 32];
        key[..4].copy_from_slice(b"Jefe");
        let tag = KeyMaterial::new(key).authenticate(b"what do ya want for nothing?");
        assert_eq!(tag[..4], [0x5b, 0xdc, 0xc1, 0x46]);
    }
}
