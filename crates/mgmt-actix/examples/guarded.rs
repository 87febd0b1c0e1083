//! An actix-web service with routes of its own behind keys, with a catalogue of its own and a limit on one key:
//! `cargo run -p mgmt-actix --example guarded`. It prints where it listens and a key; `PORT` chooses the port. Ctrl-C ends it.

#![allow(clippy::disallowed_methods, reason = "a small program reads its one setting where it needs it")]

use std::{error::Error, io::Write, sync::Arc, time::Duration};

use actix_web::{App, HttpResponse, HttpServer, rt, web};
use mgmt_actix::{Admitted, Admitter, Protect};
use mgmt_core::{
    account::{Actor, Organization, Plan},
    key::{ApiKey, Mint, NewKey},
    key_draft::{KeyDraft, ParsedKey},
    key_text::KeyFormat,
    scope::{Catalogue, CatalogueEntry, Catalogues},
    secret::{KeyMaterial, Keyring},
};
use mgmt_gate::{DEFAULT_CAPACITY, Gate, GateOptions, PlanLimits, SystemClock};

/// What this service's keys can be allowed.
fn catalogues() -> Result<Catalogues, mgmt_core::error::Error> {
    let inbound = CatalogueEntry {
        resource: "inbound".to_owned(),
        actions: vec!["read".to_owned(), "write".to_owned()],
        description: "Deliveries on their way to a warehouse".to_owned(),
    };
    Ok(Catalogues::new(Catalogue::new(vec![inbound])?))
}

/// A gate over a database in memory, and a key that may read.
fn set_up() -> Result<(Arc<Gate>, String), Box<dyn Error>> {
    let (now, mut rng) = (SystemClock.now().wall, rand_core::UnwrapErr(getrandom::SysRng));
    let store = mgmt_store::open("sqlite::memory:", mgmt_store::Options::default())?;
    store.migrate()?;
    let (format, catalogues) = (KeyFormat::new("acme")?, catalogues()?);
    let pepper = Keyring::derive(&KeyMaterial::new([7; 32])).pepper; // in earnest: 32 random bytes from a file
    let organization = Organization::new("Acme", Plan::Scale, true, now, &mut rng)?;
    let scopes = Some(vec!["inbound:read".to_owned()]);
    let draft = KeyDraft { scopes, rate_limit: Some((3, 3_600)), ..KeyDraft::default() };
    let ParsedKey { kind, environment, settings } = draft.parse(&catalogues, now)?;
    let new =
        NewKey { organization_id: organization.id, project_id: None, kind, environment, settings, created_by: Actor::System };
    let (key, secret) = ApiKey::issue(new, Mint { format: &format, pepper: &pepper }, now, &mut rng)?;
    store.run("example.setup", |tx| {
        tx.organizations().insert(&organization)?;
        tx.keys().insert(&key)
    })?;
    let (limits, capacity, run) = (PlanLimits::default(), DEFAULT_CAPACITY, now.to_string());
    let gate = Gate::new(store, GateOptions { format, pepper, catalogues, limits, capacity, run })?;
    Ok((Arc::new(gate), secret.expose().to_owned()))
}

async fn list(key: Admitted) -> String {
    format!("deliveries of {}", key.0.record.organization_id())
}

async fn announce() -> HttpResponse {
    HttpResponse::Created().body("announced")
}

/// What a gate wants done beside the checks: once in 100 ms, and once in a second.
async fn keep(gate: Arc<Gate>) {
    for tick in 0_u64.. {
        rt::time::sleep(Duration::from_millis(100)).await;
        let gate = Arc::clone(&gate);
        // Counts are kept and written the next time when the database is away.
        let _ = web::block(move || {
            gate.maintain(SystemClock.now())?;
            if tick % 10 == 0 { gate.flush(SystemClock.now()) } else { Ok(()) }
        })
        .await;
    }
}

#[actix_web::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (gate, key) = set_up()?;
    let admitter = Admitter::new(Arc::clone(&gate));
    let (read, write) = (["inbound:read"], ["inbound:write"]);
    // A misspelt scope is found here, not at the first request.
    Protect::new(admitter.clone(), &read).and(Protect::new(admitter.clone(), &write))?;
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(8080);
    let server = HttpServer::new(move || {
        let guard = |scopes: &[&str]| Protect::new(admitter.clone(), scopes).unwrap_or_else(|_| unreachable!("checked above"));
        let inbound = web::resource("/api/v1/inbound")
            .route(web::get().to(list).wrap(guard(&read)))
            .route(web::post().to(announce).wrap(guard(&write)));
        App::new().service(inbound).route("/", web::get().to(|| async { "open to all" }))
    })
    .workers(2)
    .bind(("127.0.0.1", port))?;
    let address = server.addrs().first().copied().ok_or("no address")?;
    writeln!(std::io::stdout(), "{address} {key}")?;
    rt::spawn(keep(Arc::clone(&gate)));
    server.run().await?;
    Ok(gate.close(SystemClock.now())?)
}
