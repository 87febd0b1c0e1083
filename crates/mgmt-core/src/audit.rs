//! The audit log: append-only, one hash chain an organization, so that an edit or a gap is found.

use std::{cmp::Ordering, fmt};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

use crate::{
    account::Actor,
    id::{AuditId, OrganizationId},
    secret::KeyMaterial,
    time::Timestamp,
};

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AuditEntry {
    /// Its id.
    pub id: AuditId,
    /// Where it happened.
    pub organization_id: OrganizationId,
    /// When.
    pub at: Timestamp,
    /// Who did it.
    pub actor: Actor,
    /// What was done, such as `api_key.revoked`.
    pub action: String,
    /// The id of what it was done to.
    pub target: String,
    /// The client's address.
    pub address: Option<String>,
    /// The request that did it.
    pub request_id: Option<String>,
    /// The object before, without secrets.
    pub before: Option<Value>,
    /// The object after, without secrets.
    pub after: Option<Value>,
}

/// An entry with its place in the chain.
#[derive(Clone, Debug, PartialEq)]
pub struct ChainedEntry {
    /// 1 for an organization's first entry, then one more for each.
    pub seq: i64,
    /// The entry.
    pub entry: AuditEntry,
    /// The hash over the previous hash, the number and the entry.
    pub hash: [u8; 32],
}

/// The hash before the first entry.
pub const GENESIS: [u8; 32] = [0; 32];

/// The hash of an entry at its place.
#[must_use]
pub fn chain(previous: &[u8; 32], seq: i64, entry: &AuditEntry) -> [u8; 32] {
    let mut hasher = Sha256::new();
    hasher.update(previous);
    hasher.update(seq.to_be_bytes());
    // A map with fixed field order and canonical values: the text is the same on every read.
    hasher.update(serde_json::to_vec(entry).unwrap_or_default());
    hasher.finalize().into()
}

/// The end of a chain, as a store keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChainHead {
    /// The number of the last entry.
    pub seq: i64,
    /// Its hash.
    pub hash: [u8; 32],
    /// What [`seal`] gave for it.
    pub seal: Option<[u8; 32]>,
}

/// A MAC over the end of a chain. Who can write the log, but does not hold the key, can neither cut a chain short nor write it anew.
#[must_use]
pub fn seal(key: &KeyMaterial, organization: OrganizationId, seq: i64, hash: &[u8; 32]) -> [u8; 32] {
    let mut message = format!("audit head\n{organization}\n{seq}\n").into_bytes();
    message.extend(hash);
    key.authenticate(&message)
}

/// Where a chain breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The number of the first entry that does not follow from the ones before.
    pub seq: i64,
}

/// What is wrong with a chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tampering {
    /// An entry was edited, inserted or removed: the first that does not follow from those before.
    Entry(Broken),
    /// The entries end at the first number, but the log went on until the second.
    Cut(i64, i64),
    /// The log holds entries after its sealed end.
    Added(i64),
    /// The seal is missing or was not made with this installation's key.
    Seal,
    /// An end that was seen earlier is not part of the chain any more.
    Forgotten(i64),
}

impl fmt::Display for Tampering {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Entry(broken) => write!(f, "entry {} was edited, inserted or removed", broken.seq),
            Self::Cut(found, wanted) => write!(f, "the log ends at entry {found}, but went on until entry {wanted}"),
            Self::Added(seq) => write!(f, "entry {seq} was added behind the sealed end"),
            Self::Seal => f.write_str("the end of the log does not carry the seal of this installation"),
            Self::Forgotten(seq) => write!(f, "entry {seq} is not the one that the checkpoint saw"),
        }
    }
}

/// Checks a chain entry by entry, in order from the first.
#[derive(Clone, Copy, Debug)]
pub struct Verifier {
    seq: i64,
    hash: [u8; 32],
}

impl Default for Verifier {
    fn default() -> Self {
        Self { seq: 0, hash: GENESIS }
    }
}

impl Verifier {
    /// Takes the next entry.
    ///
    /// # Errors
    /// It does not follow from those before.
    pub fn push(&mut self, chained: &ChainedEntry) -> Result<(), Broken> {
        let expected = self.seq + 1;
        if chained.seq != expected || chain(&self.hash, chained.seq, &chained.entry) != chained.hash {
            return Err(Broken { seq: expected });
        }
        *self = Self { seq: expected, hash: chained.hash };
        Ok(())
    }

    /// The number and the hash of the last entry that was taken.
    #[must_use]
    pub fn end(&self) -> (i64, [u8; 32]) {
        (self.seq, self.hash)
    }

    /// Compares the entries with the sealed end, once all were taken.
    ///
    /// # Errors
    /// The end is another than the sealed one, or the seal is not ours.
    pub fn finish(self, key: &KeyMaterial, organization: OrganizationId, head: Option<&ChainHead>) -> Result<(), Tampering> {
        let Some(head) = head else {
            return if self.seq == 0 { Ok(()) } else { Err(Tampering::Seal) };
        };
        let expected = seal(key, organization, head.seq, &head.hash);
        let is_ours = head.seal.is_some_and(|found| bool::from(found.ct_eq(&expected)));
        match self.seq.cmp(&head.seq) {
            _ if !is_ours => Err(Tampering::Seal),
            Ordering::Less => Err(Tampering::Cut(self.seq, head.seq)),
            Ordering::Greater => Err(Tampering::Added(head.seq + 1)),
            Ordering::Equal if self.hash != head.hash => Err(Tampering::Entry(Broken { seq: head.seq })),
            Ordering::Equal => Ok(()),
        }
    }
}

/// Checks that entries, given in order from the first, form an unbroken chain.
///
/// # Errors
/// The first place at which an entry was edited, inserted or removed.
pub fn verify<'a>(entries: impl IntoIterator<Item = &'a ChainedEntry>) -> Result<[u8; 32], Broken> {
    let mut verifier = Verifier::default();
    for chained in entries {
        verifier.push(chained)?;
    }
    Ok(verifier.hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn log(length: i64) -> Vec<ChainedEntry> {
        let mut head = GENESIS;
        (1..=length)
            .map(|seq| {
                let entry = AuditEntry {
                    id: AuditId::from_u128(seq.unsigned_abs().into()),
                    organization_id: OrganizationId::from_u128(1),
                    at: Timestamp::from_millis(seq),
                    actor: Actor::System,
                    action: "api_key.created".to_owned(),
                    target: "key".to_owned(),
                    address: None,
                    request_id: None,
                    before: None,
                    after: Some(serde_json::json!({"n": seq})),
                };
                head = chain(&head, seq, &entry);
                ChainedEntry { seq, entry, hash: head }
            })
            .collect()
    }

    proptest! {
        #[test]
        fn edits_and_gaps_are_found(length in 2..20_i64, at in 0..20_usize) {
            let whole = log(length);
            prop_assert!(verify(&whole).is_ok());
            let at = at % (whole.len() - 1);
            let mut edited = whole.clone();
            edited[at].entry.target = "other".to_owned();
            prop_assert_eq!(verify(&edited), Err(Broken { seq: at as i64 + 1 }));
            let mut removed = whole.clone();
            removed.remove(at);
            prop_assert!(verify(&removed).is_err());
            let mut doubled = whole;
            doubled.insert(at, doubled[at].clone());
            prop_assert!(verify(&doubled).is_err());
        }

        /// Whoever can write everything but does not hold the key may rebuild the whole chain, and is found by the seal.
        #[test]
        fn cut_and_rebuilt_chains_are_found(length in 2..20_i64, kept in 0..20_i64) {
            let (key, organization) = (KeyMaterial::new([3; 32]), OrganizationId::from_u128(1));
            let whole = log(length);
            let judge = |entries: &[ChainedEntry], head: &ChainHead, key: &KeyMaterial| {
                let mut verifier = Verifier::default();
                for entry in entries {
                    verifier.push(entry).map_err(Tampering::Entry)?;
                }
                verifier.finish(key, organization, Some(head))
            };
            let last = whole.last().unwrap();
            let sealed = Some(seal(&key, organization, last.seq, &last.hash));
            let head = ChainHead { seq: last.seq, hash: last.hash, seal: sealed };
            prop_assert_eq!(judge(&whole, &head, &key), Ok(()));
            prop_assert_eq!(judge(&whole, &head, &KeyMaterial::new([4; 32])), Err(Tampering::Seal));
            let kept = kept % length;
            let cut = log(kept);
            prop_assert_eq!(judge(&cut, &head, &key), Err(Tampering::Cut(kept, length)));
            let (seq, hash) = cut.last().map_or((0, GENESIS), |c| (c.seq, c.hash));
            prop_assert_eq!(judge(&cut, &ChainHead { seq, hash, seal: sealed }, &key), Err(Tampering::Seal));
            prop_assert_eq!(judge(&log(length + 1), &head, &key), Err(Tampering::Added(length + 1)));
        }
    }
}
