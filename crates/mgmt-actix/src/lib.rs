//! Guards actix-web services with API keys, through [`mgmt_gate`].
//!
//! # The model
//!
//! An [`Admitter`] asks the gate from asynchronous code. [`Protect`] is a middleware that guards a scope or a route: it finds the
//! one [`credential`] of the request, asks, and answers refusals itself. A handler below it takes [`Admitted`] to learn which key
//! it was. [`rate_limit_fields`] writes the header fields.
//!
//! # Example
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use mgmt_actix::{Admitted, Admitter, Protect};
//!
//! async fn orders(key: Admitted) -> String {
//!     format!("orders of {}", key.0.record.organization_id())
//! }
//!
//! # fn gate() -> std::sync::Arc<mgmt_gate::Gate> { unimplemented!() }
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let admitter = Admitter::new(gate());
//! HttpServer::new(move || {
//!     let guard = Protect::new(admitter.clone(), &["orders:read"]).expect("in the catalogue");
//!     App::new().service(web::scope("/orders").wrap(guard).route("", web::get().to(orders)))
//! })
//! .bind("127.0.0.1:8081")?
//! .run()
//! .await?;
//! # Ok(())
//! # }
//! ```
//!
//! # To guard in another way
//!
//! Call [`Admitter::admit`] in an extractor of your own, with the [`mgmt_gate::Request`] that fits the route.

#![deny(missing_docs)]

mod admitter;
pub mod credential;
mod fields;
mod protect;

pub use admitter::{Admitter, Unavailable};
pub use fields::{rate_limit_fields, single_limit_fields};
pub use protect::{Admitted, Protect, Protected, WAREHOUSE};
