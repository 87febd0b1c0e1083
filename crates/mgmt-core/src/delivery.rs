//! Deliveries: one event on its way to one endpoint, when it is tried again, and when an endpoint is given up.

use rand_core::CryptoRng;
use serde::{Deserialize, Serialize, Serializer};

use crate::{
    event::EventType,
    id::{DeliveryId, EventId, OrganizationId, WebhookId},
    time::Timestamp,
};

/// The longest pause that a `Retry-After` can ask for: a day.
pub const MAX_RETRY_AFTER_SECS: i64 = 24 * 3600;
/// Attempts that are kept in the log of a delivery; older ones go.
pub const MAX_LOGGED: usize = 30;
/// Bytes of an answer that are kept in the log.
pub const MAX_EXCERPT: usize = 1024;
/// How far a pause may be off, in percent, so that a crowd of repeats does not come at once.
const JITTER_PERCENT: i64 = 20;

/// Failures within a day that start the clock of an endpoint.
const CLOCK_FAILURES: i64 = 3;
const CLOCK_MILLIS: i64 = 24 * 3600 * 1000;
/// How long only failures are taken before an endpoint is switched off: five days.
pub const GIVE_UP_MILLIS: i64 = 5 * 24 * 3600 * 1000;

/// How far a delivery got.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryStatus {
    /// Not tried in this round yet.
    Pending,
    /// Answered with a 2xx status.
    Succeeded,
    /// Tried, and to be tried again.
    Failed,
    /// Given up: the schedule is exhausted, or the endpoint was switched off.
    Dead,
}

impl DeliveryStatus {
    /// Every status.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Succeeded, Self::Failed, Self::Dead];

    /// The name in bodies and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::Dead => "dead",
        }
    }

    /// Reads the name; `None` when it is another.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|s| s.as_str() == text)
    }
}

impl Serialize for DeliveryStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One try, as the log keeps it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// When it began.
    pub at: Timestamp,
    /// The status of the answer, if one came.
    pub status_code: Option<u16>,
    /// How long it took, in milliseconds.
    pub duration_ms: u64,
    /// What went wrong, in a word: `http_status`, `timeout`, `blocked_address` and so on.
    pub error: Option<String>,
    /// The beginning of the answer, as text.
    #[serde(default)]
    pub response: Option<String>,
}

impl Attempt {
    /// Only a 2xx status is a success.
    #[must_use]
    pub fn succeeded(&self) -> bool {
        self.error.is_none() && self.status_code.is_some_and(|s| (200..300).contains(&s))
    }

    /// Whether the endpoint says that it is gone for good.
    #[must_use]
    pub fn is_gone(&self) -> bool {
        self.status_code == Some(410)
    }

    /// Whether the endpoint may ask for a pause: it is overloaded, or away.
    #[must_use]
    pub fn honours_retry_after(&self) -> bool {
        matches!(self.status_code, Some(429 | 502 | 503 | 504))
    }
}

/// One event on its way to one endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// Its id.
    pub id: DeliveryId,
    /// Whose.
    pub organization_id: OrganizationId,
    /// Where to.
    pub webhook_id: WebhookId,
    /// What.
    pub event_id: EventId,
    /// What kind of event.
    pub event_type: EventType,
    /// How far it got.
    pub status: DeliveryStatus,
    /// Tries in this round of the schedule.
    pub tries: i64,
    /// The last tries of all rounds, oldest first.
    pub attempts: Vec<Attempt>,
    /// When it is tried next, unless it is being tried now.
    pub next_attempt_at: Option<Timestamp>,
    /// When it was made.
    pub created_at: Timestamp,
}

impl Delivery {
    /// Adds a try to the log and decides what comes next. `retry_after` is the pause in seconds that the endpoint asked for.
    #[must_use]
    pub fn record(
        self,
        attempt: Attempt,
        retry_after: Option<u64>,
        schedule: &Schedule,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Self {
        let Self { status, tries, attempts, next_attempt_at, .. } = self;
        let after = Progress { status, tries, attempts, next_attempt_at }.record(attempt, retry_after, schedule, now, rng);
        let Progress { status, tries, attempts, next_attempt_at } = after;
        Self { status, tries, attempts, next_attempt_at, ..self }
    }
}

/// How far something that is sent until it is accepted has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Where it stands.
    pub status: DeliveryStatus,
    /// Tries in this round: a repeat begins a new one.
    pub tries: i64,
    /// The latest tries, the oldest first.
    pub attempts: Vec<Attempt>,
    /// When it is tried next; `None` when it is being tried, and when it has ended.
    pub next_attempt_at: Option<Timestamp>,
}

impl Progress {
    /// Nothing was tried yet; the first try is due at `at`.
    #[must_use]
    pub const fn due(at: Timestamp) -> Self {
        Self { status: DeliveryStatus::Pending, tries: 0, attempts: Vec::new(), next_attempt_at: Some(at) }
    }

    /// Adds a try to the log and decides what comes next. `retry_after` is the pause in seconds that was asked for.
    #[must_use]
    pub fn record(
        mut self,
        attempt: Attempt,
        retry_after: Option<u64>,
        schedule: &Schedule,
        now: Timestamp,
        rng: &mut impl CryptoRng,
    ) -> Self {
        self.tries += 1;
        let asked = retry_after.filter(|_| attempt.honours_retry_after());
        let next = schedule.pause(self.tries, rng).filter(|_| !attempt.is_gone());
        (self.status, self.next_attempt_at) = match next {
            _ if attempt.succeeded() => (DeliveryStatus::Succeeded, None),
            None => (DeliveryStatus::Dead, None),
            Some(pause) => {
                let asked = asked.map_or(0, |s| i64::try_from(s).unwrap_or(i64::MAX).min(MAX_RETRY_AFTER_SECS) * 1000);
                (DeliveryStatus::Failed, Some(now.plus_millis(pause.max(asked))))
            }
        };
        self.attempts.push(attempt);
        let surplus = self.attempts.len().saturating_sub(MAX_LOGGED);
        self.attempts.drain(..surplus);
        self
    }

    /// The same, not tried again when it has not succeeded: whoever it goes to was switched off meanwhile.
    #[must_use]
    pub fn given_up(self) -> Self {
        match self.status {
            DeliveryStatus::Failed => Self { status: DeliveryStatus::Dead, next_attempt_at: None, ..self },
            DeliveryStatus::Pending | DeliveryStatus::Succeeded | DeliveryStatus::Dead => self,
        }
    }
}

/// When a delivery is tried: one entry an attempt, each the pause in seconds before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule(Vec<i64>);

impl Schedule {
    /// From the pauses in seconds.
    #[must_use]
    pub fn new(seconds: impl IntoIterator<Item = u32>) -> Self {
        Self(seconds.into_iter().map(i64::from).collect())
    }

    /// The pause in milliseconds before the attempt that follows `tries` attempts, less or more than the entry by up to a fifth.
    /// `None` when the schedule is exhausted.
    pub fn pause(&self, tries: i64, rng: &mut impl CryptoRng) -> Option<i64> {
        let entry = usize::try_from(tries).ok().and_then(|t| self.0.get(t))?;
        let millis = entry.saturating_mul(1000);
        // The slight excess of small remainders does not matter for a jitter.
        let percent = i64::from(rng.next_u32() % u32::try_from(2 * JITTER_PERCENT + 1).unwrap_or(1)) - JITTER_PERCENT;
        Some(millis + millis / 100 * percent)
    }
}

/// How an endpoint does, as far as that matters for giving it up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// The first failure since which nothing succeeded.
    pub failing_since: Option<Timestamp>,
    /// Failures since then.
    pub failures: i64,
}

impl Health {
    /// After a try.
    #[must_use]
    pub fn after(self, succeeded: bool, now: Timestamp) -> Self {
        let Some(since) = self.failing_since.filter(|_| !succeeded) else {
            return if succeeded { Self::default() } else { Self { failing_since: Some(now), failures: 1 } };
        };
        // A rare failure does not start the clock: several within a day do.
        if self.failures < CLOCK_FAILURES && now.millis_since(since) > CLOCK_MILLIS {
            return Self { failing_since: Some(now), failures: 1 };
        }
        Self { failing_since: Some(since), failures: self.failures.saturating_add(1) }
    }

    /// Whether the endpoint is given up: nothing but failures for five days.
    #[must_use]
    pub fn is_hopeless(&self, now: Timestamp) -> bool {
        self.failures >= CLOCK_FAILURES && self.failing_since.is_some_and(|since| now.millis_since(since) >= GIVE_UP_MILLIS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);
    const STANDARD: [u32; 10] = [0, 5, 300, 1800, 7200, 18_000, 36_000, 50_400, 72_000, 86_400];

    fn delivery() -> Delivery {
        Delivery {
            id: DeliveryId::from_u128(1),
            organization_id: OrganizationId::from_u128(2),
            webhook_id: WebhookId::from_u128(3),
            event_id: EventId::from_u128(4),
            event_type: EventType::ApiKeyCreated,
            status: DeliveryStatus::Pending,
            tries: 0,
            attempts: Vec::new(),
            next_attempt_at: Some(NOW),
            created_at: NOW,
        }
    }

    fn answer(status: u16) -> Attempt {
        let error = (!(200..300).contains(&status)).then(|| "http_status".to_owned());
        Attempt { at: NOW, status_code: Some(status), duration_ms: 1, error, response: None }
    }

    proptest! {
        /// Every entry is one attempt, each pause is within a fifth of its entry, and after the last the delivery is dead.
        #[test]
        fn the_schedule_is_kept(seed: u64, entries in prop::collection::vec(0..200_000_u32, 1..12), status in 300..600_u16) {
            prop_assume!(status != 410);
            let mut rng = ChaCha20Rng::seed_from_u64(seed);
            let schedule = Schedule::new(entries.iter().copied());
            let mut current = delivery();
            for (i, _) in entries.iter().enumerate() {
                current = current.record(answer(status), None, &schedule, NOW, &mut rng);
                let Some(next) = entries.get(i + 1) else { break };
                let pause = current.next_attempt_at.unwrap().millis_since(NOW);
                let entry = i64::from(*next) * 1000;
                prop_assert!(pause >= entry * 4 / 5 && pause <= entry * 6 / 5, "{} {}", pause, entry);
                prop_assert_eq!(current.status, DeliveryStatus::Failed);
            }
            prop_assert_eq!((current.status, current.next_attempt_at), (DeliveryStatus::Dead, None));
            prop_assert_eq!(current.attempts.len(), entries.len());
        }

        /// An endpoint is given up only after five days of nothing but failures, however they are spread.
        #[test]
        fn nobody_is_given_up_early(steps in prop::collection::vec((0..200_000_000_i64, prop::bool::weighted(0.1)), 1..60)) {
            let (mut now, mut health, mut since) = (NOW, Health::default(), None);
            for (pause, succeeded) in steps {
                now = now.plus_millis(pause);
                health = health.after(succeeded, now);
                since = if succeeded { None } else { since.or(Some(now)) };
                let Some(since) = since else {
                    prop_assert_eq!(health, Health::default());
                    continue;
                };
                prop_assert!(!health.is_hopeless(now) || now.millis_since(since) >= GIVE_UP_MILLIS);
            }
        }
    }

    #[test]
    fn five_days_of_failures_are_enough() {
        let mut health = Health::default();
        let mut now = NOW;
        for hour in 0..120 {
            now = NOW.plus_secs(hour * 3600);
            health = health.after(false, now);
            assert!(!health.is_hopeless(now), "after {hour} hours");
        }
        assert!(health.is_hopeless(now.plus_secs(3600)));
        assert_eq!(health.after(true, now), Health::default());
        // One failure a week is no reason.
        let rare = (0..10).fold(Health::default(), |h, week| h.after(false, NOW.plus_secs(week * 7 * 86_400)));
        assert!(!rare.is_hopeless(NOW.plus_secs(70 * 86_400)));
    }

    #[test]
    fn answers_decide() {
        let mut rng = ChaCha20Rng::seed_from_u64(9);
        let schedule = Schedule::new(STANDARD);
        let mut after = |status, retry_after| delivery().record(answer(status), retry_after, &schedule, NOW, &mut rng);
        for status in [200, 201, 204, 299] {
            assert_eq!(after(status, None).status, DeliveryStatus::Succeeded);
        }
        for status in [100, 199, 301, 302, 307, 400, 404, 500] {
            assert_eq!(after(status, Some(1000)).status, DeliveryStatus::Failed);
        }
        assert_eq!(after(410, None).status, DeliveryStatus::Dead);
        let pause = |d: Delivery| d.next_attempt_at.unwrap().millis_since(NOW);
        assert!(pause(after(500, Some(1000))) <= 6000, "a 500 has no say in the pause");
        assert_eq!(pause(after(503, Some(1000))), 1_000_000);
        assert_eq!(pause(after(429, Some(u64::MAX))), MAX_RETRY_AFTER_SECS * 1000);
        assert!(pause(after(429, Some(0))) >= 4000, "never sooner than the schedule");
    }

    #[test]
    fn the_log_is_bounded() {
        let mut rng = ChaCha20Rng::seed_from_u64(9);
        let schedule = Schedule::new([0]);
        let long = (0..100).fold(delivery(), |d, _| d.record(answer(500), None, &schedule, NOW, &mut rng));
        assert_eq!(long.attempts.len(), MAX_LOGGED);
    }
}
