//! Rates and what is said of services that have none.

use rand_core::CryptoRng;
use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::{
    country::Currency,
    id::{Ids, RateId},
    number::Number,
    rating::{Quote, Refusal},
    sheet::RateSheet,
    text::Object,
    time::{Day, kept_day},
    word::{ObjectType, words},
};

/// The price of a service for a shipment.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rate {
    /// Its id.
    pub id: RateId,
    /// Always `rate`.
    pub object_type: ObjectType,
    /// Whose service it is.
    pub carrier_name: String,
    /// The slug of the rate sheet.
    pub carrier_id: String,
    /// The currency of all amounts.
    pub currency: Currency,
    /// The service's code.
    pub service: String,
    /// The sum of the charges.
    pub total_charge: Number,
    /// Business days on the way.
    pub transit_days: Option<u16>,
    /// What the total consists of: the base charge and each surcharge.
    pub extra_charges: Vec<Charge>,
    /// The day of delivery, if it is sent on its shipping date. None after the year 9999.
    #[serde(default, deserialize_with = "kept_day")]
    pub estimated_delivery: Option<Day>,
    /// More about the rate.
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    pub meta: Object,
    /// Whether it was made with a test key.
    pub test_mode: bool,
}

/// One line of a rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Charge {
    /// What is charged for.
    pub name: String,
    /// How much, in whole coins of the currency.
    pub amount: Number,
    /// The currency.
    pub currency: Currency,
    /// The surcharge's id; `null` for the base charge.
    pub id: Option<String>,
}

words! {
    /// How grave a message is.
    Level {
        /// Something worth knowing.
        Info = "info",
        /// Something that may be wrong.
        Warning = "warning",
        /// Something that did not work.
        Error = "error",
    }
}

/// What a carrier says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CarrierMessage))]
pub struct Message {
    /// Who says it.
    pub carrier_name: Option<String>,
    /// The slug of the rate sheet.
    pub carrier_id: Option<String>,
    /// A stable reason, such as `destination_not_supported`.
    pub code: String,
    /// Words for people.
    pub message: String,
    /// How grave it is.
    pub level: Level,
    /// What it is about.
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    pub details: Object,
}

/// What rating yields.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Rates {
    /// The cheapest first.
    pub rates: Vec<Rate>,
    /// Why services that were asked for have none; every service, when there are no rates at all.
    pub messages: Vec<Message>,
}

impl Rate {
    pub(crate) fn new<R: CryptoRng + ?Sized>(
        sheet: &RateSheet,
        quote: Quote,
        (test_mode, from): (bool, Day),
        ids: &mut Ids<'_, R>,
    ) -> Self {
        let total = quote.charges.iter().map(|charge| charge.amount.get()).sum::<Decimal>();
        let delivery = quote.transit_days.and_then(|days| from.plus_business_days(days));
        let meta = json!({
            "carrier": sheet.carrier_name(), "rate_provider": sheet.carrier_name(), "service_name": quote.service_name,
            "carrier_connection_id": sheet.id, "zones": quote.zones,
        });
        Self {
            id: ids.make(RateId::new),
            object_type: ObjectType::Rate,
            carrier_name: sheet.carrier_name().to_owned(),
            carrier_id: sheet.slug().to_owned(),
            currency: quote.currency,
            service: quote.service_code,
            total_charge: Number::new(total),
            transit_days: quote.transit_days,
            extra_charges: quote.charges,
            estimated_delivery: delivery,
            meta: meta.as_object().cloned().unwrap_or_default(),
            test_mode,
        }
    }
}

impl Message {
    pub(crate) fn refusal(sheet: &RateSheet, refusal: &Refusal) -> Self {
        let details = json!({ "service": refusal.service });
        Self {
            carrier_name: Some(sheet.carrier_name().to_owned()),
            carrier_id: Some(sheet.slug().to_owned()),
            code: refusal.reason.as_str().to_owned(),
            message: format!("the service `{}` is not offered: {}", refusal.service, refusal.reason.explanation()),
            level: Level::Warning,
            details: details.as_object().cloned().unwrap_or_default(),
        }
    }

    pub(crate) fn general(code: &str, message: String) -> Self {
        Self {
            carrier_name: None,
            carrier_id: None,
            code: code.to_owned(),
            message,
            level: Level::Warning,
            details: Object::new(),
        }
    }
}
