use std::{
    sync::mpsc::{self, Receiver, RecvTimeoutError},
    thread,
    time::Duration,
};

use mgmt_core::{
    account::{Actor, Organization, Plan},
    key::{ApiKey, Mint, NewKey},
    key_draft::KeyDraft,
    key_text::KeyFormat,
    scope::Catalogues,
    secret::{KeyMaterial, Keyring},
};
use mgmt_gate::{Check, DEFAULT_CAPACITY, Gate, GateOptions, PlanLimits, Request, SystemClock};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (clock, mut rng) = (SystemClock, rand_core::UnwrapErr(getrandom::SysRng));
    let store = mgmt_store::open("sqlite::memory:", mgmt_store::Options::default())?;
    store.migrate()?;

    let (format, catalogues) = (KeyFormat::new("acme")?, Catalogues::default());
    let pepper = Keyring::derive(&KeyMaterial::new([7; 32])).pepper; // in earnest: 32 random bytes from a file
    let (limits, capacity, run) = (PlanLimits::default(), DEFAULT_CAPACITY, "run-1".to_owned());
    let (f, p) = (format.clone(), pepper.clone());
    let gate = Gate::new(store.clone(), GateOptions { format, pepper, catalogues, limits, capacity, run })?;

    let now = clock.now().wall;
    let organization = Organization::new("Acme", Plan::Scale, true, now, &mut rng)?;
    let draft = KeyDraft { scopes: Some(vec!["orders:read".into()]), ..KeyDraft::default() }.parse(gate.catalogues(), now)?;
    let (kind, environment, settings) = (draft.kind, draft.environment, draft.settings);
    let new =
        NewKey { organization_id: organization.id, project_id: None, kind, environment, settings, created_by: Actor::System };
    let (key, secret) = ApiKey::issue(new, Mint { format: &f, pepper: &p }, now, &mut rng)?;
    store.run("acme.setup", |tx| {
        tx.organizations().insert(&organization)?;
        tx.keys().insert(&key)
    })?;

    let (end, ended) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(|| keep(&gate, ended));
        let answer = gate.admit(secret.expose(), &Request::resource(), || clock.now());
        drop(end); // when no more checks come
        assert!(matches!(answer, Ok(Check::Accepted(_))));
    });
    Ok(gate.close(clock.now())?)
}

/// What a gate wants done beside the checks: once in 100 ms, and once in a second. A program that shares its database with others also
/// calls `Gate::catch_up` here, or holds a lease: see `examples/node.rs`.
fn keep(gate: &Gate, ended: Receiver<()>) {
    for tick in 1_u64.. {
        if ended.recv_timeout(Duration::from_millis(100)) != Err(RecvTimeoutError::Timeout) {
            return;
        }
        // Counts are kept and written the next time when the database is away.
        let _ = gate.maintain(SystemClock.now());
        if tick % 10 == 0 {
            let _ = gate.flush(SystemClock.now());
        }
    }
}
