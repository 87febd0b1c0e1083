//! The gate: checks keys from memory, counts them, and follows every change.

use std::{collections::HashMap, sync::Arc, thread};

use mgmt_core::{
    access::{Decision, decide},
    id::{KeyId, OrganizationId, SessionId},
    lease::Lease,
    limit::{RateLimit, Verdict},
    scope::Catalogues,
    usage::Outcome,
};
use mgmt_store::{Invalidation, Result, Store, StoreError, Tx};
use parking_lot::Mutex;

use crate::{
    cache::{Cache, Lookup},
    clock::Moment,
    consume::{Consumed, Held, consume, places_of, standings},
    meter::Meter,
    recall::Recall,
    record::KeyRecord,
    right::{LEASE_LOOK_EVERY, LEASE_LOOKS, Right},
    shared::{Places, SessionCheck, Spread, Taken},
    subject::{SubjectId, Subjects},
};

mod answer;
mod load;
mod options;
mod refill;

use answer::Need;
pub use answer::{Admission, Check, Pending, Refusal, Standings};
use load::Flight;
pub use options::{DEFAULT_CAPACITY, GateOptions, PlanLimits, Request, Traffic};
use refill::Letting;

/// How often [`Gate::admit`] fetches before it gives up: each time, others may have taken what it fetched.
const ADMIT_ATTEMPTS: usize = 1_000;
/// How many changes are read at once.
const JOURNAL_PAGE: i64 = 1_000;

/// Checks keys from memory. See the [crate's page](crate).
#[derive(Debug)]
pub struct Gate {
    options: GateOptions,
    store: Arc<dyn Store>,
    cache: Cache,
    subjects: Subjects,
    meter: Meter,
    /// The last change that the cache follows.
    applied: Mutex<i64>,
    /// Until when it may answer.
    right: Right,
    /// How windows are counted.
    spread: Spread,
    /// Other nodes, which may hold units of quotas.
    recall: Recall,
    flights: Mutex<HashMap<KeyId, Arc<Flight>>>,
    /// Keys that were in memory until they changed.
    changed: Mutex<Vec<KeyId>>,
}

const UNKNOWN: Check = Check::Refused(Refusal::Unknown);

impl Gate {
    /// A gate over a store, with an empty cache.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub fn new(store: Arc<dyn Store>, options: GateOptions) -> Result<Self> {
        let head = store.read("gate.start", |tx| tx.invalidations().head())?;
        let gate = Self {
            cache: Cache::new(options.capacity),
            subjects: Subjects::default(),
            meter: Meter::new(options.run.clone()),
            applied: Mutex::new(head),
            right: Right::new(Lease::FOR_EVER),
            spread: Spread::default(),
            recall: Recall::default(),
            flights: Mutex::default(),
            changed: Mutex::default(),
            store,
            options,
        };
        gate.tell_sizes();
        Ok(gate)
    }

    fn tell_sizes(&self) {
        metrics::gauge!("mgmt_gate_cached_keys").set(self.cache.len() as f64);
        metrics::gauge!("mgmt_gate_subjects").set(self.subjects.len() as f64);
    }

    /// Which scopes there are.
    #[must_use]
    pub fn catalogues(&self) -> &Catalogues {
        &self.options.catalogues
    }

    /// Answers nothing from now on, until a lease is [granted](Self::grant).
    pub fn require_lease(&self) {
        self.right.set(Lease::NONE);
    }

    /// Answers as long as this lease stands, or an earlier one that stands longer.
    pub fn grant(&self, lease: Lease) {
        self.right.extend(lease);
    }

    /// Whether the lease stands. `now` must have been read after the request arrived.
    #[must_use]
    pub fn may_answer(&self, now: Moment) -> bool {
        self.right.lease().may_answer(now.nanos)
    }

    /// Waits until a lease stands, for half a second at most. Blocks; asynchronous code looks at [`may_answer`](Self::may_answer) instead,
    /// [`LEASE_LOOKS`](crate::LEASE_LOOKS) times, every [`LEASE_LOOK_EVERY`](crate::LEASE_LOOK_EVERY).
    ///
    /// # Errors
    /// When none came: the store cannot be reached.
    pub fn wait_for_lease(&self, now: impl Fn() -> Moment) -> Result<()> {
        for _ in 0..LEASE_LOOKS {
            if self.may_answer(now()) {
                return Ok(());
            }
            thread::sleep(LEASE_LOOK_EVERY);
        }
        Err(StoreError::Unavailable("this node holds no lease".to_owned()))
    }

    /// Accepts of each limit no more than a share of `1/nodes`, and at least one, as long as windows are not shared.
    pub fn divide_limits(&self, nodes: u32) {
        self.spread.divide_among(nodes);
    }

    /// Counts in shared windows from now on: checks are [`Check::Pending`] with [`Pending::places`]. `since` is when they came back
    /// after this node had counted for itself; for one span of each limit its share holds besides, so that windows that lost what
    /// they held let nobody through twice.
    pub fn count_together(&self, since: Option<Moment>) {
        self.spread.share(since.map_or(0, |moment| moment.nanos.max(1)));
    }

    /// Counts in this node's own windows from now on, which also hold what it accepted in shared ones.
    pub fn count_here(&self) {
        self.spread.keep();
    }

    /// The places that a request with a key takes, where windows are shared and anything limits it.
    #[must_use]
    pub fn places_of(&self, record: &KeyRecord, traffic: Traffic) -> Option<Places> {
        if self.spread.counting().is_shared() { places_of(record, traffic) } else { None }
    }

    /// Checks a key from memory. `now` must have been read after the request arrived.
    #[must_use]
    pub fn check(&self, presented: &str, request: &Request<'_>, now: Moment) -> Check {
        self.check_with(presented, request, now, None)
    }

    /// [`check`](Self::check) with the answer for the places that it asked for. If this is not [`Check::Accepted`], the places are
    /// to be given back.
    #[must_use]
    pub fn check_holding(&self, presented: &str, request: &Request<'_>, now: Moment, held: (&Places, &Taken)) -> Check {
        self.check_with(presented, request, now, Some(held))
    }

    fn check_with(&self, presented: &str, request: &Request<'_>, now: Moment, held: Held<'_>) -> Check {
        // Before anything is looked up: what is looked up after is at least as new as the lease warrants.
        if !self.may_answer(now) {
            return Check::Unleased;
        }
        let Some(key) = self.options.format.parse(presented) else { return UNKNOWN };
        if key.kind() != request.kind {
            return UNKNOWN;
        }
        let record = match self.cache.get(key.id(), now.nanos) {
            Lookup::Hit(record) => record,
            Lookup::Miss => return Check::Pending(Pending(Need::Key(key.id()))),
            Lookup::Absent => {
                // As much work as for a key that exists, so that time does not tell which ids do.
                std::hint::black_box(self.options.pepper.hash(&key));
                return UNKNOWN;
            }
        };
        record.fetch_ahead();
        let same = self.options.pepper.hash(&key).matches(&record.hash);
        let common = record.shared.common();
        if request.within.is_some_and(|organization| organization != common.organization_id) {
            return UNKNOWN;
        }
        if !same || common.pepper_version != self.options.pepper.version() {
            return UNKNOWN;
        }
        self.judge(record, request, now, held)
    }

    /// Checks a key, fetching what is missing on this thread.
    ///
    /// # Errors
    /// When the store cannot be reached. That is no answer about the key.
    pub fn admit(&self, presented: &str, request: &Request<'_>, now: impl Fn() -> Moment) -> Result<Check> {
        for _ in 0..ADMIT_ATTEMPTS {
            match self.check(presented, request, now()) {
                Check::Pending(pending) => self.resolve(&pending, now())?,
                Check::Unleased => self.wait_for_lease(&now)?,
                answer => return Ok(answer),
            }
        }
        Err(StoreError::Unavailable("others were always faster to use what was fetched".to_owned()))
    }

    /// Fetches what a check lacked. Blocks on the store; callers that wait for the same key share one fetch.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub fn resolve(&self, pending: &Pending, now: Moment) -> Result<()> {
        match &pending.0 {
            Need::Key(id) => self.load_once(*id, now),
            Need::Units { subject, quota, cost } => self.fetch_units(subject, quota, *cost, now),
            Need::Places(_) => Err(StoreError::Unavailable("places in shared windows are taken elsewhere".to_owned())),
        }
    }

    /// Counts a request in a session's own window, unless a place in a shared one must be taken first.
    pub fn admit_session(&self, id: SessionId, limit: RateLimit, now: Moment) -> SessionCheck {
        let subject = self.subjects.get(SubjectId::Session(id));
        let (window, counting) = (&mut subject.counts.lock().window, self.spread.counting());
        match counting.check(window, &limit, now.nanos) {
            Verdict::Open { .. } if counting.is_shared() => SessionCheck::Shared(Places::of_session(subject.id(), limit)),
            Verdict::Open { .. } => {
                window.accept(now.nanos);
                SessionCheck::Here(Ok(counting.standing(window, &limit, now.nanos)))
            }
            Verdict::Full { retry_after } => SessionCheck::Here(Err((retry_after, counting.standing(window, &limit, now.nanos)))),
        }
    }

    /// Remembers that a session's request was accepted in the shared window, for a time without it.
    pub fn note_session(&self, id: SessionId, now: Moment) {
        self.subjects.get(SubjectId::Session(id)).counts.lock().window.accept(now.nanos);
    }

    /// Units of a lineage's quota that this node took from the store and has not used: what is used is the row's figure less
    /// these.
    #[must_use]
    pub fn unused_units(&self, lineage: KeyId) -> u64 {
        self.subjects.unused(SubjectId::Lineage(lineage))
    }

    /// The same for the quota over all of an organization's keys.
    #[must_use]
    pub fn unused_organization_units(&self, organization: OrganizationId) -> u64 {
        self.subjects.unused(SubjectId::Resource(organization))
    }

    /// Other nodes may share the store from now on, and hold units of its quotas. `node` is what this one's lease is called.
    pub fn expect_others(&self, node: &str) {
        self.recall.expect_others(node);
    }

    /// Gives back what this node holds of quotas that others need units of, by the names of their rows.
    ///
    /// # Errors
    /// When the store cannot be reached; the units on their way are lost then, at most one block a subject.
    pub fn hand_back(&self, rows: &[String], now: Moment) -> Result<()> {
        rows.iter()
            .flat_map(|row| self.subjects.of_row(row))
            .try_for_each(|subject| self.release_of(&subject, now, Letting::Asked))
    }

    /// Notes that other nodes gave back units of a quota.
    pub fn note_return(&self, row: &str) {
        self.recall.note_return(row);
    }

    /// Follows all changes that the store has committed. After it returned, no check answers from what they replaced.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn catch_up(&self) -> Result<()> {
        self.store.read("gate.journal", |tx| self.follow(tx)).map(|_| ())
    }

    /// Follows all changes that a transaction sees: the number up to which this gate has applied them.
    ///
    /// # Errors
    /// When the journal cannot be read.
    pub fn follow(&self, tx: &mut dyn Tx) -> Result<i64> {
        let head = tx.invalidations().head()?;
        loop {
            // Not locked while the store is asked: a connection that hangs must hang nobody else.
            let after = self.applied();
            if after >= head {
                return Ok(after);
            }
            let changes = tx.invalidations().list_after(after, JOURNAL_PAGE)?;
            let mut applied = self.applied.lock();
            let Some((last, _)) = changes.last() else {
                self.forget_all_before(&mut applied, head);
                continue;
            };
            if let Some((first, _)) = changes.first() {
                self.forget_all_before(&mut applied, first - 1);
            }
            for (seq, change) in &changes {
                if *seq > *applied {
                    self.apply(*change);
                }
            }
            *applied = (*applied).max(*last);
        }
    }

    /// The last change that this gate follows, and it follows all before.
    #[must_use]
    pub fn applied(&self) -> i64 {
        *self.applied.lock()
    }

    /// Gives idle units back to their quotas and forgets subjects that count nothing any more. Call it about every 100 ms.
    ///
    /// # Errors
    /// When the store cannot be reached; the units on their way are lost then, at most one block a subject.
    pub fn maintain(&self, now: Moment) -> Result<()> {
        self.release(now, Letting::Idle)?;
        self.subjects.sweep(now.nanos);
        self.tell_sizes();
        Ok(())
    }

    /// Writes all counts to the store. Call it about every second.
    ///
    /// # Errors
    /// When the store cannot be reached; the counts are kept and written the next time, once.
    pub fn flush(&self, now: Moment) -> Result<()> {
        self.meter.flush(&*self.store, now.wall)
    }

    /// Writes all counts and gives all units back. To be called when no more checks will come.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub fn close(&self, now: Moment) -> Result<()> {
        self.release(now, Letting::Closing)?;
        self.flush(now)
    }

    /// The journal was pruned past us, up to `seq`: nothing cached can be trusted.
    fn forget_all_before(&self, applied: &mut i64, seq: i64) {
        if *applied < seq {
            self.cache.forget_all();
            *applied = seq;
        }
    }

    fn apply(&self, change: Invalidation) {
        match change {
            Invalidation::Key(id) => {
                if self.cache.forget(id) {
                    self.note_changed(id);
                }
            }
            Invalidation::Organization(id) => self.cache.forget_organization(id),
            // Sessions are not cached.
            Invalidation::Session(_) | Invalidation::User(_) => {}
        }
    }

    fn judge(&self, record: Arc<KeyRecord>, request: &Request<'_>, now: Moment, held: Held<'_>) -> Check {
        let counting = self.spread.counting();
        let count = |outcome| self.meter.count(&record, request.surface, outcome, now.wall);
        if let Decision::Deny(denial) = decide(&record.facts(), &request.question, now.wall) {
            count(Outcome::Refused);
            let standings = standings(&record, request.traffic, counting, now);
            return Check::Refused(Refusal::Denied(denial, Admission { record, standings }));
        }
        match consume(&record, request, counting, held, now) {
            Consumed::Yes(standings) => {
                count(Outcome::Accepted);
                Check::Accepted(Admission { record, standings })
            }
            Consumed::Limited(retry_after, standings) => {
                count(Outcome::Limited);
                Check::Refused(Refusal::RateLimited(retry_after, Admission { record, standings }))
            }
            Consumed::Exhausted(retry_after, standings) => {
                count(Outcome::Limited);
                Check::Refused(Refusal::QuotaExceeded(retry_after, Admission { record, standings }))
            }
            Consumed::Needs(subject, quota) => Check::Pending(Pending(Need::Units { subject, quota, cost: request.cost })),
            Consumed::NeedsPlaces(places) => Check::Pending(Pending(Need::Places(places))),
        }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.cache.len() >= self.options.capacity
    }

    pub(crate) fn store(&self) -> &dyn Store {
        &*self.store
    }
}
