//! What a shipment costs by a rate sheet.
//!
//! Each parcel is priced on its own: the best zone of each service, the base rate of its band, the surcharges. A shipment is
//! priced by the services that all of its parcels have; their lines add up. Each line is rounded to the currency's smallest coin,
//! half away from zero, and a total is the sum of its lines.

use std::cmp::Ordering;

use rust_decimal::{Decimal, RoundingStrategy};

use crate::{
    address::AddressParts,
    country::Currency,
    number::Number,
    parcel::Parcel,
    rate::Charge,
    sheet::{RateSheet, Service, ServiceRate, Surcharge, SurchargeType, Zone},
    word::words,
};

/// The name of the line that every rate begins with.
pub const BASE_CHARGE: &str = "Base Charge";

words! {
    /// Why a service has no price for a shipment.
    Reason {
        /// Nothing is sent from there.
        OriginNotSupported = "origin_not_supported",
        /// Nothing is sent there.
        DestinationNotSupported = "destination_not_supported",
        /// A parcel is too large.
        InvalidDimension = "invalid_dimension",
        /// A parcel is too light or too heavy.
        InvalidWeight = "invalid_weight",
        /// There is no such service.
        ServiceNotFound = "service_not_found",
    }
}

impl Reason {
    /// In words.
    #[must_use]
    pub const fn explanation(self) -> &'static str {
        match self {
            Self::OriginNotSupported => "it does not start in the shipper's country",
            Self::DestinationNotSupported => "it does not go to the recipient's address",
            Self::InvalidDimension => "a parcel is larger than it takes",
            Self::InvalidWeight => "a parcel is lighter or heavier than it takes",
            Self::ServiceNotFound => "no active service has this code",
        }
    }
}

/// What is to be priced.
#[derive(Clone, Copy, Debug)]
pub struct Consignment<'a> {
    /// Where it starts.
    pub shipper: &'a AddressParts,
    /// Where it goes.
    pub recipient: &'a AddressParts,
    /// What is sent.
    pub parcels: &'a [Parcel],
    /// The codes of the services that are asked for; all when empty.
    pub services: &'a [String],
}

/// The price of a service, before it is a rate.
#[derive(Clone, Debug, PartialEq)]
pub struct Quote {
    /// The service's code.
    pub service_code: String,
    /// The service's name.
    pub service_name: String,
    /// The currency of all charges.
    pub currency: Currency,
    /// The base charge and each surcharge.
    pub charges: Vec<Charge>,
    /// Business days on the way.
    pub transit_days: Option<u16>,
    /// The zone of each parcel.
    pub zones: Vec<String>,
}

/// A service without a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The service's code.
    pub service: String,
    /// Why.
    pub reason: Reason,
}

/// Prices a consignment by a sheet: a quote or a refusal for each active service that is asked for.
#[must_use]
pub fn price(sheet: &RateSheet, consignment: &Consignment<'_>) -> (Vec<Quote>, Vec<Refusal>) {
    let (mut quotes, mut refusals) = (Vec::new(), Vec::new());
    let asked =
        |service: &&Service| consignment.services.is_empty() || consignment.services.contains(&service.parts.service_code);
    for service in sheet.services().iter().filter(|s| s.parts.active).filter(asked) {
        match quote(sheet, service, consignment) {
            Ok(quote) => quotes.push(quote),
            Err(reason) => refusals.push(Refusal { service: service.parts.service_code.clone(), reason }),
        }
    }
    (quotes, refusals)
}

fn quote(sheet: &RateSheet, service: &Service, consignment: &Consignment<'_>) -> Result<Quote, Reason> {
    check_route(sheet, service, consignment)?;
    let mut whole: Option<Quote> = None;
    for parcel in consignment.parcels {
        let one = quote_parcel(sheet, service, consignment.recipient, parcel)?;
        whole = Some(match whole {
            None => one,
            Some(sum) => sum.plus(one),
        });
    }
    // Nothing to be sent weighs nothing.
    whole.ok_or(Reason::InvalidWeight)
}

fn check_route(sheet: &RateSheet, service: &Service, consignment: &Consignment<'_>) -> Result<(), Reason> {
    let (from, to) = (consignment.shipper.country(), consignment.recipient.country());
    let origins = &sheet.parts.origin_countries;
    if !origins.is_empty() && !origins.contains(&from) {
        return Err(Reason::OriginNotSupported);
    }
    let (domicile, international) = (service.parts.domicile, service.parts.international);
    let flag = if from == to { domicile } else { international };
    let unsaid = domicile.is_none() && international.is_none();
    if unsaid || flag == Some(true) { Ok(()) } else { Err(Reason::DestinationNotSupported) }
}

fn quote_parcel(sheet: &RateSheet, service: &Service, to: &AddressParts, parcel: &Parcel) -> Result<Quote, Reason> {
    check_size(service, parcel)?;
    let weight = parcel.weight().grams();
    let limit = |bound: Option<Number>| bound.map(|n| n.get() * service.parts.weight_unit.grams());
    if limit(service.parts.min_weight).is_some_and(|min| weight < min)
        || limit(service.parts.max_weight).is_some_and(|max| weight > max)
    {
        return Err(Reason::InvalidWeight);
    }
    let there: Vec<Candidate<'_>> = candidates(sheet, service, to).collect();
    if there.is_empty() {
        return Err(Reason::DestinationNotSupported);
    }
    let charged = chargeable_grams(service, parcel);
    let fitting = there.into_iter().filter(|c| c.takes(charged));
    let best = fitting.min_by(Candidate::compare).ok_or(Reason::InvalidWeight)?;
    let transit_days = best.row.parts.transit_days.or(best.zone.transit_days).or(service.parts.transit_days);
    Ok(Quote {
        service_code: service.parts.service_code.clone(),
        service_name: service.parts.service_name.clone(),
        currency: service.parts.currency,
        charges: charges(sheet, service, best.row.parts.rate),
        transit_days,
        zones: vec![best.zone.id.clone()],
    })
}

fn check_size(service: &Service, parcel: &Parcel) -> Result<(), Reason> {
    // A missing dimension passes.
    let Some(dimensions) = parcel.dimensions() else { return Ok(()) };
    let sides = dimensions.in_unit(service.parts.dimension_unit);
    let most = [service.parts.max_length, service.parts.max_width, service.parts.max_height];
    let too_long = sides.iter().zip(most).any(|(side, most)| most.is_some_and(|most| *side > most.get()));
    let volume = sides.iter().product::<Decimal>();
    if too_long || service.parts.max_volume.is_some_and(|most| volume > most.get()) {
        return Err(Reason::InvalidDimension);
    }
    Ok(())
}

/// The weight that is charged: the volumetric one, if the service counts it and it is more.
fn chargeable_grams(service: &Service, parcel: &Parcel) -> Decimal {
    let actual = parcel.weight().grams();
    let (true, Some(factor), Some(dimensions)) = (service.parts.use_volumetric, service.parts.dim_factor, parcel.dimensions())
    else {
        return actual;
    };
    let volume = dimensions.in_unit(service.parts.dimension_unit).iter().product::<Decimal>();
    let volumetric = volume.checked_div(factor.get()).and_then(|units| units.checked_mul(service.parts.weight_unit.grams()));
    volumetric.map_or(actual, |grams| grams.max(actual))
}

/// A zone that the address lies in, with a price of the service there.
struct Candidate<'a> {
    zone: &'a Zone,
    row: &'a ServiceRate,
    /// How closely the zone fits the address.
    closeness: u32,
    /// The least and the most grams.
    min: Option<Decimal>,
    max: Option<Decimal>,
}

fn candidates<'a>(sheet: &'a RateSheet, service: &'a Service, to: &'a AddressParts) -> impl Iterator<Item = Candidate<'a>> {
    let parts = &service.parts;
    let offered = move |zone: &&Zone| parts.zone_ids.is_empty() || parts.zone_ids.contains(&zone.id);
    let zones = sheet.parts.zones.iter().filter(offered);
    zones.filter_map(move |zone| Some((zone, closeness(zone, to)?))).flat_map(move |(zone, closeness)| {
        let rows = sheet.parts.service_rates.iter().filter(|row| row.service_id == service.id && row.parts.zone_id == zone.id);
        rows.map(move |row| Candidate::new(zone, row, closeness, service))
    })
}

/// How closely a zone fits an address; `None` when the address lies outside. Only the narrowest list of the zone counts.
fn closeness(zone: &Zone, to: &AddressParts) -> Option<u32> {
    let plain = |text: &str| text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_lowercase();
    let among =
        |list: &[String], text: Option<&str>| text.is_some_and(|text| list.iter().any(|known| plain(known) == plain(text)));
    let (fits, closeness) = if !zone.postal_codes.is_empty() {
        (among(&zone.postal_codes, to.postal_code()), 1000)
    } else if !zone.cities.is_empty() {
        (among(&zone.cities, to.city()), 100)
    } else if !zone.country_codes.is_empty() {
        (zone.country_codes.contains(&to.country()), 10)
    } else {
        (true, 0)
    };
    fits.then_some(closeness)
}

impl<'a> Candidate<'a> {
    fn new(zone: &'a Zone, row: &'a ServiceRate, closeness: u32, service: &Service) -> Self {
        let of_zone = |bound: Option<Number>| bound.map(|n| n.get() * zone.weight_unit.grams());
        let of_row = |bound: Option<Number>| bound.map(|n| n.get() * service.parts.weight_unit.grams());
        // Both the zone's bounds and the row's hold.
        let min = of_zone(zone.min_weight).max(of_row(row.parts.min_weight));
        let max = match (of_zone(zone.max_weight), of_row(row.parts.max_weight)) {
            (Some(a), Some(b)) => Some(a.min(b)),
            (a, b) => a.or(b),
        };
        Self { zone, row, closeness, min, max }
    }

    fn takes(&self, grams: Decimal) -> bool {
        self.min.is_none_or(|min| grams >= min) && self.max.is_none_or(|max| grams < max)
    }

    fn score(&self) -> u32 {
        let bounds = [self.min, self.max].iter().flatten().count();
        let for_bounds = match bounds {
            0 => 0,
            1 => 5,
            _ => 10,
        };
        self.closeness + for_bounds
    }

    fn span(&self) -> Decimal {
        self.max.map_or(Decimal::MAX, |max| max - self.min.unwrap_or_default())
    }

    /// The better one is less: the closer fit, then the narrower band, then the lower rate.
    fn compare(&self, other: &Self) -> Ordering {
        let by_score = other.score().cmp(&self.score());
        by_score.then(self.span().cmp(&other.span())).then(self.row.parts.rate.cmp(&other.row.parts.rate))
    }
}

fn charges(sheet: &RateSheet, service: &Service, rate: Number) -> Vec<Charge> {
    let currency = service.parts.currency;
    let line = |name: &str, amount: Decimal, id: Option<String>| {
        let rounded = amount.round_dp_with_strategy(currency.decimals(), RoundingStrategy::MidpointAwayFromZero);
        Charge { name: name.to_owned(), amount: Number::new(rounded), currency, id }
    };
    let amount = |surcharge: &Surcharge| match surcharge.surcharge_type {
        SurchargeType::Fixed => surcharge.amount.get(),
        // Of the base rate only: percentages do not compound.
        SurchargeType::Percentage => rate.get() * surcharge.amount.get() / Decimal::ONE_HUNDRED,
    };
    let charged = |surcharge: &&Surcharge| surcharge.active && service.parts.surcharge_ids.contains(&surcharge.id);
    let surcharges = sheet.parts.surcharges.iter().filter(charged).map(|s| line(&s.name, amount(s), Some(s.id.clone())));
    std::iter::once(line(BASE_CHARGE, rate.get(), None)).chain(surcharges).collect()
}

impl Quote {
    /// The price of two parcels together: lines of the same thing add up; the first one's days count.
    fn plus(mut self, other: Self) -> Self {
        for charge in other.charges {
            match self.charges.iter_mut().find(|known| known.id == charge.id && known.name == charge.name) {
                Some(known) => known.amount = Number::new(known.amount.get() + charge.amount.get()),
                None => self.charges.push(charge),
            }
        }
        self.zones.extend(other.zones);
        self
    }
}
