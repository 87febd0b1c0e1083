//! The clock that the gate is asked with.

use std::{
    sync::OnceLock,
    time::{SystemTime, UNIX_EPOCH},
};

use mgmt_core::time::Timestamp;
use rustix::time::{ClockId, clock_gettime};

/// The clock that also goes on while the machine sleeps: a lease must run out meanwhile.
#[cfg(target_os = "linux")]
const STEADY: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const STEADY: ClockId = ClockId::Monotonic;

/// A moment on two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// The time of day: for expiry, calendar periods and records.
    pub wall: Timestamp,
    /// Nanoseconds of a clock that never goes back and, on Linux, goes on while the machine sleeps: for rate limits and leases, so
    /// that a stepped clock neither locks out nor lets through.
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
        static START: OnceLock<u64> = OnceLock::new();
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        let start = *START.get_or_init(steady_nanos);
        Moment {
            wall: Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX)),
            nanos: steady_nanos().saturating_sub(start),
        }
    }
}

fn steady_nanos() -> u64 {
    let time = clock_gettime(STEADY);
    let part = |value: i64| u64::try_from(value).unwrap_or_default();
    part(time.tv_sec).saturating_mul(1_000_000_000).saturating_add(part(time.tv_nsec))
}
