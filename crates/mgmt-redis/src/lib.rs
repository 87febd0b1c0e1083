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
//! # Where Redis is
//!
//! See [`Address`] for the forms of its URL: one server, Sentinel, or a cluster; with TLS or without.

#![deny(missing_docs)]

mod address;
mod link;
mod rule;
mod windows;

pub use address::{Address, InvalidAddress, InvalidAuthorities};
pub use windows::{PATIENCE, RedisWindows};
