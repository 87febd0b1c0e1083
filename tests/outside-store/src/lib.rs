//! A store that is none of ours: [`Memory`] keeps everything in maps. It is written with nothing but what `mgmt_core`, `mgmt_shipping` and
//! `mgmt_store` make public, has no SQL in it, and is held to `mgmt_store::conformance` like the stores that come with `mgmt`.
//!
//! It is an example of a store to read, and good for tests of programs that need one.
//!
//! # What it is not for
//!
//! - **Nothing is durable.** When `run` returns, the change is in memory and nowhere else; it is gone with the process. That breaks the
//!   promise that what was committed survives the loss of power: no suite can test it, and a store for use must keep it.
//! - **It belongs to one process**, and says so: `is_shared` is false, and nobody listens.
//! - **It is slow where there is much.** Lists and unique values are looked for in whole tables, and the first change of a table in a
//!   transaction copies the map of it (not the records). One writer at a time.
//! - **It cannot be backed up**: `back_up` is refused, as it would be for any store that is no SQLite file.
//!
//! # How to read it
//!
//! | file | what it shows |
//! |---|---|
//! | `memory.rs` | `Store`: when a transaction begins, how it ends, when it is run again |
//! | `tx.rs` | `Tx`: the two ways through which every method goes, to look and to write, and what a failure does to a transaction |
//! | `table.rs` | a map that is copied when it is written to, with unique values, references, and compare-and-set |
//! | `state.rs` | all tables |
//! | the others | the traits, a file for each group: each method is what its documentation says, and little more |
//!
//! # How to write one
//!
//! In this order, with the suite at hand from the first step on (`mgmt_store::conformance_tests!`):
//!
//! 1. **Transactions**, with `settings` and `throttles`, which are a map each. Everything else is worth nothing before the tests of transactions
//!    pass: what ends in `Err` or a panic leaves nothing behind; a failed statement spoils its transaction, also when the caller does
//!    not mind it; who reads cannot write, and sees one moment however long it looks.
//! 2. **Organizations, people and keys**, which most others refer to. Three answers are to be told apart from here on. Something
//!    that is unique or referred to makes a `Conflict` that ends the transaction. An update of a version that has passed is a
//!    `Conflict` too, but ends nothing. What a transaction has seen and does not find any more makes it run again, and is told to nobody.
//! 3. **Quotas, reveals, refresh tokens, invitations**: what races for. One statement has to check and change. Here that is free, as
//!    whoever writes is alone; elsewhere it takes a guarded update or a lock.
//! 4. **The journal and the audit log.** Numbers become visible in their order, and none is left out. A store of several nodes has most
//!    of its work here and with leases: read `mgmt_core::lease` first.
//! 5. **The rest**: webhooks with their queues, projects, usage, shipping.
//!
//! What a store of several processes needs beyond this: a database's clock for leases, `listen`, `recall` and `announce_return`.

mod accounts;
mod events;
mod invitations;
mod jobs;
mod journals;
mod keys;
mod memory;
mod projects;
mod quotas;
mod reveals;
mod sessions;
mod settings;
mod shipping;
mod state;
mod table;
#[cfg(test)]
mod tests;
mod tx;
mod usage;
mod webhooks;

pub use memory::Memory;
