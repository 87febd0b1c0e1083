//! Secrets that can still be fetched, the keys that encrypt them, and answers to repeat.

use mgmt_core::{
    id::KeyId,
    reveal::{Reveal, WrappedBucketKey},
    time::Timestamp,
};
use mgmt_store::{Idempotency, IdempotencyRecord, Result, Reveals};

use crate::{
    state::State,
    tx::{Fault, MemoryTx},
};

pub(crate) fn insert(s: &mut State, reveal: &Reveal) -> Result<(), Fault> {
    s.reveals.insert(reveal.key_id, reveal.clone(), "reveal")?;
    s.keys.refer(&reveal.key_id)?;
    s.organizations.refer(&reveal.organization_id)
}

impl Reveals for MemoryTx {
    fn insert(&mut self, reveal: &Reveal) -> Result<()> {
        self.write(|s| insert(s, reveal))
    }

    fn find(&mut self, key: KeyId) -> Result<Option<Reveal>> {
        self.look(|s| s.reveals.get(&key).cloned())
    }

    fn take_read(&mut self, key: KeyId, now: Timestamp) -> Result<Option<Reveal>> {
        let open = |r: &Reveal| r.expires_at > now && r.reads_left > 0;
        self.write(|s| {
            let taken = s.reveals.change(&key, open, |r| r.reads_left -= 1);
            Ok(s.reveals.get(&key).filter(|_| taken).cloned())
        })
    }

    fn delete(&mut self, key: KeyId) -> Result<bool> {
        self.write(|s| Ok(s.reveals.remove(&key, |_| true)))
    }

    fn insert_bucket_key(&mut self, key: &WrappedBucketKey) -> Result<()> {
        // Nobody else's can come in after a look: whoever writes is alone.
        self.write(|s| s.bucket_keys.insert(key.bucket, key.clone(), "bucket key"))
    }

    fn find_bucket_key(&mut self, bucket: i64) -> Result<Option<WrappedBucketKey>> {
        self.look(|s| s.bucket_keys.get(&bucket).cloned())
    }

    fn delete_expired(&mut self, now: Timestamp) -> Result<usize> {
        self.write(|s| Ok(s.reveals.remove_all(|r| r.expires_at <= now) + s.bucket_keys.remove_all(|k| k.expires_at <= now)))
    }
}

impl Idempotency for MemoryTx {
    fn insert(&mut self, record: &IdempotencyRecord) -> Result<()> {
        self.write(|s| {
            // One that has expired is as good as forgotten, whether it was deleted yet or not.
            s.idempotency.remove(record.id.as_str(), |r| r.expires_at <= record.created_at);
            s.idempotency.insert(record.id.clone(), record.clone(), "idempotency")?;
            s.organizations.refer(&record.organization_id)
        })
    }

    fn find(&mut self, id: &str, now: Timestamp) -> Result<Option<IdempotencyRecord>> {
        self.look(|s| s.idempotency.get(id).filter(|r| r.expires_at > now).cloned())
    }

    fn delete_expired(&mut self, now: Timestamp) -> Result<usize> {
        self.write(|s| Ok(s.idempotency.remove_all(|r| r.expires_at <= now)))
    }
}
