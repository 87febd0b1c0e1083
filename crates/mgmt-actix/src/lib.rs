//! Guards actix-web services with API keys, through [`mgmt_gate`].
//!
//! # The model
//!
//! An [`Admitter`] asks the gate from asynchronous code. [`Protect`] is a middleware that guards a scope or a route: it finds the
//! one [`credential`] of the request, asks, and answers refusals itself, with error bodies like the server's (but without a request id, as
//! it knows none). A handler below it takes [`Admitted`] to learn which key it was. [`rate_limit_fields`] writes the header fields.
//!
//! # Example
//!
//! A guard for each route, the extractor, and a catalogue of the service's own; the program is `examples/guarded.rs`.
//!
//! ```no_run
#![doc = include_str!("../examples/guarded.rs")]
//! ```
//!
//! # A guard for everything below a path
//!
//! ```
//! use actix_web::{App, web};
//! use mgmt_actix::{Admitted, Admitter, Protect};
//!
//! async fn orders(key: Admitted) -> String {
//!     format!("orders of {}", key.0.record.organization_id())
//! }
//!
//! # fn configure(admitter: Admitter) -> Result<(), mgmt_core::error::Error> {
//! let guard = Protect::new(admitter, &["orders:read"])?;
//! App::new().service(web::scope("/orders").wrap(guard).route("", web::get().to(orders)));
//! # Ok(())
//! # }
//! ```
//!
//! # Behind a proxy
//!
//! The address that a key's networks are held against is the peer's. Behind a proxy, say how to find the client's; believe a field
//! only where the peer is the proxy.
//!
//! ```
//! # use mgmt_actix::{Admitter, Protect};
//! # fn guard(admitter: Admitter) -> Result<Protect, mgmt_core::error::Error> {
//! let proxy: std::net::IpAddr = [10, 0, 0, 1].into();
//! let guard = Protect::new(admitter, &["orders:read"])?.client_address(move |request| {
//!     let peer = request.peer_addr()?.ip();
//!     let told = request.headers().get_all("x-forwarded-for").last()?.to_str().ok()?;
//!     if peer == proxy { told.rsplit(',').next()?.trim().parse().ok() } else { Some(peer) }
//! });
//! # Ok(guard)
//! # }
//! ```
//!
//! # A store of your own
//!
//! A gate stands over any [`Store`](mgmt_store::Store), yours too; hold it to `mgmt_store::conformance`.
//!
//! ```
//! use std::sync::Arc;
//!
//! use mgmt_actix::Admitter;
//! use mgmt_gate::{Gate, GateOptions};
//! use mgmt_store::Store;
//!
//! fn admitter(own: impl Store + 'static, options: GateOptions) -> mgmt_store::Result<Admitter> {
//!     Ok(Admitter::new(Arc::new(Gate::new(Arc::new(own), options)?)))
//! }
//! ```
//!
//! # Keys of other systems
//!
//! [`Admitter::with_foreign`] also admits keys that `mgmt key import` took over, by their own text.
//!
//! # To guard in another way
//!
//! Nodes that share windows outside of the process hand them to [`Admitter::with_windows`].
//!
//! Call [`Admitter::admit`] in an extractor of your own, with the [`mgmt_gate::Request`] that fits the route.

#![deny(missing_docs)]

mod admitter;
pub mod credential;
mod fields;
mod protect;

pub use admitter::{Admitter, Unavailable};
pub use fields::{insert_rate_limit_fields, rate_limit_fields, single_limit_fields};
pub use protect::{Admitted, Protect, Protected, WAREHOUSE};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
