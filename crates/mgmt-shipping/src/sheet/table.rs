//! Rate sheets as tables: a line a price, with the service and the zone that it joins (CSV, RFC 4180).
//!
//! Faults are told by the line of the text and the name of the column: `line[3].rate`. The first line is the header.

use std::collections::BTreeMap;

use rand_core::CryptoRng;

use super::{
    RateSheet, RateSheetDraft, ServiceDraft, ServiceRateDraft, Zone, ZoneDraft,
    cell::{self, joined, parted},
};
use crate::{
    fault::{Faults, Invalid, Result},
    number::Number,
    time::Moment,
    unit::WeightUnit,
};

/// The most prices of a table.
const MAX_ROWS: usize = 5000;

/// The columns. All but `service_code`, `zone_id` and `rate` may be left out, and they stand in any order.
const COLUMNS: [&str; 14] = [
    "service_code",
    "service_name",
    "currency",
    "weight_unit",
    "zone_id",
    "zone_label",
    "country_codes",
    "cities",
    "postal_codes",
    "min_weight",
    "max_weight",
    "rate",
    "cost",
    "transit_days",
];
const REQUIRED: [&str; 3] = ["service_code", "zone_id", "rate"];
/// What a service says in every line of it, and what a zone does.
const OF_SERVICE: [&str; 3] = ["service_name", "currency", "weight_unit"];
const OF_ZONE: [&str; 4] = ["zone_label", "country_codes", "cities", "postal_codes"];

/// A table that was read: its cells are numbers where there must be numbers, and no service or zone is told in two ways.
#[derive(Clone, Debug)]
pub struct Table {
    rows: Vec<Row>,
}

/// One line: its number in the text, and the cells of the columns that there are.
#[derive(Clone, Debug)]
struct Row {
    line: u64,
    cells: BTreeMap<&'static str, String>,
}

/// From which line of the table each part of a draft is.
#[derive(Debug, Default)]
struct Origins {
    lines: BTreeMap<(&'static str, usize), u64>,
}

impl Table {
    /// Reads a table.
    ///
    /// # Errors
    /// When it is no CSV in UTF-8, lacks a column or has an unknown one, has no line below the header, holds what is no number where a
    /// number must be, or says two things of one service or zone.
    pub fn read(text: &[u8]) -> Result<Self> {
        let text = text.strip_prefix("\u{feff}".as_bytes()).unwrap_or(text);
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(text);
        let header = reader.headers().map_err(|error| Invalid::at("line[1]", plain(&error)))?.clone();
        let columns = columns(&header)?;
        let mut faults = Faults::default();
        let mut rows = Vec::new();
        for record in reader.into_records() {
            match record {
                Ok(record) => {
                    let line = record.position().map_or(0, csv::Position::line);
                    let cells = columns.iter().copied().zip(record.iter().map(cell::read)).collect();
                    rows.push(Row { line, cells });
                }
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    faults.note(format!("line[{line}]"), plain(&error));
                }
            }
            if rows.len() > MAX_ROWS {
                return Err(Invalid::at("line", format!("there must be at most {MAX_ROWS} below the header")));
            }
        }
        for row in &rows {
            row.judge(&mut faults);
        }
        agree(&rows, &mut faults);
        faults.demand(!rows.is_empty(), "line[2]", "there must be a line with a price");
        faults.finish(Some(Self { rows }))
    }

    /// A new sheet with the services, zones and prices of the table. The slug is made of the name when left out.
    ///
    /// # Errors
    /// Every cell at fault, and the name and slug.
    pub fn sheet(&self, name: &str, slug: Option<String>, now: Moment, rng: &mut (impl CryptoRng + ?Sized)) -> Result<RateSheet> {
        let draft = RateSheetDraft { name: name.to_owned(), slug, ..RateSheetDraft::default() };
        let (draft, origins) = self.laid_over(draft);
        draft.parse(now, rng).map_err(|invalid| origins.told(&invalid))
    }

    /// The sheet with the prices of the table in place of its own. Services and zones that the table names are made or changed in
    /// what it has columns for; the others, surcharges, and everything else stay as they are.
    ///
    /// # Errors
    /// Every cell at fault.
    pub fn replace(&self, sheet: &RateSheet, now: Moment, rng: &mut (impl CryptoRng + ?Sized)) -> Result<RateSheet> {
        let draft: RateSheetDraft =
            serde_json::from_value(sheet.patched(serde_json::Map::new()).into()).map_err(|e| Invalid::new(e.to_string()))?;
        let (draft, origins) = self.laid_over(draft);
        sheet.changed(draft, now, rng).map_err(|invalid| origins.told(&invalid))
    }

    fn laid_over(&self, mut draft: RateSheetDraft) -> (RateSheetDraft, Origins) {
        let mut origins = Origins::default();
        let (mut services, mut zones) = (draft.services.unwrap_or_default(), draft.zones.unwrap_or_default());
        let mut former = draft.service_rates.unwrap_or_default();
        let mut rates = Vec::new();
        for row in &self.rows {
            let place = services.iter().position(|s| s.service_code == row.text("service_code")).unwrap_or(services.len());
            origins.lines.entry(("services", place)).or_insert(row.line);
            match services.get_mut(place) {
                Some(service) => row.service(service),
                None => services.push(row.new_service()),
            }
            let place = zones.iter().position(|z| z.id.as_deref() == Some(row.text("zone_id"))).unwrap_or(zones.len());
            origins.lines.entry(("zones", place)).or_insert(row.line);
            match zones.get_mut(place) {
                Some(zone) => row.zone(zone),
                None => zones.push(row.new_zone()),
            }
            origins.lines.insert(("service_rates", rates.len()), row.line);
            rates.push(row.rate(&mut former));
        }
        for service in &mut services {
            widen(service, &rates);
        }
        draft.services = Some(services);
        draft.zones = Some(zones);
        draft.service_rates = Some(rates);
        (draft, origins)
    }
}

/// A service that lists its zones serves those that it has prices for, too.
fn widen(service: &mut ServiceDraft, rates: &[ServiceRateDraft]) {
    let Some(zones) = service.zone_ids.as_mut().filter(|zones| !zones.is_empty()) else { return };
    for rate in rates.iter().filter(|rate| rate.service_code.as_ref() == Some(&service.service_code)) {
        if !zones.contains(&rate.zone_id) {
            zones.push(rate.zone_id.clone());
        }
    }
}

/// The columns by place.
fn columns(header: &csv::StringRecord) -> Result<Vec<&'static str>> {
    let mut faults = Faults::default();
    let mut found = Vec::new();
    for name in header.iter().map(str::to_ascii_lowercase) {
        match COLUMNS.into_iter().find(|known| *known == name) {
            Some(known) => {
                faults.demand(!found.contains(&known), &format!("line[1].{known}"), "must be there once");
                found.push(known);
            }
            None => faults.note("line[1]", format!("must have no other columns than {}", COLUMNS.join(", "))),
        }
    }
    for name in REQUIRED {
        faults.demand(found.contains(&name), &format!("line[1].{name}"), "the column must be there");
    }
    faults.finish(Some(found))
}

/// What is wrong with a line, without the reader's own count of bytes and lines.
fn plain(error: &csv::Error) -> String {
    match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, .. } => format!("must have {expected_len} cells, as the header has"),
        csv::ErrorKind::Utf8 { .. } => "must be UTF-8".to_owned(),
        _ => "must be CSV".to_owned(),
    }
}

/// Notes every cell that says something else of a service or a zone than its first line does.
fn agree(rows: &[Row], faults: &mut Faults) {
    for (key, columns) in [("service_code", &OF_SERVICE[..]), ("zone_id", &OF_ZONE[..])] {
        let mut first: BTreeMap<&str, &Row> = BTreeMap::new();
        for row in rows {
            let before = *first.entry(row.text(key)).or_insert(row);
            for column in columns.iter().filter(|column| row.text(column) != before.text(column)) {
                faults.note(
                    format!("line[{}].{column}", row.line),
                    format!(
                        "must say the same of the {} as line {}",
                        key.trim_end_matches("_code").trim_end_matches("_id"),
                        before.line
                    ),
                );
            }
        }
    }
}

impl Row {
    /// A cell; empty where there is no such column.
    fn text(&self, column: &str) -> &str {
        self.cells.get(column).map_or("", String::as_str)
    }

    fn filled(&self, column: &str) -> Option<String> {
        Some(self.text(column)).filter(|text| !text.is_empty()).map(str::to_owned)
    }

    fn has(&self, column: &str) -> bool {
        self.cells.contains_key(column)
    }

    fn judge(&self, faults: &mut Faults) {
        let mut demand = |column: &str, holds: bool, reason: &str| {
            faults.demand(holds, &format!("line[{}].{column}", self.line), reason);
        };
        for column in REQUIRED {
            demand(column, !self.text(column).is_empty(), "must not be empty");
        }
        for column in ["min_weight", "max_weight", "rate", "cost"] {
            demand(column, self.text(column).is_empty() || self.number(column).is_some(), "must be a number, such as 9.99");
        }
        let days = self.text("transit_days");
        demand("transit_days", days.is_empty() || days.parse::<u16>().is_ok(), "must be a whole number from 0 to 365");
        let unit = self.text("weight_unit");
        demand("weight_unit", unit.is_empty() || self.unit().is_some(), "must be one of `KG`, `LB`, `OZ`, `G`");
    }

    fn number(&self, column: &str) -> Option<Number> {
        rust_decimal::Decimal::from_str_exact(self.text(column)).ok().map(Number::new)
    }

    fn unit(&self) -> Option<WeightUnit> {
        WeightUnit::from_word(self.text("weight_unit"))
    }

    fn new_service(&self) -> ServiceDraft {
        let code = self.text("service_code").to_owned();
        let mut service = ServiceDraft { service_name: code.clone(), service_code: code, ..ServiceDraft::default() };
        self.service(&mut service);
        service
    }

    /// Changes what a service is in what there are columns for.
    fn service(&self, service: &mut ServiceDraft) {
        if let Some(name) = self.filled("service_name") {
            service.service_name = name;
        }
        if let Some(currency) = self.filled("currency") {
            service.currency = Some(currency);
        }
        if let Some(unit) = self.unit() {
            service.weight_unit = Some(unit);
        }
    }

    fn new_zone(&self) -> ZoneDraft {
        let mut zone = ZoneDraft { id: Some(self.text("zone_id").to_owned()), ..ZoneDraft::default() };
        self.zone(&mut zone);
        zone
    }

    /// Changes what a zone is in what there are columns for.
    fn zone(&self, zone: &mut ZoneDraft) {
        if self.has("zone_label") {
            zone.label = self.filled("zone_label");
        }
        let lists =
            [("country_codes", &mut zone.country_codes), ("cities", &mut zone.cities), ("postal_codes", &mut zone.postal_codes)];
        for (column, list) in lists {
            if self.has(column) {
                *list = Some(parted(self.text(column)));
            }
        }
    }

    /// The price. What there is no column for is that of the former price of the same service, zone and band.
    fn rate(&self, former: &mut Vec<ServiceRateDraft>) -> ServiceRateDraft {
        let (min_weight, max_weight) = (self.number("min_weight"), self.number("max_weight"));
        let same = former.iter().position(|before| {
            before.service_code.as_deref() == Some(self.text("service_code"))
                && before.zone_id == self.text("zone_id")
                && (before.min_weight, before.max_weight) == (min_weight, max_weight)
        });
        let before = same.map(|place| former.swap_remove(place)).unwrap_or_default();
        ServiceRateDraft {
            service_id: None,
            service_code: self.filled("service_code"),
            zone_id: self.text("zone_id").to_owned(),
            min_weight,
            max_weight,
            rate: self.number("rate").unwrap_or_default(),
            cost: if self.has("cost") { self.number("cost") } else { before.cost },
            transit_days: if self.has("transit_days") { self.text("transit_days").parse().ok() } else { before.transit_days },
            transit_time: before.transit_time,
            meta: before.meta,
        }
    }
}

impl Origins {
    /// The faults of a draft, by line and column where they are of the table.
    fn told(&self, invalid: &Invalid) -> Invalid {
        let mut faults = Faults::default();
        for (path, reason) in invalid.faults() {
            faults.note(self.place(path).unwrap_or_else(|| path.clone()), reason.clone());
        }
        match faults.finish(Some(())) {
            Err(told) => told,
            Ok(()) => invalid.clone(),
        }
    }

    /// `zones[1].label` as `line[3].zone_label`.
    fn place(&self, path: &str) -> Option<String> {
        let (list, rest) = path.split_once('[')?;
        let (index, field) = rest.split_once(']')?;
        let index: usize = index.parse().ok()?;
        let (_, line) = self.lines.iter().find(|((part, place), _)| *part == list && *place == index)?;
        let field = field.trim_start_matches('.').split('[').next().unwrap_or_default();
        let column = match (list, field) {
            ("zones", "id") => "zone_id",
            ("zones", "label") => "zone_label",
            (_, field) => field,
        };
        Some(if column.is_empty() { format!("line[{line}]") } else { format!("line[{line}].{column}") })
    }
}

/// Writes the prices of a sheet as a table, which [`Table::read`] reads.
///
/// # Errors
/// None that a table in memory has.
pub fn write_table(sheet: &RateSheet) -> Result<Vec<u8>> {
    let wrong = |error: String| Invalid::new(error);
    let zones: BTreeMap<&str, &Zone> = sheet.parts.zones.iter().map(|zone| (zone.id.as_str(), zone)).collect();
    let mut writer = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(Vec::new());
    writer.write_record(COLUMNS).map_err(|e| wrong(e.to_string()))?;
    for row in &sheet.parts.service_rates {
        let service = sheet.parts.services.iter().find(|service| service.id == row.service_id);
        let zone = zones.get(row.parts.zone_id.as_str());
        let number = |number: Option<Number>| number.map(|n| n.to_string()).unwrap_or_default();
        let cells = [
            row.parts.service_code.clone(),
            service.map(|s| s.parts.service_name.clone()).unwrap_or_default(),
            service.map(|s| s.parts.currency.to_string()).unwrap_or_default(),
            service.map(|s| s.parts.weight_unit.to_string()).unwrap_or_default(),
            row.parts.zone_id.clone(),
            zone.and_then(|z| z.label.clone()).unwrap_or_default(),
            zone.map(|z| joined(z.country_codes.iter().map(|c| c.as_str()))).unwrap_or_default(),
            zone.map(|z| joined(z.cities.iter().map(String::as_str))).unwrap_or_default(),
            zone.map(|z| joined(z.postal_codes.iter().map(String::as_str))).unwrap_or_default(),
            number(row.parts.min_weight),
            number(row.parts.max_weight),
            row.parts.rate.to_string(),
            number(row.parts.cost),
            row.parts.transit_days.map(|days| days.to_string()).unwrap_or_default(),
        ];
        writer.write_record(cells.map(|text| cell::written(&text))).map_err(|e| wrong(e.to_string()))?;
    }
    writer.into_inner().map_err(|e| wrong(e.to_string()))
}
