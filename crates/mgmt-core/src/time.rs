//! Moments and how they are written: RFC 3339 in UTC with milliseconds and `Z`.

use std::{fmt, str::FromStr};

use chrono::{DateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::error::Error;

/// The last millisecond of the year 9999, the end of what RFC 3339 can write.
const MAX_MILLIS: i64 = 253_402_300_799_999;

/// A moment in UTC with millisecond precision, within the years 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The last moment that can be written.
    pub const MAX: Self = Self(MAX_MILLIS);

    /// From milliseconds since the Unix epoch; out-of-range values are clamped.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Self(if millis < 0 {
            0
        } else if millis > MAX_MILLIS {
            MAX_MILLIS
        } else {
            millis
        })
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// Whole seconds since the Unix epoch.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0 / 1000
    }

    /// This moment moved by `seconds`, clamped to the range.
    #[must_use]
    pub const fn plus_secs(self, seconds: i64) -> Self {
        Self::from_millis(self.0.saturating_add(seconds.saturating_mul(1000)))
    }

    /// This moment moved by `millis`, clamped to the range.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Self::from_millis(self.0.saturating_add(millis))
    }

    /// Whole seconds until `later`, rounded up; 0 when it has passed.
    #[must_use]
    pub const fn secs_until(self, later: Self) -> u64 {
        let millis = later.0.saturating_sub(self.0);
        if millis <= 0 { 0 } else { (millis as u64).div_ceil(1000) }
    }

    /// Milliseconds since `earlier`; negative when that is later.
    #[must_use]
    pub const fn millis_since(self, earlier: Self) -> i64 {
        self.as_millis() - earlier.as_millis()
    }

    pub(crate) fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_chrono().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl FromStr for Timestamp {
    type Err = Error;

    /// Reads RFC 3339 with any offset; digits past the millisecond are dropped.
    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid("time", "must be an RFC 3339 time with an offset, such as `2027-01-31T08:00:00Z`");
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| wrong())?;
        let millis = parsed.timestamp_millis();
        if !(0..=MAX_MILLIS).contains(&millis) {
            return Err(Error::invalid("time", "must lie within the years 1970 to 9999"));
        }
        Ok(Self(millis))
    }
}

impl Serialize for Timestamp {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|_| de::Error::custom("must be an RFC 3339 time with an offset, such as `2027-01-31T08:00:00Z`"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn writes_milliseconds_and_z() {
        assert_eq!(Timestamp::from_millis(1_000).to_string(), "1970-01-01T00:00:01.000Z");
        assert_eq!("2027-01-31T09:00:00.1239+01:00".parse::<Timestamp>().unwrap().to_string(), "2027-01-31T08:00:00.123Z");
    }

    #[test]
    fn refuses_what_is_no_moment() {
        for text in ["", "2027-01-31", "2027-01-31T08:00:00", "2027-02-30T08:00:00Z", "1969-12-31T23:59:59Z", "tomorrow"] {
            assert!(text.parse::<Timestamp>().is_err(), "{text}");
        }
    }

    proptest! {
        #[test]
        fn parse_is_the_inverse_of_display(millis in 0..=MAX_MILLIS) {
            let time = Timestamp::from_millis(millis);
            prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
        }
    }
}
