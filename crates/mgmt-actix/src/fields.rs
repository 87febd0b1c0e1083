//! The header fields that tell clients where their limits stand.

use std::fmt::Write;

use actix_web::http::header::{HeaderName, HeaderValue};
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
    let Some(tightest) = standings.tightest() else { return Vec::new() };
    let named = [("plan", standings.plan), ("key", standings.key)];
    fields(named.into_iter().filter_map(|(name, s)| s.map(|s| (name, s))), tightest)
}

/// The same fields for a single limit, such as a session's.
#[must_use]
pub fn single_limit_fields(name: &str, standing: Standing) -> Vec<(HeaderName, HeaderValue)> {
    fields(std::iter::once((name, standing)), standing)
}

fn fields<'a>(limits: impl Iterator<Item = (&'a str, Standing)>, tightest: Standing) -> Vec<(HeaderName, HeaderValue)> {
    let (mut policy, mut limit) = (String::new(), String::new());
    for (name, s) in limits {
        let comma = if policy.is_empty() { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(policy, "{comma}\"{name}\";q={};w={}", s.limit, s.per_seconds);
        let _ = write!(limit, "{comma}\"{name}\";r={};t={}", s.remaining, s.reset);
    }
    let text = |t: String| HeaderValue::from_str(&t).unwrap_or_else(|_| HeaderValue::from_static(""));
    vec![
        (POLICY, text(policy)),
        (LIMIT, text(limit)),
        (X_LIMIT, HeaderValue::from(tightest.limit)),
        (X_REMAINING, HeaderValue::from(tightest.remaining)),
        (X_RESET, HeaderValue::from(tightest.reset)),
    ]
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
    }
}
