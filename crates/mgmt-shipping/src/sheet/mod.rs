//! Rate sheets: what a carrier's services cost, by zone and weight.
//!
//! Zones and surcharges carry ids of the owner's choosing. A row of [`ServiceRate`] joins a service and a zone: without a row, a
//! service does not go there. `cost` is what the owner pays, and never part of a price.

mod cell;
mod change;
mod coherence;
mod days;
mod draft;
mod table;

use serde::{Deserialize, Serialize};

use crate::{
    country::{Country, Currency},
    id::RateSheetId,
    number::Number,
    text::Object,
    time::Moment,
    unit::{LengthUnit, WeightUnit},
    word::{ObjectType, words},
};

pub use draft::{RateSheetDraft, ServiceDraft, ServiceRateDraft, SurchargeDraft, ZoneDraft};
pub use table::{Table, write_table};

/// The carrier that is built in.
pub const GENERIC: &str = "generic";

/// A rate sheet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RateSheet {
    /// Its id.
    pub id: RateSheetId,
    /// Always `rate_sheet`.
    pub object_type: ObjectType,
    #[serde(flatten)]
    pub(crate) parts: RateSheetParts,
    /// When it was made.
    pub created_at: Moment,
    /// When it was last changed.
    pub updated_at: Moment,
}

/// What a rate sheet says.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RateSheetParts {
    name: String,
    slug: String,
    carrier_name: String,
    pub(crate) origin_countries: Vec<Country>,
    pub(crate) zones: Vec<Zone>,
    pub(crate) surcharges: Vec<Surcharge>,
    pub(crate) services: Vec<Service>,
    pub(crate) service_rates: Vec<ServiceRate>,
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    metadata: Object,
}

/// Where a price holds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Zone {
    /// An id of the owner's choosing.
    pub id: String,
    /// A name for people.
    pub label: Option<String>,
    /// Countries, unless there is a narrower list.
    pub country_codes: Vec<Country>,
    /// Cities, unless there are postal codes.
    pub cities: Vec<String>,
    /// Postal codes, whole ones.
    pub postal_codes: Vec<String>,
    /// Business days on the way.
    pub transit_days: Option<u16>,
    /// Hours on the way.
    pub transit_time: Option<Number>,
    /// Information for people.
    pub radius: Option<Number>,
    /// Information for people.
    pub latitude: Option<Number>,
    /// Information for people.
    pub longitude: Option<Number>,
    /// The least weight, inclusive.
    pub min_weight: Option<Number>,
    /// The most weight, exclusive.
    pub max_weight: Option<Number>,
    /// The unit of both.
    pub weight_unit: WeightUnit,
}

words! {
    /// How a surcharge is counted.
    SurchargeType {
        /// An amount in the service's currency.
        Fixed = "fixed",
        /// A percentage of the base rate.
        Percentage = "percentage",
    }
}

/// What is added to a base rate.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Surcharge {
    /// An id of the owner's choosing.
    pub id: String,
    /// A name for people; the name of the line in a rate.
    pub name: String,
    /// An amount, or a percentage.
    pub amount: Number,
    /// Which of the two.
    pub surcharge_type: SurchargeType,
    /// What the owner pays for it.
    pub cost: Option<Number>,
    /// Whether it is charged.
    pub active: bool,
}

/// A service of a carrier.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ServiceLevel))]
pub struct Service {
    /// Its id.
    pub id: String,
    /// Always `service_level`.
    pub object_type: ObjectType,
    #[serde(flatten)]
    pub(crate) parts: ServiceParts,
}

/// What a service is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceParts {
    pub(crate) service_name: String,
    pub(crate) service_code: String,
    pub(crate) carrier_service_code: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) active: bool,
    pub(crate) currency: Currency,
    pub(crate) transit_days: Option<u16>,
    pub(crate) transit_time: Option<Number>,
    pub(crate) min_weight: Option<Number>,
    pub(crate) max_weight: Option<Number>,
    pub(crate) weight_unit: WeightUnit,
    pub(crate) max_width: Option<Number>,
    pub(crate) max_height: Option<Number>,
    pub(crate) max_length: Option<Number>,
    pub(crate) dimension_unit: LengthUnit,
    pub(crate) max_volume: Option<Number>,
    pub(crate) dim_factor: Option<Number>,
    pub(crate) use_volumetric: bool,
    pub(crate) domicile: Option<bool>,
    pub(crate) international: Option<bool>,
    pub(crate) cost: Option<Number>,
    pub(crate) zone_ids: Vec<String>,
    pub(crate) surcharge_ids: Vec<String>,
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    pub(crate) features: Object,
}

/// The price of a service in a zone, for a band of weights in the service's unit.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceRate {
    /// The service, by its id.
    pub service_id: String,
    #[serde(flatten)]
    pub(crate) parts: ServiceRateParts,
}

/// What a row says, the service by its code.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ServiceRateParts {
    pub(crate) service_code: String,
    pub(crate) zone_id: String,
    pub(crate) min_weight: Option<Number>,
    pub(crate) max_weight: Option<Number>,
    pub(crate) rate: Number,
    pub(crate) cost: Option<Number>,
    pub(crate) transit_days: Option<u16>,
    pub(crate) transit_time: Option<Number>,
    #[cfg_attr(feature = "openapi", schema(value_type = serde_json::Value))]
    pub(crate) meta: Object,
}

impl RateSheet {
    /// A name for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.parts.name
    }

    /// A name for programs: the `carrier_id` of its rates.
    #[must_use]
    pub fn slug(&self) -> &str {
        &self.parts.slug
    }

    /// Whose services they are.
    #[must_use]
    pub fn carrier_name(&self) -> &str {
        &self.parts.carrier_name
    }

    /// Its services.
    #[must_use]
    pub fn services(&self) -> &[Service] {
        &self.parts.services
    }
}

impl Service {
    /// The code that rates name it by.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.parts.service_code
    }
}
