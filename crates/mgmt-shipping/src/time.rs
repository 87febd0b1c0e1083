//! Moments and days. Moments are written by RFC 3339 in UTC with milliseconds and `Z`.

use std::fmt;

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime, NaiveTime, SecondsFormat, Utc, Weekday};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use crate::fault::{Invalid, Result};

/// The last millisecond of the year 9999.
const MAX_MILLIS: i64 = 253_402_300_799_999;

/// A moment in UTC with millisecond precision, within the years 1970 to 9999.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Moment(i64);

impl Moment {
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

    /// The day in UTC.
    #[must_use]
    pub fn day(self) -> Day {
        Day(self.to_chrono().date_naive())
    }

    /// Hours and minutes in UTC, as `17:05`.
    #[must_use]
    pub fn clock(self) -> String {
        self.to_chrono().format("%H:%M").to_string()
    }

    /// Reads RFC 3339 with an offset, or a time without one, which is in UTC.
    ///
    /// # Errors
    /// When it is none, or outside the years 1970 to 9999.
    pub fn parse(text: &str) -> Result<Self> {
        let zoned = DateTime::parse_from_rfc3339(text).map(|t| t.timestamp_millis()).ok();
        let plain = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
        let naive = || plain.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
        let midnight = || NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|d| d.and_time(NaiveTime::MIN));
        let millis = zoned.or_else(|| naive().or_else(midnight).map(|t| t.and_utc().timestamp_millis()));
        let known = millis.filter(|m| (0..=MAX_MILLIS).contains(m));
        known.map(Self).ok_or_else(|| Invalid::new("must be an RFC 3339 time, such as `2027-01-31T08:00:00Z`"))
    }

    /// A time of day on a day, both in UTC: `17:05`, `17:05:30` or `05:05 PM`.
    pub(crate) fn at_clock(day: Day, clock: &str) -> Result<Self> {
        let forms = ["%H:%M", "%H:%M:%S", "%I:%M %p", "%I:%M%p"];
        let time = forms.iter().find_map(|form| NaiveTime::parse_from_str(clock.trim(), form).ok());
        let time = time.ok_or_else(|| Invalid::new("must be a time of day, such as `17:05`"))?;
        Ok(Self::from_millis(day.0.and_time(time).and_utc().timestamp_millis()))
    }

    fn to_chrono(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_chrono().to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Moment {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| de::Error::custom("must be an RFC 3339 time, such as `2027-01-31T08:00:00Z`"))
    }
}

/// A day within the years 1970 to 9999, written `2027-01-31`.
///
/// INVARIANT: No day is outside of these years: with five digits it could be written, and not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(NaiveDate);

impl Day {
    /// Reads `2027-01-31`.
    ///
    /// # Errors
    /// When it is none, or outside the years 1970 to 9999.
    pub fn parse(text: &str) -> Result<Self> {
        let day = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().and_then(Self::within);
        day.ok_or_else(|| Invalid::new("must be a day, such as `2027-01-31`"))
    }

    fn within(day: NaiveDate) -> Option<Self> {
        (1970..=9999).contains(&day.year()).then_some(Self(day))
    }

    /// The next day from Monday to Friday. Holidays are not known. `None` after the year 9999.
    #[must_use]
    pub fn next_business_day(self) -> Option<Self> {
        let step = match self.0.weekday() {
            Weekday::Fri => 3,
            Weekday::Sat => 2,
            _ => 1,
        };
        self.0.checked_add_days(Days::new(step)).and_then(Self::within)
    }

    /// So many business days later. `None` after the year 9999.
    #[must_use]
    pub fn plus_business_days(self, days: u16) -> Option<Self> {
        (0..days).try_fold(self, |day, _| day.next_business_day())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0.format("%Y-%m-%d"))
    }
}

impl Serialize for Day {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(|_| de::Error::custom("must be a day, such as `2027-01-31`"))
    }
}

/// Reads a day of what is kept; one that is none is absent. Days after the year 9999 were kept before [`Day`] had an end, and must not
/// make everything around them unreadable.
pub(crate) fn kept_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Day>, D::Error> {
    let text = Option::<std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
    Ok(text.and_then(|text| Day::parse(&text).ok()))
}

#[cfg(feature = "openapi")]
mod schema {
    use utoipa::openapi::{
        KnownFormat, ObjectBuilder, RefOr, SchemaFormat,
        schema::{Schema, Type},
    };

    use super::{Day, Moment};

    fn text(format: KnownFormat) -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).format(Some(SchemaFormat::KnownFormat(format))).into()
    }

    impl utoipa::PartialSchema for Moment {
        fn schema() -> RefOr<Schema> {
            text(KnownFormat::DateTime)
        }
    }

    impl utoipa::ToSchema for Moment {}

    impl utoipa::PartialSchema for Day {
        fn schema() -> RefOr<Schema> {
            text(KnownFormat::Date)
        }
    }

    impl utoipa::ToSchema for Day {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn moments() {
        for (text, written) in [
            ("2027-01-31T09:00:00.1239+01:00", "2027-01-31T08:00:00.123Z"),
            ("2027-01-31T08:00:00", "2027-01-31T08:00:00.000Z"),
            ("2027-01-31 08:00", "2027-01-31T08:00:00.000Z"),
            ("2027-01-31", "2027-01-31T00:00:00.000Z"),
        ] {
            assert_eq!(Moment::parse(text).unwrap().to_string(), written);
        }
        for text in ["", "2027-02-30T08:00:00Z", "1969-12-31T23:59:59Z", "tomorrow", "10000-01-01T00:00:00Z"] {
            assert!(Moment::parse(text).is_err(), "{text}");
        }
        let day = Day::parse("2027-01-31").unwrap();
        assert_eq!(Moment::at_clock(day, "05:05 PM").unwrap(), Moment::at_clock(day, "17:05").unwrap());
        assert_eq!(Moment::at_clock(day, "17:05:00").unwrap().clock(), "17:05");
        assert!(Moment::at_clock(day, "25:00").is_err());
    }

    #[test]
    fn weekends_are_no_business_days() {
        let friday = Day::parse("2027-01-29").unwrap();
        assert_eq!(friday.next_business_day().unwrap().to_string(), "2027-02-01");
        assert_eq!(friday.plus_business_days(6).unwrap().to_string(), "2027-02-08");
        assert_eq!(Day::parse("2027-01-30").unwrap().next_business_day(), friday.next_business_day());
    }

    #[test]
    fn days_end_with_the_year_9999() {
        // A Friday.
        let last = Day::parse("9999-12-31").unwrap();
        assert_eq!((last.next_business_day(), last.plus_business_days(1)), (None, None));
        assert_eq!(last.plus_business_days(0), Some(last));
        assert_eq!(Day::parse("9999-12-30").unwrap().plus_business_days(1), Some(last));
        for text in ["+10000-01-03", "10000-01-03", "1969-12-31", "-0001-01-01"] {
            assert!(Day::parse(text).is_err(), "{text}");
        }
        let kept = |text: &str| kept_day(&mut serde_json::Deserializer::from_str(text)).unwrap();
        assert_eq!((kept("\"+10000-01-03\""), kept("null"), kept("\"9999-12-31\"")), (None, None, Some(last)));
    }

    proptest! {
        #[test]
        fn whatever_day_is_reached_reads_back(millis in 0..=MAX_MILLIS, before_the_end in 0..400_i64, days: u16) {
            for from in [millis, MAX_MILLIS - before_the_end * 86_400_000] {
                for days in [days, days % 366] {
                    if let Some(day) = Moment::from_millis(from).day().plus_business_days(days) {
                        let text = serde_json::to_string(&day).unwrap();
                        prop_assert_eq!(serde_json::from_str::<Day>(&text).unwrap(), day);
                    }
                }
            }
        }

        #[test]
        fn parse_is_the_inverse_of_display(millis in 0..=MAX_MILLIS) {
            let moment = Moment::from_millis(millis);
            prop_assert_eq!(Moment::parse(&moment.to_string()).unwrap(), moment);
            prop_assert_eq!(Day::parse(&moment.day().to_string()).unwrap(), moment.day());
        }
    }
}
