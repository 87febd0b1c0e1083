//! Storage for the management plane.
#![deny(missing_docs)]

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod error;
mod sql;
mod store;

pub use error::{Result, StoreError};
pub use sql::{Options, SqlStore, TAKEN_AT, open, restore};
pub use store::*;
