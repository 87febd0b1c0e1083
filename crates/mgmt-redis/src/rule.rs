//! The rule of the windows as one script, and what it answers.

use mgmt_core::limit::Standing;
use mgmt_gate::{Places, Taken};
use redis::{ErrorKind, FromRedisValue as _, RedisError, RedisResult, Script, ScriptInvocation, Value};

pub(crate) const SOURCE: &str = include_str!("take.lua");
/// Before the name of each window.
const PREFIX: &str = "mgmt:limit:";
/// What the script answers for each window.
const FIELDS: usize = 4;

/// The key of a window.
pub(crate) fn key_of(name: &str) -> String {
    format!("{PREFIX}{name}")
}

/// What is to be done with the windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deed {
    Take,
    Look,
}

pub(crate) fn invocation<'a>(script: &'a Script, places: &Places, deed: Deed) -> ScriptInvocation<'a> {
    let mut call = script.prepare_invoke();
    call.arg(match deed {
        Deed::Take => "take",
        Deed::Look => "look",
    });
    for window in places.windows() {
        let limit = window.limit();
        call.key(key_of(&window.name())).arg(limit.requests).arg(limit.per_seconds);
    }
    call
}

/// Reads what the script answered.
///
/// # Errors
/// When it is no answer of the script.
pub(crate) fn read(places: &Places, answer: &Value) -> RedisResult<Taken> {
    let strange = || RedisError::from((ErrorKind::UnexpectedReturnType, "not an answer of the script"));
    let Value::Array(values) = answer else { return Err(strange()) };
    let (first, rest) = values.split_first().ok_or_else(strange)?;
    let open = i64::from_redis_value_ref(first)? == 1;
    let (mut standings, mut receipts, mut longest) = (Vec::with_capacity(2), Vec::with_capacity(2), 1);
    let mut answers = rest.chunks_exact(FIELDS);
    for window in places.windows() {
        let Some([remaining, reset, wait, receipt]) = answers.next() else { return Err(strange()) };
        let limit = window.limit();
        standings.push(Standing {
            limit: limit.requests,
            remaining: u32::from_redis_value_ref(remaining)?,
            reset: u64::from_redis_value_ref(reset)?,
            per_seconds: limit.per_seconds,
        });
        longest = longest.max(u64::from_redis_value_ref(wait)?);
        receipts.push(String::from_redis_value_ref(receipt)?);
    }
    Ok(Taken { retry_after: (!open).then_some(longest), standings, receipts })
}

#[cfg(test)]
mod tests;
