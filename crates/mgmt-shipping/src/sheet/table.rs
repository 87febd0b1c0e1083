//! Rate sheets as tables: a row a price, with the service and the zone that it joins (CSV, RFC 4180).

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{RateSheet, RateSheetDraft, ServiceDraft, ServiceRateDraft, ZoneDraft};
use crate::{
    fault::{Faults, Invalid, Result},
    number::Number,
    unit::WeightUnit,
};

/// The most rows of a table.
const MAX_ROWS: usize = 5000;
/// What separates entries in one cell.
const SEPARATOR: char = ';';

/// One row. Cells of the same service, or the same zone, say the same in every row.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Row {
    service_code: String,
    #[serde(default)]
    service_name: Option<String>,
    #[serde(default)]
    currency: Option<String>,
    #[serde(default)]
    weight_unit: Option<String>,
    zone_id: String,
    #[serde(default)]
    zone_label: Option<String>,
    #[serde(default)]
    country_codes: Option<String>,
    #[serde(default)]
    cities: Option<String>,
    #[serde(default)]
    postal_codes: Option<String>,
    #[serde(default)]
    min_weight: Option<String>,
    #[serde(default)]
    max_weight: Option<String>,
    rate: String,
    #[serde(default)]
    cost: Option<String>,
    #[serde(default)]
    transit_days: Option<u16>,
}

/// Reads a table into the draft of a sheet. Faults of the table itself are told by row: `rows[0]` is the first below the header.
///
/// # Errors
/// When it is no CSV, lacks a column, or holds what is no number.
pub fn read_table(name: String, text: &[u8]) -> Result<RateSheetDraft> {
    let mut faults = Faults::default();
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
    let (mut zones, mut services, mut rows) = (Vec::new(), Vec::new(), Vec::new());
    for (index, row) in reader.deserialize::<Row>().take(MAX_ROWS + 1).enumerate() {
        if index == MAX_ROWS {
            faults.note("rows", format!("must be at most {MAX_ROWS}"));
            break;
        }
        let row = match row {
            Ok(row) => row,
            Err(error) => {
                faults.note(format!("rows[{index}]"), plain(&error));
                continue;
            }
        };
        faults.at(&format!("rows[{index}]"), row.read(&mut zones, &mut services).map(|rate| rows.push(rate)));
    }
    let draft = RateSheetDraft {
        name,
        slug: None,
        carrier_name: None,
        origin_countries: None,
        zones: Some(zones),
        surcharges: None,
        services: Some(services),
        service_rates: Some(rows),
        metadata: None,
    };
    faults.finish(Some(draft))
}

/// What is wrong with a row, without the reader's own count of bytes and lines.
fn plain(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::Deserialize { err, .. } => format!("must have the columns of a rate table: {err}"),
        csv::ErrorKind::UnequalLengths { expected_len, .. } => format!("must have {expected_len} cells, as the header has"),
        csv::ErrorKind::Utf8 { .. } => "must be UTF-8".to_owned(),
        _ => "must be CSV".to_owned(),
    }
}

impl Row {
    fn read(self, zones: &mut Vec<ZoneDraft>, services: &mut Vec<ServiceDraft>) -> Result<ServiceRateDraft> {
        let mut faults = Faults::default();
        let unit = faults.maybe("weight_unit", filled(self.weight_unit), |unit| {
            WeightUnit::from_word(&unit).ok_or_else(|| Invalid::new("must be one of `KG`, `LB`, `OZ`, `G`"))
        });
        let mut cell = |field, text: Option<String>| faults.maybe(field, filled(text), |text| number(&text));
        let (min_weight, max_weight) = (cell("min_weight", self.min_weight), cell("max_weight", self.max_weight));
        let (rate, cost) = (cell("rate", Some(self.rate)), cell("cost", self.cost));
        faults.demand(rate.is_some(), "rate", "must be a number");
        if !zones.iter().any(|zone| zone.id.as_deref() == Some(&self.zone_id)) {
            let list = |text: Option<String>| {
                filled(text).map(|text| text.split(SEPARATOR).map(|entry| entry.trim().to_owned()).collect::<Vec<_>>())
            };
            zones.push(ZoneDraft {
                id: Some(self.zone_id.clone()),
                label: self.zone_label,
                country_codes: list(self.country_codes),
                cities: list(self.cities),
                postal_codes: list(self.postal_codes),
                ..ZoneDraft::default()
            });
        }
        if !services.iter().any(|service| service.service_code == self.service_code) {
            services.push(ServiceDraft {
                service_name: filled(self.service_name).unwrap_or_else(|| self.service_code.clone()),
                service_code: self.service_code.clone(),
                currency: filled(self.currency),
                weight_unit: unit,
                ..ServiceDraft::default()
            });
        }
        let row = ServiceRateDraft {
            service_id: None,
            service_code: Some(self.service_code),
            zone_id: self.zone_id,
            min_weight,
            max_weight,
            rate: rate.unwrap_or_default(),
            cost,
            transit_days: self.transit_days,
            transit_time: None,
            meta: None,
        };
        faults.finish(Some(row))
    }
}

fn filled(text: Option<String>) -> Option<String> {
    text.filter(|text| !text.is_empty())
}

fn number(text: &str) -> Result<Number> {
    rust_decimal::Decimal::from_str_exact(text).map(Number::new).map_err(|_| Invalid::new("must be a number"))
}

/// Writes the prices of a sheet as a table.
///
/// # Errors
/// None that a table in memory has.
pub fn write_table(sheet: &RateSheet) -> Result<Vec<u8>> {
    let zones: BTreeMap<&str, &super::Zone> = sheet.parts.zones.iter().map(|zone| (zone.id.as_str(), zone)).collect();
    let mut writer = csv::Writer::from_writer(Vec::new());
    let wrong = |error: String| Invalid::new(error);
    for row in &sheet.parts.service_rates {
        let service = sheet.parts.services.iter().find(|service| service.id == row.service_id);
        let zone = zones.get(row.parts.zone_id.as_str());
        let separator = SEPARATOR.to_string();
        let number = |number: Option<Number>| number.map(|n| n.to_string());
        let countries = |zone: &&super::Zone| zone.country_codes.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(&separator);
        let written = Row {
            service_code: row.parts.service_code.clone(),
            service_name: service.map(|s| s.parts.service_name.clone()),
            currency: service.map(|s| s.parts.currency.to_string()),
            weight_unit: service.map(|s| s.parts.weight_unit.to_string()),
            zone_id: row.parts.zone_id.clone(),
            zone_label: zone.and_then(|z| z.label.clone()),
            country_codes: zone.map(countries),
            cities: zone.map(|z| z.cities.join(&separator)),
            postal_codes: zone.map(|z| z.postal_codes.join(&separator)),
            min_weight: number(row.parts.min_weight),
            max_weight: number(row.parts.max_weight),
            rate: row.parts.rate.to_string(),
            cost: number(row.parts.cost),
            transit_days: row.parts.transit_days,
        };
        writer.serialize(written).map_err(|e| wrong(e.to_string()))?;
    }
    writer.into_inner().map_err(|e| wrong(e.to_string()))
}
