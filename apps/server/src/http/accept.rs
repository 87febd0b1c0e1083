//! `Accept`: a request is refused only if it excludes every form that an answer has.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{ACCEPT, HeaderMap},
};
use mgmt_core::error::Code;

use crate::error::ApiError;

/// The form of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `application/json`.
    Json,
    /// `text/csv`.
    Csv,
}

/// Whether a JSON answer is acceptable.
pub(crate) fn accepts_json(headers: &HeaderMap) -> bool {
    judgement(headers, "application", "json").quality > 0.0
}

/// Refuses a request whose client accepts no JSON: [`endpoint`](super::route::endpoint) does so for all of its methods, and this, as the
/// first argument of a handler, costs less.
pub(crate) struct AcceptsJson;

impl FromRequest for AcceptsJson {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(if accepts_json(request.headers()) { Ok(Self) } else { Err(refusal()) })
    }
}

/// The answer to a client that accepts nothing that there is.
pub(crate) fn refusal() -> ApiError {
    ApiError::new(Code::NotAcceptable, "answers are `application/json`")
}

/// Whether the client asks for a page by name, as browsers do when somebody goes to an address.
#[cfg(any(test, feature = "dashboard"))]
pub(crate) fn names_html(headers: &HeaderMap) -> bool {
    let html = judgement(headers, "text", "html");
    html.precision == 3 && html.quality > 0.0
}

/// The form that the client likes best; JSON when it does not care. `None` when it accepts neither.
pub(crate) fn json_or_csv(headers: &HeaderMap) -> Option<Form> {
    let (json, csv) = (judgement(headers, "application", "json"), judgement(headers, "text", "csv"));
    let likes_csv = csv.quality > json.quality || (csv.quality >= json.quality && csv.precision > json.precision);
    match () {
        () if likes_csv && csv.quality > 0.0 => Some(Form::Csv),
        () if json.quality > 0.0 => Some(Form::Json),
        () => None,
    }
}

/// How much a client wants a form, and how precisely it said so.
#[derive(Clone, Copy, Default)]
struct Judgement {
    precision: u8,
    quality: f32,
}

/// What the most precise range says; of equally precise ones, what the kindest says.
fn judgement(headers: &HeaderMap, kind: &str, subtype: &str) -> Judgement {
    let mut best = Judgement::default();
    let mut is_empty = true;
    for value in headers.get_all(ACCEPT) {
        // A field that can't be read is ignored, as RFC 9110 allows.
        let Ok(text) = value.to_str() else { continue };
        for range in text.split(',').map(str::trim).filter(|r| !r.is_empty()) {
            is_empty = false;
            let Some(new) = judge(range, kind, subtype) else { continue };
            let is_kinder = new.precision == best.precision && new.quality > best.quality;
            if new.precision > best.precision || is_kinder {
                best = new;
            }
        }
    }
    if is_empty { Judgement { precision: 0, quality: 1.0 } } else { best }
}

/// What a range says of a form. `None` if it speaks of something else.
fn judge(range: &str, kind: &str, subtype: &str) -> Option<Judgement> {
    let mut parts = range.split(';').map(str::trim);
    let name = parts.next()?.to_ascii_lowercase();
    let precision = match name.split_once('/') {
        None if name == "*" => 1,
        Some(("*", "*")) => 1,
        Some((k, "*")) if k == kind => 2,
        Some((k, s)) if k == kind && s == subtype => 3,
        _ => return None,
    };
    let quality = parts
        .filter_map(|p| p.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .map_or(1.0, |(_, q)| q.trim().parse::<f32>().unwrap_or(1.0));
    Some(Judgement { precision, quality })
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::header::HeaderValue;

    #[test]
    fn only_an_exclusion_of_json_is_refused() {
        for (accept, expected) in [
            ("", true),
            ("*/*", true),
            ("application/json", true),
            ("APPLICATION/JSON;q=0.1", true),
            ("application/*", true),
            ("text/html, */*;q=0.1", true),
            ("text/html, application/json;q=0, */*", false),
            ("application/json;q=0.0", false),
            ("text/html", false),
            ("text/html, application/xml;q=0.9", false),
            ("*/*;q=0", false),
            ("*/*;q=0, application/json", true),
            ("application/json; charset=utf-8; q=0.5", true),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(accepts_json(&headers), expected, "{accept}");
        }
        assert!(accepts_json(&HeaderMap::new()));
    }

    #[test]
    fn pages_are_for_those_who_name_them() {
        for (accept, expected) in [
            ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", true),
            ("Text/HTML; charset=utf-8", true),
            ("text/html;q=0, */*", false),
            ("*/*", false),
            ("text/*", false),
            ("application/json", false),
            ("", false),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(names_html(&headers), expected, "{accept}");
        }
        assert!(!names_html(&HeaderMap::new()));
    }

    #[test]
    fn the_form_that_is_liked_best() {
        for (accept, expected) in [
            ("", Some(Form::Json)),
            ("*/*", Some(Form::Json)),
            ("text/csv", Some(Form::Csv)),
            ("Text/CSV; charset=utf-8", Some(Form::Csv)),
            ("text/*", Some(Form::Csv)),
            ("text/csv, */*", Some(Form::Csv)),
            ("text/csv;q=0.5, */*", Some(Form::Json)),
            ("text/csv, application/json", Some(Form::Json)),
            ("text/csv, application/json;q=0.9", Some(Form::Csv)),
            ("text/csv;q=0, application/json", Some(Form::Json)),
            ("text/csv;q=0", None),
            ("text/html", None),
        ] {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(accept));
            assert_eq!(json_or_csv(&headers), expected, "{accept}");
        }
        assert_eq!(json_or_csv(&HeaderMap::new()), Some(Form::Json));
    }
}
