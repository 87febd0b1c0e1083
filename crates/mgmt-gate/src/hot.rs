//! A few records that one thread alone works with.
//!
//! Two processors that use one record write to one line of memory (its reference count, its counts), and each waits for the other. So
//! a key that takes most of what a thread is asked gets a copy of its record that this thread alone uses.

use std::{cell::RefCell, sync::Arc};

use mgmt_core::id::KeyId;

use crate::{record::KeyRecord, table::Mark};

const SLOTS: usize = 64;
/// How many more times than all others of its slot together a key must be asked for to get a copy.
const WORTH: u8 = 32;

#[derive(Debug, Default)]
struct Slot {
    /// Whose record it is, and what its shard's [epoch](crate::cache) was before it was looked up.
    gate: u64,
    id: Option<KeyId>,
    epoch: u64,
    /// A vote among the keys of this slot (Boyer and Moore, 1981).
    votes: u8,
    record: Option<Arc<KeyRecord>>,
}

thread_local! {
    static SLOTS_OF_THREAD: RefCell<Vec<Slot>> = const { RefCell::new(Vec::new()) };
}

/// Which record is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Wanted {
    /// The number of the gate.
    pub(crate) gate: u64,
    pub(crate) id: KeyId,
    pub(crate) mark: Mark,
    /// The epoch as it is now. A copy that was made in an earlier one is not used.
    pub(crate) epoch: u64,
}

impl Wanted {
    /// This thread's copy; or else whether it should [have one](Self::keep).
    #[inline]
    pub(crate) fn find(self) -> Result<Arc<KeyRecord>, bool> {
        self.with_slot(|slot| {
            if slot.id == Some(self.id) && slot.gate == self.gate {
                slot.votes = slot.votes.saturating_add(1);
                if slot.epoch == self.epoch
                    && let Some(record) = &slot.record
                {
                    return Ok(Arc::clone(record));
                }
                return Err(slot.votes >= WORTH);
            }
            slot.votes = slot.votes.saturating_sub(1);
            if slot.votes == 0 {
                *slot = Slot { gate: self.gate, id: Some(self.id), epoch: 0, votes: 1, record: None };
            }
            Err(false)
        })
        .unwrap_or(Err(false))
    }

    /// Makes a copy of a record that was looked up after the epoch was read.
    #[cold]
    pub(crate) fn keep(self, record: &KeyRecord) {
        self.with_slot(|slot| {
            if slot.id == Some(self.id) && slot.gate == self.gate {
                slot.epoch = self.epoch;
                slot.record = Some(Arc::new(record.copy()));
            }
        });
    }

    #[inline]
    fn with_slot<T>(self, work: impl FnOnce(&mut Slot) -> T) -> Option<T> {
        // Not while the thread ends, when the slots are gone.
        let outcome = SLOTS_OF_THREAD.try_with(|slots| {
            let mut slots = slots.try_borrow_mut().ok()?;
            if slots.is_empty() {
                slots.resize_with(SLOTS, Slot::default);
            }
            slots.get_mut(self.mark.pick(SLOTS)).map(work)
        });
        outcome.ok().flatten()
    }
}
