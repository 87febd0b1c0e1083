//! What is known of a request from its head on: left in its extensions, once, for whoever needs a part of it.

use actix_web::{HttpMessage as _, HttpRequest};
use mgmt_gate::{Moment, SystemClock};

use super::{address::ClientAddress, request_id::RequestId};

/// A request that has arrived.
#[derive(Clone, Debug)]
pub(crate) struct Arrived {
    /// Its id.
    pub(crate) id: RequestId,
    /// Whom it came from.
    pub(crate) client: ClientAddress,
    /// When its head had been read.
    pub(crate) at: Moment,
}

/// When the head of a request had been read: the clock need not be read again to judge it.
pub(crate) fn moment(request: &HttpRequest) -> Moment {
    request.extensions().get::<Arrived>().map_or_else(|| SystemClock.now(), |arrived| arrived.at)
}
