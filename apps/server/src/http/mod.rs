//! Everything between the socket and a handler: limits, request ids, strict decoding, error bodies, routing.

pub(crate) mod accept;
pub(crate) mod address;
pub(crate) mod arrival;
pub(crate) mod body;
pub(crate) mod csv;
mod fault;
pub(crate) mod finish;
pub(crate) mod hex;
pub(crate) mod json;
pub(crate) mod limits;
pub(crate) mod node;
pub(crate) mod path;
pub(crate) mod percent;
pub(crate) mod precondition;
pub(crate) mod query;
pub(crate) mod request_id;
pub(crate) mod route;
pub(crate) mod shell;
pub(crate) mod url_guard;

use std::{sync::Arc, time::Duration};

use ipnet::IpNet;

/// The settings that extractors and middleware need. Made once from the configuration.
#[derive(Clone, Debug)]
pub(crate) struct HttpSettings {
    /// Bytes of a request body that are read before it is refused.
    pub(crate) max_body: usize,
    /// How long a client may take to send a body.
    pub(crate) body_deadline: Duration,
    /// Whose `X-Forwarded-For` and `Forwarded` are believed.
    pub(crate) trusted_proxies: Vec<IpNet>,
    /// First part of every key, to recognise keys in addresses.
    pub(crate) key_prefix: String,
    /// Whether clients reach us over https, so that they can be told to keep doing so.
    pub(crate) https: bool,
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            max_body: 256 * 1024,
            body_deadline: Duration::from_secs(15),
            trusted_proxies: Vec::new(),
            key_prefix: "mg".to_owned(),
            https: false,
        }
    }
}

/// How the settings travel in the application's data.
pub(crate) type SharedSettings = Arc<HttpSettings>;

/// The settings of the application that serves `request`.
pub(crate) fn settings(request: &actix_web::HttpRequest) -> SharedSettings {
    request.app_data::<SharedSettings>().cloned().unwrap_or_default()
}
