//! API keys and management keys on both surfaces.

mod grants;
mod idempotency;
mod life;
mod lists;
mod preconditions;
mod secrets;
mod tenants;
mod validation;

use mgmt_tests::{Answer, Call, Server, Session};
use serde_json::{Value, json};

/// The two places where keys are managed. They differ in path, credential and envelope, and in nothing else.
#[derive(Debug)]
pub(crate) struct Surface<'a> {
    server: &'a Server,
    pub(crate) path: &'static str,
    credential: String,
    wraps: bool,
}

impl<'a> Surface<'a> {
    pub(crate) fn management(server: &'a Server) -> Self {
        Self::management_as(server, server.management_key())
    }

    pub(crate) fn management_as(server: &'a Server, key: &str) -> Self {
        Self { server, path: "/v1/management/api-keys", credential: key.to_owned(), wraps: false }
    }

    pub(crate) fn session(server: &'a Server, session: &Session) -> Self {
        Self { server, path: "/api/api-keys", credential: session.token.clone(), wraps: true }
    }

    pub(crate) fn call(&self, method: &str, below: &str) -> Call {
        self.server.call(method, &format!("{}{below}", self.path)).bearer(&self.credential)
    }

    pub(crate) fn create(&self, body: &Value) -> Answer {
        self.call("POST", "").json(body).send()
    }

    /// A key with one scope; hands back the object.
    #[track_caller]
    pub(crate) fn created(&self) -> Value {
        self.object(&self.create(&json!({"name": "made", "scopes": ["shipments:read"]})), 201)
    }

    pub(crate) fn get(&self, id: &str) -> Answer {
        self.call("GET", &format!("/{id}")).send()
    }

    pub(crate) fn patch(&self, id: &str, body: &Value) -> Answer {
        self.call("PATCH", &format!("/{id}")).json(body).send()
    }

    pub(crate) fn revoke(&self, id: &str) -> Answer {
        self.call("DELETE", &format!("/{id}")).send()
    }

    pub(crate) fn act(&self, id: &str, action: &str, body: &Value) -> Answer {
        self.call("POST", &format!("/{id}/{action}")).json(body).send()
    }

    /// The object of an answer with this status, out of the surface's envelope.
    #[track_caller]
    pub(crate) fn object(&self, answer: &Answer, status: u16) -> Value {
        if self.wraps { answer.expect_data(status) } else { answer.expect(status) }
    }
}

/// `id` of an object.
#[track_caller]
pub(crate) fn id(object: &Value) -> &str {
    object["id"].as_str().expect("an id")
}

/// `key` of an object: its secret text.
#[track_caller]
pub(crate) fn key(object: &Value) -> &str {
    object["key"].as_str().expect("a key")
}
