//! Units of a quota in the hands of this node. They are taken from the store in blocks and used up here, so that the quota's
//! row is the only authority and a check needs no database.

use mgmt_core::{
    quota::{Quota, QuotaStanding},
    time::Timestamp,
};

use crate::clock::Moment;

/// How long a subject must be idle before its units go back.
const IDLE_NANOS: u64 = 250_000_000;
/// How long what is known of an exhausted row is believed: somebody else may have given units back.
const MEMORY_NANOS: u64 = 250_000_000;
/// The same when other nodes were asked for theirs and had none: asking keeps clients waiting.
const LONG_MEMORY_NANOS: u64 = 1_000_000_000;

/// What is held of a subject's quota.
#[derive(Debug, Default)]
pub(crate) struct Units {
    /// The quota that the units belong to, and the period: from the first moment until before the second.
    of: Option<(Quota, Timestamp, Timestamp)>,
    /// Units taken and not used.
    held: u64,
    /// Units used in the row, those held included, when it was last read.
    row_used: u64,
    /// When the row was last read.
    read_at: u64,
    /// How long after that it is believed.
    memory: u64,
    /// When a unit was last used.
    used_at: u64,
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
    pub(crate) fn held(&self) -> u64 {
        self.held
    }

    /// Without a look into the calendar: a moment between the ends of a period is in it.
    #[inline]
    fn is_of(&self, quota: &Quota, now: Moment) -> bool {
        self.of.is_some_and(|(of, start, end)| of == *quota && start <= now.wall && now.wall < end)
    }

    fn new_of(quota: &Quota, now: Moment) -> Self {
        Self { of: Some((*quota, quota.period.start(now.wall), quota.period.end(now.wall))), ..Self::default() }
    }

    /// Notes what the row says, where nothing is known yet, so that clients are told the truth before anything is taken.
    pub(crate) fn observe(&mut self, quota: &Quota, row_used: u64, now: Moment) {
        if self.held == 0 && !self.is_of(quota, now) {
            *self = Self { row_used, ..Self::new_of(quota, now) };
        }
    }

    /// Judges a cost without using anything.
    pub(crate) fn cover(&self, quota: &Quota, cost: u64, now: Moment) -> Cover {
        if cost == 0 || (self.is_of(quota, now) && self.held >= cost) {
            return Cover::Enough;
        }
        // More than the whole quota never fits, so nothing has to be fetched to say so.
        let recent = self.is_of(quota, now) && now.nanos.saturating_sub(self.read_at) < self.memory;
        let reachable = self.held + quota.limit.saturating_sub(self.row_used);
        if cost > quota.limit || (recent && reachable < cost) { Cover::Exhausted } else { Cover::Fetch }
    }

    /// Uses units that [`cover`](Self::cover) found.
    pub(crate) fn spend(&mut self, cost: u64, now: Moment) {
        self.held = self.held.saturating_sub(cost);
        self.used_at = now.nanos;
    }

    /// Takes out units of another quota or an earlier period, to be given back: their period and number.
    pub(crate) fn outdated(&mut self, quota: &Quota, now: Moment) -> Option<(Timestamp, u64)> {
        if self.is_of(quota, now) {
            return None;
        }
        let stale = self.of.map(|(_, start, _)| (start, self.held)).filter(|(_, held)| *held > 0);
        *self = Self { used_at: now.nanos, ..Self::new_of(quota, now) };
        stale
    }

    /// How many more must be fetched to cover a cost.
    pub(crate) fn lacking(&self, cost: u64) -> u64 {
        cost.saturating_sub(self.held)
    }

    /// Takes in what the row gave; `asked` when all other nodes have had the time to give back what they hold.
    pub(crate) fn receive(&mut self, units: u64, row_used: u64, asked: bool, now: Moment) {
        self.memory = if asked && units == 0 { LONG_MEMORY_NANOS } else { MEMORY_NANOS };
        self.held += units;
        self.row_used = row_used;
        self.read_at = now.nanos;
        self.used_at = now.nanos;
    }

    /// Takes out units that were idle too long, to be given back. `force` takes them whatever their age.
    pub(crate) fn release(&mut self, now: Moment, force: bool) -> Option<(Timestamp, u64)> {
        let idle = now.nanos.saturating_sub(self.used_at) >= IDLE_NANOS;
        let (_, start, _) = self.of?;
        if self.held == 0 || !(idle || force) {
            return None;
        }
        let held = std::mem::take(&mut self.held);
        self.row_used = self.row_used.saturating_sub(held);
        Some((start, held))
    }

    /// What clients are told, as far as this node knows.
    pub(crate) fn standing(&self, quota: &Quota, now: Moment) -> QuotaStanding {
        // The limit may have changed since; what is used in the period has not.
        let known = self.of.filter(|(of, start, end)| of.period == quota.period && *start <= now.wall && now.wall < *end);
        let used = if known.is_some() { self.row_used.saturating_sub(self.held) } else { 0 };
        QuotaStanding {
            limit: quota.limit,
            used,
            remaining: quota.limit.saturating_sub(used),
            period: quota.period,
            resets_at: known.map_or_else(|| quota.period.end(now.wall), |(.., end)| end),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mgmt_core::quota::Period;

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
