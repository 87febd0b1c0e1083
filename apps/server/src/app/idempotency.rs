//! `Idempotency-Key`: a repeated request gets the answer of the first. The record commits with the effect. A key's text is not in it, but
//! in the reveal record, and ends with it; other secrets are in it, encrypted with a key that ends with the reveal window.

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::HeaderName},
};
use base64::{Engine as _, engine::general_purpose::STANDARD};
use mgmt_core::{
    account::Actor,
    error::{Code, Error},
    id::{KeyId, OrganizationId},
    time::Timestamp,
};
use mgmt_store::{IdempotencyRecord, StoreError};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{App, Work};
use crate::error::ApiError;

const FIELD: HeaderName = HeaderName::from_static("idempotency-key");
const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");
const KEEP_SECS: i64 = 24 * 3600;
const MAX_LENGTH: usize = 255;
/// The member of a kept answer that holds the whole of it, encrypted. No answer has a member of this name.
const SEALED: &str = "$sealed";
/// Where `key` stands in an answer: after `id` and `name`.
const SECRET_POSITION: usize = 2;

/// What a client wants to be sure of doing once.
#[derive(Clone, Debug)]
pub(crate) struct Once {
    id: String,
    fingerprint: String,
}

/// An answer that creates something.
#[derive(Clone, Debug)]
pub(crate) struct Created {
    /// The object without its secret.
    pub(crate) object: Map<String, Value>,
    /// Whether the object is answered inside `data`.
    pub(crate) wrapped: bool,
    /// The secret, to be shown as `key`.
    pub(crate) secret: Option<mgmt_core::secret::PlainSecret>,
    /// The key that the secret belongs to.
    pub(crate) key_id: Option<KeyId>,
    /// Whether this repeats an earlier answer.
    pub(crate) replayed: bool,
}

impl Created {
    /// The answer itself.
    pub(crate) fn into_response(self) -> HttpResponse {
        self.into_response_with(StatusCode::CREATED)
    }

    /// The answer with another status than 201.
    pub(crate) fn into_response_with(self, status: StatusCode) -> HttpResponse {
        let mut object = self.object;
        if let Some(secret) = &self.secret {
            object.shift_insert(SECRET_POSITION.min(object.len()), "key".to_owned(), Value::from(secret.expose()));
        }
        let body = if self.wrapped { Value::from_iter([("data", Value::Object(object))]) } else { Value::Object(object) };
        let mut response = HttpResponse::build(status);
        if self.replayed {
            response.insert_header((REPLAYED, "true"));
        }
        response.json(body)
    }
}

impl Once {
    /// Reads the field: a structured-field string or a bare token of 1 to 255 visible characters.
    ///
    /// # Errors
    /// 400 when it is anything else, or repeated.
    pub(crate) fn from_request(
        request: &HttpRequest,
        owner: (OrganizationId, Actor),
        payload: &[u8],
    ) -> Result<Option<Self>, ApiError> {
        let mut values = request.headers().get_all(FIELD);
        let Some(value) = values.next() else { return Ok(None) };
        let wrong = || ApiError::from(Error::invalid("Idempotency-Key", "must be one text of 1 to 255 visible ASCII characters"));
        if values.next().is_some() {
            return Err(wrong());
        }
        let text = value.to_str().map_err(|_| wrong())?.trim();
        let quoted = text.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        let bare = quoted.unwrap_or(text);
        let allowed = |b: u8| b.is_ascii_graphic() && b != b'"' || b == b' ' && quoted.is_some();
        if !(1..=MAX_LENGTH).contains(&bare.len()) || !bare.bytes().all(allowed) {
            return Err(wrong());
        }
        let (organization, actor) = owner;
        // The route and its id, not the path, which has several spellings.
        let route = request.match_pattern().unwrap_or_default();
        let target = request.match_info().get("id").unwrap_or_default();
        let scope = format!("{organization}\n{actor}\n{}\n{route}\n{target}\n{bare}", request.method());
        Ok(Some(Self { id: hex(scope.as_bytes()), fingerprint: hex(payload) }))
    }

    /// Whether the request has the field.
    pub(crate) fn is_asked(request: &HttpRequest) -> bool {
        request.headers().contains_key(FIELD)
    }

    /// Marks the request as being worked on, on this node.
    ///
    /// # Errors
    /// 409 when it is already.
    pub(crate) fn begin(&self, app: &App) -> Result<InProgress, ApiError> {
        if app.in_progress.lock().insert(self.id.clone()) {
            return Ok(InProgress { app: app.clone(), id: self.id.clone() });
        }
        Err(in_progress())
    }

    /// The earlier answer, if there is one.
    ///
    /// # Errors
    /// 422 when the earlier request was another one.
    pub(crate) fn replay(&self, work: &mut Work<'_>, creator: Actor, wrapped: bool) -> Result<Option<Created>, ApiError> {
        let now = work.now;
        let Some(record) = work.tx.idempotency().find(&self.id, now)? else { return Ok(None) };
        if record.fingerprint != self.fingerprint {
            let message = "this `Idempotency-Key` was used with another payload: use a new one";
            return Err(ApiError::new(Code::IdempotencyKeyReused, message));
        }
        let secret = match record.key_id {
            Some(id) => work.replay_secret(id, creator)?,
            None => None,
        };
        let mut object: Map<String, Value> = serde_json::from_str(&record.body).map_err(ApiError::internal)?;
        if let Some(sealed) = object.shift_remove(SEALED)
            && let Some(whole) = self.open(work, &sealed, record.created_at)?
        {
            object = whole;
        }
        Ok(Some(Created { object, wrapped, secret, key_id: record.key_id, replayed: true }))
    }

    /// The earlier answer to the same request, before anything else of it is judged. Another request with the same key is not
    /// refused here: its own faults come first.
    pub(crate) async fn repeated(
        once: Option<&Self>,
        app: &App,
        creator: Actor,
        wrapped: bool,
    ) -> Result<Option<Created>, ApiError> {
        let Some(once) = once.cloned() else { return Ok(None) };
        let found = app.read("idempotency.repeated", move |work| match once.replay(work, creator, wrapped) {
            Err(error) if error.error().code() == Code::IdempotencyKeyReused => Ok(None),
            other => other,
        });
        found.await
    }

    /// The object of the earlier answer, on surfaces whose answers hold no secret when repeated.
    ///
    /// # Errors
    /// As [`replay`](Self::replay).
    pub(crate) fn earlier(
        once: Option<&Self>,
        work: &mut Work<'_>,
        creator: Actor,
    ) -> Result<Option<Map<String, Value>>, ApiError> {
        let Some(once) = once else { return Ok(None) };
        Ok(once.replay(work, creator, false)?.map(|earlier| earlier.object))
    }

    /// Keeps an object without a secret as the answer.
    pub(crate) fn keep_object(
        &self,
        work: &mut Work<'_>,
        organization_id: OrganizationId,
        object: &Map<String, Value>,
    ) -> Result<(), ApiError> {
        let answer = Created { object: object.clone(), wrapped: false, secret: None, key_id: None, replayed: false };
        self.keep(work, organization_id, &answer)
    }

    /// Keeps an answer that holds a secret: a repeat gets the whole of it within the reveal window, and what is `bare` of secrets after it.
    pub(crate) fn keep_whole(
        &self,
        work: &mut Work<'_>,
        organization_id: OrganizationId,
        mut bare: Created,
        whole: &Created,
    ) -> Result<(), ApiError> {
        let text = Value::Object(whole.object.clone()).to_string();
        if let Some((bucket, sealed)) = work.seal_answer(&text, &self.id)? {
            bare.object.insert(SEALED.to_owned(), json!([bucket, STANDARD.encode(sealed)]));
        }
        self.keep(work, organization_id, &bare)
    }

    fn open(&self, work: &mut Work<'_>, sealed: &Value, made_at: Timestamp) -> Result<Option<Map<String, Value>>, ApiError> {
        let bucket = sealed.get(0).and_then(Value::as_i64);
        let bytes = sealed.get(1).and_then(Value::as_str).and_then(|text| STANDARD.decode(text).ok());
        let (Some(bucket), Some(bytes)) = (bucket, bytes) else { return Ok(None) };
        let text = work.open_answer((bucket, &bytes), &self.id, made_at)?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }

    /// Keeps an answer, in the transaction of its effect.
    pub(crate) fn keep(&self, work: &mut Work<'_>, organization_id: OrganizationId, answer: &Created) -> Result<(), ApiError> {
        let record = IdempotencyRecord {
            id: self.id.clone(),
            organization_id,
            fingerprint: self.fingerprint.clone(),
            status: StatusCode::CREATED.as_u16().into(),
            body: Value::Object(answer.object.clone()).to_string(),
            key_id: answer.key_id,
            created_at: work.now,
            expires_at: work.now.plus_secs(KEEP_SECS),
        };
        match work.tx.idempotency().insert(&record) {
            // Another node was faster: the repeat that the client is told to make gets that one's answer.
            Err(StoreError::Conflict(_)) => Err(in_progress()),
            other => Ok(other?),
        }
    }
}

/// Ends the mark when dropped.
pub(crate) struct InProgress {
    app: App,
    id: String,
}

impl Drop for InProgress {
    fn drop(&mut self) {
        self.app.in_progress.lock().remove(&self.id);
    }
}

fn in_progress() -> ApiError {
    let message = "a request with the same `Idempotency-Key` is being worked on";
    Error::new(Code::IdempotencyInProgress, message).with_retry_after(1).into()
}

fn hex(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|b| format!("{b:02x}")).collect()
}
