//! Units of quotas on their way between this node and the store.

use std::sync::Arc;

use mgmt_core::quota::Quota;
use mgmt_store::{Result, StoreError};

use super::Gate;
use crate::{clock::Moment, quota::Cover, recall::LOOKS, subject::Subject};

impl Gate {
    /// Fetches units. Where the row has too few and other nodes may hold some, these are asked back for.
    pub(super) fn fetch_units(&self, subject: &Arc<Subject>, quota: &Quota, cost: u64, now: Moment) -> Result<()> {
        let _turn = subject.turn.lock();
        if subject.counts.lock().units.cover(quota, cost, now) != Cover::Fetch {
            return Ok(());
        }
        let row = subject.id().quota_row();
        // From before the others are asked: an answer that is very fast must not be missed.
        let mut waiting = self.recall.wait_for(&row);
        let Fetch::Recalled = self.take_units(subject, quota, cost, Step::First, now)? else { return Ok(()) };
        metrics::counter!("mgmt_quota_recalls_total").increment(1);
        for look in 1..=LOOKS {
            waiting.pause();
            let step = if look == LOOKS { Step::Last } else { Step::Next };
            if let Fetch::Done = self.take_units(subject, quota, cost, step, now)? {
                break;
            }
        }
        Ok(())
    }

    fn take_units(&self, subject: &Arc<Subject>, quota: &Quota, cost: u64, step: Step, now: Moment) -> Result<Fetch> {
        let _one = subject.refill.lock();
        let stale = subject.counts.lock().units.outdated(quota, now);
        let lacking = subject.counts.lock().units.lacking(cost);
        let (row, start) = (subject.id().quota_row(), quota.period.start(now.wall));
        let (taken, waits) = self.store.run("quota.take", |tx| {
            if let Some((period, units)) = stale {
                tx.quotas().give_back(&row, period, units)?;
            }
            let taken = tx.quotas().take(&row, quota, start, lacking)?;
            let mut waits = taken.units == 0 && step == Step::Next;
            if taken.units == 0 && step == Step::First && self.recall.may_have_others() {
                let (holders, time) = tx.node_leases().list()?;
                waits = self.recall.has_others(&holders, time);
                if waits {
                    tx.quotas().recall(&row)?;
                }
            }
            Ok::<_, StoreError>((taken, waits))
        })?;
        if waits {
            return Ok(Fetch::Recalled);
        }
        subject.counts.lock().units.receive(taken.units, taken.used, step != Step::First, now);
        self.subjects.list(subject);
        Ok(Fetch::Done)
    }

    pub(super) fn release(&self, now: Moment, letting: Letting) -> Result<()> {
        let mut result = Ok(());
        for subject in self.subjects.take_listed() {
            // What is on its way is lost where the store is away: the others keep theirs.
            if result.is_ok() {
                result = self.release_of(&subject, now, letting);
            }
            if subject.counts.lock().units.held() > 0 {
                self.subjects.list(&subject);
            }
        }
        result
    }

    pub(super) fn release_of(&self, subject: &Subject, now: Moment, letting: Letting) -> Result<()> {
        let _one = subject.refill.lock();
        let released = subject.counts.lock().units.release(now, letting != Letting::Idle);
        let Some((start, units)) = released else { return Ok(()) };
        let row = subject.id().quota_row();
        // Whether a commit that failed was stored nobody knows: units that may have gone back are not used here any more. Some
        // may be lost until the period ends, none is handed out twice.
        self.store.run("quota.give_back", |tx| {
            tx.quotas().give_back(&row, start, units)?;
            if letting == Letting::Asked { tx.quotas().announce_return(&row) } else { Ok(()) }
        })
    }
}

/// Why units go back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Letting {
    /// Nobody uses them.
    Idle,
    /// Another node needs them.
    Asked,
    /// This one ends.
    Closing,
}

/// Where a fetch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// Others were not asked yet.
    First,
    /// They were, and may answer yet.
    Next,
    /// They have had their time.
    Last,
}

/// What became of an attempt to take units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fetch {
    /// The row's word counts.
    Done,
    /// The row has too few, and others were asked to give theirs back.
    Recalled,
}
