//! The right to answer from memory, shared by all threads.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use mgmt_core::lease::Lease;

/// How often a request that finds no lease looks again. A process that did not run for as long as its lease lasts, or had to wait that long
/// for the database, holds one again within milliseconds.
pub const LEASE_LOOKS: u32 = 100;
/// The pause before each look: half a second in all.
pub const LEASE_LOOK_EVERY: Duration = Duration::from_millis(5);

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
