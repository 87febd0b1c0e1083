//! Authenticated encryption of what is kept in the database: XChaCha20-Poly1305 (draft-irtf-cfrg-xchacha) with a random nonce.

use chacha20poly1305::{
    KeyInit, XChaCha20Poly1305, XNonce,
    aead::{Aead, Payload},
};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::secret::KeyMaterial;

const NONCE: usize = 24;

/// Encrypts `plain` and binds it to `aad`, which is not kept: nonce and ciphertext. `None` when the cipher fails, which it does
/// only for texts of gigabytes.
pub fn seal(key: &KeyMaterial, plain: &[u8], aad: &[u8], rng: &mut impl CryptoRng) -> Option<Vec<u8>> {
    let mut nonce = [0; NONCE];
    rng.fill_bytes(&mut nonce);
    let cipher = XChaCha20Poly1305::new(&(*key.expose()).into());
    let sealed = cipher.encrypt(&XNonce::from(nonce), Payload { msg: plain, aad }).ok()?;
    Some([nonce.as_slice(), &sealed].concat())
}

/// Decrypts what [`seal`] made. `None` when it was made under another key, is bound to something else, or was altered.
#[must_use]
pub fn open(key: &KeyMaterial, sealed: &[u8], aad: &[u8]) -> Option<Zeroizing<Vec<u8>>> {
    let (nonce, body) = sealed.split_first_chunk::<NONCE>()?;
    let cipher = XChaCha20Poly1305::new(&(*key.expose()).into());
    cipher.decrypt(&XNonce::from(*nonce), Payload { msg: body, aad }).ok().map(Zeroizing::new)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    proptest! {
        #[test]
        fn only_what_was_sealed_opens(plain: Vec<u8>, aad: Vec<u8>, seed: u64, at: usize, flip in 1..=255_u8) {
            let key = KeyMaterial::new([3; 32]);
            let sealed = seal(&key, &plain, &aad, &mut ChaCha20Rng::seed_from_u64(seed)).unwrap();
            let opened = open(&key, &sealed, &aad).unwrap();
            prop_assert_eq!(&*opened, &plain);
            let mut altered = sealed.clone();
            let at = at % altered.len();
            altered[at] ^= flip;
            prop_assert!(open(&key, &altered, &aad).is_none());
            prop_assert!(open(&KeyMaterial::new([4; 32]), &sealed, &aad).is_none());
            prop_assert!(open(&key, &sealed, &[aad.as_slice(), b"x"].concat()).is_none());
        }
    }
}
