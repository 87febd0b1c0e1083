//! What the parts of a sheet say of each other.

use std::collections::HashSet;

use rust_decimal::Decimal;

use super::{Service, ServiceRate, ServiceRateParts, Surcharge, Zone};
use crate::{fault::Faults, number::Number};

/// Notes every name that is there twice.
pub(super) fn unique<'a>(faults: &mut Faults, list: &str, field: &str, names: impl Iterator<Item = &'a str>) {
    let mut seen = HashSet::new();
    for (index, name) in names.enumerate() {
        let dot = if field.is_empty() { "" } else { "." };
        faults.demand(
            seen.insert(name),
            &format!("{list}[{index}]{dot}{field}"),
            &format!("must be unique: `{name}` is there before"),
        );
    }
}

pub(super) fn references(faults: &mut Faults, zones: &[Zone], surcharges: &[Surcharge], services: &[Service]) {
    for (index, service) in services.iter().enumerate() {
        for (position, id) in service.parts.zone_ids.iter().enumerate() {
            let field = format!("services[{index}].zone_ids[{position}]");
            faults.demand(zones.iter().any(|z| z.id == *id), &field, "must be the id of a zone of this sheet");
        }
        for (position, id) in service.parts.surcharge_ids.iter().enumerate() {
            let field = format!("services[{index}].surcharge_ids[{position}]");
            faults.demand(surcharges.iter().any(|s| s.id == *id), &field, "must be the id of a surcharge of this sheet");
        }
        unique(faults, &format!("services[{index}].surcharge_ids"), "", service.parts.surcharge_ids.iter().map(String::as_str));
    }
}

/// Bands of one service and zone must not overlap: two prices for one parcel would be none.
pub(super) fn bands(faults: &mut Faults, rows: &[ServiceRate]) {
    let limits = |row: &ServiceRateParts| {
        (row.min_weight.map_or(Decimal::ZERO, Number::get), row.max_weight.map_or(Decimal::MAX, Number::get))
    };
    for (index, row) in rows.iter().enumerate() {
        let (low, high) = limits(&row.parts);
        let same = |other: &&ServiceRate| other.service_id == row.service_id && other.parts.zone_id == row.parts.zone_id;
        let overlaps = rows.iter().take(index).filter(same).map(|other| limits(&other.parts)).any(|(l, h)| low < h && l < high);
        let field = format!("service_rates[{index}].min_weight");
        faults.demand(!overlaps, &field, "must begin where other bands of the same service and zone end: they overlap");
    }
}
