//! The header fields that tell clients where their limits stand.

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use mgmt_core::limit::Standing;
use mgmt_gate::Standings;

const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const X_LIMIT: HeaderName = HeaderName::from_static("x-ratelimit-limit");
const X_REMAINING: HeaderName = HeaderName::from_static("x-ratelimit-remaining");
const X_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-ratelimit-headers) with an item for each limit, and
/// `X-RateLimit-Limit`, `-Remaining` and `-Reset` (seconds from now) for the one that is closest to refusing. Nothing where
/// nothing is limited.
#[must_use]
pub fn rate_limit_fields(standings: &Standings) -> Vec<(HeaderName, HeaderValue)> {
    let mut list = Vec::new();
    each_field(standings, |name, value| list.push((name, value)));
    list
}

/// Writes [`rate_limit_fields`] into the head of an answer.
pub fn insert_rate_limit_fields(standings: &Standings, headers: &mut HeaderMap) {
    each_field(standings, |name, value| drop(headers.insert(name, value)));
}

/// The same fields for a single limit, such as a session's.
#[must_use]
pub fn single_limit_fields(name: &str, standing: Standing) -> Vec<(HeaderName, HeaderValue)> {
    let mut list = Vec::with_capacity(5);
    fields(&[(name, Some(standing))], standing, &mut |name, value| list.push((name, value)));
    list
}

fn each_field(standings: &Standings, mut put: impl FnMut(HeaderName, HeaderValue)) {
    if let Some(tightest) = standings.tightest() {
        fields(&[("plan", standings.plan), ("key", standings.key)], tightest, &mut put);
    }
}

fn fields(limits: &[(&str, Option<Standing>)], tightest: Standing, put: &mut impl FnMut(HeaderName, HeaderValue)) {
    let (mut policy, mut limit) = (Line::new(), Line::new());
    for (name, s) in limits.iter().filter_map(|(name, s)| s.map(|s| (name, s))) {
        policy.item(name, (b";q=", u64::from(s.limit)), (b";w=", u64::from(s.per_seconds)));
        limit.item(name, (b";r=", u64::from(s.remaining)), (b";t=", s.reset));
    }
    put(POLICY, policy.value());
    put(LIMIT, limit.value());
    put(X_LIMIT, Line::of(u64::from(tightest.limit)).value());
    put(X_REMAINING, Line::of(u64::from(tightest.remaining)).value());
    put(X_RESET, Line::of(tightest.reset).value());
}

/// The value of a field, written without the machinery of formatting: every answer to a check has five of them. Two items with the
/// widest numbers fit.
struct Line {
    bytes: [u8; 160],
    length: usize,
}

impl Line {
    const fn new() -> Self {
        Self { bytes: [0; 160], length: 0 }
    }

    fn of(number: u64) -> Self {
        let mut line = Self::new();
        line.number(number);
        line
    }

    fn item(&mut self, name: &str, first: (&[u8], u64), second: (&[u8], u64)) {
        self.text(if self.length == 0 { b"\"" } else { b", \"" });
        self.text(name.as_bytes());
        self.text(b"\"");
        for (parameter, number) in [first, second] {
            self.text(parameter);
            self.number(number);
        }
    }

    fn text(&mut self, text: &[u8]) {
        if let Some(place) = self.bytes.get_mut(self.length..self.length + text.len()) {
            place.copy_from_slice(text);
            self.length += text.len();
        }
    }

    fn number(&mut self, number: u64) {
        let mut digits = [0; 20];
        let (mut rest, mut used) = (number, 0);
        for place in digits.iter_mut().rev() {
            *place = b'0' + u8::try_from(rest % 10).unwrap_or_default();
            (rest, used) = (rest / 10, used + 1);
            if rest == 0 {
                break;
            }
        }
        self.text(digits.get(digits.len() - used..).unwrap_or_default());
    }

    fn value(&self) -> HeaderValue {
        let bytes = self.bytes.get(..self.length).unwrap_or_default();
        HeaderValue::from_bytes(bytes).unwrap_or_else(|_| HeaderValue::from_static(""))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_limit_is_told_and_the_tightest_twice() {
        let plan = Standing { limit: 100, remaining: 7, reset: 12, per_seconds: 60 };
        let key = Standing { limit: 20, remaining: 3, reset: 5, per_seconds: 10 };
        let fields = rate_limit_fields(&Standings { plan: Some(plan), key: Some(key), quota: None });
        let value = |name: &str| fields.iter().find(|(n, _)| n == name).map(|(_, v)| v.to_str().unwrap().to_owned()).unwrap();
        assert_eq!(value("ratelimit-policy"), "\"plan\";q=100;w=60, \"key\";q=20;w=10");
        assert_eq!(value("ratelimit"), "\"plan\";r=7;t=12, \"key\";r=3;t=5");
        assert_eq!(
            (value("x-ratelimit-limit"), value("x-ratelimit-remaining"), value("x-ratelimit-reset")),
            ("20".into(), "3".into(), "5".into())
        );
        assert!(rate_limit_fields(&Standings::default()).is_empty());
        let mut headers = HeaderMap::new();
        insert_rate_limit_fields(&Standings { plan: Some(plan), key: Some(key), quota: None }, &mut headers);
        assert_eq!(headers.len(), fields.len());
        assert!(fields.iter().all(|(name, value)| headers.get(name) == Some(value)));
    }

    #[test]
    fn the_widest_numbers_fit() {
        let widest = Standing { limit: u32::MAX, remaining: u32::MAX, reset: u64::MAX, per_seconds: u32::MAX };
        let fields = rate_limit_fields(&Standings { plan: Some(widest), key: Some(widest), quota: None });
        let item = |name: &str| format!("\"{name}\";r={};t={}", u32::MAX, u64::MAX);
        assert_eq!(fields[1].1.to_str().unwrap(), format!("{}, {}", item("plan"), item("key")));
        assert_eq!(fields[4].1.to_str().unwrap(), u64::MAX.to_string());
        assert_eq!(Line::of(0).value(), "0");
    }
}
