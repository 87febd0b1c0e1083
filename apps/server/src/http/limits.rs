//! Limits of a request's head.

use actix_web::{dev::RequestHead, http::header::HeaderMap};
use mgmt_core::error::Code;

use crate::error::ApiError;

/// Bytes of the request target.
pub(crate) const MAX_TARGET: usize = 8 * 1024;
/// Bytes of all header fields with their separators.
const MAX_HEADERS: usize = 32 * 1024;
const MAX_FIELDS: usize = 100;

/// Refuses a head that is larger than the server reads. The parser below has limits of its own, see `serve::stream`.
///
/// # Errors
/// 414 or 431; the connection ends after either.
pub(crate) fn check(head: &RequestHead) -> Result<(), ApiError> {
    let uri = &head.uri;
    let target =
        uri.path_and_query().map_or(0, |p| p.as_str().len()) + uri.authority().map_or(0, |authority| authority.as_str().len());
    if target > MAX_TARGET {
        return Err(ApiError::new(Code::UriTooLong, "the address is longer than 8192 bytes").closing());
    }
    if head.headers.len() > MAX_FIELDS || size(&head.headers) > MAX_HEADERS {
        let message = "the header fields are larger than 32768 bytes, or more than 100";
        return Err(ApiError::new(Code::HeadersTooLarge, message).closing());
    }
    Ok(())
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
        let many = |n: usize| (0..n).fold(TestRequest::get(), |r, i| r.append_header(("x-a", i.to_string())));
        assert_eq!(status(many(MAX_FIELDS)), 200);
        assert_eq!(status(many(MAX_FIELDS + 1)), 431);
    }
}
