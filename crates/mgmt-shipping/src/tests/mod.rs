//! What holds for several modules together.

mod days;
mod labels;
mod rating;
mod requests;
mod sheets;
mod states;

use rand_chacha::{ChaCha20Rng, rand_core::SeedableRng};
use serde_json::{Value, json};

use crate::{
    carrier::Carriers,
    fault::Result,
    sheet::{RateSheet, RateSheetDraft},
    shipment::{Shipment, ShipmentDraft, ShipmentParts},
    time::Moment,
};

/// A Wednesday.
const NOW: Moment = Moment::from_millis(1_800_446_400_000);

fn rng() -> ChaCha20Rng {
    ChaCha20Rng::seed_from_u64(7)
}

fn sheet(value: Value) -> Result<RateSheet> {
    serde_json::from_value::<RateSheetDraft>(value).unwrap().parse(NOW, &mut rng())
}

fn parts(value: Value) -> Result<ShipmentParts> {
    serde_json::from_value::<ShipmentDraft>(value).unwrap().parse(NOW, &mut rng())
}

fn request() -> Value {
    json!({
        "shipper": { "country_code": "US", "postal_code": "94105", "city": "San Francisco", "person_name": "Ana Łuczak",
            "address_line1": "1 Main St", "state_code": "CA" },
        "recipient": { "country_code": "CA", "postal_code": "K1A 0B1", "city": "Ottawa", "company_name": "Café Zürich",
            "address_line1": "5 Elgin St", "state_code": "ON", "phone_number": "613-555-0199" },
        "parcels": [{ "weight": 1.5, "weight_unit": "KG" }]
    })
}

fn draft(request: Value, sheets: &[RateSheet]) -> Shipment {
    let parts = parts(request).unwrap();
    let mut rng = rng();
    let rates = parts.rate((&Carriers::built_in(), sheets), true, NOW, &mut rng);
    Shipment::new(parts, rates, (true, Default::default()), NOW, &mut rng)
}
