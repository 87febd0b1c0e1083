//! Request ids and W3C trace contexts.

use std::{
    cell::Cell,
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{
    Error, FromRequest, HttpMessage, HttpRequest,
    dev::Payload,
    http::header::{HeaderMap, HeaderName, HeaderValue},
};
use mgmt_core::time::Timestamp;

use super::{arrival::Arrived, hex::hex};

/// The header field that carries a request id in both directions.
pub(crate) const X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

const MAX_LENGTH: usize = 128;

/// The id of one request: the client's own where it is well-formed, else a UUID version 7 in hexadecimal.
/// Never holds a character that means anything to a header, a log or a terminal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RequestId(Arc<str>);

impl RequestId {
    /// The inbound id. Two inbound fields are no id.
    pub(crate) fn inbound(headers: &HeaderMap) -> Option<Self> {
        let mut fields = headers.get_all(&X_REQUEST_ID);
        let text = fields.next()?.to_str().ok().filter(|text| is_well_formed(text))?;
        fields.next().is_none().then(|| Self(text.into()))
    }

    /// A new id.
    pub(crate) fn new(now: Timestamp) -> Self {
        RequestIds::default().make(now)
    }

    /// The id's text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The id as the value of a header field.
    pub(crate) fn header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.0).unwrap_or_else(|_| HeaderValue::from_static("invalid"))
    }
}

/// Makes ids, each worker its own. The system's randomness is asked for once, as it costs more than all the rest: a request id need
/// not be secret. From there on the random bits are those of SplitMix64.
#[derive(Debug)]
pub(crate) struct RequestIds(Cell<u64>);

impl Default for RequestIds {
    fn default() -> Self {
        let mut seed = [0_u8; 8];
        // Without randomness, the time alone still tells requests apart in a log.
        let _ = getrandom::fill(&mut seed);
        Self(Cell::new(u64::from_le_bytes(seed)))
    }
}

impl RequestIds {
    /// A new id.
    pub(crate) fn make(&self, now: Timestamp) -> RequestId {
        let time = u128::from(now.as_millis().unsigned_abs()) << 80;
        let bits = time | (u128::from(self.random() & 0xffff) << 64) | u128::from(self.random());
        let versioned = (bits & !(0xf_u128 << 76)) | (0x7_u128 << 76);
        let variant = (versioned & !(0x3_u128 << 62)) | (0x2_u128 << 62);
        RequestId(hex(variant).as_str().into())
    }

    fn random(&self) -> u64 {
        let state = self.0.get().wrapping_add(0x9E37_79B9_7F4A_7C15);
        self.0.set(state);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }
}

fn is_well_formed(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'_' | b'-'))
}

impl FromRequest for RequestId {
    type Error = Error;
    type Future = Ready<Result<Self, Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let known = request.extensions().get::<Arrived>().map(|arrived| arrived.id.clone());
        ready(Ok(known.unwrap_or_else(|| Self::new(Timestamp::from_millis(0)))))
    }
}

/// The trace of a request, as <https://www.w3.org/TR/trace-context/> writes it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TraceParent {
    /// 32 lower-case hexadecimal digits, not all zero.
    pub(crate) trace_id: String,
    /// 16 lower-case hexadecimal digits, not all zero.
    pub(crate) parent_id: String,
}

impl TraceParent {
    /// The inbound trace, if there is exactly one and it is valid. An invalid one is ignored, never an error.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Option<Self> {
        let mut fields = headers.get_all("traceparent");
        let text = fields.next()?.to_str().ok()?;
        if fields.next().is_some() { None } else { Self::parse(text) }
    }

    fn parse(text: &str) -> Option<Self> {
        let mut parts = text.split('-');
        let (version, trace_id, parent_id, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
        let valid = is_hex(version, 2)
            && version != "ff"
            && (version != "00" || parts.next().is_none())
            && is_hex(trace_id, 32)
            && is_hex(parent_id, 16)
            && is_hex(flags, 2)
            && trace_id.bytes().any(|b| b != b'0')
            && parent_id.bytes().any(|b| b != b'0');
        valid.then(|| Self { trace_id: trace_id.to_owned(), parent_id: parent_id.to_owned() })
    }
}

fn is_hex(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(X_REQUEST_ID, HeaderValue::from_str(value).unwrap());
        }
        let ids = RequestIds::default();
        let id = RequestId::inbound(&headers).unwrap_or_else(|| ids.make(Timestamp::from_millis(1_800_000_000_000)));
        id.as_str().to_owned()
    }

    #[test]
    fn a_well_formed_inbound_id_is_kept() {
        let long = "a".repeat(128);
        for id in ["a", "A.b_c-9", &long] {
            assert_eq!(of(&[id]), *id);
        }
    }

    #[test]
    fn anything_else_is_replaced() {
        let long = "a".repeat(129);
        for ids in [&[][..], &[""], &["a b"], &["a/b"], &["a;b"], &[&long], &["a", "b"]] {
            let id = of(ids);
            assert!(is_hex(&id, 32), "{id}");
            assert_eq!(&id[12..13], "7");
            assert!(matches!(&id[16..17], "8" | "9" | "a" | "b"));
        }
        assert_ne!(of(&[]), of(&[]));
    }

    #[test]
    fn traces_are_read_and_invalid_ones_ignored() {
        let trace = "0af7651916cd43dd8448eb211c80319c";
        let valid = format!("00-{trace}-b7ad6b7169203331-01");
        assert_eq!(TraceParent::parse(&valid).unwrap().trace_id, trace);
        assert!(TraceParent::parse(&format!("cc-{trace}-b7ad6b7169203331-01-later")).is_some());
        for wrong in [
            String::new(),
            format!("{valid}-x"),
            valid.to_uppercase(),
            format!("ff-{trace}-b7ad6b7169203331-01"),
            format!("00-{}-b7ad6b7169203331-01", "0".repeat(32)),
            format!("00-{trace}-0000000000000000-01"),
            format!("00-{trace}-b7ad6b716920333-01"),
        ] {
            assert!(TraceParent::parse(&wrong).is_none(), "{wrong}");
        }
    }
}
