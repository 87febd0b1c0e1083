//! Rate limits that several nodes count together, in Redis: the exact sliding window of [`mgmt_core::limit`] by one clock.
//!
//! # The model
//!
//! [`RedisWindows`] is [`SharedWindows`](mgmt_gate::SharedWindows) of a [`Gate`](mgmt_gate::Gate): hand it to
//! `mgmt_actix::Admitter::with_windows`, and [`start`](RedisWindows::start) it. A request takes its places in all its windows by
//! one call of one script, which refuses exactly when as many as the limit were accepted in the span before, by the server's clock.
//! A window is a list named `mgmt:limit:{ORGANIZATION}:…`, so that the windows of a request live on one server of a cluster. It holds
//! moments only, and ends by itself.
//!
//! Redis is an aid, never the authority. When it fails, or takes longer than [`PATIENCE`], the gate counts for itself
//! ([`Gate::divide_limits`](mgmt_gate::Gate::divide_limits)) from that request on, and a thread apart looks for Redis until it
//! answers again. The gauge `mgmt_limits_shared` says which it is, and `mgmt_limits_fallbacks_total` counts the losses.
//!
//! # Example
//!
//! A gate whose limits are counted in Redis, if there is one; with `mgmt_actix`, the rest is `Admitter::new(gate).with_windows(windows)`.
//!
//! ```
//! use std::sync::Arc;
//!
//! use mgmt_gate::Gate;
//! use mgmt_redis::{Address, RedisWindows};
//!
//! fn share(gate: &Arc<Gate>, address: Address) -> std::io::Result<Arc<RedisWindows>> {
//!     let windows = RedisWindows::new(address);
//!     gate.divide_limits(3); // what each of three nodes allows while Redis is away
//!     windows.start(Arc::clone(gate))?;
//!     Ok(Arc::new(windows))
//! }
//!
//! let address: Address = "rediss://:secret@cache.example.com".parse()?;
//! assert!(!format!("{address:?}").contains("secret"));
//! # Ok::<(), mgmt_redis::InvalidAddress>(())
//! ```
//!
//! Once [`start`](RedisWindows::start) has found Redis, checks of keys with a limit say that they want places
//! ([`Pending::places`](mgmt_gate::Pending::places)), and whoever asks the gate must take them. `mgmt_actix` does; `mgmt_tower` does not yet,
//! and would answer 503.
//!
//! # Where Redis is
//!
//! See [`Address`] for the forms of its URL: one server, Sentinel, or a cluster; with TLS or without.
//!
//! # To count somewhere else
//!
//! Implement [`SharedWindows`](mgmt_gate::SharedWindows) over it: take a place in each window of a request or in none, by one clock for
//! all nodes. Tell the gate when it can be reached ([`Gate::count_together`](mgmt_gate::Gate::count_together)) and, before anybody waits in vain,
//! when it cannot ([`Gate::count_here`](mgmt_gate::Gate::count_here)).

#![deny(missing_docs)]

mod address;
mod link;
mod rule;
mod windows;

pub use address::{Address, InvalidAddress, InvalidAuthorities};
pub use windows::{PATIENCE, RedisWindows};

/// Compiles the example of the README.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
