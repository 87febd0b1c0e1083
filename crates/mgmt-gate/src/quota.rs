//! Units of a quota in the hands of this node. They are taken from the store in blocks and used up here, so that the quota's
//! row is the only authority and a check needs no database.

use mgmt_core::{
    quota::{Period, Quota, QuotaStanding},
    time::Timestamp,
};

use crate::clock::Moment;

/// How long a subject must be idle before its units go back.
const IDLE_NANOS: u64 = 250_000_000;
/// How exactly it is known when a unit was last used.
const USED_NANOS: u64 = IDLE_NANOS / 16;
/// How long what is known of an exhausted row is believed: somebody else may have given units back.
const MEMORY_NANOS: u64 = 250_000_000;
/// The same when other nodes were asked for theirs and had none: asking keeps clients waiting.
const LONG_MEMORY_NANOS: u64 = 1_000_000_000;

const DAY_MILLIS: u64 = 86_400_000;

/// What is held of a subject's quota.
// In this order: what every request touches stands together.
#[derive(Debug, Default)]
#[repr(C)]
pub(crate) struct Units {
    /// Units taken and not used.
    held: u64,
    /// The limit of the quota that the units belong to.
    limit: u64,
    /// Its period: from the beginning of the first day, counted from the Unix epoch, to that of the second.
    days: [u32; 2],
    /// Units used in the row, those held included, when it was last read.
    row_used: u64,
    /// When a unit was last used, within [`USED_NANOS`].
    used_at: u64,
    /// When the row was last read, and one; 0 when it never was.
    read_at: u64,
    /// The period of that quota; `None` as long as there is none.
    period: Option<Period>,
    /// Whether the row is believed for the longer time after it was read.
    asked: bool,
}

/// What the units say to a cost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cover {
    /// Enough are held.
    Enough,
    /// More must be fetched before anything can be said.
    Fetch,
    /// The quota cannot give them.
    Exhausted,
}

impl Units {
    #[inline]
    pub(crate) fn held(&self) -> u64 {
        self.held
    }

    #[inline]
    fn is_of(&self, quota: &Quota, now: Moment) -> bool {
        self.limit == quota.limit && self.is_in(quota.period, now)
    }

    /// Without a look into the calendar: every period begins at a midnight.
    #[inline]
    fn is_in(&self, period: Period, now: Moment) -> bool {
        let [first, end] = self.days;
        let day = now.wall.as_millis().unsigned_abs() / DAY_MILLIS;
        self.period == Some(period) && u64::from(first) <= day && day < u64::from(end)
    }

    fn new_of(quota: &Quota, now: Moment) -> Self {
        let day = |at: Timestamp| at.as_millis().unsigned_abs().div_ceil(DAY_MILLIS) as u32;
        let days = [day(quota.period.start(now.wall)), day(quota.period.end(now.wall))];
        Self { limit: quota.limit, period: Some(quota.period), days, ..Self::default() }
    }

    /// The first moment of the period.
    fn start(&self) -> Timestamp {
        midnight(self.days[0])
    }

    /// Notes what the row says, where nothing is known yet, so that clients are told the truth before anything is taken.
    pub(crate) fn observe(&mut self, quota: &Quota, row_used: u64, now: Moment) {
        if self.held == 0 && !self.is_of(quota, now) {
            *self = Self { row_used, ..Self::new_of(quota, now) };
        }
    }

    /// Judges a cost without using anything.
    #[inline]
    pub(crate) fn cover(&self, quota: &Quota, cost: u64, now: Moment) -> Cover {
        if cost == 0 || (self.is_of(quota, now) && self.held >= cost) {
            return Cover::Enough;
        }
        // More than the whole quota never fits, so nothing has to be fetched to say so.
        let memory = if self.asked { LONG_MEMORY_NANOS } else { MEMORY_NANOS };
        let recent = self.is_of(quota, now) && self.read_at > 0 && now.nanos.saturating_sub(self.read_at - 1) < memory;
        let reachable = self.held + quota.limit.saturating_sub(self.row_used);
        if cost > quota.limit || (recent && reachable < cost) { Cover::Exhausted } else { Cover::Fetch }
    }

    /// Uses units that [`cover`](Self::cover) found.
    #[inline]
    pub(crate) fn spend(&mut self, cost: u64, now: Moment) {
        self.held = self.held.saturating_sub(cost);
        // Not each time: what is seldom written, several processors have at hand at once.
        if now.nanos.saturating_sub(self.used_at) > USED_NANOS {
            self.used_at = now.nanos;
        }
    }

    /// Takes out units of another quota or an earlier period, to be given back: their period and number.
    pub(crate) fn outdated(&mut self, quota: &Quota, now: Moment) -> Option<(Timestamp, u64)> {
        if self.is_of(quota, now) {
            return None;
        }
        let stale = (self.held > 0).then(|| (self.start(), self.held));
        *self = Self { used_at: now.nanos, ..Self::new_of(quota, now) };
        stale
    }

    /// How many more must be fetched to cover a cost.
    pub(crate) fn lacking(&self, cost: u64) -> u64 {
        cost.saturating_sub(self.held)
    }

    /// Takes in what the row gave; `asked` when all other nodes have had the time to give back what they hold.
    pub(crate) fn receive(&mut self, units: u64, row_used: u64, asked: bool, now: Moment) {
        self.asked = asked && units == 0;
        self.held += units;
        self.row_used = row_used;
        self.read_at = now.nanos.saturating_add(1);
        self.used_at = now.nanos;
    }

    /// Takes out units that were idle too long, to be given back. `force` takes them whatever their age.
    pub(crate) fn release(&mut self, now: Moment, force: bool) -> Option<(Timestamp, u64)> {
        let idle = now.nanos.saturating_sub(self.used_at) >= IDLE_NANOS;
        if self.held == 0 || !(idle || force) {
            return None;
        }
        let held = std::mem::take(&mut self.held);
        self.row_used = self.row_used.saturating_sub(held);
        Some((self.start(), held))
    }

    /// What clients are told, as far as this node knows.
    #[inline]
    pub(crate) fn standing(&self, quota: &Quota, now: Moment) -> QuotaStanding {
        // The limit may have changed since; what is used in the period has not.
        let known = self.is_in(quota.period, now);
        let used = if known { self.row_used.saturating_sub(self.held) } else { 0 };
        QuotaStanding {
            limit: quota.limit,
            used,
            remaining: quota.limit.saturating_sub(used),
            period: quota.period,
            resets_at: if known { midnight(self.days[1]) } else { quota.period.end(now.wall) },
        }
    }
}

fn midnight(day: u32) -> Timestamp {
    Timestamp::from_millis((u64::from(day) * DAY_MILLIS).cast_signed())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Moment {
        Moment { wall: Timestamp::from_millis(1_800_000_000_000), nanos }
    }

    #[test]
    fn units_are_used_given_back_and_remembered() {
        let quota = Quota { limit: 10, period: Period::Day };
        let mut units = Units::default();
        assert_eq!(units.cover(&quota, 1, at(0)), Cover::Fetch);
        assert_eq!(units.cover(&quota, 11, at(0)), Cover::Exhausted);
        assert_eq!(units.cover(&quota, 0, at(0)), Cover::Enough);
        assert_eq!(units.outdated(&quota, at(0)), None);
        units.receive(3, 9, false, at(0));
        assert_eq!(units.cover(&quota, 3, at(0)), Cover::Enough);
        assert_eq!(units.cover(&quota, 4, at(0)), Cover::Fetch);
        assert_eq!(units.cover(&quota, 5, at(0)), Cover::Exhausted);
        units.spend(1, at(0));
        assert_eq!(units.standing(&quota, at(0)).used, 7);
        assert_eq!(units.release(at(IDLE_NANOS - 1), false), None);
        assert_eq!(units.release(at(IDLE_NANOS), false).map(|r| r.1), Some(2));
        assert_eq!(units.standing(&quota, at(IDLE_NANOS)).used, 7);
        let raised = Quota { limit: 20, ..quota };
        assert_eq!(units.cover(&raised, 11, at(0)), Cover::Fetch);
    }
}
