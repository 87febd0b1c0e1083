//! The stable error codes and the one error value that rules return.

use std::{borrow::Cow, collections::BTreeMap, fmt};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// A stable, machine-readable reason for a refusal. Codes are never renamed or reused.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Code {
            $($(#[$doc])* $name),+
        }

        impl Code {
            /// Every code, for documentation and completeness tests.
            pub const ALL: &'static [Self] = &[$(Self::$name),+];

            /// The text that clients see in `error.code`.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),+ }
            }
        }
    };
}

codes! {
    /// The request is malformed or a field is wrong; `details` names the fields.
    InvalidRequest = "invalid_request",
    /// A credential was sent in the address, where logs keep it. It was not evaluated.
    CredentialInUrl = "credential_in_url",
    /// The pagination cursor is not one of ours, or belongs to another list.
    InvalidCursor = "invalid_cursor",
    /// No credential, or one that authenticates nobody.
    Unauthorized = "unauthorized",
    /// The organization's plan does not include this feature.
    FeatureNotAvailable = "feature_not_available",
    /// The key is valid, but lacks a scope or permission.
    InsufficientScope = "insufficient_scope",
    /// The caller is known, but may not do this.
    Forbidden = "forbidden",
    /// The caller tried to grant more than it holds itself.
    ScopeExceedsGrantor = "scope_exceeds_grantor",
    /// The key may not be used from this network address.
    IpNotAllowed = "ip_not_allowed",
    /// The key may not be used for this warehouse.
    WarehouseNotAllowed = "warehouse_not_allowed",
    /// The object does not exist, or belongs to somebody else.
    NotFound = "not_found",
    /// The path exists, but not with this method.
    MethodNotAllowed = "method_not_allowed",
    /// The `Accept` header excludes JSON.
    NotAcceptable = "not_acceptable",
    /// The body is larger than the server reads.
    PayloadTooLarge = "payload_too_large",
    /// The address is longer than the server reads.
    UriTooLong = "uri_too_long",
    /// The body is not JSON in UTF-8.
    UnsupportedMediaType = "unsupported_media_type",
    /// The header fields are larger or more than the server reads.
    HeadersTooLarge = "headers_too_large",
    /// The change collides with what exists already.
    Conflict = "conflict",
    /// The organization has as many active keys of this kind as it may have.
    KeyLimitReached = "key_limit_reached",
    /// The change would leave the organization without an owner.
    LastOwner = "last_owner",
    /// The object is in a state that does not allow this.
    InvalidState = "invalid_state",
    /// A request with the same idempotency key is still being worked on.
    IdempotencyInProgress = "idempotency_in_progress",
    /// It was here and is not any more.
    Gone = "gone",
    /// `If-Match` names another version than the current one.
    PreconditionFailed = "precondition_failed",
    /// The idempotency key was used before with another payload.
    IdempotencyKeyReused = "idempotency_key_reused",
    /// Too many requests in the window.
    RateLimited = "rate_limited",
    /// The period's quota is used up.
    QuotaExceeded = "quota_exceeded",
    /// A fault of ours.
    Internal = "internal",
    /// A dependency is away, or the server is overloaded or stopping.
    Unavailable = "unavailable",
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal with all that a client may see of it. Transport-free: the server maps [`Code`] to a status.
#[derive(Clone, PartialEq, Eq)]
pub struct Error(Box<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    code: Code,
    message: Cow<'static, str>,
    details: BTreeMap<String, String>,
    retry_after: Option<u64>,
    scope: Option<String>,
    reason: Option<&'static str>,
    resource: Option<(&'static str, String)>,
}

/// The reason for a field that is missing.
pub const REQUIRED: &str = "This field is required";

/// What rules return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// An error with a message for the client and no details.
    #[must_use]
    pub fn new(code: Code, message: impl Into<Cow<'static, str>>) -> Self {
        Self(Box::new(Inner {
            code,
            message: message.into(),
            details: BTreeMap::new(),
            retry_after: None,
            scope: None,
            reason: None,
            resource: None,
        }))
    }

    /// A validation failure of one field. `field` is a path such as `address.postal_code` or `scopes[2]`.
    #[must_use]
    pub fn invalid(field: impl Into<String>, reason: impl Into<String>) -> Self {
        Self::new(Code::InvalidRequest, "the request is invalid: see `details`").with_detail(field, reason)
    }

    /// The one answer for objects that are missing and for those of another tenant.
    #[must_use]
    pub fn not_found() -> Self {
        Self::new(Code::NotFound, "no such object")
    }

    /// The one answer to every credential that authenticates nobody.
    #[must_use]
    pub fn unauthorized() -> Self {
        Self::new(Code::Unauthorized, "the credential is missing or invalid")
    }

    /// Adds the reason for one field.
    #[must_use]
    pub fn with_detail(mut self, field: impl Into<String>, reason: impl Into<String>) -> Self {
        self.0.details.insert(field.into(), reason.into());
        self
    }

    /// Tells the client after how many whole seconds a repeat can succeed.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> Self {
        self.0.retry_after = Some(seconds);
        self
    }

    /// Names the scope that was missing, for the RFC 6750 challenge.
    #[must_use]
    pub fn with_scope(mut self, scope: impl Into<String>) -> Self {
        self.0.scope = Some(scope.into());
        self
    }

    /// Says more closely than the code why, for surfaces that have finer reasons.
    #[must_use]
    pub fn with_reason(mut self, reason: &'static str) -> Self {
        self.0.reason = Some(reason);
        self
    }

    /// Names the object that this is about, by its type and its id or name.
    #[must_use]
    pub fn about(mut self, kind: &'static str, id: impl Into<String>) -> Self {
        self.0.resource = Some((kind, id.into()));
        self
    }

    /// Puts every detail path below `prefix`, joined by a dot.
    #[must_use]
    pub fn below(mut self, prefix: &str) -> Self {
        self.0.details =
            std::mem::take(&mut self.0.details).into_iter().map(|(path, reason)| (format!("{prefix}.{path}"), reason)).collect();
        self
    }

    /// Takes over the details of another validation failure, so that all faults are told at once.
    #[must_use]
    pub fn merge(mut self, other: Self) -> Self {
        self.0.details.extend(other.0.details);
        self
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> Code {
        self.0.code
    }

    /// The message for people.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// Field path to reason.
    #[must_use]
    pub fn details(&self) -> &BTreeMap<String, String> {
        &self.0.details
    }

    /// Seconds to wait before a repeat, where that is known.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        self.0.retry_after
    }

    /// The finer reason, where there is one.
    #[must_use]
    pub fn reason(&self) -> Option<&'static str> {
        self.0.reason
    }

    /// The type and the id or name of the object that this is about, where that is known.
    #[must_use]
    pub fn resource(&self) -> Option<(&'static str, &str)> {
        self.0.resource.as_ref().map(|(kind, id)| (*kind, id.as_str()))
    }

    /// The missing scope, where that is the reason.
    #[must_use]
    pub fn scope(&self) -> Option<&str> {
        self.0.scope.as_deref()
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {:?}", self.0.code, self.0.message, self.0.details)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.message)?;
        for (field, reason) in &self.0.details {
            write!(f, "; `{field}`: {reason}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

/// Gathers the faults of several fields, so that a client is told all of them at once.
#[derive(Debug, Default)]
pub struct Faults(Option<Error>);

impl Faults {
    /// Keeps the value, or notes the fault and yields `None`.
    pub fn take<T>(&mut self, result: Result<T>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(error) => {
                self.note(error);
                None
            }
        }
    }

    /// Notes a fault.
    pub fn note(&mut self, error: Error) {
        self.0 = Some(match self.0.take() {
            Some(first) => first.merge(error),
            None => error,
        });
    }

    /// `Err` with all faults, if there were any.
    ///
    /// # Errors
    /// The first fault, with the details of all others merged into it.
    pub fn finish(self) -> Result<()> {
        self.0.map_or(Ok(()), Err)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn codes_are_unique_and_snake_case() {
        let texts: HashSet<_> = Code::ALL.iter().map(|c| c.as_str()).collect();
        assert_eq!(texts.len(), Code::ALL.len());
        assert!(texts.iter().all(|t| t.bytes().all(|b| b.is_ascii_lowercase() || b == b'_')));
    }

    #[test]
    fn faults_are_gathered() {
        let mut faults = Faults::default();
        assert_eq!(faults.take(Ok(1)), Some(1));
        assert_eq!(faults.take::<()>(Err(Error::invalid("a", "x"))), None);
        assert_eq!(faults.take::<()>(Err(Error::invalid("b", "y"))), None);
        let error = faults.finish().unwrap_err();
        assert_eq!(error.details().len(), 2);
        assert_eq!(error.below("p").details().keys().next().map(String::as_str), Some("p.a"));
    }
}
