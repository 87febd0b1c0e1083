//! `Accept`: JSON is what there is, so a request is refused only if it excludes JSON.

use actix_web::http::header::{ACCEPT, HeaderMap};

/// Whether a JSON answer is acceptable.
pub(crate) fn accepts_json(headers: &HeaderMap) -> bool {
    let mut best: Option<(u8, bool)> = None;
    let mut is_empty = true;
    for value in headers.get_all(ACCEPT) {
        // A field that can't be read is ignored, as RFC 9110 allows.
        let Ok(text) = value.to_str() else { continue };
        for range in text.split(',').map(str::trim).filter(|r| !r.is_empty()) {
            is_empty = false;
            let Some((precision, wanted)) = judge(range) else { continue };
            let better = best.is_none_or(|(known, accepted)| precision > known || (precision == known && wanted && !accepted));
            if better {
                best = Some((precision, wanted));
            }
        }
    }
    is_empty || best.is_some_and(|(_, wanted)| wanted)
}

/// How precisely a range speaks of JSON, and whether it wants it. `None` if it speaks of something else.
fn judge(range: &str) -> Option<(u8, bool)> {
    let mut parts = range.split(';').map(str::trim);
    let precision = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/json" => 3,
        "application/*" => 2,
        "*/*" | "*" => 1,
        _ => return None,
    };
    let quality = parts
        .filter_map(|p| p.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("q"))
        .map_or(1.0, |(_, q)| q.trim().parse::<f32>().unwrap_or(1.0));
    Some((precision, quality > 0.0))
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
}
