use serde_json::Value;
use std::time::Duration;
use ureq::http::{HeaderMap, Method, Request};

/// One request, built step by step and sent over a connection of the agent's pool.
#[derive(Clone, Debug)]
#[must_use]
pub struct Call {
    agent: ureq::Agent,
    method: String,
    url: String,
    fields: Vec<(String, String)>,
    body: Option<Vec<u8>>,
}

/// An agent that takes every status as an answer and follows nothing.
#[must_use]
pub(crate) fn agent() -> ureq::Agent {
    let config = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .allow_non_standard_methods(true)
        .timeout_global(Some(Duration::from_secs(60)))
        .max_response_header_size(64 * 1024)
        .max_idle_connections(64)
        .max_idle_connections_per_host(64)
        .build();
    config.new_agent()
}

impl Call {
    pub(crate) fn new(agent: &ureq::Agent, base: &str, method: &str, path: &str) -> Self {
        Self { agent: agent.clone(), method: method.to_owned(), url: format!("{base}{path}"), fields: Vec::new(), body: None }
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn bearer(self, credential: &str) -> Self {
        self.header("authorization", &format!("Bearer {credential}"))
    }

    pub fn json(self, body: &Value) -> Self {
        self.header("content-type", "application/json").bytes(body.to_string().as_bytes())
    }

    pub fn bytes(mut self, body: &[u8]) -> Self {
        self.body = Some(body.to_vec());
        self
    }

    /// Sends, and holds the answer to what is promised of every answer. Panics when no answer comes.
    #[track_caller]
    pub fn send(self) -> Answer {
        let what = format!("{} {}", self.method, self.url);
        let answer = self.try_send().unwrap_or_else(|error| panic!("{what}: {error}"));
        answer.check_promises();
        answer
    }

    /// Sends to a server that may be dying.
    pub fn try_send(self) -> Result<Answer, String> {
        let what = format!("{} {}", self.method, self.url);
        let method = Method::from_bytes(self.method.as_bytes()).map_err(|error| error.to_string())?;
        let mut request = Request::builder().method(method.clone()).uri(&self.url);
        for (name, value) in &self.fields {
            request = request.header(name, value);
        }
        let answer = match self.body {
            None if [Method::POST, Method::PUT, Method::PATCH].contains(&method) => {
                self.agent.run(request.body(Vec::new()).map_err(|error| error.to_string())?)
            }
            None => self.agent.run(request.body(()).map_err(|error| error.to_string())?),
            Some(body) if method == Method::DELETE || method == Method::GET => {
                let builder = if method == Method::GET { self.agent.get(&self.url) } else { self.agent.delete(&self.url) };
                let builder = self.fields.iter().fold(builder, |builder, (name, value)| builder.header(name, value));
                builder.force_send_body().send(&body)
            }
            Some(body) => self.agent.run(request.body(body).map_err(|error| error.to_string())?),
        };
        let mut answer = answer.map_err(|error| error.to_string())?;
        let body = answer.body_mut().read_to_vec().map_err(|error| error.to_string())?;
        Ok(Answer { what, status: answer.status().as_u16(), headers: answer.headers().clone(), body })
    }
}

/// A status, header fields and a body.
#[derive(Clone, Debug)]
pub struct Answer {
    pub what: String,
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    /// A header field as text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("a header field in ASCII"))
    }

    /// A header field as a whole number.
    #[must_use]
    #[track_caller]
    pub fn number(&self, name: &str) -> u64 {
        let text = self.header(name).unwrap_or_else(|| panic!("no `{name}`: {self}"));
        text.parse().unwrap_or_else(|_| panic!("`{name}` is no number: `{text}`"))
    }

    #[must_use]
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    /// The body as JSON.
    #[must_use]
    #[track_caller]
    pub fn value(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("not JSON ({error}): {self}"))
    }

    /// The status is the expected one; hands on the JSON body, or null where there is none.
    #[track_caller]
    pub fn expect(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self}");
        if self.body.is_empty() { Value::Null } else { self.value() }
    }

    /// The status is the expected one.
    #[track_caller]
    pub fn expect_status(&self, status: u16) {
        assert_eq!(self.status, status, "{self}");
    }

    /// The status is one of these.
    #[track_caller]
    pub fn expect_status_in(&self, statuses: &[u16]) {
        assert!(statuses.contains(&self.status), "{self}");
    }

    /// As [`expect`](Self::expect), for the single objects of `/api`, which stand below `data`.
    #[track_caller]
    pub fn expect_data(&self, status: u16) -> Value {
        let mut body = self.expect(status);
        assert!(body.as_object().is_some_and(|object| object.contains_key("data")), "no `data`: {self}");
        body["data"].take()
    }

    /// It is this refusal; hands on `error.details`.
    #[track_caller]
    pub fn refused(&self, status: u16, code: &str) -> Value {
        assert_eq!((self.status, self.code().as_str()), (status, code), "{self}");
        self.value()["error"]["details"].clone()
    }

    /// It is a validation failure that names these fields, or something inside them, and no others.
    #[track_caller]
    pub fn names_fields(&self, fields: &[&str]) {
        let details = self.refused(400, "invalid_request");
        let named: Vec<_> = details.as_object().expect("details").keys().map(String::as_str).collect();
        let is_inside = |path: &str, field: &str| {
            path.strip_prefix(field).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        };
        for field in fields {
            assert!(named.iter().any(|path| is_inside(path, field)), "`{field}` is not named: {self}");
        }
        for path in named {
            assert!(fields.iter().any(|field| is_inside(path, field)), "`{path}` should not be named: {self}");
        }
    }

    /// `error.code`, or the empty string.
    #[must_use]
    pub fn code(&self) -> String {
        let body: Value = serde_json::from_slice(&self.body).unwrap_or_default();
        body.pointer("/error/code").and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// The body with the request id blanked out, to compare answers byte by byte.
    #[must_use]
    pub fn without_request_id(&self) -> String {
        let id = self.header("x-request-id").unwrap_or("-");
        self.text().replace(id, "REQUEST-ID")
    }

    /// The names and values of the header fields, less those that differ between any two answers.
    #[must_use]
    pub fn comparable_fields(&self) -> Vec<(String, String)> {
        let mut fields: Vec<_> = self
            .headers
            .iter()
            .filter(|(name, _)| !["x-request-id", "date", "connection"].contains(&name.as_str()))
            .filter(|(name, _)| !name.as_str().replace('-', "").contains("ratelimit"))
            .map(|(name, value)| (name.to_string(), String::from_utf8_lossy(value.as_bytes()).into_owned()))
            .collect();
        fields.sort();
        fields
    }

    /// What docs/api.md promises of every answer.
    #[track_caller]
    fn check_promises(&self) {
        let id = self.header("x-request-id").unwrap_or_else(|| panic!("no X-Request-Id: {self}"));
        assert!(!id.is_empty(), "{self}");
        assert_eq!(self.header("x-content-type-options"), Some("nosniff"), "{self}");
        if self.what.contains("/api/") || self.what.contains("/v1/") {
            assert_eq!(self.header("cache-control"), Some("no-store"), "{self}");
        }
        if self.status >= 400 && !self.what.starts_with("HEAD") {
            self.check_envelope(id);
        }
        if self.status == 401 {
            assert!(self.header("www-authenticate").is_some(), "no challenge: {self}");
        }
        if [429, 503].contains(&self.status) {
            assert!(self.number("retry-after") >= 1, "{self}");
        }
    }

    #[track_caller]
    fn check_envelope(&self, id: &str) {
        let body = self.value();
        let error = body.get("error").and_then(Value::as_object).unwrap_or_else(|| panic!("no envelope: {self}"));
        let mut names: Vec<_> = error.keys().map(String::as_str).collect();
        names.sort_unstable();
        assert_eq!(names, ["code", "details", "message", "request_id"], "{self}");
        assert_eq!(error["request_id"].as_str(), Some(id), "{self}");
        assert!(error["code"].is_string() && error["message"].is_string() && error["details"].is_object(), "{self}");
        if ["/management/v1/", "/v1/metadata-schemas"].iter().any(|surface| self.what.contains(surface)) {
            self.check_project_error(&body, id);
        } else {
            assert_eq!(body.as_object().map(serde_json::Map::len), Some(1), "{self}");
        }
        assert!(self.header("content-type").is_some_and(|kind| kind.starts_with("application/json")), "{self}");
        assert!(self.status < 500 || error["details"] == serde_json::json!({}), "a 5xx with details: {self}");
    }
}

impl Answer {
    /// The projects API has the members of Voucherify's errors beside the envelope.
    #[track_caller]
    fn check_project_error(&self, body: &Value, id: &str) {
        assert_eq!((body["code"].as_u64(), body["request_id"].as_str()), (Some(self.status.into()), Some(id)), "{self}");
        assert!(["key", "message", "details"].iter().all(|name| body[*name].is_string()), "{self}");
        assert_eq!(body["resource_id"].is_string(), body["resource_type"].is_string(), "{self}");
    }
}

impl std::fmt::Display for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} answered {}", self.what, self.status)?;
        for (name, value) in &self.headers {
            write!(f, "\n  {name}: {}", String::from_utf8_lossy(value.as_bytes()))?;
        }
        write!(f, "\n  {}", self.text())
    }
}
