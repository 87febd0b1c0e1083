//! Delivery of events to webhooks: the loop, the signatures, and the sender that calls nobody it must not.

mod disable;
mod engine;
mod guard;
mod parcel;
mod round;
mod send;
mod send_outs;
mod sign;

pub(crate) use engine::Deliveries;
pub(crate) use parcel::Endpoint;
