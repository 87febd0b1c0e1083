//! A program that shares a server's database and holds a lease there: a server on PostgreSQL confirms a revocation when this program,
//! too, refuses the key. It reads keys from its input, one a line, and says of each what it is:
//!
//! `cargo run -p mgmt-gate --example node -- postgres://USER:PASSWORD@HOST/NAME MASTER_KEY_FILE [PREFIX]`

use std::{
    env,
    error::Error,
    fs,
    io::{BufRead, Write, stdin, stdout},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    thread,
    time::Duration,
};

use mgmt_core::{
    key_text::KeyFormat,
    lease::{Lease, Terms, nodes},
    scope::Catalogues,
    secret::{KeyMaterial, Keyring},
};
use mgmt_gate::{Check, DEFAULT_CAPACITY, Gate, GateOptions, PlanLimits, Request, SystemClock};
use mgmt_store::{Ear, Options, Result, Store, StoreError};

/// The server's `cluster.lease_ttl_ms`.
const TTL: Duration = Duration::from_millis(2_000);
/// How often changes are looked for: whoever changes something waits about as long.
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// How many looks later the lease is renewed: after half a second.
const RENEW_LOOKS: u64 = 25;
const MAINTAIN_EVERY: Duration = Duration::from_millis(100);
const USAGE: &str =
    "give the address of the database, the file of the master key, and the server's `keys.prefix` unless it is `mg`";

/// A gate that answers as long as its lease stands.
struct Node {
    /// What no other process is called, and no earlier run.
    name: String,
    store: Arc<dyn Store>,
    gate: Gate,
}

impl Node {
    fn open() -> std::result::Result<Self, Box<dyn Error>> {
        let mut arguments = env::args().skip(1);
        let (Some(url), Some(file)) = (arguments.next(), arguments.next()) else { return Err(USAGE.into()) };
        let format = KeyFormat::new(&arguments.next().unwrap_or_else(|| "mg".to_owned()))?;
        let material: [u8; 32] = fs::read(file)?.try_into().map_err(|_| "a master key has 32 bytes")?;
        let pepper = Keyring::derive(&KeyMaterial::new(material)).pepper;
        let store = mgmt_store::open(&url, Options::default())?;
        store.check_schema()?;
        let name = format!("node-{:016x}", getrandom::u64().map_err(|error| error.to_string())?);
        // The server's catalogue and limits, if these are not the defaults.
        let (catalogues, limits) = (Catalogues::default(), PlanLimits::default());
        let options = GateOptions { format, pepper, catalogues, limits, capacity: DEFAULT_CAPACITY, run: name.clone() };
        let gate = Gate::new(Arc::clone(&store), options)?;
        gate.require_lease();
        gate.expect_others(&name);
        Ok(Self { name, store, gate })
    }

    /// Applies all changes there are, and renews the lease.
    fn renew(&self) -> Result<()> {
        // Most of them without keeping others from changing anything.
        self.gate.catch_up()?;
        // Before anything is asked, so that the lease ends here before it ends in the database.
        let asked = SystemClock.now().nanos;
        let nodes = self.store.run("node.renew", |tx| {
            let (holders, time) = tx.node_leases().list()?;
            let nodes = nodes(&holders, &self.name, time);
            if tx.node_leases().renew(&self.name, TTL, self.gate.applied())? {
                return Ok(nodes);
            }
            // From here to the end of the transaction there are no new ones.
            let all = self.gate.follow(tx)?;
            let renewed = tx.node_leases().renew(&self.name, TTL, all)?;
            if renewed { Ok(nodes) } else { Err(StoreError::Unavailable("changes came while none could".to_owned())) }
        })?;
        // Rate limits are counted by each node: all of them allow their share.
        self.gate.divide_limits(u32::try_from(nodes).unwrap_or(u32::MAX));
        self.gate.grant(Lease::granted(asked, Terms::of(TTL)));
        Ok(())
    }

    /// Applies what has changed and says so, for whoever waits. A word that is lost is made up for by the next renewal.
    fn acknowledge(&self) -> Result<()> {
        let before = self.gate.applied();
        self.gate.catch_up()?;
        let applied = self.gate.applied();
        if applied == before {
            return Ok(());
        }
        self.store.run("node.acknowledge", |tx| tx.node_leases().acknowledge(&self.name, applied))
    }

    /// Gives back units of quotas that others ask for, and hears of those that others gave back.
    fn hear(&self, ear: &mut Option<Box<dyn Ear>>) -> Result<()> {
        if ear.is_none() {
            *ear = self.store.listen()?;
        }
        let Some(open) = ear else { return Ok(()) };
        let news = open.news().inspect_err(|_| *ear = None)?;
        news.returned.iter().for_each(|row| self.gate.note_return(row));
        self.gate.hand_back(&news.recalled, SystemClock.now())
    }

    /// Holds the lease. What fails is tried again; once the lease has ended, the gate answers nothing.
    fn hold(&self, stopping: &AtomicBool) {
        let mut ear = None;
        for look in 1_u64.. {
            thread::sleep(LOOK_EVERY);
            if stopping.load(Ordering::SeqCst) {
                return;
            }
            let is_due = look % RENEW_LOOKS == 0 || !self.gate.may_answer(SystemClock.now());
            let _ = if is_due { self.renew() } else { self.acknowledge() };
            let _ = self.hear(&mut ear);
        }
    }

    /// What a gate wants done beside the checks.
    fn keep(&self, stopping: &AtomicBool) {
        for round in 1_u64.. {
            thread::sleep(MAINTAIN_EVERY);
            if stopping.load(Ordering::SeqCst) {
                return;
            }
            let _ = self.gate.maintain(SystemClock.now());
            if round % 10 == 0 {
                let _ = self.gate.flush(SystemClock.now());
            }
        }
    }

    fn answer(&self) -> std::result::Result<(), Box<dyn Error>> {
        for line in stdin().lock().lines() {
            let said = match self.gate.admit(line?.trim(), &Request::resource(), || SystemClock.now()) {
                Ok(Check::Accepted(admission)) => format!("accepted: a key of {}", admission.record.organization_id()),
                Ok(_) => "refused".to_owned(),
                // Without a lease or the database nobody can tell: that is no answer about the key.
                Err(error) => format!("unknown: {error}"),
            };
            writeln!(stdout(), "{said}")?;
        }
        Ok(())
    }

    /// Lets nobody wait for this program any more, and leaves nothing uncounted.
    fn stop(&self) -> Result<()> {
        self.gate.require_lease();
        self.store.run("node.release", |tx| tx.node_leases().release(&self.name))?;
        self.gate.close(SystemClock.now())
    }
}

fn main() -> std::result::Result<(), Box<dyn Error>> {
    let (node, stopping) = (Node::open()?, AtomicBool::new(false));
    node.renew()?;
    let answered = thread::scope(|scope| {
        scope.spawn(|| node.hold(&stopping));
        scope.spawn(|| node.keep(&stopping));
        let answered = node.answer();
        stopping.store(true, Ordering::SeqCst);
        answered
    });
    node.stop()?;
    answered
}
