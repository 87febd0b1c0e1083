//! The reveal window: for some minutes after a key was made, its text can be fetched again.
//!
//! The text is encrypted with XChaCha20-Poly1305 under a random key that is shared by all texts of the same five minutes.
//! That key is stored wrapped under a key from the master key, in a row of its own; deleting the row makes every copy of the
//! texts unreadable, in logs, replicas and later backups alike. The associated data binds each text to its key, its
//! organization, its creator and its end, so that rows cannot be swapped.

use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    account::Actor,
    cipher::{open, seal},
    id::{KeyId, OrganizationId},
    secret::{KeyMaterial, PlainSecret},
    time::Timestamp,
};

/// How many seconds share one encryption key.
pub const BUCKET_SECS: i64 = 300;
/// How often a secret can be fetched again.
pub const MAX_READS: i64 = 3;

/// The number of the five minutes that hold `now`.
#[must_use]
pub fn bucket_of(now: Timestamp) -> i64 {
    now.as_secs() / BUCKET_SECS
}

/// An encrypted key text with what it is bound to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reveal {
    /// The key.
    pub key_id: KeyId,
    /// Whose key it is.
    pub organization_id: OrganizationId,
    /// Who may fetch it.
    pub creator: Actor,
    /// Which bucket key encrypts it.
    pub bucket: i64,
    /// Nonce and ciphertext.
    pub ciphertext: Vec<u8>,
    /// The end of the window.
    pub expires_at: Timestamp,
    /// How often it can still be fetched.
    pub reads_left: i64,
}

/// The key of a bucket, in the form that is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WrappedBucketKey {
    /// Which five minutes.
    pub bucket: i64,
    /// Nonce and ciphertext.
    pub wrapped: Vec<u8>,
    /// After this moment no text of the bucket can be fetched, and the row goes.
    pub expires_at: Timestamp,
}

/// Makes the key of a bucket and its stored form. `window_secs` is the longest that any of its texts can be fetched.
///
/// # Errors
/// `None` when the cipher fails, which it does only for texts of gigabytes.
pub fn new_bucket_key(
    wrapping: &KeyMaterial,
    now: Timestamp,
    window_secs: i64,
    rng: &mut impl CryptoRng,
) -> Option<(KeyMaterial, WrappedBucketKey)> {
    let mut bytes = Zeroizing::new([0; 32]);
    rng.fill_bytes(bytes.as_mut_slice());
    let bucket = bucket_of(now);
    let wrapped = seal(wrapping, bytes.as_slice(), &bucket_aad(bucket), rng)?;
    let expires_at = Timestamp::from_millis((bucket + 1) * BUCKET_SECS * 1000).plus_secs(window_secs);
    Some((KeyMaterial::new(*bytes), WrappedBucketKey { bucket, wrapped, expires_at }))
}

/// Reads the stored form of a bucket's key. `None` when it was made under another master key or altered.
#[must_use]
pub fn open_bucket_key(wrapping: &KeyMaterial, stored: &WrappedBucketKey) -> Option<KeyMaterial> {
    let bytes = open(wrapping, &stored.wrapped, &bucket_aad(stored.bucket))?;
    Some(KeyMaterial::new(bytes.as_slice().try_into().ok()?))
}

impl Reveal {
    /// Encrypts a key text.
    pub fn seal(
        secret: &PlainSecret,
        key: (KeyId, OrganizationId),
        creator: Actor,
        bucket: (i64, &KeyMaterial),
        expires_at: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Option<Self> {
        let aad = reveal_aad(key.0, key.1, creator, expires_at);
        let ciphertext = seal(bucket.1, secret.expose().as_bytes(), &aad, rng)?;
        Some(Self {
            key_id: key.0,
            organization_id: key.1,
            creator,
            bucket: bucket.0,
            ciphertext,
            expires_at,
            reads_left: MAX_READS,
        })
    }

    /// Decrypts the text. `None` when row or key were altered or swapped.
    #[must_use]
    pub fn open(&self, bucket_key: &KeyMaterial) -> Option<PlainSecret> {
        let aad = reveal_aad(self.key_id, self.organization_id, self.creator, self.expires_at);
        let bytes = open(bucket_key, &self.ciphertext, &aad)?;
        std::str::from_utf8(&bytes).ok().map(|t| PlainSecret::new(t.to_owned()))
    }
}

fn bucket_aad(bucket: i64) -> Vec<u8> {
    format!("mgmt reveal bucket {bucket}").into_bytes()
}

fn reveal_aad(key: KeyId, organization: OrganizationId, creator: Actor, expires_at: Timestamp) -> Vec<u8> {
    format!("mgmt reveal {key} {organization} {creator} {}", expires_at.as_millis()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    #[test]
    fn only_the_right_row_and_key_open() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (master, other) = (KeyMaterial::new([1; 32]), KeyMaterial::new([2; 32]));
        let (bucket_key, stored) = new_bucket_key(&master, NOW, 900, &mut rng).unwrap();
        assert_eq!(open_bucket_key(&master, &stored).unwrap().expose(), bucket_key.expose());
        assert!(open_bucket_key(&other, &stored).is_none());
        assert!(open_bucket_key(&master, &WrappedBucketKey { bucket: 1, ..stored.clone() }).is_none());

        let secret = |t: &str| PlainSecret::new(t.to_owned());
        let ids = |k| (KeyId::from_u128(k), OrganizationId::from_u128(1));
        let seal = |k, t, rng: &mut ChaCha20Rng| {
            Reveal::seal(&secret(t), ids(k), Actor::System, (stored.bucket, &bucket_key), NOW.plus_secs(900), rng).unwrap()
        };
        let (a, b) = (seal(1, "first", &mut rng), seal(2, "second", &mut rng));
        assert_eq!(a.open(&bucket_key).unwrap().expose(), "first");
        let swapped = Reveal { ciphertext: b.ciphertext.clone(), ..a.clone() };
        assert!(swapped.open(&bucket_key).is_none());
        let longer = Reveal { expires_at: NOW.plus_secs(9000), ..a.clone() };
        assert!(longer.open(&bucket_key).is_none());
        assert!(a.open(&other).is_none());
        assert!(Reveal { ciphertext: vec![0; 5], ..a }.open(&bucket_key).is_none());
    }

    #[test]
    fn a_bucket_outlives_its_last_window() {
        let (_, stored) = new_bucket_key(&KeyMaterial::new([1; 32]), NOW, 900, &mut ChaCha20Rng::seed_from_u64(1)).unwrap();
        assert!(stored.expires_at >= NOW.plus_secs(900) && stored.expires_at <= NOW.plus_secs(1200));
    }
}
