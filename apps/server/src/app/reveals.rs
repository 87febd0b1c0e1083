//! The reveal window in a transaction: keeping a new key's text, and giving it back.

use mgmt_core::{
    account::Actor,
    cipher,
    key::ApiKey,
    reveal::{Reveal, bucket_of, new_bucket_key, open_bucket_key},
    secret::{KeyMaterial, PlainSecret},
    time::Timestamp,
};

use super::Work;
use crate::error::ApiError;

impl Work<'_> {
    /// Keeps the text of a new key for the reveal window.
    pub(crate) fn keep_secret(&mut self, key: &ApiKey, creator: Actor, secret: &PlainSecret) -> Result<(), ApiError> {
        // For a key that is stored already, only what is read in this transaction counts.
        let Some(reveal) = self.seal_secret(key, creator, secret, Self::stored_bucket_key)? else { return Ok(()) };
        Ok(self.tx.reveals().insert(&reveal)?)
    }

    /// The record that keeps the text of a new key for the reveal window, if there is one. To be stored by
    /// [`store_key`](Self::store_key).
    pub(crate) fn new_reveal(&mut self, key: &ApiKey, creator: Actor, secret: &PlainSecret) -> Result<Option<Reveal>, ApiError> {
        self.seal_secret(key, creator, secret, |work, window| match work.known_bucket_key(bucket_of(work.now)) {
            Some(known) => Ok((bucket_of(work.now), known)),
            None => work.stored_bucket_key(window),
        })
    }

    fn seal_secret(
        &mut self,
        key: &ApiKey,
        creator: Actor,
        secret: &PlainSecret,
        bucket_key: impl FnOnce(&mut Self, i64) -> Result<(i64, KeyMaterial), ApiError>,
    ) -> Result<Option<Reveal>, ApiError> {
        let window = self.app.config.security.reveal_window_seconds;
        if window == 0 {
            return Ok(None);
        }
        let (bucket, bucket_key) = bucket_key(self, window)?;
        let until = self.now.plus_secs(window);
        let ids = (key.id, key.organization_id);
        let reveal = Reveal::seal(secret, ids, creator, (bucket, &bucket_key), until, &mut self.rng);
        reveal.map(Some).ok_or_else(|| ApiError::internal("a key text could not be encrypted"))
    }

    /// Decrypts a kept text.
    pub(crate) fn open_secret(&mut self, reveal: &Reveal) -> Result<PlainSecret, ApiError> {
        let wrapped = self.tx.reveals().find_bucket_key(reveal.bucket)?;
        wrapped
            .and_then(|w| open_bucket_key(&self.app.keyring.reveal, &w))
            .and_then(|key| reveal.open(&key))
            .ok_or_else(|| ApiError::internal(format!("the kept text of `{}` cannot be decrypted", reveal.key_id)))
    }

    /// The text of a key for whoever made it, without counting a read: a repeated request gets the answer it missed.
    pub(crate) fn replay_secret(&mut self, key: mgmt_core::id::KeyId, creator: Actor) -> Result<Option<PlainSecret>, ApiError> {
        match self.tx.reveals().find(key)? {
            Some(reveal) if reveal.creator == creator && reveal.expires_at > self.now && reveal.reads_left > 0 => {
                self.open_secret(&reveal).map(Some)
            }
            _ => Ok(None),
        }
    }

    /// Encrypts an answer for those who repeat its request within the reveal window; with the bucket whose key opens it. `None` when there is
    /// no such window.
    pub(super) fn seal_answer(&mut self, text: &str, bound_to: &str) -> Result<Option<(i64, Vec<u8>)>, ApiError> {
        let window = self.app.config.security.reveal_window_seconds;
        if window == 0 {
            return Ok(None);
        }
        let (bucket, key) = self.stored_bucket_key(window)?;
        let sealed = cipher::seal(&key, text.as_bytes(), bound_to.as_bytes(), &mut self.rng);
        let sealed = sealed.ok_or_else(|| ApiError::internal("an answer could not be encrypted"))?;
        Ok(Some((bucket, sealed)))
    }

    /// Decrypts what [`seal_answer`](Self::seal_answer) made at a moment; `None` when the window is over.
    pub(super) fn open_answer(
        &mut self,
        (bucket, sealed): (i64, &[u8]),
        bound_to: &str,
        made_at: Timestamp,
    ) -> Result<Option<String>, ApiError> {
        if made_at.plus_secs(self.app.config.security.reveal_window_seconds) <= self.now {
            return Ok(None);
        }
        let Some(wrapped) = self.tx.reveals().find_bucket_key(bucket)? else { return Ok(None) };
        let key = open_bucket_key(&self.app.keyring.reveal, &wrapped);
        let plain = key.and_then(|key| cipher::open(&key, sealed, bound_to.as_bytes()));
        Ok(plain.and_then(|plain| String::from_utf8(plain.to_vec()).ok()))
    }

    /// The key of the bucket of this moment, from the store; made and stored if there is none. It is remembered once the transaction is kept.
    fn stored_bucket_key(&mut self, window: i64) -> Result<(i64, KeyMaterial), ApiError> {
        let bucket = bucket_of(self.now);
        let stored = self.tx.reveals().find_bucket_key(bucket)?;
        let found = stored.and_then(|stored| open_bucket_key(&self.app.keyring.reveal, &stored));
        let key = match found {
            Some(key) => key,
            None => {
                let made = new_bucket_key(&self.app.keyring.reveal, self.now, window, &mut self.rng);
                let (key, stored) = made.ok_or_else(|| ApiError::internal("a bucket key could not be encrypted"))?;
                self.tx.reveals().insert_bucket_key(&stored)?;
                key
            }
        };
        self.bucket_key = Some((bucket, key.clone()));
        Ok((bucket, key))
    }
}
