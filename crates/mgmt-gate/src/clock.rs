//! The clock that the gate is asked with.

use std::{
    sync::OnceLock,
    time::{Instant, SystemTime, UNIX_EPOCH},
};

use mgmt_core::time::Timestamp;

/// A moment on two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The time of day: for expiry, calendar periods and records.
    pub wall: Timestamp,
    /// Nanoseconds of a clock that never goes back: for rate limits, so that a stepped clock neither locks out nor lets through.
    pub nanos: u64,
}

/// Reads the machine's clocks.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl SystemClock {
    /// The present moment.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "this is the clock that hands the time to everything else")]
    pub fn now(&self) -> Moment {
        static START: OnceLock<Instant> = OnceLock::new();
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let nanos = Instant::now().saturating_duration_since(*START.get_or_init(Instant::now)).as_nanos();
        Moment {
            wall: Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)),
            nanos: u64::try_from(nanos).unwrap_or(u64::MAX),
        }
    }
}
