//! Storage for the management plane. (Crate documentation follows with the implementation.)
#![deny(missing_docs)]

mod error;
mod store;

pub use error::{Result, StoreError};
pub use store::*;
