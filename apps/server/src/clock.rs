//! The shell's clock: the only place of the server that reads the time.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use mgmt_core::time::Timestamp;

/// Reads the time of day and a monotonic time. Cheap to clone; clones share their origin.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Clock {
    origin: Instant,
}

impl Clock {
    /// The system's clock.
    #[expect(clippy::disallowed_methods, reason = "this is the shell's clock")]
    pub(crate) fn system() -> Self {
        Self { origin: Instant::now() }
    }

    /// The time of day.
    #[expect(clippy::disallowed_methods, reason = "this is the shell's clock")]
    pub(crate) fn now(&self) -> Timestamp {
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_millis(i64::try_from(since_epoch.as_millis()).unwrap_or(i64::MAX))
    }

    /// Time since the server started; never goes back.
    pub(crate) fn elapsed(&self) -> Duration {
        self.origin.elapsed()
    }
}
