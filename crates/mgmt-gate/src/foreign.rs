//! Keys of other systems, checked through the gate by their own text.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use mgmt_core::{
    foreign::PresentedForeign,
    id::KeyId,
    key::Mint,
    key_text::{KeyFormat, KeyKind},
    secret::{Pepper, PlainSecret},
};
use mgmt_store::{Invalidation, Result, Store, StoreError, Tx};
use quick_cache::sync::Cache as Bounded;

use crate::{
    clock::Moment,
    gate::{Check, Gate, Refusal, Request},
    shared::{Places, Taken},
};

/// How many texts are remembered that belong to a key.
const KNOWN: usize = 1_000_000;
/// How many texts that belong to none are remembered, and for how long: enough to keep a spray of them off the database.
const UNKNOWN: usize = 10_000;
const UNKNOWN_NANOS: u64 = 1_000_000_000;

/// Finds imported keys by their own text, stands in front of a [`Gate`], and gives each its keyed hash at its first use.
///
/// A text of our own form never comes here: [`check`](Self::check) asks the gate first, and looks further only for an API key
/// that the gate could not read. Then the text is looked up by its digests, and remembered; the gate is asked again with the
/// key's [alias](KeyFormat::alias). So everything that holds for our keys holds for these: state, expiry, scopes, limits, quotas,
/// metering, and that a change counts at once.
pub struct ForeignKeys {
    gate: Arc<Gate>,
    store: Arc<dyn Store>,
    format: KeyFormat,
    pepper: Pepper,
    known: Bounded<[u64; 4], KeyId>,
    unknown: Bounded<[u64; 4], u64>,
    /// Until when, in nanoseconds, nobody need ask whether there are imported keys at all: a moment ago there were none.
    none_until: AtomicU64,
}

impl fmt::Debug for ForeignKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ForeignKeys({} known)", self.known.len())
    }
}

/// What is known of a text that is not of our form.
enum Known {
    Alias(PlainSecret),
    Nobody,
    Unasked(Box<PresentedForeign>),
}

/// What [`ForeignKeys::check`] says.
#[derive(Clone, Debug)]
pub enum ForeignCheck {
    /// The gate's answer, which may be that something is pending there.
    Answer(Check),
    /// [`ForeignKeys::resolve`] this away from latency-critical threads, then ask again. Nothing is counted yet.
    Pending(Box<PresentedForeign>),
}

impl ForeignKeys {
    /// In front of `gate`, over its store, with the format and the pepper that the gate was made with.
    #[must_use]
    pub fn new(gate: Arc<Gate>, store: Arc<dyn Store>, format: KeyFormat, pepper: Pepper) -> Self {
        let (known, unknown) = (Bounded::new(KNOWN), Bounded::new(UNKNOWN));
        Self { gate, store, format, pepper, known, unknown, none_until: AtomicU64::new(0) }
    }

    /// The gate behind.
    #[must_use]
    pub fn gate(&self) -> &Arc<Gate> {
        &self.gate
    }

    /// Checks a key of either sort from memory.
    #[must_use]
    pub fn check(&self, presented: &str, request: &Request<'_>, now: Moment) -> ForeignCheck {
        self.check_with(presented, request, now, None)
    }

    /// [`check`](Self::check) with the answer for the places that it asked for, as [`Gate::check_holding`].
    #[must_use]
    pub fn check_with(
        &self,
        presented: &str,
        request: &Request<'_>,
        now: Moment,
        held: Option<(&Places, &Taken)>,
    ) -> ForeignCheck {
        let ask = |text: &str| match held {
            None => self.gate.check(text, request, now),
            Some(held) => self.gate.check_holding(text, request, now, held),
        };
        let answer = ask(presented);
        // What is imported opens the product's API and no other.
        let may_be_foreign = matches!(answer, Check::Refused(Refusal::Unknown)) && request.kind == KeyKind::Secret;
        if !may_be_foreign || self.format.parse(presented).is_some() {
            return ForeignCheck::Answer(answer);
        }
        match self.look(presented, now) {
            Known::Alias(alias) => ForeignCheck::Answer(ask(alias.expose())),
            Known::Nobody => ForeignCheck::Answer(answer),
            Known::Unasked(presented) => ForeignCheck::Pending(presented),
        }
    }

    /// Checks a key of either sort, fetching what is missing on this thread.
    ///
    /// # Errors
    /// When the store cannot be reached. That is no answer about the key.
    pub fn admit(&self, presented: &str, request: &Request<'_>, now: impl Fn() -> Moment) -> Result<Check> {
        for _ in 0..ADMIT_ATTEMPTS {
            match self.check(presented, request, now()) {
                ForeignCheck::Answer(Check::Pending(pending)) => self.gate.resolve(&pending, now())?,
                ForeignCheck::Answer(Check::Unleased) => self.gate.wait_for_lease(&now)?,
                ForeignCheck::Answer(answer) => return Ok(answer),
                ForeignCheck::Pending(presented) => self.resolve(&presented, now())?,
            }
        }
        Err(StoreError::Unavailable("others were always faster to use what was fetched".to_owned()))
    }

    /// Looks a text up, and gives its key our keyed hash if this is its first use. Blocks on the store.
    ///
    /// # Errors
    /// When the store cannot be reached.
    pub fn resolve(&self, presented: &PresentedForeign, now: Moment) -> Result<()> {
        let slot = presented.keyed().words();
        metrics::counter!("mgmt_gate_foreign_loads_total").increment(1);
        let (found, is_empty) = self.store.read("foreign.find", |tx| {
            let found = tx.foreign_hashes().find(presented.digests())?;
            let is_empty = found.is_none() && tx.foreign_hashes().is_empty()?;
            Ok::<_, StoreError>((found, is_empty))
        })?;
        let Some(found) = found else {
            if is_empty {
                self.none_until.store(now.nanos.saturating_add(UNKNOWN_NANOS), Ordering::Relaxed);
            }
            self.unknown.insert(slot, now.nanos);
            return Ok(());
        };
        if !found.is_adopted {
            self.store.run("foreign.adopt", |tx| self.adopt(tx, found.key_id, presented, now))?;
        }
        // Whoever asked about the key before may have its record from before.
        self.gate.catch_up()?;
        self.known.insert(slot, found.key_id);
        Ok(())
    }

    fn adopt(&self, tx: &mut dyn Tx, id: KeyId, presented: &PresentedForeign, now: Moment) -> Result<()> {
        let corrupt = || StoreError::Corrupt { table: "foreign_hashes", id: id.to_string() };
        let mut key = tx.keys().find_any(id)?.ok_or_else(corrupt)?;
        let mint = Mint { format: &self.format, pepper: &self.pepper };
        key.adopt(presented.keyed(), mint).map_err(|error| StoreError::Backend(error.to_string()))?;
        if tx.foreign_hashes().adopt(&key, presented.adopted())? {
            tx.invalidations().append(Invalidation::Key(id), now.wall)?;
        }
        Ok(())
    }

    fn look(&self, text: &str, now: Moment) -> Known {
        if now.nanos < self.none_until.load(Ordering::Relaxed) {
            return Known::Nobody;
        }
        let Some(presented) = PresentedForeign::new(text, &self.pepper) else { return Known::Nobody };
        let slot = presented.keyed().words();
        if let Some(id) = self.known.get(&slot) {
            return Known::Alias(self.format.alias(id, presented.keyed()));
        }
        match self.unknown.get(&slot) {
            Some(since) if now.nanos.saturating_sub(since) < UNKNOWN_NANOS => Known::Nobody,
            _ => Known::Unasked(Box::new(presented)),
        }
    }
}

/// How often [`ForeignKeys::admit`] fetches before it gives up: each time, others may have taken what it fetched.
const ADMIT_ATTEMPTS: usize = 1_000;
