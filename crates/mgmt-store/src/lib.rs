//! Storage for the management plane: traits, their implementation for SQLite and PostgreSQL, and the suite that every
//! implementation must pass.
//!
//! # The model
//!
//! A [`Store`] is a database. All that happens in it happens in named transactions: [`run`](trait.Store.html#method.run) to
//! write, [`read`](trait.Store.html#method.read) to look. The closure is handed a [`Tx`], and from it reaches one small trait
//! for each aggregate: `tx.keys()`, `tx.organizations()`, and so on. What goes in and comes out are values of
//! [`mgmt_core`], so a rule never sees a row, and a row that no rule could have made is [`Corrupt`](StoreError::Corrupt).
//!
//! What callers can rely on:
//! - **A transaction is whole.** `Err` and panics undo everything; `Ok` is kept, and survives the loss of power from the moment
//!   that `run` returns.
//! - **The closure may run several times**, when the database reports a collision with another transaction or loses the
//!   connection before the commit. It must have no other effect than on the `Tx` and on what it returns.
//! - **A statement that fails ends its transaction.** Nothing more can be done in it and nothing of it is kept, on every
//!   database alike. What may exist already is looked for first, or added in a transaction of its own. Answers such as
//!   `Ok(false)`, and the `Conflict` of an update whose version has passed, are no failures of a statement.
//! - **Counters move by guarded statements.** A quota is never over-issued, a reveal is never read once too often, a refresh
//!   token is spent once, whoever races.
//! - **The journal has no gaps that fill later.** [`Invalidations::append`] lets one transaction at a time take a number and
//!   commit it. It should be the last thing that a transaction does, so that others wait for it no longer than they must, and
//!   after [`Audit::append`], so that none waits for another in a circle.
//! - **Not found is `Ok(None)`.** A [`StoreError`] says whose fault it is.
//!
//! The time is an argument of every call that needs one; nothing here reads a clock to decide anything.
//!
//! # Example
//!
//! ```
//! use mgmt_core::{account::{Organization, Plan}, time::Timestamp};
//! use mgmt_store::{Options, StoreError, open};
//! # use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
//! # let mut rng = ChaCha20Rng::seed_from_u64(1);
//!
//! let store = open("sqlite::memory:", Options::default())?;
//! store.migrate()?;
//!
//! let now = Timestamp::from_millis(1_800_000_000_000);
//! let acme = Organization::new("Acme, Inc.", Plan::Scale, false, now, &mut rng).expect("a good name");
//! store.run("organizations.create", |tx| tx.organizations().insert(&acme))?;
//!
//! let found = store.read("organizations.get", |tx| tx.organizations().find(acme.id))?;
//! assert_eq!(found, Some(acme.clone()));
//!
//! let again = store.run("organizations.create", |tx| tx.organizations().insert(&acme));
//! assert!(matches!(again, Err(StoreError::Conflict(_))));
//! # Ok::<(), StoreError>(())
//! ```
//!
//! # Databases
//!
//! | address | what it is |
//! |---|---|
//! | `sqlite://path`, `sqlite:///absolute/path` | one file, one node; made with rights for its owner only; the folder too |
//! | `sqlite::memory:` | for tests; gone with the process |
//! | `postgres://user:password@host/database` | any number of nodes; parameters of libpq follow after `?` |
//!
//! A password in an address is in no error and in no log.
//!
//! # To write another store
//!
//! Implement [`Store`], [`Tx`] and the traits it leads to, and run the suite (feature `conformance`) over it. The expression
//! makes an empty, migrated store for each test:
//!
#![cfg_attr(feature = "conformance", doc = "```")]
#![cfg_attr(not(feature = "conformance"), doc = "```ignore")]
//! mgmt_store::conformance_tests! {{
//!     let store = mgmt_store::open("sqlite::memory:", mgmt_store::Options::default()).unwrap();
//!     store.migrate().unwrap();
//!     store
//! }}
//! # fn main() {}
//! ```
//!
//! To add an aggregate here: a trait in `store.rs`, its tables in a migration for each database and in `sql/schema.rs`, a file
//! of its name in `sql/`, and its promises as functions in `conformance/`.

#![deny(missing_docs)]

#[cfg(any(test, feature = "conformance"))]
pub mod conformance;
mod error;
mod sql;
mod store;

pub use error::{Result, StoreError};
pub use sql::{Options, SqlStore, TAKEN_AT, open, restore};
pub use store::*;

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
