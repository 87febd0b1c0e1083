//! The right to answer from memory, shared by all threads.

use std::sync::atomic::{AtomicU64, Ordering};

use mgmt_core::lease::Lease;

/// A lease that is read by every check and extended now and then.
#[derive(Debug)]
pub(crate) struct Right(AtomicU64);

impl Right {
    pub(crate) const fn new(lease: Lease) -> Self {
        Self(AtomicU64::new(lease.end()))
    }

    pub(crate) fn lease(&self) -> Lease {
        Lease::until(self.0.load(Ordering::SeqCst))
    }

    pub(crate) fn set(&self, lease: Lease) {
        self.0.store(lease.end(), Ordering::SeqCst);
    }

    pub(crate) fn extend(&self, lease: Lease) {
        self.0.fetch_max(lease.end(), Ordering::SeqCst);
    }
}
