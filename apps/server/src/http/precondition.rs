//! Entity tags: `ETag`, `If-Match`, `If-None-Match`.

use std::future::{Ready, ready};

use actix_web::{
    Error as ActixError, FromRequest, HttpRequest,
    dev::Payload,
    http::header::{HeaderMap, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH},
};
use mgmt_core::error::{Code, Error};

/// A strong entity tag: the same tag means the same bytes.
///
/// It has two parts: one for what clients can change, and one for figures that move by themselves, such as the use of a quota.
/// `If-None-Match` compares both; `If-Match` only the first, as a change is not outdated because a counter moved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct EntityTag {
    version: String,
    figures: Option<String>,
}

impl EntityTag {
    /// From whatever tells the versions of an object apart.
    pub(crate) fn of_bytes(bytes: &[u8]) -> Self {
        Self { version: digest(bytes), figures: None }
    }

    /// With the part for figures that move by themselves, from the whole representation.
    pub(crate) fn with_figures(self, representation: &[u8]) -> Self {
        Self { figures: Some(digest(representation)), ..self }
    }

    fn text(&self) -> String {
        match &self.figures {
            Some(figures) => format!("\"{}.{figures}\"", self.version),
            None => format!("\"{}\"", self.version),
        }
    }

    /// Whether a tag that a client sent names this version.
    fn is_version_of(&self, sent: &str) -> bool {
        let opaque = sent.strip_prefix('"').and_then(|t| t.strip_suffix('"'));
        opaque.is_some_and(|t| t.split('.').next() == Some(&self.version))
    }

    /// The value of the `ETag` field.
    pub(crate) fn header_value(&self) -> HeaderValue {
        HeaderValue::from_str(&self.text()).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
    }
}

fn digest(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    sha2::Sha256::digest(bytes).iter().take(12).map(|byte| format!("{byte:02x}")).collect()
}

/// The conditions that a client set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Preconditions {
    if_match: Option<Tags>,
    if_none_match: Option<Tags>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Tags {
    Any,
    /// Tags as they were sent, weak ones with their `W/`.
    List(Vec<String>),
}

impl Preconditions {
    /// Reads the conditions of a request. What is not well-formed matches nothing.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        Self { if_match: tags(headers, &IF_MATCH), if_none_match: tags(headers, &IF_NONE_MATCH) }
    }

    /// Checks `If-Match` before a change. Without the field, every version will do.
    ///
    /// # Errors
    /// 412 if the client means another version. A weak tag never matches.
    pub(crate) fn check(&self, current: &EntityTag) -> Result<(), Error> {
        let matches = match &self.if_match {
            None | Some(Tags::Any) => true,
            Some(Tags::List(tags)) => tags.iter().any(|tag| current.is_version_of(tag)),
        };
        if matches {
            Ok(())
        } else {
            Err(Error::new(Code::PreconditionFailed, "the object was changed since: `If-Match` names another version"))
        }
    }

    /// Whether a GET can be answered with 304. Weak tags count here (RFC 9110, section 13.1.2).
    pub(crate) fn is_unchanged(&self, current: &EntityTag) -> bool {
        match &self.if_none_match {
            None => false,
            Some(Tags::Any) => true,
            Some(Tags::List(tags)) => tags.iter().any(|tag| tag.strip_prefix("W/").unwrap_or(tag) == current.text()),
        }
    }
}

fn tags(headers: &HeaderMap, name: &HeaderName) -> Option<Tags> {
    if !headers.contains_key(name) {
        return None;
    }
    let mut list = Vec::new();
    for value in headers.get_all(name) {
        let text = value.to_str().unwrap_or("").trim();
        if text == "*" {
            return Some(Tags::Any);
        }
        list.extend(split(text));
    }
    Some(Tags::List(list))
}

/// The tags of one field. A comma may stand inside the quotes.
fn split(mut text: &str) -> Vec<String> {
    let mut tags = Vec::new();
    loop {
        text = text.trim_start_matches([' ', '\t', ',']);
        let weak = text.strip_prefix("W/");
        let Some(opened) = weak.unwrap_or(text).strip_prefix('"') else { return tags };
        let Some((opaque, rest)) = opened.split_once('"') else { return tags };
        tags.push(format!("{}\"{opaque}\"", if weak.is_some() { "W/" } else { "" }));
        text = rest;
    }
}

impl FromRequest for Preconditions {
    type Error = ActixError;
    type Future = Ready<Result<Self, ActixError>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(Ok(Self::from_headers(request.headers())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: HeaderName, values: &[&str]) -> Preconditions {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append(name.clone(), HeaderValue::from_str(value).unwrap());
        }
        Preconditions::from_headers(&headers)
    }

    #[test]
    fn if_match() {
        let current = EntityTag { version: "v7".to_owned(), figures: None };
        for (values, expected) in [
            (&[][..], true),
            (&["*"], true),
            (&["\"v7\""], true),
            (&["\"v6\", \"v7\""], true),
            (&["\"a,b\",\"v7\""], true),
            (&["\"v6\"", "\"v7\""], true),
            (&["W/\"v7\""], false),
            (&["\"v6\""], false),
            (&["v7"], false),
            (&[""], false),
            (&["\"v7"], false),
        ] {
            assert_eq!(with(IF_MATCH, values).check(&current).is_ok(), expected, "{values:?}");
        }
        assert_eq!(with(IF_MATCH, &["\"x\""]).check(&current).unwrap_err().code(), Code::PreconditionFailed);
    }

    #[test]
    fn if_none_match() {
        let current = EntityTag { version: "v7".to_owned(), figures: None };
        for (values, expected) in
            [(&[][..], false), (&["*"], true), (&["\"v7\""], true), (&["W/\"v7\""], true), (&["\"v6\""], false)]
        {
            assert_eq!(with(IF_NONE_MATCH, values).is_unchanged(&current), expected, "{values:?}");
        }
    }

    #[test]
    fn tags_differ_with_what_they_stand_for() {
        assert_eq!(EntityTag::of_bytes(b"a"), EntityTag::of_bytes(b"a"));
        assert_ne!(EntityTag::of_bytes(b"a"), EntityTag::of_bytes(b"b"));
        assert!(EntityTag::of_bytes(b"a").header_value().to_str().unwrap().starts_with('"'));
    }
}
