//! Send-outs: one event on its way to one webhook of a project.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::part::PartId;
use crate::{
    delivery::Progress,
    id::{OrganizationId, ProjectId, SendOutId},
    secret::PlainSecret,
    time::Timestamp,
};

/// Seconds before each try: the first at once, then twelve more, each pause twice the one before and a day at most.
pub const SCHEDULE_SECS: [u32; 13] = [0, 60, 120, 240, 480, 960, 1920, 3840, 7680, 15_360, 30_720, 61_440, 86_400];
/// A webhook has so many seconds to accept.
pub const TIMEOUT_SECS: u32 = 10;

/// One event on its way to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SendOut {
    /// Its id, which receivers see.
    pub id: SendOutId,
    /// Whose project.
    pub organization_id: OrganizationId,
    /// Of which project.
    pub project_id: ProjectId,
    /// Where it goes.
    pub webhook_id: PartId,
    /// The name of the event.
    pub event_type: String,
    /// What is sent: the bytes that are signed.
    pub body: String,
    /// What was tried.
    pub progress: Progress,
    /// When it was made.
    pub created_at: Timestamp,
}

/// The signature of a body: the lower-case hexadecimal HMAC-SHA256 with the project's webhook token. `None` only for a token that no
/// HMAC takes.
#[must_use]
pub fn sign(token: &PlainSecret, body: &str) -> Option<String> {
    let mut mac = <Hmac<Sha256>>::new_from_slice(token.expose().as_bytes()).ok()?;
    mac.update(body.as_bytes());
    Some(mac.finalize().into_bytes().iter().fold(String::new(), |mut text, byte| {
        // Writing into a text cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_those_of_the_rfc() {
        // RFC 4231, section 4.3.
        let token = PlainSecret::new("Jefe".to_owned());
        let signature = sign(&token, "what do ya want for nothing?").unwrap();
        assert_eq!(signature, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    }

    #[test]
    fn pauses_double_up_to_a_day() {
        let pauses = SCHEDULE_SECS.get(1..).unwrap();
        assert_eq!(pauses.len(), 12);
        assert!(pauses.windows(2).all(|pair| pair[1] == (pair[0] * 2).min(86_400)));
    }
}
