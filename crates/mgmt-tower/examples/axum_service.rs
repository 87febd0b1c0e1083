//! An axum service with two routes of its own behind keys: `cargo run -p mgmt-tower --example axum_service`.
//! It prints where it listens and a key; `PORT` chooses the port. Ctrl-C ends it.

#![allow(clippy::disallowed_methods, reason = "a small program reads its one setting where it needs it")]

use std::{error::Error, io::Write, net::SocketAddr, sync::Arc, time::Duration};

use axum::{Extension, Router, extract::ConnectInfo, routing};
use mgmt_core::{
    account::{Actor, Organization, Plan},
    key::{ApiKey, Mint, NewKey},
    key_draft::{KeyDraft, ParsedKey},
    key_text::KeyFormat,
    scope::Catalogues,
    secret::{KeyMaterial, Keyring},
};
use mgmt_gate::{DEFAULT_CAPACITY, Gate, GateOptions, PlanLimits, SystemClock};
use mgmt_tower::{Admitted, Admitter, Protect};

/// A gate over a database in memory, and a key that may read orders.
fn set_up() -> Result<(Arc<Gate>, String), Box<dyn Error>> {
    let (now, mut rng) = (SystemClock.now().wall, rand_core::UnwrapErr(getrandom::SysRng));
    let store = mgmt_store::open("sqlite::memory:", mgmt_store::Options::default())?;
    store.migrate()?;
    let (format, catalogues) = (KeyFormat::new("acme")?, Catalogues::default());
    let pepper = Keyring::derive(&KeyMaterial::new([7; 32])).pepper; // in earnest: 32 random bytes from a file
    let organization = Organization::new("Acme", Plan::Scale, true, now, &mut rng)?;
    let draft = KeyDraft { scopes: Some(vec!["orders:read".to_owned()]), ..KeyDraft::default() };
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

async fn orders(Extension(key): Extension<Admitted>) -> String {
    format!("orders of {}", key.0.record.organization_id())
}

async fn order() -> &'static str {
    "an order was made"
}

fn router(admitter: &Admitter) -> Result<Router, mgmt_core::error::Error> {
    let guard = |scope: &str| {
        let guard = Protect::new(admitter.clone(), &[scope])?;
        Ok::<_, mgmt_core::error::Error>(guard.peer(|e| e.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0)))
    };
    let read = routing::get(orders).layer(guard("orders:read")?);
    let write = routing::post(order).layer(guard("orders:write")?);
    Ok(Router::new().route("/orders", read.merge(write)).route("/", routing::get(|| async { "open to all" })))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let (gate, key) = set_up()?;
    let app = router(&Admitter::new(Arc::clone(&gate)))?;
    let keeper = Arc::clone(&gate);
    tokio::spawn(async move {
        for tick in 0_u64.. {
            tokio::time::sleep(Duration::from_millis(100)).await;
            let gate = Arc::clone(&keeper);
            // Counts are kept and written the next time when the database is away.
            let _ = tokio::task::spawn_blocking(move || {
                let now = SystemClock.now();
                gate.maintain(now)?;
                if tick % 10 == 0 { gate.flush(now) } else { Ok(()) }
            })
            .await;
        }
    });
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(8080);
    let listener = tokio::net::TcpListener::bind(("127.0.0.1", port)).await?;
    writeln!(std::io::stdout(), "{} {key}", listener.local_addr()?)?;
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    axum::serve(listener, service).with_graceful_shutdown(async { drop(tokio::signal::ctrl_c().await) }).await?;
    Ok(gate.close(SystemClock.now())?)
}
