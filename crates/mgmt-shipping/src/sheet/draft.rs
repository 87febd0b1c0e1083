//! Reading what a client sends of a rate sheet.

use rand_core::CryptoRng;
use rust_decimal::Decimal;
use serde::Deserialize;

use super::{
    GENERIC, RateSheet, RateSheetParts, Service, ServiceParts, ServiceRate, ServiceRateParts, Surcharge, SurchargeType, Zone,
    coherence::{bands, references, unique},
    days::{days, transit_days},
};
use crate::{
    country::{Country, Currency},
    fault::{Faults, Invalid, Result},
    id::{RateSheetId, ServiceId},
    number::Number,
    text::{self, Object, code, line, optional, token},
    time::Moment,
    unit::{LengthUnit, WeightUnit},
    word::ObjectType,
};

/// The most zones, surcharges and services.
const MAX_PARTS: usize = 200;
/// The most surcharges of one service.
const MAX_SURCHARGES: usize = 20;

/// A rate sheet as a client sends it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RateSheetDraft {
    /// A name for people.
    #[cfg_attr(feature = "openapi", schema(max_length = 100))]
    pub name: String,
    /// A name for programs; made from the name when left out. It is the `carrier_id` of the sheet's rates.
    #[cfg_attr(feature = "openapi", schema(max_length = 50))]
    pub slug: Option<String>,
    /// `generic` when left out.
    pub carrier_name: Option<String>,
    /// Where shipments may start; anywhere when empty.
    pub origin_countries: Option<Vec<String>>,
    /// Where prices hold.
    pub zones: Option<Vec<ZoneDraft>>,
    /// What is added to base rates.
    pub surcharges: Option<Vec<SurchargeDraft>>,
    /// The services.
    pub services: Option<Vec<ServiceDraft>>,
    /// The prices.
    pub service_rates: Option<Vec<ServiceRateDraft>>,
    /// Free data.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub metadata: Option<Object>,
}

/// A zone as a client sends it. It is matched by the narrowest list that it has: postal codes, else cities, else countries, else
/// it is everywhere.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "the fields are those of `Zone`")]
pub struct ZoneDraft {
    /// An id of your choosing; `zone_1` and so on when left out.
    pub id: Option<String>,
    pub label: Option<String>,
    pub country_codes: Option<Vec<String>>,
    pub cities: Option<Vec<String>>,
    pub postal_codes: Option<Vec<String>>,
    #[serde(default, deserialize_with = "transit_days")]
    #[cfg_attr(feature = "openapi", schema(maximum = 365))]
    pub transit_days: Option<u16>,
    pub transit_time: Option<Number>,
    pub radius: Option<Number>,
    pub latitude: Option<Number>,
    pub longitude: Option<Number>,
    pub min_weight: Option<Number>,
    pub max_weight: Option<Number>,
    pub weight_unit: Option<WeightUnit>,
}

/// A surcharge as a client sends it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "the fields are those of `Surcharge`")]
pub struct SurchargeDraft {
    /// An id of your choosing; `surch_1` and so on when left out.
    pub id: Option<String>,
    pub name: String,
    pub amount: Number,
    /// `fixed` when left out.
    pub surcharge_type: Option<SurchargeType>,
    pub cost: Option<Number>,
    /// True when left out.
    pub active: Option<bool>,
}

/// A service as a client sends it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "the fields say what they are")]
pub struct ServiceDraft {
    /// Made when left out.
    pub id: Option<String>,
    /// May be sent back as it came.
    pub object_type: Option<ObjectType>,
    pub service_name: String,
    /// Lower-case letters, digits and `_`.
    #[cfg_attr(feature = "openapi", schema(example = "standard_service"))]
    pub service_code: String,
    pub carrier_service_code: Option<String>,
    pub description: Option<String>,
    /// True when left out.
    pub active: Option<bool>,
    /// `USD` when left out.
    pub currency: Option<String>,
    #[serde(default, deserialize_with = "transit_days")]
    #[cfg_attr(feature = "openapi", schema(maximum = 365))]
    pub transit_days: Option<u16>,
    pub transit_time: Option<Number>,
    pub min_weight: Option<Number>,
    pub max_weight: Option<Number>,
    /// `KG` when left out.
    pub weight_unit: Option<WeightUnit>,
    pub max_width: Option<Number>,
    pub max_height: Option<Number>,
    pub max_length: Option<Number>,
    /// `CM` when left out.
    pub dimension_unit: Option<LengthUnit>,
    /// In cubes of the dimension unit.
    pub max_volume: Option<Number>,
    /// Cubes of the dimension unit that count as one unit of weight.
    pub dim_factor: Option<Number>,
    /// Whether the larger of weight and volumetric weight is charged.
    pub use_volumetric: Option<bool>,
    /// Whether it stays within a country. With `international` left out too, both are served.
    pub domicile: Option<bool>,
    /// Whether it crosses borders.
    pub international: Option<bool>,
    pub cost: Option<Number>,
    /// Where it goes; every zone that it has a price for when left out.
    pub zone_ids: Option<Vec<String>>,
    pub surcharge_ids: Option<Vec<String>>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub features: Option<Object>,
}

/// A price as a client sends it. It names its service by `service_code` or `service_id`.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[expect(missing_docs, reason = "the fields are those of `ServiceRate`")]
pub struct ServiceRateDraft {
    pub service_id: Option<String>,
    pub service_code: Option<String>,
    pub zone_id: String,
    /// The least weight, inclusive.
    pub min_weight: Option<Number>,
    /// The most weight, exclusive.
    pub max_weight: Option<Number>,
    pub rate: Number,
    pub cost: Option<Number>,
    #[serde(default, deserialize_with = "transit_days")]
    #[cfg_attr(feature = "openapi", schema(maximum = 365))]
    pub transit_days: Option<u16>,
    pub transit_time: Option<Number>,
    #[cfg_attr(feature = "openapi", schema(value_type = Option<serde_json::Value>))]
    pub meta: Option<Object>,
}

impl RateSheetDraft {
    /// Judges the draft, and makes a sheet of it.
    ///
    /// # Errors
    /// Every field at fault, references to what is not in the sheet and overlapping bands included.
    pub fn parse(self, now: Moment, rng: &mut (impl CryptoRng + ?Sized)) -> Result<RateSheet> {
        let parts = self.judge(|rng| ServiceId::new(now, rng).to_string(), rng)?;
        let id = RateSheetId::new(now, rng);
        Ok(RateSheet { id, object_type: ObjectType::RateSheet, parts, created_at: now, updated_at: now })
    }

    pub(super) fn judge<R: CryptoRng + ?Sized>(
        self,
        mut service_id: impl FnMut(&mut R) -> String,
        rng: &mut R,
    ) -> Result<RateSheetParts> {
        let mut faults = Faults::default();
        let name = faults.at("name", line(&self.name, 100)).unwrap_or_default();
        let slug = self.slug.unwrap_or_else(|| slug_of(&name));
        let countries = self.origin_countries.unwrap_or_default();
        for (field, length) in [
            ("zones", self.zones.as_ref().map_or(0, Vec::len)),
            ("surcharges", self.surcharges.as_ref().map_or(0, Vec::len)),
            ("services", self.services.as_ref().map_or(0, Vec::len)),
        ] {
            faults.demand(length <= MAX_PARTS, field, &format!("must have at most {MAX_PARTS} entries"));
        }
        let numbered = |parts: usize| (1..=parts).collect::<Vec<usize>>().into_iter();
        let zones = self.zones.unwrap_or_default();
        let mut numbers = numbered(zones.len());
        let zones = faults.each("zones", zones, |zone| zone.parse(numbers.next().unwrap_or(0)));
        let surcharges = self.surcharges.unwrap_or_default();
        let mut numbers = numbered(surcharges.len());
        let surcharges = faults.each("surcharges", surcharges, |s| s.parse(numbers.next().unwrap_or(0)));
        let services = faults.each("services", self.services.unwrap_or_default(), |s| s.parse(|| service_id(rng)));
        let complete = |faults: &Faults| !faults.touches(&["zones", "surcharges", "services"]);
        if complete(&faults) {
            unique(&mut faults, "zones", "id", zones.iter().map(|z| z.id.as_str()));
            unique(&mut faults, "surcharges", "id", surcharges.iter().map(|s| s.id.as_str()));
            unique(&mut faults, "services", "id", services.iter().map(|s| s.id.as_str()));
            unique(&mut faults, "services", "service_code", services.iter().map(|s| s.parts.service_code.as_str()));
            references(&mut faults, &zones, &surcharges, &services);
        }
        let rows = if complete(&faults) { self.service_rates.unwrap_or_default() } else { Vec::new() };
        let service_rates = faults.each("service_rates", rows, |row| row.parse(&services, &zones));
        if !faults.touches(&["service_rates"]) {
            bands(&mut faults, &service_rates);
        }
        let parts = RateSheetParts {
            slug: faults.at("slug", token(&slug, 50)).unwrap_or_default(),
            carrier_name: faults
                .at("carrier_name", code(self.carrier_name.as_deref().unwrap_or(GENERIC), 50))
                .unwrap_or_default(),
            origin_countries: faults.each("origin_countries", countries, |c| Country::parse(&c)),
            metadata: faults.maybe("metadata", self.metadata, text::object).unwrap_or_default(),
            name,
            zones,
            surcharges,
            services,
            service_rates,
        };
        faults.finish(Some(parts))
    }
}

fn slug_of(name: &str) -> String {
    let ascii = deunicode::deunicode(name).to_ascii_lowercase();
    let words: Vec<&str> = ascii.split(|c: char| !c.is_ascii_alphanumeric()).filter(|w| !w.is_empty()).collect();
    let slug: String = words.join("-").chars().take(50).collect();
    if slug.is_empty() { "sheet".to_owned() } else { slug }
}

/// Reads the two ends of a band of weights.
fn band(faults: &mut Faults, min: Option<Number>, max: Option<Number>) -> (Option<Number>, Option<Number>) {
    let min = faults.maybe("min_weight", min, Number::measure_or_zero);
    let max = faults.maybe("max_weight", max, Number::measure);
    let ordered = max.is_none_or(|max| max > min.unwrap_or_default());
    faults.demand(ordered, "max_weight", "must be greater than `min_weight`");
    (min, max)
}

impl ZoneDraft {
    fn parse(self, number: usize) -> Result<Zone> {
        let mut faults = Faults::default();
        let id = self.id.unwrap_or_else(|| format!("zone_{number}"));
        let (min_weight, max_weight) = band(&mut faults, self.min_weight, self.max_weight);
        let within = |limit: i64| {
            move |n: Number| {
                if n.get().abs() <= limit.into() {
                    Ok(n)
                } else {
                    Err(Invalid::new(format!("must be a number from -{limit} to {limit}")))
                }
            }
        };
        let zone = Zone {
            id: faults.at("id", token(&id, 64)).unwrap_or_default(),
            label: optional(&mut faults, "label", self.label, 100),
            country_codes: faults.each("country_codes", self.country_codes.unwrap_or_default(), |c| Country::parse(&c)),
            cities: faults.each("cities", self.cities.unwrap_or_default(), |c| line(&c, 100)),
            postal_codes: faults.each("postal_codes", self.postal_codes.unwrap_or_default(), |c| line(&c, 20)),
            transit_days: faults.maybe("transit_days", self.transit_days, days),
            transit_time: faults.maybe("transit_time", self.transit_time, Number::measure_or_zero),
            radius: faults.maybe("radius", self.radius, Number::measure_or_zero),
            latitude: faults.maybe("latitude", self.latitude, within(90)),
            longitude: faults.maybe("longitude", self.longitude, within(180)),
            min_weight,
            max_weight,
            weight_unit: self.weight_unit.unwrap_or(WeightUnit::Kg),
        };
        faults.finish(Some(zone))
    }
}

impl SurchargeDraft {
    fn parse(self, number: usize) -> Result<Surcharge> {
        let mut faults = Faults::default();
        let id = self.id.unwrap_or_else(|| format!("surch_{number}"));
        let surcharge_type = self.surcharge_type.unwrap_or(SurchargeType::Fixed);
        let amount = faults.at("amount", self.amount.amount()).unwrap_or_default();
        let bounded = surcharge_type == SurchargeType::Fixed || amount.get() <= Decimal::ONE_HUNDRED;
        faults.demand(bounded, "amount", "must be a percentage from 0 to 100");
        let surcharge = Surcharge {
            id: faults.at("id", token(&id, 64)).unwrap_or_default(),
            name: faults.at("name", line(&self.name, 100)).unwrap_or_default(),
            amount,
            surcharge_type,
            cost: faults.maybe("cost", self.cost, Number::amount),
            active: self.active.unwrap_or(true),
        };
        faults.finish(Some(surcharge))
    }
}

impl ServiceDraft {
    fn parse(self, new_id: impl FnOnce() -> String) -> Result<Service> {
        let mut faults = Faults::default();
        let is_service = self.object_type.is_none_or(|kind| kind == ObjectType::ServiceLevel);
        faults.demand(is_service, "object_type", "must be `service_level`, or left out");
        let id = self.id.map_or_else(|| Some(new_id()), |id| faults.at("id", token(&id, 64))).unwrap_or_default();
        let (min_weight, max_weight) = band(&mut faults, self.min_weight, self.max_weight);
        let dim_factor = faults.maybe("dim_factor", self.dim_factor, Number::measure);
        let use_volumetric = self.use_volumetric.unwrap_or(false);
        faults.demand(!use_volumetric || dim_factor.is_some(), "dim_factor", "must be given when `use_volumetric` is true");
        let surcharge_ids = self.surcharge_ids.unwrap_or_default();
        faults.demand(surcharge_ids.len() <= MAX_SURCHARGES, "surcharge_ids", "must have at most 20 entries");
        let parts = ServiceParts {
            service_name: faults.at("service_name", line(&self.service_name, 100)).unwrap_or_default(),
            service_code: faults.at("service_code", code(&self.service_code, 100)).unwrap_or_default(),
            carrier_service_code: optional(&mut faults, "carrier_service_code", self.carrier_service_code, 100),
            description: optional(&mut faults, "description", self.description, 250),
            active: self.active.unwrap_or(true),
            currency: faults.maybe("currency", self.currency, |c| Currency::parse(&c)).unwrap_or(Currency::USD),
            transit_days: faults.maybe("transit_days", self.transit_days, days),
            transit_time: faults.maybe("transit_time", self.transit_time, Number::measure_or_zero),
            min_weight,
            max_weight,
            weight_unit: self.weight_unit.unwrap_or(WeightUnit::Kg),
            max_width: faults.maybe("max_width", self.max_width, Number::measure),
            max_height: faults.maybe("max_height", self.max_height, Number::measure),
            max_length: faults.maybe("max_length", self.max_length, Number::measure),
            dimension_unit: self.dimension_unit.unwrap_or(LengthUnit::Cm),
            max_volume: faults.maybe("max_volume", self.max_volume, Number::measure),
            dim_factor,
            use_volumetric,
            domicile: self.domicile,
            international: self.international,
            cost: faults.maybe("cost", self.cost, Number::amount),
            zone_ids: self.zone_ids.unwrap_or_default(),
            surcharge_ids,
            features: faults.maybe("features", self.features, text::object).unwrap_or_default(),
        };
        faults.finish(Some(Service { id, object_type: ObjectType::ServiceLevel, parts }))
    }
}

impl ServiceRateDraft {
    fn parse(self, services: &[Service], zones: &[Zone]) -> Result<ServiceRate> {
        let mut faults = Faults::default();
        let by_code = |code: &String| services.iter().find(|s| s.parts.service_code == *code);
        let by_id = |id: &String| services.iter().find(|s| s.id == *id);
        let service = match (&self.service_code, &self.service_id) {
            (Some(code), id) => by_code(code).filter(|s| id.as_ref().is_none_or(|id| s.id == *id)),
            (None, Some(id)) => by_id(id),
            (None, None) => None,
        };
        let field = if self.service_code.is_none() && self.service_id.is_some() { "service_id" } else { "service_code" };
        faults.demand(service.is_some(), field, "must name a service of this sheet, by `service_code` or `service_id`");
        faults.demand(zones.iter().any(|z| z.id == self.zone_id), "zone_id", "must be the id of a zone of this sheet");
        let (min_weight, max_weight) = band(&mut faults, self.min_weight, self.max_weight);
        let parts = ServiceRateParts {
            service_code: service.map(|s| s.parts.service_code.clone()).unwrap_or_default(),
            zone_id: self.zone_id,
            min_weight,
            max_weight,
            rate: faults.at("rate", self.rate.amount()).unwrap_or_default(),
            cost: faults.maybe("cost", self.cost, Number::amount),
            transit_days: faults.maybe("transit_days", self.transit_days, days),
            transit_time: faults.maybe("transit_time", self.transit_time, Number::measure_or_zero),
            meta: faults.maybe("meta", self.meta, text::object).unwrap_or_default(),
        };
        let service_id = service.map(|s| s.id.clone()).unwrap_or_default();
        faults.finish(Some(ServiceRate { service_id, parts }))
    }
}
