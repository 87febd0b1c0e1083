//! Credentials don't belong into addresses: those are logged, kept in histories and sent on as referrers.

use std::borrow::Cow;

use actix_web::http::header::{COOKIE, HeaderMap};
use mgmt_core::error::Code;

use super::percent;
use crate::error::ApiError;

const SUSPICIOUS: [&str; 6] = ["key", "api_key", "apikey", "token", "access_token", "authorization"];

/// A segment that is longer than any id may be a secret of a kind that is not known here.
const LONGEST_ID: usize = 64;

/// Refuses an address that holds a credential. The credential is not looked at any further.
///
/// # Errors
/// 400 `credential_in_url`.
pub(crate) fn check(path: &str, query: Option<&str>, prefix: &str) -> Result<(), ApiError> {
    let in_path = path.split('/').any(|segment| looks_secret(&lenient(segment, false), prefix));
    let in_query = query.is_some_and(|query| {
        query.split('&').any(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let name = lenient(name, true);
            is_suspicious(&name) || looks_secret(&name, prefix) || looks_secret(&lenient(value, true), prefix)
        })
    });
    if in_path || in_query {
        let message = "credentials are not accepted in the address; send the key in the `Authorization` header";
        return Err(ApiError::new(Code::CredentialInUrl, message));
    }
    Ok(())
}

/// Refuses a key in a cookie: browsers send those by themselves.
///
/// # Errors
/// 400 `credential_in_url`.
pub(crate) fn check_cookies(headers: &HeaderMap, prefix: &str) -> Result<(), ApiError> {
    let texts = headers.get_all(COOKIE).filter_map(|value| value.to_str().ok());
    if texts.flat_map(|text| text.split(';')).any(|cookie| holds_key(cookie, prefix)) {
        let message = "keys are not accepted in cookies; send the key in the `Authorization` header";
        return Err(ApiError::new(Code::CredentialInUrl, message));
    }
    Ok(())
}

/// The path as the log may hold it.
pub(crate) fn redacted(path: &str, prefix: &str) -> String {
    let mut previous = "";
    let mut segments = Vec::new();
    for segment in path.split('/') {
        let is_invitation =
            ["invitations", "password-reset"].contains(&previous) && !segment.starts_with("inv_") && !segment.is_empty();
        let is_secret = is_invitation || segment.len() > LONGEST_ID || looks_secret(&lenient(segment, false), prefix);
        segments.push(if is_secret { "[redacted]" } else { segment });
        previous = segment;
    }
    segments.join("/")
}

fn lenient(text: &str, form: bool) -> Cow<'_, str> {
    if !text.bytes().any(|b| b == b'%' || (form && b == b'+')) {
        return text.into();
    }
    let decoded = if form { percent::decode_form(text) } else { percent::decode_path(text) };
    decoded.map_or(Cow::Borrowed(text), Cow::Owned)
}

fn is_suspicious(name: &str) -> bool {
    SUSPICIOUS.iter().any(|word| name.eq_ignore_ascii_case(word))
}

fn looks_secret(text: &str, prefix: &str) -> bool {
    holds_key(text, prefix) || holds_jwt(text)
}

/// One of our keys anywhere in the text: `<prefix>_<sk|mk>_<prod|test>_` and a run that is longer than a display prefix.
fn holds_key(text: &str, prefix: &str) -> bool {
    // Most texts are shorter than the shortest that is meant.
    text.len() >= prefix.len() + 21
        && ["_sk_prod_", "_sk_test_", "_mk_prod_", "_mk_test_"].iter().any(|kind| {
            text.match_indices(kind).any(|(start, found)| {
                let (before, rest) = (text.get(..start), text.get(start + found.len()..).unwrap_or_default());
                before.is_some_and(|before| before.ends_with(prefix))
                    && rest.bytes().take_while(u8::is_ascii_alphanumeric).count() >= 12
            })
        })
}

/// A compact JWS: three runs of base64url, the first of which starts with an object.
fn holds_jwt(text: &str) -> bool {
    let is_base64url = |part: &str| part.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
    text.match_indices("eyJ").any(|(start, _)| {
        let mut parts = text.get(start..).unwrap_or_default().splitn(3, '.');
        let (Some(head), Some(body), Some(_)) = (parts.next(), parts.next(), parts.next()) else { return false };
        head.len() >= 10 && body.len() >= 2 && is_base64url(head) && is_base64url(body)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "mg_sk_prod_0123456789abcdefghijklmnopqrstuvwxyz";
    const JWT: &str = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln";

    #[test]
    fn credential_in_url() {
        let refused = |target: &str| {
            let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
            check(path, query, "mg").is_err()
        };
        for target in [
            "/v1/x?key=1".to_owned(),
            "/v1/x?KEY=".to_owned(),
            "/v1/x?a=b&api_key=1".to_owned(),
            "/v1/x?apikey=1".to_owned(),
            "/v1/x?token=1".to_owned(),
            "/v1/x?access_token=1".to_owned(),
            "/v1/x?Authorization=Bearer+x".to_owned(),
            "/v1/x?%6bey=1".to_owned(),
            "/v1/x?key".to_owned(),
            format!("/v1/x?q={KEY}"),
            format!("/v1/x?{KEY}"),
            format!("/v1/x?q=a%20{KEY}"),
            format!("/v1/x?q={}", KEY.replace('_', "%5F")),
            format!("/v1/x/{KEY}"),
            format!("/v1/x/{KEY}/y"),
            format!("/v1/x/{JWT}"),
            format!("/v1/x?q={JWT}"),
            format!("/v1/x?q={}", KEY.replace("sk_prod", "mk_test")),
        ] {
            assert!(refused(&target), "{target}");
        }
        for target in [
            "/v1/management/api-keys?key_id=key_0123&limit=3",
            "/api/api-keys/key_0192f3c4a5b67c8d9e0f1a2b3c4d5e6f",
            "/v1/x?keys=1&tokens=2&monkey=3",
            "/v1/x?q=mg_sk_prod_****",
            "/v1/x?q=mg_sk_prod_abc",
            "/api/invitations/0123456789abcdefghijklmnopqrstuvwxyz",
            "/v1/x?q=eyJ",
            "/v1/x?q=%",
            "/",
        ] {
            assert!(!refused(target), "{target}");
        }
    }

    #[test]
    fn logs_hold_no_secrets() {
        assert_eq!(redacted(&format!("/v1/x/{KEY}/y"), "mg"), "/v1/x/[redacted]/y");
        assert_eq!(redacted(&format!("/v1/{JWT}"), "mg"), "/v1/[redacted]");
        assert_eq!(redacted("/api/invitations/s3cret", "mg"), "/api/invitations/[redacted]");
        assert_eq!(redacted("/v1/management/invitations/inv_1", "mg"), "/v1/management/invitations/inv_1");
        assert_eq!(redacted(&format!("/{}", "a".repeat(65)), "mg"), "/[redacted]");
        let id = "/api/api-keys/key_0192f3c4a5b67c8d9e0f1a2b3c4d5e6f/rotate";
        assert_eq!(redacted(id, "mg"), id);
    }
}
