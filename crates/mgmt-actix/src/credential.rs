//! Finding the one credential of a request.

use actix_web::http::header::{AUTHORIZATION, HeaderMap, HeaderName};

/// The field for a key's id beside `X-Management-Token`.
pub static MANAGEMENT_ID: HeaderName = HeaderName::from_static("x-management-id");
/// The field for a management key, beside `X-Management-Id`.
pub static MANAGEMENT_TOKEN: HeaderName = HeaderName::from_static("x-management-token");
/// The field for the id of a project's key beside `X-App-Token`.
pub static APP_ID: HeaderName = HeaderName::from_static("x-app-id");
/// The field for a project's key, beside `X-App-Id`.
pub static APP_TOKEN: HeaderName = HeaderName::from_static("x-app-token");
/// The field for a key that is read by forward authentication only.
pub static API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Longer tokens are refused unread.
const MAX_TOKEN: usize = 8 * 1024;

/// The schemes that carry a key in `Authorization`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// RFC 6750.
    Bearer,
    /// `ApiKey …`, also spelled `Api-Key …` as by djangorestframework-api-key.
    ApiKey,
    /// `Token …`.
    Token,
    /// A field of its own (`X-API-Key`).
    Field,
}

/// A credential as it was sent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Credential<'a> {
    /// One text in one field.
    Token(Scheme, &'a str),
    /// A management key with its id.
    Management {
        /// The key's id.
        id: &'a str,
        /// The key.
        token: &'a str,
    },
    /// A project's key with its id.
    App {
        /// The key's id.
        id: &'a str,
        /// The key.
        token: &'a str,
    },
}

impl std::fmt::Debug for Credential<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

/// Why no credential could be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CredentialFault {
    /// There is none.
    Missing,
    /// There is more than one: none is evaluated.
    Ambiguous,
    /// It is not in the form that its field asks for.
    Malformed,
}

/// Finds the one credential of a request. `api_key` says whether `X-API-Key` is read as well.
///
/// # Errors
/// When there is none, more than one, or one in no known form.
pub fn find(headers: &HeaderMap, api_key: bool) -> Result<Credential<'_>, CredentialFault> {
    let sent = |names: &[&HeaderName]| names.iter().any(|name| headers.contains_key(*name));
    let forms = [
        sent(&[&AUTHORIZATION]),
        sent(&[&MANAGEMENT_ID, &MANAGEMENT_TOKEN]),
        sent(&[&APP_ID, &APP_TOKEN]),
        api_key && sent(&[&API_KEY]),
    ];
    match forms {
        [false, false, false, false] => Err(CredentialFault::Missing),
        [true, false, false, false] => authorization(headers),
        [false, true, false, false] => {
            pair(headers, &MANAGEMENT_ID, &MANAGEMENT_TOKEN).map(|(id, token)| Credential::Management { id, token })
        }
        [false, false, true, false] => pair(headers, &APP_ID, &APP_TOKEN).map(|(id, token)| Credential::App { id, token }),
        [false, false, false, true] => token(Scheme::Field, single(headers, &API_KEY)?),
        _ => Err(CredentialFault::Ambiguous),
    }
}

fn authorization(headers: &HeaderMap) -> Result<Credential<'_>, CredentialFault> {
    let value = single(headers, &AUTHORIZATION)?;
    let (scheme, rest) = value.trim_ascii().split_once(' ').ok_or(CredentialFault::Malformed)?;
    let scheme = match scheme {
        s if s.eq_ignore_ascii_case("bearer") => Scheme::Bearer,
        s if s.eq_ignore_ascii_case("apikey") || s.eq_ignore_ascii_case("api-key") => Scheme::ApiKey,
        s if s.eq_ignore_ascii_case("token") => Scheme::Token,
        _ => return Err(CredentialFault::Malformed),
    };
    token(scheme, rest.trim_ascii())
}

fn token(scheme: Scheme, text: &str) -> Result<Credential<'_>, CredentialFault> {
    if text.contains(',') {
        return Err(CredentialFault::Ambiguous);
    }
    // token68 of RFC 9110, section 11.2, and the underscore that keys and some tokens hold.
    let ok =
        !text.is_empty() && text.len() <= MAX_TOKEN && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
    if ok { Ok(Credential::Token(scheme, text)) } else { Err(CredentialFault::Malformed) }
}

/// Two fields that belong together; one without the other is malformed.
fn pair<'a>(headers: &'a HeaderMap, id: &HeaderName, token: &HeaderName) -> Result<(&'a str, &'a str), CredentialFault> {
    Ok((single(headers, id)?.trim_ascii(), single(headers, token)?.trim_ascii()))
}

fn single<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Result<&'a str, CredentialFault> {
    let mut values = headers.get_all(name);
    let first = values.next().ok_or(CredentialFault::Malformed)?;
    if values.next().is_some() {
        return Err(CredentialFault::Ambiguous);
    }
    first.to_str().map_err(|_| CredentialFault::Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    fn headers(fields: &[(&'static str, &str)]) -> HeaderMap {
        let mut map = HeaderMap::new();
        for (name, value) in fields {
            map.append(HeaderName::from_static(name), HeaderValue::from_str(value).unwrap());
        }
        map
    }

    #[test]
    fn one_credential_in_any_form_is_found() {
        for (fields, expected) in [
            (vec![("authorization", "Bearer abc")], Ok(Credential::Token(Scheme::Bearer, "abc"))),
            (vec![("authorization", "bEARER   abc")], Ok(Credential::Token(Scheme::Bearer, "abc"))),
            (vec![("authorization", "ApiKey abc")], Ok(Credential::Token(Scheme::ApiKey, "abc"))),
            (vec![("authorization", "Api-Key a.b")], Ok(Credential::Token(Scheme::ApiKey, "a.b"))),
            (vec![("authorization", "token a_b")], Ok(Credential::Token(Scheme::Token, "a_b"))),
            (
                vec![("x-management-id", "key_1"), ("x-management-token", "t")],
                Ok(Credential::Management { id: "key_1", token: "t" }),
            ),
            (vec![("x-app-id", "p"), ("x-app-token", "t")], Ok(Credential::App { id: "p", token: "t" })),
            (vec![], Err(CredentialFault::Missing)),
            (vec![("x-api-key", "abc")], Err(CredentialFault::Missing)),
            (vec![("authorization", "Basic abc")], Err(CredentialFault::Malformed)),
            (vec![("authorization", "Bearer")], Err(CredentialFault::Malformed)),
            (vec![("authorization", "Bearer a b")], Err(CredentialFault::Malformed)),
            (vec![("x-management-token", "t")], Err(CredentialFault::Malformed)),
            (vec![("authorization", "Bearer a,Bearer b")], Err(CredentialFault::Ambiguous)),
            (vec![("authorization", "Bearer a"), ("authorization", "Bearer a")], Err(CredentialFault::Ambiguous)),
            (vec![("authorization", "Bearer a"), ("x-app-id", "p"), ("x-app-token", "t")], Err(CredentialFault::Ambiguous)),
            (vec![("authorization", "Bearer a"), ("x-management-token", "t")], Err(CredentialFault::Ambiguous)),
        ] {
            assert_eq!(find(&headers(&fields), false), expected, "{fields:?}");
        }
        let both = [("authorization", "Bearer a"), ("x-api-key", "b")];
        assert_eq!(find(&headers(&both), true), Err(CredentialFault::Ambiguous));
        assert_eq!(find(&headers(&both[1..]), true), Ok(Credential::Token(Scheme::Field, "b")));
    }
}
