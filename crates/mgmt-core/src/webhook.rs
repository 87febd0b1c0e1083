//! Endpoints that events are sent to, and the secrets they are signed with (Standard Webhooks 1.0.0).

use base64::{Engine, engine::general_purpose::STANDARD};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use crate::{
    account::Actor,
    cipher,
    error::{Code, Error, Result},
    event::Subscriptions,
    id::{OrganizationId, WebhookId},
    secret::{KeyMaterial, PlainSecret},
    text,
    time::Timestamp,
};

/// What every signing secret starts with.
pub const SECRET_PREFIX: &str = "whsec_";
/// Random bytes of a signing secret; the specification allows 24 to 64.
const SECRET_BYTES: usize = 32;
/// How long an old secret goes on signing when nothing else is asked: a day.
pub const DEFAULT_OVERLAP_SECS: u64 = 86_400;
/// The longest overlap: a week.
pub const MAX_OVERLAP_SECS: u64 = 604_800;
/// The most characters of a description.
pub const MAX_DESCRIPTION: usize = 200;

/// An endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// Its id.
    pub id: WebhookId,
    /// Whose events it gets.
    pub organization_id: OrganizationId,
    /// What clients set.
    pub settings: WebhookSettings,
    /// Who made it.
    pub created_by: Actor,
    /// What it is signed with.
    pub secret: SealedSecret,
    /// What it was signed with before, until that ends.
    pub previous: Option<(SealedSecret, Timestamp)>,
    /// Why it was switched off by the server, and when.
    pub disabled: Option<(DisabledReason, Timestamp)>,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it last changed.
    pub updated_at: Timestamp,
    /// Counts changes.
    pub version: i64,
}

/// What clients set on an endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookSettings {
    /// Where to. The caller has judged it.
    pub url: String,
    /// Which events.
    pub events: Subscriptions,
    /// Whether events are sent at all.
    pub active: bool,
    /// A note for people.
    pub description: Option<String>,
}

/// Why the server switched an endpoint off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DisabledReason {
    /// Nothing arrived for five days.
    Failing,
    /// It answered 410 Gone.
    Gone,
}

impl DisabledReason {
    /// The name in bodies and in the store.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Failing => "failing",
            Self::Gone => "gone",
        }
    }

    /// Reads the name; `None` when it is another.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Failing, Self::Gone].into_iter().find(|r| r.as_str() == text)
    }
}

/// Reads a description: a line of at most [`MAX_DESCRIPTION`] characters.
///
/// # Errors
/// `invalid_request` under `description`.
pub fn parse_description(description: Option<&str>) -> Result<Option<String>> {
    description.map(|d| text::label("description", d, MAX_DESCRIPTION)).transpose()
}

/// A signing secret as it is stored: encrypted, and bound to its endpoint.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedSecret(pub Vec<u8>);

impl SealedSecret {
    /// Makes a new secret for `endpoint`. `None` when it could not be encrypted, which does not happen.
    pub fn generate(keep: &KeyMaterial, endpoint: WebhookId, rng: &mut impl CryptoRng) -> Option<(Self, PlainSecret)> {
        let mut bytes = Zeroizing::new([0_u8; SECRET_BYTES]);
        rng.fill_bytes(bytes.as_mut_slice());
        let plain = PlainSecret::new(format!("{SECRET_PREFIX}{}", STANDARD.encode(bytes.as_slice())));
        let sealed = cipher::seal(keep, plain.expose().as_bytes(), aad(endpoint).as_bytes(), rng)?;
        Some((Self(sealed), plain))
    }

    /// Decrypts it. `None` when it was made under another master key, belongs to another endpoint, or was altered.
    #[must_use]
    pub fn open(&self, keep: &KeyMaterial, endpoint: WebhookId) -> Option<PlainSecret> {
        let bytes = cipher::open(keep, &self.0, aad(endpoint).as_bytes())?;
        std::str::from_utf8(&bytes).ok().map(|t| PlainSecret::new(t.to_owned()))
    }
}

fn aad(endpoint: WebhookId) -> String {
    format!("mgmt webhook secret {endpoint}")
}

impl Webhook {
    /// Changes the settings. An endpoint that is switched on again forgets why it was switched off. The version moves only when
    /// something changed.
    #[must_use]
    pub fn update(mut self, settings: WebhookSettings, now: Timestamp) -> Self {
        if settings == self.settings {
            return self;
        }
        if settings.active {
            self.disabled = None;
        }
        self.settings = settings;
        self.touched(now)
    }

    /// Switches it off.
    #[must_use]
    pub fn disable(mut self, reason: DisabledReason, now: Timestamp) -> Self {
        if !self.settings.active {
            return self;
        }
        self.settings.active = false;
        self.disabled = Some((reason, now));
        self.touched(now)
    }

    /// Gives it a new secret; the old one signs as well for `overlap` seconds.
    ///
    /// # Errors
    /// `invalid_request` for a longer overlap than a week; `invalid_state` while an earlier one lasts, unless `force` ends it.
    pub fn rotate_secret(mut self, secret: SealedSecret, overlap: u64, force: bool, now: Timestamp) -> Result<Self> {
        if overlap > MAX_OVERLAP_SECS {
            let reason = format!("must be a whole number from 0 to {MAX_OVERLAP_SECS}");
            return Err(Error::invalid("overlap_seconds", reason));
        }
        if let (Some((_, until)), false) = (self.previous_secret(now), force) {
            let message = format!("an earlier secret is valid until {until}: wait, or send `force: true` to end it now");
            return Err(Error::new(Code::InvalidState, message));
        }
        let old = std::mem::replace(&mut self.secret, secret);
        let until = now.plus_secs(overlap.try_into().unwrap_or(0));
        self.previous = (overlap > 0).then_some((old, until));
        Ok(self.touched(now))
    }

    /// The secret before, if it still signs at `now`.
    #[must_use]
    pub fn previous_secret(&self, now: Timestamp) -> Option<(&SealedSecret, Timestamp)> {
        self.previous.as_ref().filter(|(_, until)| now < *until).map(|(secret, until)| (secret, *until))
    }

    fn touched(mut self, now: Timestamp) -> Self {
        self.updated_at = now;
        self.version += 1;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

    fn webhook(rng: &mut ChaCha20Rng) -> Webhook {
        let id = WebhookId::from_u128(1);
        Webhook {
            id,
            organization_id: OrganizationId::from_u128(2),
            settings: WebhookSettings {
                url: "https://example.com/".to_owned(),
                events: Subscriptions::parse("events", &["*".to_owned()]).unwrap(),
                active: true,
                description: None,
            },
            created_by: Actor::System,
            secret: SealedSecret::generate(&KeyMaterial::new([1; 32]), id, rng).unwrap().0,
            previous: None,
            disabled: None,
            created_at: NOW,
            updated_at: NOW,
            version: 1,
        }
    }

    #[test]
    fn secrets_have_the_form_of_the_specification_and_are_bound() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let (keep, id) = (KeyMaterial::new([1; 32]), WebhookId::from_u128(1));
        let (sealed, plain) = SealedSecret::generate(&keep, id, &mut rng).unwrap();
        let bytes = STANDARD.decode(plain.expose().strip_prefix("whsec_").unwrap()).unwrap();
        assert!((24..=64).contains(&bytes.len()));
        assert_eq!(sealed.open(&keep, id).unwrap().expose(), plain.expose());
        assert!(sealed.open(&keep, WebhookId::from_u128(2)).is_none());
        assert!(sealed.open(&KeyMaterial::new([2; 32]), id).is_none());
        assert_ne!(SealedSecret::generate(&keep, id, &mut rng).unwrap().1.expose(), plain.expose());
    }

    #[test]
    fn secrets_overlap_once_at_a_time() {
        let mut rng = ChaCha20Rng::seed_from_u64(2);
        let (first, second) = (webhook(&mut rng), webhook(&mut rng).secret);
        let old = first.secret.clone();
        let rotated = first.rotate_secret(second.clone(), 60, false, NOW).unwrap();
        assert_eq!(rotated.previous_secret(NOW.plus_secs(59)).unwrap().0, &old);
        assert!(rotated.previous_secret(NOW.plus_secs(60)).is_none());
        let again = |force, at| rotated.clone().rotate_secret(second.clone(), 0, force, at);
        assert_eq!(again(false, NOW.plus_secs(59)).unwrap_err().code(), Code::InvalidState);
        assert!(again(true, NOW.plus_secs(59)).unwrap().previous.is_none());
        assert!(again(false, NOW.plus_secs(60)).is_ok());
        assert!(rotated.clone().rotate_secret(second, MAX_OVERLAP_SECS + 1, true, NOW).is_err());
    }

    #[test]
    fn switching_on_forgets_why_it_was_off() {
        let on = webhook(&mut ChaCha20Rng::seed_from_u64(3));
        let off = on.clone().disable(DisabledReason::Gone, NOW.plus_secs(1));
        assert_eq!((off.settings.active, off.version), (false, 2));
        assert_eq!(off.disabled, Some((DisabledReason::Gone, NOW.plus_secs(1))));
        assert_eq!(off.clone().disable(DisabledReason::Failing, NOW.plus_secs(2)), off);
        let renamed = WebhookSettings { description: Some("x".to_owned()), ..off.settings.clone() };
        assert!(off.clone().update(renamed, NOW).disabled.is_some());
        let back = off.update(on.settings.clone(), NOW.plus_secs(3));
        assert_eq!((back.disabled, back.version), (None, 3));
        let same = on.clone().update(on.settings.clone(), NOW.plus_secs(9));
        assert_eq!(same, on);
    }
}
