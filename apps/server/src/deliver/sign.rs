//! The header fields of Standard Webhooks 1.0.0.

use mgmt_core::{id::EventId, secret::PlainSecret, time::Timestamp};
use standardwebhooks::{HEADER_WEBHOOK_ID, HEADER_WEBHOOK_SIGNATURE, HEADER_WEBHOOK_TIMESTAMP, Webhook};

/// The fields of one attempt: the event's id, the time of this attempt, and a signature by each secret, the current one first.
/// `None` when there is no secret to sign with.
pub(super) fn headers(event: EventId, at: Timestamp, body: &str, secrets: &[PlainSecret]) -> Option<Vec<(&'static str, String)>> {
    let (id, seconds) = (event.to_string(), at.as_secs());
    let sign = |secret: &PlainSecret| Webhook::new(secret.expose()).ok()?.sign(&id, seconds, body.as_bytes()).ok();
    let signatures = secrets.iter().map(sign).collect::<Option<Vec<_>>>()?;
    if signatures.is_empty() {
        return None;
    }
    Some(vec![
        (HEADER_WEBHOOK_TIMESTAMP, seconds.to_string()),
        (HEADER_WEBHOOK_SIGNATURE, signatures.join(" ")),
        (HEADER_WEBHOOK_ID, id),
    ])
}
