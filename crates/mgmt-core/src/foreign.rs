//! Keys that were issued by other systems and are known here by the hashes that those systems kept.
//!
//! Such a key goes on working with its own text. Until it is first used, its row holds the other system's hash; then the text is
//! known for a moment, and the row gets [our keyed hash](crate::secret::Pepper::hash_text) in place of it. From there on the key
//! is found by that hash, and checked through its [alias](crate::key_text::KeyFormat::alias): a text of our own form that only
//! the pepper and the key's text together give.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose},
};
use sha2::{Digest as _, Sha256, Sha512};

use crate::{
    error::{Error, Result},
    secret::{Pepper, SecretHash},
};

/// Longer texts are no key of anybody's: they are refused before they are hashed.
pub const MAX_FOREIGN_TEXT: usize = 512;

/// How another system keeps its keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ForeignFormat {
    /// SHA-256 of the whole text, in hexadecimal digits.
    Sha256Hex,
    /// SHA-256 of the whole text, in base64 of either alphabet (RFC 4648), with or without padding.
    Sha256Base64,
    /// Unkey: SHA-256 of the whole text, in padded base64.
    Unkey,
    /// better-auth's API-key plugin: SHA-256 of the whole text, in unpadded base64url.
    BetterAuth,
    /// djangorestframework-api-key from version 3: `sha512$$` and the SHA-512 of the whole text in hexadecimal digits.
    Drf,
}

impl ForeignFormat {
    const ALL: [Self; 5] = [Self::Sha256Hex, Self::Sha256Base64, Self::Unkey, Self::BetterAuth, Self::Drf];

    /// The name in import files.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256Hex => "sha256-hex",
            Self::Sha256Base64 => "sha256-base64",
            Self::Unkey => "unkey",
            Self::BetterAuth => "better-auth",
            Self::Drf => "drf",
        }
    }

    /// Reads the name; `None` when it is another.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|f| f.as_str() == text)
    }

    /// Reads a hash as the other system wrote it.
    ///
    /// # Errors
    /// `invalid_request` when it is not one that the system could have written.
    pub fn read(self, hash: &str) -> Result<ForeignDigest> {
        let found = match self {
            Self::Sha256Hex => from_hex::<32>(hash),
            Self::Sha256Base64 => from_base64(&GENEROUS, hash).or_else(|| from_base64(&GENEROUS_URL, hash)),
            Self::Unkey => from_base64(&general_purpose::STANDARD, hash),
            Self::BetterAuth => from_base64(&general_purpose::URL_SAFE_NO_PAD, hash),
            Self::Drf => hash.strip_prefix("sha512$$").and_then(from_hex::<64>),
        };
        found.map(ForeignDigest).ok_or_else(|| Error::invalid("hash", self.advice()))
    }

    const fn advice(self) -> &'static str {
        match self {
            Self::Sha256Hex => "must be 64 hexadecimal digits",
            Self::Sha256Base64 => "must be 32 bytes in base64",
            Self::Unkey => "must be 32 bytes in padded base64",
            Self::BetterAuth => "must be 32 bytes in unpadded base64url",
            Self::Drf => {
                "must be `sha512$$` and 128 hexadecimal digits, as version 3 writes it; it rewrites older hashes when their keys are used"
            }
        }
    }
}

const LENIENT: GeneralPurposeConfig = GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const GENEROUS: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, LENIENT);
const GENEROUS_URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, LENIENT);

fn from_base64(engine: &GeneralPurpose, text: &str) -> Option<Vec<u8>> {
    engine.decode(text).ok().filter(|bytes| bytes.len() == 32)
}

fn from_hex<const N: usize>(text: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|d| u8::try_from(d).ok());
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    if pairs.len() != N || !rest.is_empty() {
        return None;
    }
    pairs.iter().map(|[high, low]| Some(digit(*high)? << 4 | digit(*low)?)).collect()
}

/// The bytes by which a foreign key is found: 32 of SHA-256 or of our keyed hash, 64 of SHA-512.
#[derive(Clone, PartialEq, Eq)]
pub struct ForeignDigest(Vec<u8>);

impl ForeignDigest {
    /// From the bytes that a store keeps; `None` for another length.
    #[must_use]
    pub fn from_bytes(bytes: Vec<u8>) -> Option<Self> {
        matches!(bytes.len(), 32 | 64).then_some(Self(bytes))
    }

    /// The bytes that a store keeps.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl std::fmt::Debug for ForeignDigest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[digest]")
    }
}

/// A key by the hash of another system.
#[derive(Clone, Debug)]
pub struct ForeignHash {
    /// What the key is found by: the other system's hash, after the first use our keyed hash of the text.
    pub digest: ForeignDigest,
    /// The keyed hash of the other system's hash, by which a repeated import is recognised also after the first use.
    pub origin: SecretHash,
    /// The key.
    pub key_id: crate::id::KeyId,
    /// Whether the key was used, so that `digest` is ours.
    pub is_adopted: bool,
}

/// Every digest by which the key of a presented text could be kept.
#[derive(Clone, Debug)]
pub struct PresentedForeign {
    keyed: SecretHash,
    digests: [ForeignDigest; 3],
}

impl PresentedForeign {
    /// Hashes a text; `None` when it is empty or too long to be a key.
    #[must_use]
    pub fn new(text: &str, pepper: &Pepper) -> Option<Self> {
        if text.is_empty() || text.len() > MAX_FOREIGN_TEXT {
            return None;
        }
        let keyed = pepper.hash_text(text);
        let plain = [Sha256::digest(text).to_vec(), Sha512::digest(text).to_vec()].map(ForeignDigest);
        let [short, long] = plain;
        Some(Self { keyed, digests: [ForeignDigest(keyed.to_bytes()), short, long] })
    }

    /// Our keyed hash of the text.
    #[must_use]
    pub fn keyed(&self) -> &SecretHash {
        &self.keyed
    }

    /// The digest that a key has after its first use.
    #[must_use]
    pub fn adopted(&self) -> &ForeignDigest {
        let [first, ..] = &self.digests;
        first
    }

    /// All digests, the one after the first use first.
    #[must_use]
    pub fn digests(&self) -> &[ForeignDigest] {
        &self.digests
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn pepper() -> Pepper {
        Pepper::new(1, &[3; 32])
    }

    fn hex(bytes: &[u8]) -> String {
        bytes.iter().map(|b| format!("{b:02x}")).collect()
    }

    #[test]
    fn names_round_trip() {
        for format in ForeignFormat::ALL {
            assert_eq!(ForeignFormat::parse(format.as_str()), Some(format));
        }
        assert_eq!(ForeignFormat::parse("md5"), None);
    }

    #[test]
    fn older_hashes_of_drf_are_refused_with_a_reason() {
        let old = "pbkdf2_sha256$600000$salt$aGFzaA==";
        assert!(ForeignFormat::Drf.read(old).unwrap_err().to_string().contains("version 3"));
    }

    #[test]
    fn empty_and_endless_texts_are_no_keys() {
        assert!(PresentedForeign::new("", &pepper()).is_none());
        assert!(PresentedForeign::new(&"a".repeat(MAX_FOREIGN_TEXT), &pepper()).is_some());
        assert!(PresentedForeign::new(&"a".repeat(MAX_FOREIGN_TEXT + 1), &pepper()).is_none());
    }

    proptest! {
        /// Whatever a system writes about a text is among the digests of that text, and of no other.
        #[test]
        fn what_systems_write_is_found(text in ".{1,60}", other in ".{1,60}") {
            prop_assume!(text != other);
            let short = Sha256::digest(&text);
            let written = [
                (ForeignFormat::Sha256Hex, hex(&short)),
                (ForeignFormat::Sha256Hex, hex(&short).to_uppercase()),
                (ForeignFormat::Sha256Base64, general_purpose::STANDARD.encode(short)),
                (ForeignFormat::Sha256Base64, general_purpose::STANDARD_NO_PAD.encode(short)),
                (ForeignFormat::Sha256Base64, general_purpose::URL_SAFE.encode(short)),
                (ForeignFormat::Unkey, general_purpose::STANDARD.encode(short)),
                (ForeignFormat::BetterAuth, general_purpose::URL_SAFE_NO_PAD.encode(short)),
                (ForeignFormat::Drf, format!("sha512$${}", hex(&Sha512::digest(&text)))),
            ];
            let (own, strange) = (PresentedForeign::new(&text, &pepper()).unwrap(), PresentedForeign::new(&other, &pepper()).unwrap());
            for (format, hash) in written {
                let digest = format.read(&hash).unwrap();
                prop_assert!(own.digests().contains(&digest));
                prop_assert!(!strange.digests().contains(&digest));
                prop_assert!(format.read(hash.get(1..).unwrap()).is_err(), "{format:?}");
                prop_assert!(format.read(&format!("{hash}A")).is_err(), "{format:?}");
            }
        }

        #[test]
        fn junk_is_refused_without_a_panic(hash in ".{0,140}") {
            for format in ForeignFormat::ALL {
                let _ = format.read(&hash);
            }
        }
    }
}
