//! Used units.

use mgmt_core::{quota::Quota, time::Timestamp};
use mgmt_store::{Allotment, QuotaMark, Quotas, Result};

use crate::{state::State, table::most, tx::MemoryTx};

/// The name of a period: days and months of a subject are counted apart.
pub(crate) type Period = &'static str;

/// What is used of a period.
#[derive(Clone, Copy)]
pub(crate) struct Used {
    start: Timestamp,
    units: u64,
}

/// Subject, period, its start, limit and percent.
pub(crate) type MarkKey = (String, Period, Timestamp, u64, u64);

#[derive(Clone)]
pub(crate) struct Mark {
    mark: QuotaMark,
    is_announced: bool,
}

fn mark_key(mark: &QuotaMark) -> MarkKey {
    (mark.subject.clone(), mark.quota.period.as_str(), mark.period_start, mark.quota.limit, mark.percent)
}

fn of_subject<'a>(s: &'a State, subject: &'a str) -> impl Iterator<Item = (&'a (String, Period), &'a Used)> {
    s.quotas.range((subject.to_owned(), "")..).take_while(move |((of, _), _)| of == subject)
}

/// What is used of the periods that start at `period_start`: a day and a month may start together.
fn used_since(s: &State, subject: &str, period_start: Timestamp) -> Vec<((String, Period), u64)> {
    of_subject(s, subject).filter(|(_, used)| used.start == period_start).map(|(key, used)| (key.clone(), used.units)).collect()
}

impl Quotas for MemoryTx {
    fn take(&mut self, subject: &str, quota: &Quota, period_start: Timestamp, cost: u64) -> Result<Allotment> {
        let key = (subject.to_owned(), quota.period.as_str());
        self.write(|s| {
            let known = s.quotas.get(&key).copied().unwrap_or(Used { start: period_start, units: 0 });
            if known.start > period_start {
                // Another clock is in the next period already: this one is closed, and nothing is left of it.
                return Ok(Allotment { units: 0, used: quota.limit });
            }
            let before = if known.start == period_start { known.units } else { 0 };
            let left = quota.limit.saturating_sub(before);
            let units = if left < cost { 0 } else { quota.allotment(left, cost) };
            let used = before + units;
            s.quotas.put(key, Used { start: period_start, units: used });
            for percent in quota.marks_between(before, used) {
                let mark = QuotaMark { subject: subject.to_owned(), quota: *quota, period_start, percent, used };
                let key = mark_key(&mark);
                if !s.quota_marks.has(&key) {
                    s.quota_marks.put(key, Mark { mark, is_announced: false });
                }
            }
            Ok(Allotment { units, used })
        })
    }

    fn give_back(&mut self, subject: &str, period_start: Timestamp, units: u64) -> Result<()> {
        self.write(|s| {
            // Where a day and a month start together, it is unknown whose units they are: they are lost rather than issued twice.
            if let [(key, _)] = used_since(s, subject, period_start).as_slice() {
                s.quotas.change(key, |used| used.units >= units, |used| used.units -= units);
            }
            Ok(())
        })
    }

    fn recall(&mut self, _subject: &str) -> Result<()> {
        // Nobody else holds units: the store is one process's.
        self.write(|_| Ok(()))
    }

    fn announce_return(&mut self, _subject: &str) -> Result<()> {
        self.write(|_| Ok(()))
    }

    fn used(&mut self, subject: &str, period_start: Timestamp) -> Result<u64> {
        self.look(|s| used_since(s, subject, period_start).into_iter().map(|(_, units)| units).max().unwrap_or(0))
    }

    fn list_used(&mut self, subjects: &[String]) -> Result<Vec<(String, Timestamp, u64)>> {
        self.look(|s| {
            let of = |subject| of_subject(s, subject).map(|((subject, _), used)| (subject.clone(), used.start, used.units));
            subjects.iter().flat_map(|subject| of(subject)).collect()
        })
    }

    fn marks(&mut self, limit: i64) -> Result<Vec<QuotaMark>> {
        self.look(|s| {
            let mut marks: Vec<&QuotaMark> = s.quota_marks.values().filter(|m| !m.is_announced).map(|m| &m.mark).collect();
            marks.sort_by_key(|m| (m.period_start, m.percent));
            marks.into_iter().take(most(limit)).cloned().collect()
        })
    }

    fn announce(&mut self, mark: &QuotaMark) -> Result<bool> {
        self.write(|s| Ok(s.quota_marks.change(&mark_key(mark), |m| !m.is_announced, |m| m.is_announced = true)))
    }

    fn delete_marks(&mut self, before: Timestamp) -> Result<usize> {
        self.write(|s| Ok(s.quota_marks.remove_all(|m| m.is_announced && m.mark.period_start < before)))
    }
}
