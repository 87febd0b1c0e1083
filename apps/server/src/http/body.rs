//! Request bodies: JSON in UTF-8, read under a limit and a deadline, decoded strictly. A few endpoints take a table (CSV) too.
//!
//! The extractors never fail and read nothing: a handler reads the body where its turn has come, after the caller is
//! known and may do this. A request without a credential is 401 whatever its body, and its body is not read.

use std::{
    future::{Future, Ready, poll_fn, ready},
    marker::PhantomData,
    pin::{Pin, pin},
    sync::Arc,
    task::Poll,
};

use actix_web::{
    Error as ActixError, FromRequest, HttpRequest,
    dev::{Payload, RequestHead},
    error::PayloadError,
    http::{
        Method, StatusCode,
        header::{ACCEPT, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue},
    },
};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;
use mgmt_core::error::{Code, Error};
use serde::de::DeserializeOwned;

use super::{SharedSettings, accept::Form, json, node};
use crate::error::ApiError;

const ACCEPT_PATCH: HeaderName = HeaderName::from_static("accept-patch");

/// A body that must be there.
pub(crate) struct Body<T> {
    raw: RawBody,
    kind: PhantomData<fn() -> T>,
}

/// A body that may be left out; then `T::default()` stands for it.
pub(crate) struct OptionalBody<T> {
    raw: RawBody,
    kind: PhantomData<fn() -> T>,
}

/// What endpoints take.
const JSON: &[&str] = &["application/json"];
const JSON_PATCH: &[&str] = &["application/json", "application/merge-patch+json"];
const JSON_OR_TABLE: &[&str] = &["application/json", CSV];
const TABLE: &[&str] = &[CSV];
const CSV: &str = "text/csv";

/// A body that is JSON or a table.
pub(crate) struct BodyOrTable(RawBody);

/// A body that is a table.
pub(crate) struct TableBody(RawBody);

impl BodyOrTable {
    /// Reads the body as it came in, and tells its form.
    ///
    /// # Errors
    /// 415, 413 or 400.
    pub(crate) async fn bytes(self) -> Result<(Form, Bytes), ApiError> {
        let form = if self.0.media == Ok(CSV) { Form::Csv } else { Form::Json };
        Ok((form, required(self.0.bytes().await?)?))
    }
}

impl TableBody {
    /// Reads the body as it came in.
    ///
    /// # Errors
    /// 415, 413 or 400.
    pub(crate) async fn bytes(self) -> Result<Bytes, ApiError> {
        required(self.0.bytes().await?)
    }
}

fn required(bytes: Bytes) -> Result<Bytes, ApiError> {
    if bytes.is_empty() { Err(ApiError::new(Code::InvalidRequest, "a body is required")) } else { Ok(bytes) }
}

impl<T: DeserializeOwned> Body<T> {
    /// The body, in JSON, of a request with this head.
    pub(crate) fn of(head: &RequestHead, settings: &SharedSettings, payload: Payload) -> Self {
        Self { raw: RawBody::of((&head.headers, &head.method), Arc::clone(settings), payload, JSON), kind: PhantomData }
    }

    /// Reads and decodes the body.
    ///
    /// # Errors
    /// 415, 413 or 400; the 400 names every field at fault.
    pub(crate) async fn read(self) -> Result<T, ApiError> {
        Ok(self.parse(Ok).await?.0)
    }

    /// As [`Body::read`], judged by the rules at once, so that all faults are told together; with the bytes as they came in (to
    /// compare repeated requests by).
    pub(crate) async fn parse<U>(self, rules: impl FnOnce(T) -> Result<U, Error>) -> Result<(U, Bytes), ApiError> {
        let bytes = self.bytes().await?;
        Ok((Self::judge(&bytes, rules)?, bytes))
    }

    /// Reads the body as it came in.
    pub(crate) async fn bytes(self) -> Result<Bytes, ApiError> {
        let bytes = self.raw.bytes().await?;
        if bytes.is_empty() {
            return Err(ApiError::new(Code::InvalidRequest, "a JSON body is required"));
        }
        Ok(bytes)
    }

    /// Decodes and judges a body that was read before.
    pub(crate) fn judge<U>(bytes: &[u8], rules: impl FnOnce(T) -> Result<U, Error>) -> Result<U, ApiError> {
        Ok(node::decode_and(json::parse(bytes)?, rules)?)
    }
}

impl<T: DeserializeOwned + Default> OptionalBody<T> {
    /// Reads and decodes the body, or yields the default where there is none.
    ///
    /// # Errors
    /// 415, 413 or 400; the 400 names every field at fault.
    pub(crate) async fn read(self) -> Result<T, ApiError> {
        Ok(self.read_with_bytes().await?.0)
    }

    /// As [`OptionalBody::read`], with the bytes as they came in (to compare repeated requests by).
    pub(crate) async fn read_with_bytes(self) -> Result<(T, Bytes), ApiError> {
        let bytes = self.raw.bytes().await?;
        let value = if bytes.is_empty() { T::default() } else { decode(&bytes)? };
        Ok((value, bytes))
    }
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    node::decode(json::parse(bytes)?)
}

struct RawBody {
    method: Method,
    accepted: &'static [&'static str],
    media: Result<&'static str, MediaFault>,
    length: Option<u64>,
    has_type: bool,
    settings: SharedSettings,
    payload: Payload,
}

impl RawBody {
    fn json(request: &HttpRequest, payload: &mut Payload) -> Self {
        Self::new(request, payload, if request.method() == Method::PATCH { JSON_PATCH } else { JSON })
    }

    fn new(request: &HttpRequest, payload: &mut Payload, accepted: &'static [&'static str]) -> Self {
        Self::of((request.headers(), request.method()), super::settings(request), payload.take(), accepted)
    }

    fn of(
        (headers, method): (&HeaderMap, &Method),
        settings: SharedSettings,
        payload: Payload,
        accepted: &'static [&'static str],
    ) -> Self {
        Self {
            method: method.clone(),
            accepted,
            media: check_media(headers, accepted),
            length: headers.get(CONTENT_LENGTH).and_then(|v| v.to_str().ok()).and_then(|text| text.trim().parse().ok()),
            has_type: headers.contains_key(CONTENT_TYPE),
            settings,
            payload,
        }
    }

    async fn bytes(mut self) -> Result<Bytes, ApiError> {
        if self.has_type || self.media == Err(MediaFault::Encoding) {
            self.check()?;
        }
        if self.length.is_some_and(|length| length > self.settings.max_body as u64) {
            return Err(too_large(self.settings.max_body));
        }
        let deadline = self.settings.body_deadline;
        let bytes = {
            let mut reading = pin!(collect(&mut self.payload, self.settings.max_body));
            match soon(reading.as_mut()).await {
                Some(bytes) => bytes?,
                None => actix_web::rt::time::timeout(deadline, reading).await.map_err(|_| late())??,
            }
        };
        // A missing type is a fault of a body only; a request without a body needs none.
        if !bytes.is_empty() {
            self.check()?;
        }
        Ok(bytes)
    }

    fn check(&self) -> Result<(), ApiError> {
        self.media.map(|_| ()).map_err(|fault| unsupported(&self.method, self.accepted, fault))
    }
}

/// What the future yields at once, or after what has already come in was looked at. A body mostly comes with its head, but is handed
/// over only after the handler was called: a timer would be set for nothing.
async fn soon<F: Future>(mut future: Pin<&mut F>) -> Option<F::Output> {
    let mut is_first = true;
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(done) => Poll::Ready(Some(done)),
        Poll::Pending if is_first => {
            is_first = false;
            context.waker().wake_by_ref();
            Poll::Pending
        }
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

async fn collect(payload: &mut Payload, limit: usize) -> Result<Bytes, ApiError> {
    let mut body = BytesMut::new();
    let mut only = Bytes::new();
    while let Some(chunk) = payload.next().await {
        let chunk = chunk.map_err(|error| match error {
            PayloadError::Overflow => too_large(limit),
            error => ApiError::new(Code::InvalidRequest, "the body was not received whole").caused_by(error).closing(),
        })?;
        if body.len() + only.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        // A body in one piece is not copied.
        if body.is_empty() && only.is_empty() {
            only = chunk;
        } else {
            if body.is_empty() {
                body.extend_from_slice(&std::mem::take(&mut only));
            }
            body.extend_from_slice(&chunk);
        }
    }
    Ok(if only.is_empty() { body.freeze() } else { only })
}

fn too_large(limit: usize) -> ApiError {
    ApiError::from(Error::new(Code::PayloadTooLarge, format!("the body is larger than {limit} bytes"))).closing()
}

fn late() -> ApiError {
    ApiError::new(Code::InvalidRequest, "the body was not received in time").with_status(StatusCode::REQUEST_TIMEOUT).closing()
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum MediaFault {
    Type,
    Charset,
    Encoding,
}

/// Which of the accepted types the fields say that the body is, in UTF-8, not compressed.
fn check_media(headers: &HeaderMap, accepted: &'static [&'static str]) -> Result<&'static str, MediaFault> {
    let plain = headers
        .get_all(CONTENT_ENCODING)
        .all(|v| v.to_str().is_ok_and(|text| text.trim().is_empty() || text.trim().eq_ignore_ascii_case("identity")));
    if !plain {
        return Err(MediaFault::Encoding);
    }
    let mut types = headers.get_all(CONTENT_TYPE);
    let (Some(value), None) = (types.next(), types.next()) else { return Err(MediaFault::Type) };
    let text = value.to_str().map_err(|_| MediaFault::Type)?;
    let mut parts = text.split(';').map(str::trim);
    let essence = parts.next().unwrap_or_default();
    let known = accepted.iter().find(|accepted| accepted.eq_ignore_ascii_case(essence)).ok_or(MediaFault::Type)?;
    for parameter in parts.filter(|p| !p.is_empty()) {
        let (name, value) = parameter.split_once('=').ok_or(MediaFault::Type)?;
        let is_utf8 = matches!(value.trim().trim_matches('"').to_ascii_lowercase().as_str(), "utf-8" | "utf8");
        if name.trim().eq_ignore_ascii_case("charset") && !is_utf8 {
            return Err(MediaFault::Charset);
        }
    }
    Ok(known)
}

fn unsupported(method: &Method, accepted: &[&str], fault: MediaFault) -> ApiError {
    let message = match (fault, accepted) {
        (MediaFault::Type, [CSV]) => "the body must be `text/csv`",
        (MediaFault::Type, [.., CSV]) => "the body must be `application/json` or `text/csv`",
        (MediaFault::Type, _) => "the body must be `application/json`",
        (MediaFault::Charset, _) => "the body must be UTF-8",
        (MediaFault::Encoding, _) => "compressed bodies are not accepted",
    };
    let accept = HeaderValue::from_static(match accepted {
        [CSV] => "text/csv",
        [.., CSV] => "application/json, text/csv",
        _ => "application/json",
    });
    let error = ApiError::new(Code::UnsupportedMediaType, message).with_header(ACCEPT, accept).closing();
    if method == Method::PATCH {
        let types = HeaderValue::from_static("application/merge-patch+json, application/json");
        error.with_header(ACCEPT_PATCH, types)
    } else {
        error
    }
}

impl<T> FromRequest for Body<T> {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self { raw: RawBody::json(request, payload), kind: PhantomData }))
    }
}

impl<T> FromRequest for OptionalBody<T> {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self { raw: RawBody::json(request, payload), kind: PhantomData }))
    }
}

impl FromRequest for BodyOrTable {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self(RawBody::new(request, payload, JSON_OR_TABLE))))
    }
}

impl FromRequest for TableBody {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        ready(Ok(Self(RawBody::new(request, payload, TABLE))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{ResponseError, test::TestRequest};
    use mgmt_core::key_draft::Change;
    use serde::Deserialize;

    #[derive(Debug, Default, Deserialize, PartialEq)]
    #[serde(deny_unknown_fields, default)]
    struct Named {
        name: String,
        note: Change<String>,
    }

    async fn read(request: TestRequest) -> Result<Named, ApiError> {
        let (request, mut payload) = request.to_http_parts();
        Body::<Named>::from_request(&request, &mut payload).await.unwrap().read().await
    }

    fn json(body: &'static str) -> TestRequest {
        TestRequest::post().insert_header((CONTENT_TYPE, "application/json")).set_payload(body)
    }

    async fn status(request: TestRequest) -> u16 {
        read(request).await.map_or_else(|e| e.status_code().as_u16(), |_| 200)
    }

    #[actix_web::test]
    async fn media_types() {
        let typed = |t: &'static str| TestRequest::post().insert_header((CONTENT_TYPE, t)).set_payload("{}");
        for (kind, expected) in [
            ("application/json", 200),
            ("Application/JSON; charset=UTF-8", 200),
            ("application/json;charset=\"utf-8\"", 200),
            ("application/json; charset=latin1", 415),
            ("text/plain", 415),
            ("application/x-www-form-urlencoded", 415),
            ("application/merge-patch+json", 415),
            ("", 415),
        ] {
            assert_eq!(status(typed(kind)).await, expected, "{kind}");
        }
        let patch = TestRequest::patch().insert_header((CONTENT_TYPE, "application/merge-patch+json")).set_payload("{}");
        assert_eq!(status(patch).await, 200);
        assert_eq!(status(TestRequest::post().set_payload("{}")).await, 415);
        assert_eq!(status(json("{}").insert_header((CONTENT_ENCODING, "gzip"))).await, 415);
        assert_eq!(status(json("{}").insert_header((CONTENT_ENCODING, "identity"))).await, 200);
    }

    #[actix_web::test]
    async fn sizes() {
        let exact = format!("{{\"name\":\"{}\"}}", "a".repeat(256 * 1024 - 11));
        let request = |body: String| TestRequest::post().insert_header((CONTENT_TYPE, "application/json")).set_payload(body);
        assert_eq!(exact.len(), 256 * 1024);
        assert_eq!(status(request(exact.clone())).await, 200);
        assert_eq!(status(request(format!("{exact} "))).await, 413);
        assert_eq!(status(json("{}").insert_header((CONTENT_LENGTH, "99999999999999"))).await, 413);
    }

    #[actix_web::test]
    async fn bodies_that_are_not_there() {
        let error = read(TestRequest::post()).await.unwrap_err();
        assert_eq!((error.status_code().as_u16(), error.error().message()), (400, "a JSON body is required"));
        let (request, mut payload) = TestRequest::post().to_http_parts();
        let body = OptionalBody::<Named>::from_request(&request, &mut payload).await.unwrap();
        assert_eq!(body.read().await.unwrap(), Named::default());
        let (request, mut payload) = TestRequest::post().insert_header((CONTENT_TYPE, "text/plain")).to_http_parts();
        let body = OptionalBody::<Named>::from_request(&request, &mut payload).await.unwrap();
        assert_eq!(body.read().await.unwrap_err().status_code().as_u16(), 415);
    }

    #[actix_web::test]
    async fn a_patch_tells_absent_from_null() {
        assert_eq!(read(json("{}")).await.unwrap().note, Change::Keep);
        assert_eq!(read(json(r#"{"note":null}"#)).await.unwrap().note, Change::Clear);
        assert_eq!(read(json(r#"{"note":"x"}"#)).await.unwrap().note, Change::Set("x".to_owned()));
        let error = read(json(r#"{"note":5}"#)).await.unwrap_err();
        assert_eq!(error.error().details()["note"], "must be a string");
    }
}
