//! Guards services over [`http`] with API keys, through [`mgmt_gate`]: axum, hyper, and whatever else takes a tower layer.
//!
//! # The model
//!
//! An [`Admitter`] asks the gate from asynchronous code on tokio. [`Protect`] is a layer that guards a route or a router: it finds
//! the one credential in `Authorization`, asks, and answers refusals itself, with error bodies like the server's (but without a request
//! id, as a layer knows none), the RFC 6750 challenge and the rate-limit fields. A handler below it finds [`Admitted`] in the request's extensions.
//!
//! # Example
//!
//! ```
//! use std::net::SocketAddr;
//! # use std::{error::Error, sync::Arc};
//!
//! use axum::{Extension, Router, body::Body, extract::ConnectInfo, http::Request, routing::get};
//! # use mgmt_core::{account::{Actor, Organization, Plan}, key::{ApiKey, Mint, NewKey}, key_draft::{KeyDraft, ParsedKey}};
//! # use mgmt_core::{key_text::KeyFormat, scope::Catalogues, secret::{KeyMaterial, Keyring}};
//! # use mgmt_gate::{DEFAULT_CAPACITY, Gate, GateOptions, PlanLimits, SystemClock};
//! use mgmt_tower::{Admitted, Admitter, Protect};
//! use tower_service::Service;
//!
//! async fn orders(Extension(key): Extension<Admitted>) -> String {
//!     format!("orders of {}", key.0.record.organization_id())
//! }
//!
//! # fn set_up() -> Result<(Arc<Gate>, String), Box<dyn Error>> {
//! #     let (now, mut rng) = (SystemClock.now().wall, rand_core::UnwrapErr(getrandom::SysRng));
//! #     let store = mgmt_store::open("sqlite::memory:", mgmt_store::Options::default())?;
//! #     store.migrate()?;
//! #     let (format, catalogues) = (KeyFormat::new("acme")?, Catalogues::default());
//! #     let pepper = Keyring::derive(&KeyMaterial::new([7; 32])).pepper;
//! #     let organization = Organization::new("Acme", Plan::Scale, true, now, &mut rng)?;
//! #     let draft = KeyDraft { scopes: Some(vec!["orders:read".to_owned()]), ..KeyDraft::default() };
//! #     let ParsedKey { kind, environment, settings } = draft.parse(&catalogues, now)?;
//! #     let (organization_id, created_by) = (organization.id, Actor::System);
//! #     let new = NewKey { organization_id, project_id: None, kind, environment, settings, created_by };
//! #     let (key, secret) = ApiKey::issue(new, Mint { format: &format, pepper: &pepper }, now, &mut rng)?;
//! #     store.run("example.setup", |tx| {
//! #         tx.organizations().insert(&organization)?;
//! #         tx.keys().insert(&key)
//! #     })?;
//! #     let (limits, capacity, run) = (PlanLimits::default(), DEFAULT_CAPACITY, now.to_string());
//! #     let gate = Gate::new(store, GateOptions { format, pepper, catalogues, limits, capacity, run })?;
//! #     Ok((Arc::new(gate), secret.expose().to_owned()))
//! # }
//! # #[tokio::main]
//! # async fn main() -> Result<(), Box<dyn Error>> {
//! let (gate, key) = set_up()?; // a gate over a store, and a key that may read orders: see the whole program
//! let guard = Protect::new(Admitter::new(gate), &["orders:read"])?
//!     .peer(|extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0))
//!     .trusted_proxies(["10.0.0.0/8".parse()?]);
//! let mut router: Router = Router::new().route("/orders", get(orders)).route_layer(guard);
//!
//! let ask = |key: &str| Request::get("/orders").header("authorization", format!("Bearer {key}")).body(Body::empty());
//! assert_eq!(router.call(ask(&key)?).await?.status(), 200);
//! assert_eq!(router.call(ask("another")?).await?.status(), 401);
//! # Ok(())
//! # }
//! ```
//!
//! Serve it with `into_make_service_with_connect_info::<SocketAddr>()`, so that there is a peer: a key that is bound to networks is
//! refused where the address is unknown. The whole program is `examples/axum_service.rs`.
//!
//! # What it lacks
//!
//! Windows that several nodes share (`mgmt_redis`) are for `mgmt_actix` only, as yet: do not start them for a gate behind this layer, whose
//! limited requests would be answered 503. Each node counts for itself; [`Gate::divide_limits`](mgmt_gate::Gate::divide_limits) gives each
//! its share.
//!
//! # To guard in another way
//!
//! Call [`Admitter::admit`] in a middleware of your own, with the [`mgmt_gate::Request`] that fits the route.

#![deny(missing_docs)]

mod address;
mod admitter;
mod answer;
mod protect;

pub use address::client_address;
pub use admitter::{Admitter, Unavailable};
pub use answer::rate_limit_fields;
pub use protect::{Admitted, Protect, Protected};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
