//! What a client sends of a tracker.

use serde::Deserialize;
use serde_json::Value;

use super::{Event, Injection, MAX_EVENTS, NewTracker, TrackerStatus, info};
use crate::{
    fault::{Faults, Invalid, Result},
    id::TrackerId,
    number::Number,
    text::{self, Object, code, optional, token},
    time::{Day, Moment},
};

/// A tracker as a client sends it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrackerDraft {
    /// The carrier's number.
    #[cfg_attr(feature = "openapi", schema(max_length = 50))]
    pub tracking_number: String,
    /// The carrier: lower-case letters, digits and `_`.
    #[cfg_attr(feature = "openapi", schema(max_length = 50, example = "generic"))]
    pub carrier_name: String,
    /// An account with the carrier.
    pub account_number: Option<String>,
    /// The client's own number of it.
    pub reference: Option<String>,
    /// Texts about the parcel, by name.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub info: Option<Object>,
    /// Free data.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub metadata: Option<Object>,
}

/// A merge patch of a tracker.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TrackerPatch {
    /// Texts about the parcel, merged by name; `null` clears them.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub info: Option<Option<Object>>,
    /// Free data, merged by name; `null` clears it.
    #[serde(default, deserialize_with = "given")]
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub metadata: Option<Option<Object>>,
}

/// Tells a field that is `null` from one that is left out.
fn given<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Option<Object>>, D::Error> {
    Option::<Object>::deserialize(deserializer).map(Some)
}

/// Something that happened on the way, as a client reports it. `timestamp`, or `date` and `time` in UTC, say when: now, when
/// all of them are left out.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "the fields are those of `Event`")]
pub struct EventDraft {
    #[cfg_attr(feature = "openapi", schema(example = "2027-01-31"))]
    pub date: Option<String>,
    #[cfg_attr(feature = "openapi", schema(example = "17:05"))]
    pub time: Option<String>,
    #[cfg_attr(feature = "openapi", schema(example = "2027-01-31T17:05:00Z"))]
    pub timestamp: Option<String>,
    pub status: Option<TrackerStatus>,
    pub code: Option<String>,
    pub reason: Option<String>,
    pub description: Option<String>,
    pub location: Option<String>,
    pub latitude: Option<Number>,
    pub longitude: Option<Number>,
}

/// Reported events with what they mean.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct InjectionDraft {
    /// What happened; events that are known already are passed over.
    pub events: Vec<EventDraft>,
    /// Where the parcel is now; that of the newest event when left out.
    pub status: Option<TrackerStatus>,
    /// Whether it was delivered.
    pub delivered: Option<bool>,
    /// The day it is expected.
    #[cfg_attr(feature = "openapi", schema(example = "2027-01-31"))]
    pub estimated_delivery: Option<String>,
}

impl TrackerDraft {
    /// Judges the draft.
    ///
    /// # Errors
    /// Every field at fault.
    pub fn parse(self) -> Result<NewTracker> {
        let mut faults = Faults::default();
        let number = faults.at("tracking_number", tracking_number(&self.tracking_number)).unwrap_or_default();
        let carrier = faults.at("carrier_name", code(&self.carrier_name, 50)).unwrap_or_default();
        let extra = [
            ("account_number", optional(&mut faults, "account_number", self.account_number, 50)),
            ("reference", optional(&mut faults, "reference", self.reference, 100)),
        ];
        let meta = extra.into_iter().filter_map(|(name, text)| Some((name.to_owned(), Value::from(text?)))).collect();
        let new = NewTracker {
            tracking_number: number,
            carrier_id: carrier.clone(),
            carrier_name: carrier,
            info: faults.maybe("info", self.info, info).unwrap_or_default(),
            metadata: faults.maybe("metadata", self.metadata, text::object).unwrap_or_default(),
            meta,
            shipment_id: None,
            estimated_delivery: None,
        };
        faults.finish(Some(new))
    }
}

/// Reads a carrier's number. It stands in addresses: it must not look like an id of ours, as either names a tracker, and must not be what
/// clients take out of a path (RFC 3986, section 5.2.4).
fn tracking_number(text: &str) -> Result<String> {
    let number = token(text, 50)?;
    if matches!(number.as_str(), "." | "..") {
        return Err(Invalid::new("must hold a letter or a digit: `.` and `..` cannot stand in an address"));
    }
    if number.parse::<TrackerId>().is_ok() {
        return Err(Invalid::new("must be a carrier's number, not the id of a tracker"));
    }
    Ok(number)
}

impl InjectionDraft {
    /// Judges the report.
    ///
    /// # Errors
    /// Every field at fault.
    pub fn parse(self, now: Moment) -> Result<Injection> {
        let mut faults = Faults::default();
        faults.demand(self.events.len() <= MAX_EVENTS, "events", "must have at most 500 entries");
        let status = match (self.status, self.delivered) {
            (None, Some(true)) => Some(TrackerStatus::Delivered),
            (status, Some(delivered)) => {
                let agree = status.is_none_or(|status| (status == TrackerStatus::Delivered) == delivered);
                faults.demand(agree, "delivered", "must agree with `status`");
                status
            }
            (status, None) => status,
        };
        let events = faults.each("events", self.events, |event| event.parse(now));
        let estimated_delivery = faults.maybe("estimated_delivery", self.estimated_delivery, |day| Day::parse(&day));
        faults.finish(Some(Injection { events, status, estimated_delivery }))
    }
}

impl EventDraft {
    fn parse(self, now: Moment) -> Result<Event> {
        let mut faults = Faults::default();
        let timestamp = faults.maybe("timestamp", self.timestamp, |text| Moment::parse(&text));
        let day = faults.maybe("date", self.date, |text| Day::parse(&text));
        let clock = self.time.as_deref().unwrap_or("00:00");
        let at_clock = day.and_then(|day| faults.at("time", Moment::at_clock(day, clock)));
        let degrees = |most: i64| {
            move |n: Number| {
                if n.get().abs() <= most.into() {
                    Ok(n)
                } else {
                    Err(Invalid::new(format!("must be a number from -{most} to {most}")))
                }
            }
        };
        let event = Event {
            timestamp: timestamp.or(at_clock).unwrap_or(now),
            status: self.status,
            code: optional(&mut faults, "code", self.code, 50),
            reason: faults.maybe("reason", self.reason, |text| code(&text, 50)),
            description: optional(&mut faults, "description", self.description, 250),
            location: optional(&mut faults, "location", self.location, 100),
            latitude: faults.maybe("latitude", self.latitude, degrees(90)),
            longitude: faults.maybe("longitude", self.longitude, degrees(180)),
        };
        faults.finish(Some(event))
    }
}
