use proptest::prelude::*;
use rust_decimal::{Decimal, RoundingStrategy, dec};
use serde_json::{Value, json};

use super::{draft, request, sheet};
use crate::rate::{Rate, Rates};

fn rates(sheet_value: Value, request: Value) -> Rates {
    draft(request, &[sheet(sheet_value).unwrap()]).rates
}

fn with(mut request: Value, field: &str, value: Value) -> Value {
    request[field] = value;
    request
}

fn parcel(weight: f64) -> Value {
    json!({ "weight": weight, "weight_unit": "KG" })
}

/// Zones, bands and surcharges of one service.
fn banded() -> Value {
    json!({
        "name": "Banded",
        "zones": [{ "id": "ca", "country_codes": ["CA"], "transit_days": 3 }, { "id": "rest" }, { "id": "k1a", "postal_codes": ["k1a0b1"] }],
        "surcharges": [
            { "id": "fuel", "name": "Fuel", "amount": 12.5, "surcharge_type": "percentage" },
            { "id": "sig", "name": "Signature", "amount": 2.005 },
            { "id": "off", "name": "Never", "amount": 99, "active": false }
        ],
        "services": [{
            "service_name": "Express", "service_code": "express", "transit_days": 9, "zone_ids": ["ca", "rest"],
            "surcharge_ids": ["fuel", "sig", "off"]
        }],
        "service_rates": [
            { "service_code": "express", "zone_id": "ca", "min_weight": 0, "max_weight": 1, "rate": 9.99, "cost": 1 },
            { "service_code": "express", "zone_id": "ca", "min_weight": 1, "max_weight": 5, "rate": 19.99 },
            { "service_code": "express", "zone_id": "rest", "rate": 50 }
        ]
    })
}

#[test]
fn bands_begin_at_their_least_and_end_before_their_most() {
    let total =
        |weight: f64| rates(banded(), with(request(), "parcels", json!([parcel(weight)]))).rates[0].extra_charges[0].amount;
    assert_eq!(total(0.999999).get(), dec!(9.99));
    assert_eq!(total(1.0).get(), dec!(19.99));
    assert_eq!(total(4.999999).get(), dec!(19.99));
    // No band of Canada is left: the rest of the world has one without an end.
    assert_eq!(total(5.0).get(), dec!(50));
}

#[test]
fn lines_are_rounded_and_add_up() {
    let found = rates(banded(), request());
    let rate = &found.rates[0];
    let lines: Vec<(&str, Decimal)> = rate.extra_charges.iter().map(|c| (c.name.as_str(), c.amount.get())).collect();
    // 12.5 % of 19.99 is 2.49875, and 2.005 has half a cent.
    assert_eq!(lines, [("Base Charge", dec!(19.99)), ("Fuel", dec!(2.50)), ("Signature", dec!(2.01))]);
    assert_eq!((rate.total_charge.get(), rate.transit_days, found.messages.len()), (dec!(24.50), Some(3), 0));
    assert_eq!(serde_json::to_value(rate).unwrap()["total_charge"], json!(24.5));
    // A Thursday and three business days.
    assert_eq!(rate.estimated_delivery.unwrap().to_string(), "2027-01-26");
}

#[test]
fn several_parcels_add_up_and_all_must_fit() {
    let two = |a, b| with(request(), "parcels", json!([parcel(a), parcel(b)]));
    let rate = &rates(banded(), two(0.5, 2.0)).rates[0];
    assert_eq!((rate.extra_charges[0].amount.get(), rate.extra_charges.len()), (dec!(29.98), 3));
    let mut closed = banded();
    closed["services"][0]["zone_ids"] = json!(["ca"]);
    let found = rates(closed, two(0.5, 20.0));
    assert_eq!((found.rates.len(), found.messages[0].code.as_str()), (0, "invalid_weight"));
}

#[test]
fn the_volumetric_weight_is_charged_where_it_is_more() {
    let mut sheet = banded();
    sheet["services"][0]["dim_factor"] = json!(5000);
    let large = json!([{ "weight": 0.5, "weight_unit": "KG", "length": 20, "width": 25, "height": 10, "dimension_unit": "CM" }]);
    let base =
        |sheet: &Value| rates(sheet.clone(), with(request(), "parcels", large.clone())).rates[0].extra_charges[0].amount.get();
    assert_eq!(base(&sheet), dec!(9.99));
    sheet["services"][0]["use_volumetric"] = json!(true);
    // 5000 cubic centimetres count as one kilogram.
    assert_eq!(base(&sheet), dec!(19.99));
}

#[test]
fn the_closest_zone_wins() {
    let mut sheet = banded();
    sheet["services"][0]["zone_ids"] = json!([]);
    sheet["service_rates"].as_array_mut().unwrap().push(json!({ "service_code": "express", "zone_id": "k1a", "rate": 77 }));
    assert_eq!(rates(sheet, request()).rates[0].extra_charges[0].amount.get(), dec!(77));
}

#[test]
fn nothing_fits_and_every_service_says_why() {
    let mut sheet = banded();
    let services = json!([
        { "service_name": "A", "service_code": "home", "domicile": true },
        { "service_name": "B", "service_code": "small", "max_length": 10, "international": true },
        { "service_name": "C", "service_code": "light", "max_weight": 1 },
        { "service_name": "D", "service_code": "nowhere" },
        { "service_name": "E", "service_code": "asleep", "active": false }
    ]);
    sheet["services"] = services;
    sheet["service_rates"] = json!([]);
    let parcels = json!([{ "weight": 2, "weight_unit": "KG", "length": 11, "width": 1, "height": 1, "dimension_unit": "CM" }]);
    let found = rates(sheet.clone(), with(request(), "parcels", parcels));
    let codes: Vec<&str> = found.messages.iter().map(|m| m.code.as_str()).collect();
    assert!(found.rates.is_empty());
    assert_eq!(codes, ["destination_not_supported", "invalid_dimension", "invalid_weight", "destination_not_supported"]);
    let asked = rates(banded(), with(request(), "services", json!(["express", "asleep"])));
    assert_eq!((asked.rates.len(), asked.messages[0].code.as_str()), (1, "service_not_found"));
    let elsewhere = rates(banded(), with(request(), "carrier_ids", json!(["other"])));
    assert_eq!((elsewhere.rates.len(), elsewhere.messages[0].code.as_str()), (0, "carrier_not_found"));
    sheet["origin_countries"] = json!(["DE"]);
    assert!(rates(sheet, request()).messages.iter().all(|m| m.code == "origin_not_supported"));
}

#[test]
fn coins_are_the_currencys() {
    let mut sheet = banded();
    sheet["services"][0]["currency"] = json!("JPY");
    let rate = &rates(sheet, request()).rates[0];
    let amounts: Vec<Decimal> = rate.extra_charges.iter().map(|c| c.amount.get()).collect();
    assert_eq!(amounts, [dec!(20), dec!(2), dec!(2)]);
}

/// A price by the description alone: plain loops over what the client sent, with no part of the engine.
fn naive(sheet: &Value, request: &Value) -> Option<Vec<(String, Decimal)>> {
    let number = |value: &Value| -> Decimal { Decimal::from_str_exact(&value.to_string()).unwrap() };
    let grams = |unit: &Value| match unit.as_str().unwrap_or("KG") {
        "KG" => dec!(1000),
        "LB" => dec!(453.59237),
        "OZ" => dec!(28.349523125),
        _ => dec!(1),
    };
    let service = &sheet["services"][0];
    let to = &request["recipient"];
    let mut lines: Vec<(String, Decimal)> = Vec::new();
    for parcel in request["parcels"].as_array().unwrap() {
        let mut weight = number(&parcel["weight"]) * grams(&parcel["weight_unit"]);
        if service["use_volumetric"] == json!(true) && !parcel["length"].is_null() {
            let volume = number(&parcel["length"]) * number(&parcel["width"]) * number(&parcel["height"]);
            weight = weight.max(volume / number(&service["dim_factor"]) * grams(&service["weight_unit"]));
        }
        let mut best: Option<(u32, Decimal, Decimal)> = None;
        for row in sheet["service_rates"].as_array().unwrap() {
            let zone = sheet["zones"].as_array().unwrap().iter().find(|z| z["id"] == row["zone_id"]).unwrap();
            let lists = |name: &str| zone[name].as_array().cloned().unwrap_or_default();
            let (fits, mut score) = if !lists("postal_codes").is_empty() {
                (lists("postal_codes").contains(&to["postal_code"]), 1000)
            } else if !lists("cities").is_empty() {
                (lists("cities").contains(&to["city"]), 100)
            } else if !lists("country_codes").is_empty() {
                (lists("country_codes").contains(&to["country_code"]), 10)
            } else {
                (true, 0)
            };
            let unit = grams(&service["weight_unit"]);
            let low = (!row["min_weight"].is_null()).then(|| number(&row["min_weight"]) * unit);
            let high = (!row["max_weight"].is_null()).then(|| number(&row["max_weight"]) * unit);
            if !fits || low.is_some_and(|low| weight < low) || high.is_some_and(|high| weight >= high) {
                continue;
            }
            score += 5 * (u32::from(low.is_some()) + u32::from(high.is_some()));
            let span = high.map_or(Decimal::MAX, |high| high - low.unwrap_or_default());
            let rate = number(&row["rate"]);
            let better = best.is_none_or(|(s, sp, r)| score > s || score == s && (span < sp || span == sp && rate < r));
            if better {
                best = Some((score, span, rate));
            }
        }
        let (_, _, rate) = best?;
        let cents = |amount: Decimal| amount.round_dp_with_strategy(2, RoundingStrategy::MidpointAwayFromZero);
        let mut charged = vec![("Base Charge".to_owned(), cents(rate))];
        for surcharge in sheet["surcharges"].as_array().unwrap() {
            let amount = number(&surcharge["amount"]);
            let percentage = surcharge["surcharge_type"] == json!("percentage");
            let due = if percentage { rate * amount / dec!(100) } else { amount };
            charged.push((surcharge["name"].as_str().unwrap().to_owned(), cents(due)));
        }
        for (position, (name, amount)) in charged.into_iter().enumerate() {
            match lines.get_mut(position) {
                Some(line) => line.1 += amount,
                None => lines.push((name, amount)),
            }
        }
    }
    Some(lines)
}

fn number(digits: std::ops::RangeInclusive<i64>, scale: u32) -> impl Strategy<Value = Value> {
    digits.prop_map(move |n| serde_json::to_value(crate::number::Number::new(Decimal::new(n, scale))).unwrap())
}

prop_compose! {
    fn any_zone()(kind in 0_u8..4, hit: bool) -> Value {
        match (kind, hit) {
            (0, true) => json!({ "postal_codes": ["X9", "K1A0B1"] }),
            (0, false) => json!({ "postal_codes": ["X9"], "country_codes": ["CA"] }),
            (1, true) => json!({ "cities": ["Ottawa"] }),
            (1, false) => json!({ "cities": ["Paris"] }),
            (2, true) => json!({ "country_codes": ["CA", "FR"] }),
            (2, false) => json!({ "country_codes": ["FR"] }),
            _ => json!({}),
        }
    }
}

prop_compose! {
    /// Zones with up to three bands each, one service, up to three surcharges.
    fn any_sheet()(
        zones in prop::collection::vec((any_zone(), prop::collection::vec((1_i64..=4_000, number(0..=9_999_999, 4)), 0..3), any::<bool>(), number(0..=99_999, 2)), 1..5),
        surcharges in prop::collection::vec((any::<bool>(), number(0..=1_000_000, 4)), 0..3),
        unit in prop::sample::select(vec!["KG", "LB", "OZ", "G"]),
        volumetric: bool,
        factor in number(1..=600_000, 2),
    ) -> Value {
        let (mut places, mut rows) = (Vec::new(), Vec::new());
        for (index, (mut zone, bands, open, last)) in zones.into_iter().enumerate() {
            zone["id"] = json!(format!("z{index}"));
            let mut low = Decimal::ZERO;
            let exact = |n: Decimal| serde_json::to_value(crate::number::Number::new(n)).unwrap();
            for (width, rate) in bands {
                let high = low + Decimal::new(width, 3);
                rows.push(json!({ "service_code": "s", "zone_id": zone["id"], "min_weight": exact(low), "max_weight": exact(high), "rate": rate }));
                low = high;
            }
            if open {
                let min = if low.is_zero() { Value::Null } else { exact(low) };
                rows.push(json!({ "service_code": "s", "zone_id": zone["id"], "min_weight": min, "rate": last }));
            }
            places.push(zone);
        }
        let named: Vec<Value> = surcharges.into_iter().enumerate().map(|(index, (percentage, amount))| json!({
            "id": format!("x{index}"), "name": format!("Extra {index}"), "amount": amount,
            "surcharge_type": if percentage { "percentage" } else { "fixed" }
        })).collect();
        let ids: Vec<Value> = named.iter().map(|s| s["id"].clone()).collect();
        json!({
            "name": "Any", "zones": places, "surcharges": named, "service_rates": rows,
            "services": [{ "service_name": "S", "service_code": "s", "weight_unit": unit, "use_volumetric": volumetric, "dim_factor": factor, "surcharge_ids": ids }]
        })
    }
}

prop_compose! {
    fn any_parcel()(
        weight in number(1..=9_000, 3), unit in prop::sample::select(vec!["KG", "LB", "OZ", "G"]),
        sides in prop::option::of(prop::array::uniform3(number(1..=2_000, 1))),
    ) -> Value {
        let mut parcel = json!({ "weight": weight, "weight_unit": unit });
        if let Some([length, width, height]) = sides {
            (parcel["length"], parcel["width"], parcel["height"]) = (length, width, height);
            parcel["dimension_unit"] = json!("CM");
        }
        parcel
    }
}

proptest! {
    #[test]
    fn rating_equals_a_naive_computation(sheet in any_sheet(), parcels in prop::collection::vec(any_parcel(), 1..4)) {
        let mut asked = with(request(), "parcels", Value::from(parcels));
        let found = rates(sheet.clone(), asked.clone());
        asked["recipient"]["postal_code"] = json!("K1A0B1");
        let told = |rate: &Rate| rate.extra_charges.iter().map(|c| (c.name.clone(), c.amount.get())).collect::<Vec<_>>();
        prop_assert_eq!(found.rates.first().map(told), naive(&sheet, &asked));
        // Whoever has no rate is told why, and a total is the sum of its lines.
        prop_assert_eq!(found.rates.is_empty(), !found.messages.is_empty());
        for rate in &found.rates {
            prop_assert_eq!(rate.total_charge.get(), rate.extra_charges.iter().map(|c| c.amount.get()).sum::<Decimal>());
            let written = serde_json::to_string(rate).unwrap();
            prop_assert_eq!(&serde_json::from_str::<Rate>(&written).unwrap(), rate);
        }
    }

    #[test]
    fn rates_are_sorted(prices in prop::collection::vec(number(0..=100_000, 2), 1..8)) {
        let services: Vec<Value> = (0..prices.len()).map(|n| json!({ "service_name": "S", "service_code": format!("s{n}") })).collect();
        let rows: Vec<Value> = prices.iter().enumerate().map(|(n, rate)| json!({ "service_code": format!("s{n}"), "zone_id": "z", "rate": rate })).collect();
        let found = rates(json!({ "name": "Many", "zones": [{ "id": "z" }], "services": services, "service_rates": rows }), request());
        prop_assert_eq!(found.rates.len(), prices.len());
        prop_assert!(found.rates.windows(2).all(|pair| pair[0].total_charge <= pair[1].total_charge));
    }
}
