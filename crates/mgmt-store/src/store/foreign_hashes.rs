//! Keys of other systems.

use mgmt_core::{
    foreign::{ForeignDigest, ForeignHash},
    key::ApiKey,
    secret::SecretHash,
};

use crate::error::Result;

/// Keys that other systems issued, by the hashes that those kept.
pub trait ForeignHashes {
    /// Adds one of a key. `Conflict("foreign_hash")` when the hash or the key has one.
    fn insert(&mut self, hash: &ForeignHash) -> Result<()>;
    /// By any of these digests, which are those of one text.
    fn find(&mut self, digests: &[ForeignDigest]) -> Result<Option<ForeignHash>>;
    /// By what it was imported from.
    fn find_origin(&mut self, origin: &SecretHash) -> Result<Option<ForeignHash>>;
    /// Whether there is any.
    fn is_empty(&mut self) -> Result<bool>;
    /// Puts our digest in the place of the other system's, and the key's own hash and pepper version with it; `false` when that was
    /// done before.
    fn adopt(&mut self, key: &ApiKey, digest: &ForeignDigest) -> Result<bool>;
}
