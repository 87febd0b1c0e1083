//! Tables: records by key. A copy shares all records with its original until one of the two changes.

use std::{
    borrow::Borrow,
    collections::BTreeMap,
    ops::{Bound, RangeBounds},
    sync::Arc,
};

use crate::tx::Fault;

/// Records by key, in the order of the keys. Ids begin with the time, so that the newest record is the last one.
pub(crate) struct Table<K, V>(Arc<BTreeMap<K, Arc<V>>>);

impl<K, V> Clone for Table<K, V> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<K, V> Default for Table<K, V> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K: Ord + Clone, V: Clone> Table<K, V> {
    pub(crate) fn get<Q: Ord + ?Sized>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
    {
        self.0.get(key).map(Arc::as_ref)
    }

    pub(crate) fn has<Q: Ord + ?Sized>(&self, key: &Q) -> bool
    where
        K: Borrow<Q>,
    {
        self.0.contains_key(key)
    }

    /// All, the oldest first.
    pub(crate) fn values(&self) -> impl DoubleEndedIterator<Item = &V> {
        self.0.values().map(Arc::as_ref)
    }

    pub(crate) fn range(&self, keys: impl RangeBounds<K>) -> impl DoubleEndedIterator<Item = (&K, &V)> {
        self.0.range(keys).map(|(key, value)| (key, value.as_ref()))
    }

    /// Those before a cursor, or all, the newest first.
    pub(crate) fn newest(&self, before: Option<K>) -> impl Iterator<Item = &V> {
        self.range((Bound::Unbounded, before.map_or(Bound::Unbounded, Bound::Excluded))).map(|(_, value)| value).rev()
    }

    /// Adds a record or replaces it.
    pub(crate) fn put(&mut self, key: K, value: V) {
        Arc::make_mut(&mut self.0).insert(key, Arc::new(value));
    }

    /// Adds a record. `Conflict(what)` when the key has one.
    pub(crate) fn insert(&mut self, key: K, value: V, what: &'static str) -> Result<(), Fault> {
        if self.has(&key) {
            return Err(Fault::Conflict(what));
        }
        self.put(key, value);
        Ok(())
    }

    /// What a unique constraint is elsewhere: `Conflict(what)` when a record is `taken`.
    pub(crate) fn none(&self, taken: impl Fn(&V) -> bool, what: &'static str) -> Result<(), Fault> {
        if self.values().any(taken) { Err(Fault::Conflict(what)) } else { Ok(()) }
    }

    /// What a foreign key is elsewhere: `Conflict("reference")` when there is no such record.
    pub(crate) fn refer(&self, key: &K) -> Result<(), Fault> {
        if self.has(key) { Ok(()) } else { Err(Fault::Conflict("reference")) }
    }

    /// Whether a record is there and is as it should be.
    pub(crate) fn is(&self, key: &K, which: impl FnOnce(&V) -> bool) -> bool {
        self.get(key).is_some_and(which)
    }

    /// Changes a record, if it is there and is as it should be; whether it did. What keeps to its version is changed like this:
    /// compare and set.
    pub(crate) fn change<Q: Ord + ?Sized>(&mut self, key: &Q, which: impl FnOnce(&V) -> bool, change: impl FnOnce(&mut V)) -> bool
    where
        K: Borrow<Q>,
    {
        if !self.get(key).is_some_and(which) {
            return false;
        }
        if let Some(value) = Arc::make_mut(&mut self.0).get_mut(key) {
            change(Arc::make_mut(value));
        }
        true
    }

    /// Changes all such records; how many.
    pub(crate) fn change_all(&mut self, which: impl Fn(&V) -> bool, mut change: impl FnMut(&mut V)) -> usize {
        if !self.values().any(&which) {
            return 0;
        }
        let such = Arc::make_mut(&mut self.0).values_mut().filter(|value| which(value));
        such.map(|value| change(Arc::make_mut(value))).count()
    }

    /// Removes a record, if it is there and is as it should be; whether it did.
    pub(crate) fn remove<Q: Ord + ?Sized>(&mut self, key: &Q, which: impl FnOnce(&V) -> bool) -> bool
    where
        K: Borrow<Q>,
    {
        self.get(key).is_some_and(which) && Arc::make_mut(&mut self.0).remove(key).is_some()
    }

    /// Removes all such records; how many.
    pub(crate) fn remove_all(&mut self, which: impl Fn(&V) -> bool) -> usize {
        self.remove_most(which, i64::MAX)
    }

    /// Removes such records, the oldest first and so many at most; how many.
    pub(crate) fn remove_most(&mut self, which: impl Fn(&V) -> bool, limit: i64) -> usize {
        let such = self.0.iter().filter(|(_, value)| which(value)).take(most(limit));
        let keys: Vec<K> = such.map(|(key, _)| key.clone()).collect();
        if !keys.is_empty() {
            let rows = Arc::make_mut(&mut self.0);
            for key in &keys {
                rows.remove(key);
            }
        }
        keys.len()
    }
}

/// A limit as iterators want it; none below 0.
pub(crate) fn most(limit: i64) -> usize {
    usize::try_from(limit.max(0)).unwrap_or(usize::MAX)
}

/// The first records of a list.
pub(crate) fn page<'a, V: Clone + 'a>(rows: impl Iterator<Item = &'a V>, limit: i64) -> Vec<V> {
    rows.take(most(limit)).cloned().collect()
}

/// A number of records as the traits want it.
pub(crate) fn count<V>(rows: impl Iterator<Item = V>) -> i64 {
    i64::try_from(rows.count()).unwrap_or(i64::MAX)
}
