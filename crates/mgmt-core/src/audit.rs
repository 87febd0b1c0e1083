//! The audit log: append-only, one hash chain an organization, so that an edit or a gap is found.

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::{
    account::Actor,
    id::{AuditId, OrganizationId},
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

/// Where a chain breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The number of the first entry that does not follow from the ones before.
    pub seq: i64,
}

/// Checks that entries, given in order from the first, form an unbroken chain.
///
/// # Errors
/// The first place at which an entry was edited, inserted or removed.
pub fn verify<'a>(entries: impl IntoIterator<Item = &'a ChainedEntry>) -> Result<[u8; 32], Broken> {
    let mut head = GENESIS;
    for (expected, chained) in (1..).zip(entries) {
        if chained.seq != expected || chain(&head, chained.seq, &chained.entry) != chained.hash {
            return Err(Broken { seq: expected });
        }
        head = chained.hash;
    }
    Ok(head)
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
    }
}
