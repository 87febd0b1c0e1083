//! Delivery of events to webhooks: the loop, the signatures, and the sender that calls nobody it must not.

mod engine;
mod guard;
mod round;
mod send;
mod sign;

pub(crate) use engine::{Deliveries, send_once};
