//! Guards services over [`http`] with API keys, through [`mgmt_gate`]: axum, hyper, and whatever else takes a tower layer.
//!
//! # The model
//!
//! An [`Admitter`] asks the gate from asynchronous code on tokio. [`Protect`] is a layer that guards a route or a router: it finds
//! the one credential in `Authorization`, asks, and answers refusals itself, with the error bodies, the RFC 6750 challenge and the
//! rate-limit fields that the server has. A handler below it finds [`Admitted`] in the request's extensions.
//!
//! # Example
//!
//! ```no_run
//! use std::net::SocketAddr;
//!
//! use axum::{Extension, Router, extract::ConnectInfo, routing::get};
//! use mgmt_tower::{Admitted, Admitter, Protect};
//!
//! async fn orders(Extension(key): Extension<Admitted>) -> String {
//!     format!("orders of {}", key.0.record.organization_id())
//! }
//!
//! # fn gate() -> std::sync::Arc<mgmt_gate::Gate> { unimplemented!() }
//! # fn router() -> Result<Router, Box<dyn std::error::Error>> {
//! let admitter = Admitter::new(gate());
//! let guard = Protect::new(admitter, &["orders:read"])?
//!     .peer(|extensions| extensions.get::<ConnectInfo<SocketAddr>>().map(|peer| peer.0))
//!     .trusted_proxies(["10.0.0.0/8".parse()?]);
//! Ok(Router::new().route("/orders", get(orders)).route_layer(guard))
//! # }
//! ```
//!
//! Serve it with `into_make_service_with_connect_info::<SocketAddr>()`, so that there is a peer: a key that is bound to networks is
//! refused where the address is unknown. The whole program is `examples/axum_service.rs`.
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
