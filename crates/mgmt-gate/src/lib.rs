//! Admission in process: checks API keys from memory, and follows every change before it is confirmed. A check takes some hundred
//! nanoseconds, and one and a half microseconds where a million keys with limits are asked for at random (`docs/performance.md`).
//!
//! # The model
//!
//! A [`Gate`] stands over a [`Store`](mgmt_store::Store). [`Gate::check`] answers from memory: parse and checksum, look up the
//! record, compare the keyed hash in constant time, decide ([`mgmt_core::access::decide`]), count against the exact sliding
//! windows and the quotas, meter. It takes no database connection and blocks on none. What is not in memory is a value,
//! [`Check::Pending`], which the caller [resolves](Gate::resolve) wherever blocking is fine; [`Gate::admit`] does both.
//!
//! Every change of a key is an entry of the store's journal of invalidations, written in the transaction of the change.
//! [`Gate::catch_up`] applies them; call it after each change and before you confirm it, and no check that starts after is
//! answered from what was replaced. A record that was read while its key changed is dropped, not cached.
//!
//! Where several processes share a store, one that only calls [`Gate::catch_up`] now and then is as late as that with what others change,
//! and goes on answering from memory while the store is away. To be waited for, call [`Gate::require_lease`] first: checks are then answered
//! only while a lease stands ([`Gate::grant`], [`mgmt_core::lease`]), and are [`Check::Unleased`] past it. `examples/node.rs` holds one.
//!
//! Nodes that have [`SharedWindows`] in common count limits together ([`Gate::count_together`]), and otherwise allow a share of each
//! ([`Gate::divide_limits`]).
//!
//! Units of quotas that other nodes took and do not use are asked back for before a quota is said to be used up, once
//! [`Gate::expect_others`] was called; [`Gate::hand_back`] gives up what others ask for.
//!
//! Limits are exact: a request is refused exactly when the window is full. Quotas are never over-issued: their row in the store
//! is the only authority, and this node uses up units that it took from it. What one limit or quota refuses takes nothing from
//! the others.
//!
//! # Example
//!
//! ```
#![doc = include_str!("../examples/embedded.rs")]
//! ```
//!
//! # To guard something of your own
//!
//! Build a [`Request`]: which kind of key, which scopes ([`mgmt_core::scope::Catalogue::demanded`]), from where, at what cost.
//! Call [`Gate::maintain`] every 100 ms, [`Gate::flush`] every second and [`Gate::close`] at the end, as the example does. [`Gate::warm`] at
//! the start and [`Gate::reread`] every 50 ms spare checks the wait for the store.
//!
//! # Beside a server
//!
//! A gate over a server's database, with a lease there: the program is `examples/node.rs`.
//!
//! ```no_run
#![doc = include_str!("../examples/node.rs")]
//! ```

#![deny(missing_docs)]

mod cache;
mod clock;
mod consume;
mod foreign;
mod gate;
mod hot;
mod meter;
mod quota;
mod recall;
mod record;
mod right;
mod shared;
mod subject;
mod table;
mod warm;

pub use clock::{Moment, SystemClock};
pub use foreign::{ForeignCheck, ForeignKeys};
pub use gate::{
    Admission, Check, DEFAULT_CAPACITY, Gate, GateOptions, Pending, PlanLimits, Refusal, Request, Standings, Traffic,
};
pub use record::KeyRecord;
pub use right::{LEASE_LOOK_EVERY, LEASE_LOOKS};
pub use shared::{Later, Places, SessionCheck, SharedWindow, SharedWindows, Taken};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
