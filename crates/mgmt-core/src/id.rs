//! Typed ids: a prefix, an underscore and the 32 lower-case hexadecimal digits of a UUID version 7 (RFC 9562).

use rand_core::CryptoRng;

use crate::time::Timestamp;

/// The 128 bits of a UUID version 7 made from `now` and `rng`.
pub(crate) fn uuid_v7(now: Timestamp, rng: &mut impl CryptoRng) -> u128 {
    let mut random = [0_u8; 10];
    rng.fill_bytes(&mut random);
    uuid::Builder::from_unix_timestamp_millis(now.as_millis().unsigned_abs(), &random).into_uuid().as_u128()
}

/// Reads exactly 32 lower-case hexadecimal digits.
pub(crate) fn parse_hex(text: &str) -> Option<u128> {
    if text.len() != 32 || !text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
        return None;
    }
    // In halves: sixteen digits are read without a look for overflow at each of them.
    let (high, low) = text.split_at_checked(16)?;
    let half = |digits| u64::from_str_radix(digits, 16).ok().map(u128::from);
    Some(half(high)? << 64 | half(low)?)
}

macro_rules! define_id {
    ($(#[$doc:meta])* $name:ident, $prefix:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// The text before the underscore.
            pub const PREFIX: &'static str = $prefix;

            /// A new id, ordered by `now`.
            pub fn new(now: $crate::time::Timestamp, rng: &mut impl rand_core::CryptoRng) -> Self {
                Self($crate::id::uuid_v7(now, rng))
            }

            /// From the 128 bits of its UUID.
            #[must_use]
            pub const fn from_u128(bits: u128) -> Self {
                Self(bits)
            }

            /// The 128 bits of its UUID.
            #[must_use]
            pub const fn as_u128(self) -> u128 {
                self.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, concat!($prefix, "_{:032x}"), self.0)
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                write!(f, "{self}")
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::error::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                text.strip_prefix(concat!($prefix, "_"))
                    .and_then($crate::id::parse_hex)
                    .map(Self)
                    .ok_or_else(|| $crate::error::Error::invalid("id", concat!("must be an id that starts with `", $prefix, "_`")))
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
                text.parse().map_err(|_| serde::de::Error::custom(concat!("must be an id that starts with `", $prefix, "_`")))
            }
        }
    };
}

define_id!(
    /// An organization: the tenant that owns everything else.
    OrganizationId, "org");
define_id!(
    /// A person who can sign in.
    UserId, "usr");
define_id!(
    /// An API key or a management key.
    KeyId, "key");
define_id!(
    /// A signed-in session.
    SessionId, "ses");
define_id!(
    /// An invitation into an organization.
    InvitationId, "inv");
define_id!(
    /// One entry of the audit log.
    AuditId, "aud");
define_id!(
    /// An endpoint that events are sent to.
    WebhookId, "whk");
define_id!(
    /// Something that happened, and that webhooks tell.
    EventId, "evt");
define_id!(
    /// One event on its way to one endpoint.
    DeliveryId, "dlv");
define_id!(
    /// A project of an organization.
    ProjectId, "proj");
define_id!(
    /// One sending to a project's webhook.
    SendOutId, "whs");

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};

    #[test]
    fn ids_are_version_7_and_ordered_by_time() {
        let mut rng = ChaCha20Rng::seed_from_u64(1);
        let early = KeyId::new(Timestamp::from_millis(1_000), &mut rng);
        let late = KeyId::new(Timestamp::from_millis(2_000), &mut rng);
        assert!(early < late);
        assert_eq!(uuid::Uuid::from_u128(early.as_u128()).get_version_num(), 7);
    }

    #[test]
    fn another_prefix_or_spelling_is_refused() {
        let id = KeyId::from_u128(0xabc).to_string();
        assert!(id.parse::<KeyId>().is_ok());
        assert!(id.parse::<UserId>().is_err());
        assert!(id.to_uppercase().parse::<KeyId>().is_err());
        assert!(id[..id.len() - 1].parse::<KeyId>().is_err());
        assert!(format!("{id}0").parse::<KeyId>().is_err());
    }

    proptest! {
        #[test]
        fn parse_is_the_inverse_of_display(bits: u128) {
            let id = KeyId::from_u128(bits);
            prop_assert_eq!(id.to_string().parse::<KeyId>().unwrap(), id);
        }
    }
}
