//! Limits of a request's head.

use actix_web::{
    dev::RequestHead,
    http::header::{HOST, HeaderMap},
};
use mgmt_core::error::Code;

use crate::error::ApiError;

/// Bytes of the request target.
pub(crate) const MAX_TARGET: usize = 8 * 1024;
/// Bytes of all header fields with their separators.
const MAX_HEADERS: usize = 32 * 1024;
/// As many as the parser below reads.
const MAX_FIELDS: usize = 96;

/// Refuses a head that is larger than the server reads, or whose `Host` is none. The parser below has limits of its own, see
/// `serve::stream`.
///
/// # Errors
/// 400, 414 or 431; the connection ends after any of them.
pub(crate) fn check(head: &RequestHead) -> Result<(), ApiError> {
    let uri = &head.uri;
    let target =
        uri.path_and_query().map_or(0, |p| p.as_str().len()) + uri.authority().map_or(0, |authority| authority.as_str().len());
    if target > MAX_TARGET {
        return Err(ApiError::new(Code::UriTooLong, "the address is longer than 8192 bytes").closing());
    }
    if head.headers.len() > MAX_FIELDS || size(&head.headers) > MAX_HEADERS {
        let message = "the header fields are larger than 32768 bytes, or more than 96";
        return Err(ApiError::new(Code::HeadersTooLarge, message).closing());
    }
    if head.headers.get(HOST).is_some_and(|host| !host.as_bytes().iter().all(is_of_host)) {
        return Err(ApiError::new(Code::InvalidRequest, "the `Host` field is no host, with a port or without one").closing());
    }
    Ok(())
}

/// Whether a byte may stand in a host or a port (RFC 3986, section 3.2.2).
fn is_of_host(byte: &u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~%!$&'()*+,;=:[]".contains(byte)
}

fn size(headers: &HeaderMap) -> usize {
    // A colon, a space and a line end go with every field.
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + 4).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::{ResponseError as _, test::TestRequest};

    fn status(request: TestRequest) -> u16 {
        let request = request.to_http_request();
        let head = request.head();
        check(head).map_or_else(|e| e.status_code().as_u16(), |()| 200)
    }

    #[test]
    fn heads_at_and_over_the_limits() {
        let target = |n: usize| TestRequest::with_uri(&format!("/{}", "a".repeat(n - 1)));
        assert_eq!(status(target(MAX_TARGET)), 200);
        assert_eq!(status(target(MAX_TARGET + 1)), 414);
        assert_eq!(status(TestRequest::get().insert_header(("x-a", "b".repeat(MAX_HEADERS - 7)))), 200);
        assert_eq!(status(TestRequest::get().insert_header(("x-a", "b".repeat(MAX_HEADERS - 6)))), 431);
        let host = |text: &'static str| TestRequest::get().insert_header((HOST, text));
        assert!(["x", "", "api.example.com:8080", "[::1]:80", "127.0.0.1"].map(|h| status(host(h))).iter().all(|s| *s == 200));
        assert!(["a b", "a/b", "a@b", "a,b c", "a#", "<a>", "b\u{fc}cher"].map(|h| status(host(h))).iter().all(|s| *s == 400));
        let many = |n: usize| (0..n).fold(TestRequest::get(), |r, i| r.append_header(("x-a", i.to_string())));
        assert_eq!(status(many(MAX_FIELDS)), 200);
        assert_eq!(status(many(MAX_FIELDS + 1)), 431);
    }
}
