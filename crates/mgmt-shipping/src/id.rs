//! Typed ids: a prefix, an underscore and the 32 lower-case hexadecimal digits of a UUID version 7 (RFC 9562).

use rand_core::CryptoRng;

use crate::time::Moment;

fn uuid_v7(now: Moment, rng: &mut (impl CryptoRng + ?Sized)) -> u128 {
    let mut random = [0_u8; 10];
    rng.fill_bytes(&mut random);
    uuid::Builder::from_unix_timestamp_millis(now.as_millis().unsigned_abs(), &random).into_uuid().as_u128()
}

fn parse_hex(text: &str) -> Option<u128> {
    let canonical = text.len() == 32 && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if canonical { u128::from_str_radix(text, 16).ok() } else { None }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal),+ $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(u128);

        impl $name {
            /// A new id, ordered by `now`.
            pub fn new(now: Moment, rng: &mut (impl CryptoRng + ?Sized)) -> Self {
                Self(uuid_v7(now, rng))
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
            type Err = crate::fault::Invalid;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let bits = text.strip_prefix(concat!($prefix, "_")).and_then(parse_hex);
                bits.map(Self).ok_or_else(|| Self::Err::new(concat!("must be an id that starts with `", $prefix, "_`")))
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

        #[cfg(feature = "openapi")]
        impl utoipa::PartialSchema for $name {
            fn schema() -> utoipa::openapi::RefOr<utoipa::openapi::schema::Schema> {
                utoipa::openapi::ObjectBuilder::new()
                    .schema_type(utoipa::openapi::schema::Type::String)
                    .pattern(Some(concat!("^", $prefix, "_[0-9a-f]{32}$")))
                    .into()
            }
        }

        #[cfg(feature = "openapi")]
        impl utoipa::ToSchema for $name {}
    )+};
}

ids! {
    /// Of an address.
    AddressId = "adr",
    /// Of a commodity of a customs declaration.
    CommodityId = "cdt",
    /// Of an item in a parcel.
    ItemId = "itm",
    /// Of a parcel.
    ParcelId = "pcl",
    /// Of a rate.
    RateId = "rat",
    /// Of a rate sheet.
    RateSheetId = "rsht",
    /// Of a service of a rate sheet.
    ServiceId = "svc",
    /// Of a shipment.
    ShipmentId = "shp",
    /// Of a tracker.
    TrackerId = "trk",
}

/// Makes ids in the order of a moment.
pub(crate) struct Ids<'a, R: ?Sized> {
    pub(crate) now: Moment,
    pub(crate) rng: &'a mut R,
}

impl<'a, R: CryptoRng + ?Sized> Ids<'a, R> {
    pub(crate) fn new(now: Moment, rng: &'a mut R) -> Self {
        Self { now, rng }
    }

    pub(crate) fn make<T>(&mut self, make: impl FnOnce(Moment, &mut R) -> T) -> T {
        make(self.now, self.rng)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn parse_is_the_inverse_of_display(bits: u128) {
            let id = ShipmentId::from_u128(bits);
            prop_assert_eq!(id.to_string().parse::<ShipmentId>().unwrap(), id);
            prop_assert!(id.to_string().parse::<TrackerId>().is_err());
        }
    }
}
